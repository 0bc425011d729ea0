/** Runs git without a shell, prompts or hooks, with allowed protocols only, and stops it when it prints nothing for too long. */

import { devNull } from 'node:os'
import { Interrupted, ProjectError } from '../project-error.ts'
import { type GitUrl, withoutCredentials } from './url.ts'

/** What a git failure is about. */
export type GitTrouble =
  /** The server has no such object, or gives none that is not at the tip of a ref. */
  | 'no-object'
  /** The server, or the way to it. */
  | 'remote'
  /** What the cache holds. */
  | 'local'

/** Git failed. `words` are its own. */
export class GitFailure extends ProjectError {
  readonly trouble: GitTrouble
  readonly words: string

  constructor(message: string, trouble: GitTrouble, words: string, hint?: string) {
    super(message, { hint })
    this.name = 'GitFailure'
    this.trouble = trouble
    this.words = words
  }
}

/** How git is run. */
export interface GitRunner {
  readonly env: Readonly<Record<string, string | undefined>>
  readonly signal?: AbortSignal | undefined
  /** How long git may say nothing, in milliseconds. */
  readonly silenceMs: number
}

/** One run of git. */
export interface GitRun {
  /** The bare store to work in; undefined for none, the repo of the current folder least of all. */
  readonly store?: string | undefined
  /** The repo that is talked to; undefined when git stays on this machine. */
  readonly url?: GitUrl | undefined
  /** Its settings for this run: `key=value`. */
  readonly config?: readonly string[]
  readonly input?: string
  /** What is being done, for the error: `fetch https://...`. */
  readonly doing: string
  readonly onPercent?: ((percent: number) => void) | undefined
}

const kept = [
  `core.hooksPath=${devNull}`,
  'core.fsmonitor=false',
  'core.askPass=',
  'core.alternateRefsCommand=',
  'credential.interactive=false',
  'protocol.ext.allow=never',
  'submodule.recurse=false',
  'fetch.recurseSubmodules=false',
  'fetch.writeCommitGraph=false',
  'fetch.prune=false',
  'fetch.pruneTags=false',
  'log.showSignature=false',
  'gc.auto=0',
  'maintenance.auto=false',
]

/** Used as GIT_DIR when no repo is needed: the configuration of the repo around the current folder could name programs to run. */
const noRepo = devNull

/** The most output kept on stderr; a server controls its length, and the progress of the largest repos takes some hundred kilobytes. */
const maxWords = 4 << 20

/** Variables that tie git to the repo that volo happens to run in, or that could make it ask or talk. */
const dropped =
  /^(?:GIT_(?:DIR|WORK_TREE|INDEX_FILE|COMMON_DIR|OBJECT_DIRECTORY|ALTERNATE_OBJECT_DIRECTORIES|NAMESPACE|PREFIX|SHALLOW_FILE|GRAFT_FILE|REPLACE_REF_BASE|NO_REPLACE_OBJECTS|CONFIG|CONFIG_PARAMETERS|IMPLICIT_WORK_TREE|QUARANTINE_PATH|TEMPLATE_DIR|EXTERNAL_DIFF|PAGER|EDITOR|SEQUENCE_EDITOR|TRACE.*|REDIRECT_.*|PROTOCOL_FROM_USER|ALLOW_PROTOCOL|ASKPASS|TERMINAL_PROMPT)|SSH_ASKPASS)$/i

/** Runs git to its end and gives its standard output. Throws a GitFailure with git's words, or Interrupted. */
export async function runGit(runner: GitRunner, args: readonly string[], run: GitRun): Promise<Buffer> {
  const { execa } = await import('execa')
  if (runner.signal?.aborted) throw new Interrupted()
  let isSilent = false
  const settings = [...kept, ...(run.config ?? [])].flatMap((one) => ['-c', one])
  const place = `--git-dir=${run.store ?? noRepo}`
  const child = execa('git', [...settings, place, ...args], {
    env: (await environment(runner.env, run.url)) as Record<string, string>,
    extendEnv: false,
    ...(run.input === undefined ? { stdin: 'ignore' as const } : { input: run.input }),
    encoding: 'buffer',
    maxBuffer: { stdout: 1 << 29, stderr: maxWords },
    reject: false,
    // A group of its own can be ended whole, and has no terminal that its ssh could ask at.
    detached: process.platform !== 'win32',
  })
  let last: NodeJS.Timeout | undefined
  const stop = (): void => {
    endGroup(child, 'SIGTERM')
    last ??= setTimeout(() => endGroup(child, 'SIGKILL'), 2000)
  }
  const fallSilent = (): void => {
    isSilent = true
    stop()
  }
  let timer = setTimeout(fallSilent, runner.silenceMs)
  const heard = (chunk: Buffer): void => {
    clearTimeout(timer)
    timer = setTimeout(fallSilent, runner.silenceMs)
    const percent = /objects: +(\d{1,3})%[^%]*$/.exec(chunk.toString('latin1'))?.[1]
    if (percent !== undefined) run.onPercent?.(Number(percent))
  }
  child.stderr.on('data', heard)
  child.stdout.on('data', heard)
  runner.signal?.addEventListener('abort', stop)
  if (runner.signal?.aborted) stop()
  const result = await child
  clearTimeout(timer)
  clearTimeout(last)
  runner.signal?.removeEventListener('abort', stop)
  if (runner.signal?.aborted) throw new Interrupted()
  if (result.exitCode === 0) return Buffer.from(result.stdout)
  if (result.code === 'ENOENT') {
    throw new GitFailure(
      'git was not found, and git sources need it',
      'remote',
      '',
      'install git and have it on the PATH',
    )
  }
  const words = gitWords(Buffer.from(result.stderr ?? []).toString('utf8'))
  if (isSilent) {
    const said = words === '' ? '' : `\n${words}`
    throw new GitFailure(
      `cannot ${run.doing}: git said nothing for ${Math.ceil(runner.silenceMs / 1000)} s${said}`,
      'remote',
      words,
      'try again; VOLO_GIT_TIMEOUT gives it more seconds',
    )
  }
  if (result.exitCode === 129) {
    throw new GitFailure(
      `cannot ${run.doing}: ${words}`,
      'remote',
      words,
      'volo needs git 2.31 or newer: git --version',
    )
  }
  throw new GitFailure(
    `cannot ${run.doing}: ${words || result.shortMessage || 'git failed'}`,
    run.url === undefined ? 'local' : troubleOf(words),
    words,
    proxyHint(words, run.url, runner.env) ?? hintOf(words, run.url),
  )
}

/** Kills git and its child processes: the remote helper does not exit with git. */
function endGroup(
  child: { readonly pid?: number | undefined; kill(signal: NodeJS.Signals): boolean },
  signal: NodeJS.Signals,
): void {
  try {
    if (process.platform !== 'win32' && child.pid !== undefined) process.kill(-child.pid, signal)
    else child.kill(signal)
  } catch {
    // It has ended.
  }
}

async function environment(
  env: GitRunner['env'],
  url: GitUrl | undefined,
): Promise<Record<string, string | undefined>> {
  const out: Record<string, string | undefined> = {}
  for (const [name, value] of Object.entries(env)) if (!dropped.test(name)) out[name] = value
  // ssh asks for passphrases and host keys at the terminal itself; a command of the user's own is left alone.
  if (url?.protocol === 'ssh' && !env['GIT_SSH_COMMAND'] && !env['GIT_SSH'] && !(await hasSshCommand(out))) {
    out['GIT_SSH_COMMAND'] = 'ssh -oBatchMode=yes'
  }
  return {
    ...out,
    LC_ALL: 'C',
    GIT_ALLOW_PROTOCOL: url?.protocol === 'http' ? 'https:ssh:git:file:http' : 'https:ssh:git:file',
    GIT_TERMINAL_PROMPT: '0',
    GIT_ASKPASS: '',
    SSH_ASKPASS: '',
    SSH_ASKPASS_REQUIRE: 'never',
    GCM_INTERACTIVE: 'never',
    GIT_OPTIONAL_LOCKS: '0',
    GIT_NO_REPLACE_OBJECTS: '1',
  }
}

async function hasSshCommand(env: Record<string, string | undefined>): Promise<boolean> {
  const { execa } = await import('execa')
  const options = { env: env as Record<string, string>, extendEnv: false, reject: false } as const
  return (await execa('git', [`--git-dir=${noRepo}`, 'config', '--get', 'core.sshCommand'], options)).exitCode === 0
}

/** What git said, as text that may be shown: without progress, escape sequences and credentials. */
function gitWords(stderr: string): string {
  const lines = withoutCredentials(stderr)
    .split(/\r\n|[\r\n]/)
    // biome-ignore lint/suspicious/noControlCharactersInRegex: a server's words may hold them.
    .map((line) => line.replace(/\u001b\[[0-9;?]*[A-Za-z]/g, '').replace(/[\u0000-\u001f\u007f-\u009f]/g, ''))
    .map((line) => line.trim())
    .filter(
      (line) =>
        line !== '' && !/^(?:remote: )?[A-Z][\w ]+: +\d+% \(|^(?:remote: )?(?:Enumerating|Total|hint:)/.test(line),
    )
  const failures = lines.filter((line) => /^(?:fatal|error|remote|ssh|ERROR):|denied|refused/i.test(line))
  return [...new Set(failures.length > 0 ? failures : lines)].slice(0, 8).join('\n').slice(0, 1500)
}

function troubleOf(words: string): GitTrouble {
  if (/not our ref|unadvertised object|couldn't find remote ref|no such ref|no matching remote head/i.test(words)) {
    return 'no-object'
  }
  const local =
    /File exists|corrupt|bad object|bad config|not a git repository|invalid (?:object|sha1)|missing (?:blob|tree|commit)|unable to (?:read|parse|normalize|find) [0-9a-f]{40}|loose object|packfile|pack has|shallow file|shallow info|bad (?:tree|revision|pack)|unknown (?:repository )?extension|unable to open object pack|index-pack failed|does not match index|remote did not send all necessary objects/i
  return local.test(words) ? 'local' : 'remote'
}

/** What to do when git could not get through a proxy: the host that it names is then not that of the URL. */
function proxyHint(words: string, url: GitUrl | undefined, env: GitRunner['env']): string | undefined {
  const names = ['https_proxy', 'HTTPS_PROXY', 'http_proxy', 'all_proxy', 'ALL_PROXY']
  const variable = names.find((name) => env[name] !== undefined && env[name] !== '')
  const from = variable === undefined ? "git's setting http.proxy" : variable
  const host = url?.host.replace(/:\d+$/, '')
  const [, unresolved] = /Could not resolve proxy: (\S+)/.exec(words) ?? []
  const [, target, port] = /Failed to connect to (\S+) port (\d+)/.exec(words) ?? []
  if (unresolved !== undefined) return `there is no proxy host '${unresolved}': correct ${from}`
  if (target !== undefined && host !== undefined && target !== host) {
    return `nothing answers at ${target}:${port}, the proxy that ${from} names: start it, or correct the setting`
  }
  if (/from proxy after CONNECT|CONNECT tunnel failed/.test(words)) {
    return `the proxy that ${from} names refused the connection: check its rules and credentials, or name ${host ?? 'the host'} in NO_PROXY`
  }
  return undefined
}

function hintOf(words: string, url: GitUrl | undefined): string | undefined {
  const host = url?.host.replace(/:\d+$/, '') ?? ''
  if (/dubious ownership/.test(words))
    return 'the folder belongs to somebody else; git names the setting that trusts it'
  if (/Permission denied \(publickey|Host key verification failed/.test(words)) {
    return `check the ssh key and the host: ssh -T ${url?.text.includes('@') ? `git@${host}` : host}`
  }
  if (
    /terminal prompts disabled|Authentication failed|could not read (?:Username|Password)|HTTP 40[13]|returned error: 40[13]/.test(
      words,
    )
  ) {
    return 'give git your credentials by a credential helper (git config --global credential.helper ...) or the environment (GIT_CONFIG_COUNT, GIT_CONFIG_KEY_0, GIT_CONFIG_VALUE_0)'
  }
  if (/certificate/i.test(words)) {
    return `tell git of the certificate authority of ${host}: git config --global http.https://${host}.sslCAInfo <file>`
  }
  if (
    /Could not resolve|not known|unable to (?:look up|connect)|onnection (?:refused|timed out|reset|closed)|is unreachable|Failed to connect|No route|timed out/.test(
      words,
    )
  ) {
    return `check the network, and the host in the URL${host === '' ? '' : `: ${host}`}`
  }
  if (/not found|does not exist|does not appear to be a git repository/.test(words))
    return 'check the URL, and whether you may read the repo'
  if (/No space left/.test(words))
    return 'free some space, or move the cache with VOLO_CACHE; volo cache clean empties it'
  return undefined
}
