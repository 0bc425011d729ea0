/** The address of a git repo, as people write it: read, judged and put in one form before git sees it. */

import { posix, resolve } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { ProjectError } from '../project-error.ts'

/** How a repo is reached. */
export type GitProtocol = 'https' | 'http' | 'ssh' | 'git' | 'file'

/** The address of a git repo. */
export interface GitUrl {
  /** As it was written; holds no secret. */
  readonly text: string
  readonly protocol: GitProtocol
  /** In lower case, with the port where one is given; empty for a folder of this machine. */
  readonly host: string
  /** Without `/` at its ends and without `.git`: `acme/idl`. Of a folder, its absolute path. */
  readonly path: string
  /** The folder, absolute, of a repo on this machine. */
  readonly folder?: string
  /** What git is given. */
  readonly address: string
  /** Equal for addresses that are one repo by their host and path, whatever the protocol. */
  readonly key: string
}

/**
 * Reads a git address: `https://`, `ssh://`, `git://`, `file://`, scp-like (`git@host:path`) or a folder, which is
 * relative to `base`. Throws a ProjectError for anything else, for http beyond this machine, and for an address that
 * holds a credential; the credential is not in the message.
 */
export function parseGitUrl(text: string, base: string): GitUrl {
  const shown = withoutCredentials(text)
  if (text.trim() === '') throw refuse('a git URL is empty', 'give a URL such as https://github.com/acme/idl.git')
  if (holdsControl(text)) {
    throw refuse(`the git URL '${printable(shown)}' holds a control character`, 'write it in one line')
  }
  if (text !== text.trim())
    throw refuse(`the git URL '${shown}' begins or ends with a space`, `write '${shown.trim()}'`)
  if (text.startsWith('-')) {
    throw refuse(
      `'${shown}' begins with '-', so git would take it for an option`,
      `write './${shown}' if it is a folder`,
    )
  }
  if (/^[a-z][a-z0-9+.-]*::/i.test(text)) {
    throw refuse(`'${shown}' would run a program of the URL's choosing`, allowed)
  }
  const scheme = /^([a-z][a-z0-9+.-]*):\/\//i.exec(text)?.[1]?.toLowerCase()
  if (scheme !== undefined) return parseUrl(text, shown, scheme)
  const isDrive = process.platform === 'win32' && /^[a-z]:/i.test(text)
  const scp = isDrive ? null : /^(?:([^@/:]*)@)?(\[[^\]/]+\]|[^/:@[\]]+):(.*)$/.exec(text)
  if (scp !== null) return parseScp(text, shown, scp)
  if (!isDrive && /^[^/]*:/.test(text)) {
    throw refuse(`'${shown}' is no git URL that volo can read`, allowed)
  }
  return localUrl(text, resolve(base, text))
}

/** A name for a repo: the last part of its path, with more in front while `taken` has it. */
export function repoName(url: GitUrl, taken: Iterable<string>): string {
  const used = new Set([...taken].map((name) => name.toLowerCase()))
  const parts = url.path.split(/[/\\]/).map(plainName).filter(Boolean)
  const host = plainName(url.host)
  const whole = host === '' ? parts : [host, ...parts]
  for (let length = 1; length <= whole.length; length++) {
    const name = whole.slice(-length).join('-')
    if (!used.has(name.toLowerCase())) return name
  }
  const name = whole.slice(-1)[0] ?? 'repo'
  for (let n = 2; ; n++) if (!used.has(`${name}-${n}`.toLowerCase())) return `${name}-${n}`
}

/**
 * Text without what stands before an `@` in its URLs: passwords, tokens, user names. Servers choose such texts, so the
 * time must grow with the length and no faster: no pattern begins with a repetition, or has two beside each other unbounded.
 */
export function withoutCredentials(text: string): string {
  return text
    .replace(/:\/\/[^/\s'"]*@/g, '://***@')
    .replace(/^([^/@:\s]*):[^/@\s]*@(?=[^/]*:)/, '$1:***@')
    .replace(/([?&][^=&?\s]{0,80}?(?:token|password|secret|key|auth)[^=&?\s]{0,80}=)[^&#\s'"]*/gi, '$1***')
}

const allowed = 'use https://, ssh://, git://, file://, git@host:path or a folder'
const defaultPorts: Readonly<Record<string, string>> = { https: '443', http: '80', ssh: '22', git: '9418' }

function parseUrl(text: string, shown: string, scheme: string): GitUrl {
  if (scheme === 'file') return fileUrl(text, shown)
  if (!Object.hasOwn(defaultPorts, scheme)) {
    const close = /ssh/.test(scheme) ? 'write ssh:// instead' : allowed
    throw refuse(`'${shown}' has the protocol '${scheme}', which is not allowed`, close)
  }
  const protocol = scheme as Exclude<GitProtocol, 'file'>
  const [, authority = '', rest = ''] = /^[^:]+:\/\/([^/?#]*)(.*)$/.exec(text)!
  const at = authority.lastIndexOf('@')
  const user = authority.slice(0, Math.max(at, 0))
  if (user.includes(':') || (at >= 0 && protocol !== 'ssh'))
    throw refuseCredentials(shown, protocol, authority.slice(at + 1))
  if (protocol === 'ssh' && at >= 0) checkUser(user, shown)
  const place = /^(\[[0-9a-f:.]+\]|[^:[\]]+)(?::(\d{1,5}))?$/i.exec(authority.slice(at + 1))
  const name = place?.[1]?.toLowerCase()
  if (name === undefined || Number(place?.[2] ?? 1) > 65535 || Number(place?.[2] ?? 1) === 0) {
    throw refuse(`'${shown}' names no host`, allowed)
  }
  checkHost(name, shown)
  if (/[?#]/.test(rest)) {
    throw refuse(
      `the git URL '${shown}' has a query or a fragment, which may hold a credential`,
      credentialAdvice(name),
    )
  }
  if (protocol === 'http' && !isLoopback(name)) {
    throw refuse(`'${shown}' goes over http, where anybody on the way may change what is fetched`, 'use https://')
  }
  const port = place?.[2] === undefined || place[2] === defaultPorts[protocol] ? '' : `:${Number(place[2])}`
  const path = pathOf(rest, shown)
  return { text, protocol, host: name + port, path, address: text, key: `${name}${port}/${path}` }
}

function parseScp(text: string, shown: string, [, user, host = '', rest = '']: RegExpExecArray): GitUrl {
  if (user !== undefined) checkUser(user, shown)
  const name = host.replace(/^\[|\]$/g, '').toLowerCase()
  checkHost(name, shown)
  if (rest.includes('@') && /^[^/]*@/.test(rest)) throw refuseCredentials(shown, 'ssh', host)
  const path = pathOf(rest, shown)
  return { text, protocol: 'ssh', host: host.toLowerCase(), path, address: text, key: `${host.toLowerCase()}/${path}` }
}

function fileUrl(text: string, shown: string): GitUrl {
  let folder: string
  try {
    const url = new URL(text)
    if (url.search !== '' || url.hash !== '') throw new TypeError('it has a query or a fragment')
    url.hostname = url.hostname === 'localhost' ? '' : url.hostname
    folder = fileURLToPath(url)
  } catch (error) {
    throw refuse(`'${shown}' names no folder: ${(error as Error).message}`, 'write file:///absolute/path')
  }
  return localUrl(text, folder)
}

function localUrl(text: string, folder: string): GitUrl {
  const path = folder.replace(/[/\\]+$/, '')
  const key = path.replaceAll('\\', '/').replace(/(?:\/\.git|\.git)$/, '')
  return {
    text,
    protocol: 'file',
    host: '',
    path: key,
    folder,
    address: pathToFileURL(folder).href,
    key: `file:${key}`,
  }
}

function pathOf(rest: string, shown: string): string {
  const path = rest
    .replace(/^\/+/, '')
    .replace(/\/+$/, '')
    .replace(/\.git$/, '')
  if (path === '' || path === '.git') throw refuse(`'${shown}' names a host and no repo`, 'add the path of the repo')
  if (/%(?:0[0-9a-f]|1[0-9a-f]|7f)/i.test(path)) {
    throw refuse(`the git URL '${shown}' holds a control character`, 'write it without')
  }
  if (path.startsWith('-') || path.split('/').includes('..')) {
    throw refuse(`'${shown}' has a path that git would misread`, 'write the path from the root of the host')
  }
  return posix.normalize(path)
}

function checkHost(name: string, shown: string): void {
  if (/^\[?[0-9a-f:.]+\]?$/i.test(name) || /^[a-z0-9_](?:[a-z0-9._-]*[a-z0-9_])?\.?$/.test(name)) return
  throw refuse(`'${shown}' names no host`, allowed)
}

function checkUser(user: string, shown: string): void {
  if (/^[\w.+][\w.+~-]*$/.test(user)) return
  throw refuse(`'${shown}' has a user name that git would misread`, 'write it as git@host:path')
}

function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '[::1]' || /^127(?:\.\d{1,3}){3}$/.test(host)
}

function refuseCredentials(shown: string, protocol: string, host: string): ProjectError {
  return refuse(
    `the git URL '${shown}' holds a credential, which would be written into volo.yml`,
    protocol === 'ssh' ? 'leave the password out; ssh uses your key or agent' : credentialAdvice(host),
  )
}

function credentialAdvice(host: string): string {
  return `leave it out and give it to git: by a credential helper (git config --global credential.helper ...), or in CI by the environment (GIT_CONFIG_COUNT=1 GIT_CONFIG_KEY_0=http.https://${host}/.extraHeader GIT_CONFIG_VALUE_0='Authorization: ...')`
}

function refuse(message: string, hint: string): ProjectError {
  return new ProjectError(message, { hint, usage: true })
}

function plainName(part: string): string {
  return part.replace(/[^A-Za-z0-9._-]+/g, '-').replace(/^[.-]+|[.-]+$/g, '')
}

function holdsControl(text: string): boolean {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for.
  return /[\u0000-\u001f\u007f\u0085\u2028\u2029]/.test(text)
}

function printable(text: string): string {
  return JSON.stringify(text).slice(1, -1)
}
