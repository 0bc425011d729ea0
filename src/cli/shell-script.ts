/** The completion scripts, one per shell. Each asks `volo __complete` and knows nothing of the commands itself. */

/** The shells that have one. */
export type Shell = 'bash' | 'zsh' | 'fish' | 'powershell'

const bash = `# Completion of volo for bash.
_volo() {
  local current="\${COMP_WORDS[COMP_CWORD]}" line value extension
  local -a lines=()
  # What follows the '=' of --option=value is completed, not the '='.
  [[ $current == '=' ]] && current=''
  COMPREPLY=()
  while IFS= read -r line; do lines+=("$line"); done < <("$1" __complete bash "\${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null)
  for line in "\${lines[@]}"; do
    case $line in
      :folders)
        compopt -o filenames 2>/dev/null
        while IFS= read -r value; do COMPREPLY+=("$value"); done < <(compgen -d -- "$current")
        ;;
      :files*)
        compopt -o filenames 2>/dev/null
        if [[ $line == ':files' ]]; then
          while IFS= read -r value; do COMPREPLY+=("$value"); done < <(compgen -f -- "$current")
        else
          while IFS= read -r value; do COMPREPLY+=("$value"); done < <(compgen -d -- "$current")
          for extension in \${line#:files}; do
            while IFS= read -r value; do
              [[ -d $value ]] || COMPREPLY+=("$value")
            done < <(compgen -f -X "!*.$extension" -- "$current")
          done
        fi
        ;;
      *)
        printf -v value '%q' "\${line%%$'\\t'*}"
        COMPREPLY+=("$value")
        ;;
    esac
  done
}
complete -F _volo volo`

const zsh = `#compdef volo
# Completion of volo for zsh.
_volo() {
  local line name about
  local -a lines candidates patterns
  lines=("\${(@f)$("\${words[1]}" __complete zsh "\${(@)words[2,CURRENT]}" 2>/dev/null)}")
  for line in "\${lines[@]}"; do
    case $line in
      '') ;;
      :folders) _path_files -/ ;;
      :files) _files ;;
      :files*)
        patterns=(\${=line#:files})
        _files -g "*.(\${(j:|:)patterns})"
        ;;
      *)
        name=\${line%%$'\\t'*}
        about=\${line#*$'\\t'}
        candidates+=("\${name//:/\\\\:}\${about:+:$about}")
        ;;
    esac
  done
  (( \${#candidates} )) && _describe -V volo candidates
}
if [[ \${funcstack[1]} == _volo ]]; then _volo "$@"; else compdef _volo volo; fi`

const fish = `# Completion of volo for fish.
function __volo_complete
    set -l words (commandline -opc)
    set -l program $words[1]
    set -e words[1]
    set -l current (commandline -ct)
    for line in ($program __complete fish $words "$current" 2>/dev/null)
        switch $line
            case ':folders'
                __fish_complete_directories "$current"
            case ':files*'
                __fish_complete_path "$current"
            case '*'
                echo $line
        end
    end
end
complete -c volo -f -a '(__volo_complete)'`

const powershell = `# Completion of volo for PowerShell.
Register-ArgumentCompleter -Native -CommandName volo -ScriptBlock {
  param($wordToComplete, $commandAst, $cursorPosition)
  $words = @($commandAst.CommandElements | Where-Object { $_.Extent.EndOffset -lt $cursorPosition } | Select-Object -Skip 1 | ForEach-Object { $_.ToString() })
  # An empty last argument is lost on its way to a program.
  $current = if ($wordToComplete -eq '') { '""' } else { $wordToComplete }
  & volo __complete powershell @words $current 2>$null | ForEach-Object {
    if ($_ -like ':folders*') {
      Get-ChildItem -Directory -Path "$wordToComplete*" -ErrorAction SilentlyContinue | ForEach-Object {
        [System.Management.Automation.CompletionResult]::new((Resolve-Path -Relative $_.FullName))
      }
    } elseif ($_ -like ':files*') {
      Get-ChildItem -Path "$wordToComplete*" -ErrorAction SilentlyContinue | ForEach-Object {
        [System.Management.Automation.CompletionResult]::new((Resolve-Path -Relative $_.FullName))
      }
    } else {
      $name, $about = $_ -split "\`t", 2
      $text = if ($name -match '^[\\w./=@:-]+$') { $name } else { "'" + $name.Replace("'", "''") + "'" }
      if (-not $about) { $about = $name }
      [System.Management.Automation.CompletionResult]::new($text, $name, 'ParameterValue', $about)
    }
  }
}`

/** The script of each shell. */
export const completionScripts: Readonly<Record<Shell, string>> = { bash, zsh, fish, powershell }
