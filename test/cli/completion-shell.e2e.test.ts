/** The completion scripts in the shells that are installed. */

import { spawnSync } from 'node:child_process'
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { temporaryFolder, writeTree } from '../project/temporary-folder.ts'
import { completionProject } from './completion-project.ts'

const bin = join(import.meta.dirname, '../../bin/volo.js')

/** A folder with a `volo` to put on the PATH. */
function tools(): string {
  const folder = temporaryFolder()
  writeFileSync(join(folder, 'volo'), `#!/bin/sh\nexec '${process.execPath}' '${bin}' "$@"\n`)
  chmodSync(join(folder, 'volo'), 0o755)
  return folder
}

const hasShell = (shell: string): boolean => spawnSync(shell, ['--version']).status === 0

function inShell(shell: string, args: readonly string[], script: string, folder: string): string {
  const env = { ...process.env, PATH: `${tools()}:${process.env['PATH']}`, XDG_CONFIG_HOME: temporaryFolder() }
  const { stdout, stderr, status } = spawnSync(shell, [...args, '-c', script], { cwd: folder, encoding: 'utf8', env })
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' })
  return stdout
}

describe.skipIf(process.platform === 'win32' || !hasShell('bash'))('in bash', () => {
  /** What bash would put in the line, by the function that it calls. */
  function replies(folder: string, ...lines: readonly string[][]): string[][] {
    const quoted = lines.map((words) => `t ${words.map((word) => `'${word}'`).join(' ')}`)
    const script = `source <(volo completion bash)
t() { COMP_WORDS=(volo "$@"); COMP_CWORD=$#; _volo volo; printf '%s|' "\${COMPREPLY[@]}"; echo; }
${quoted.join('\n')}`
    return inShell('bash', ['--noprofile', '--norc'], script, folder)
      .trimEnd()
      .split('\n')
      .map((line) => line.split('|').filter((word) => word !== ''))
  }

  test('commands, options, names and files are completed', () => {
    const folder = completionProject()
    mkdirSync(join(folder, 'idl/sub'))
    const results = replies(
      folder,
      ['idl', ''],
      ['update', '--serv'],
      ['update', '--service', 'S'],
      ['idl', 'add', '--entry', '=', 'd'],
      ['idl', 'add', '--entry', '='],
      ['idl', 'add', '-n', 't'],
      ['repo', 'remove', ''],
      ['idl', 'add', 'idl/'],
      ['init', 'x', '--dir', 'i'],
      ['completion', ''],
      ['nonsense', ''],
    )
    expect(results.map((words) => words.sort())).toEqual([
      ['add', 'list', 'remove'],
      ['--service'],
      ['Shop', 'Stock'],
      ['default'],
      ['default', 'grpc', 'two\\ words'],
      ['two\\ words'],
      ['own', 'team-idls'],
      ['idl/fleet.proto', 'idl/shop.thrift', 'idl/sub'],
      ['idl'],
      ['bash', 'fish', 'powershell', 'zsh'],
      [],
    ])
  })

  test('a hostile name runs nothing', () => {
    const folder = temporaryFolder()
    writeTree(folder, {
      'volo.yml': 'entries:\n  "$(touch x)": { protocol: thrift }\n  "`touch y`": { protocol: thrift }\n',
    })
    expect(replies(folder, ['idl', 'add', '-n', ''])).toEqual([['\\$\\(touch\\ x\\)', '\\`touch\\ y\\`']])
    expect(spawnSync('ls', [folder], { encoding: 'utf8' }).stdout).toBe('volo.yml\n')
  })

  test('the script is registered for the command', () => {
    expect(
      inShell(
        'bash',
        ['--noprofile', '--norc'],
        'source <(volo completion bash); complete -p volo',
        completionProject(),
      ),
    ).toBe('complete -F _volo volo\n')
  })
})

describe.skipIf(process.platform === 'win32' || !hasShell('zsh'))('in zsh', () => {
  test('names go to _describe and paths to _files', () => {
    const script = `compdef() { : }
_describe() { local name=$@[-1]; print -rl -- "\${(@P)name}" }
_files() { print -r -- "files $*" }
_path_files() { print -r -- "folders" }
source <(volo completion zsh)
t() { words=(volo "$@"); CURRENT=$#words; _volo; print -- '--' }
t idl ''; t update --service S; t idl add ''; t init x --dir ''; t nonsense ''; true`
    expect(inShell('zsh', ['-f'], script, completionProject())).toBe(
      `add:add IDLs, with their code and handlers
list:list the IDLs and their services
remove:take IDLs out, with their generated code
--
Shop:idl/shop.thrift
Stock:idl/shop.thrift
--
files -g *.(thrift|proto)
--
folders
--
--
`,
    )
  })
})

describe.skipIf(process.platform === 'win32' || !hasShell('fish'))('in fish', () => {
  test('names are completed with what they are', () => {
    const script = `volo completion fish | source
complete -C 'volo repo remove '; complete -C 'volo idl add --entry=d'; complete -C 'volo update --service F'`
    expect(inShell('fish', ['--no-config'], script, completionProject())).toBe(
      `own\t../own at v1
team-idls\thttps://example.com/team/idls.git at main
--entry=default\tthrift
Fleet\tidl/fleet.proto
`,
    )
  })
})
