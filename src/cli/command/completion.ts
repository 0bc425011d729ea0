/** `volo completion`: scripts that complete `volo` command lines in a shell. */

import { Argument } from 'commander'
import { done } from '../exit-code.ts'
import type { CommandRegistry } from '../run.ts'
import { completionScripts, type Shell } from '../shell-script.ts'

/** Adds the command. */
export function addCompletion({ program, action }: CommandRegistry): void {
  const command = program
    .command('completion')
    .description(
      'Prints a script that completes volo in your shell: commands, options, IDL files, and the entries, repos and services of the project that you are in.',
    )
    .addArgument(new Argument('<shell>', 'the shell').choices(Object.keys(completionScripts)))
    .addHelpText(
      'after',
      `
Examples:
  volo completion bash > ~/.local/share/bash-completion/completions/volo
  volo completion zsh > "\${fpath[1]}/_volo"          then start a new shell
  volo completion fish > ~/.config/fish/completions/volo.fish
  volo completion powershell >> $PROFILE

For this session only:
  bash        source <(volo completion bash)
  zsh         source <(volo completion zsh)
  fish        volo completion fish | source
  PowerShell  volo completion powershell | Out-String | Invoke-Expression`,
    )
  action<[Shell], object>(command, async ({ output }, [shell]) => {
    output.result(completionScripts[shell])
    return done
  })
}
