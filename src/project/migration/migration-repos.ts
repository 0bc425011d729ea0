/** The git repos of a migrated file: legacy IDLs each say URL, ref and lock; entries list each repo once, by a name. */

import { type Document, isMap, isScalar, type Pair, YAMLMap } from 'yaml'
import { parseGitUrl, repoName } from '../git/url.ts'
import { ProjectError } from '../project-error.ts'

/** The repo of a legacy IDL. */
export interface LegacyRepo {
  readonly url: string
  readonly ref: string
  readonly lock: string | undefined
}

/** The repos of a file while it is migrated. */
export interface RepoBook {
  /** Notes the lock of an IDL; all of them before the first name is given. */
  see(repo: LegacyRepo | undefined): void
  /** Turns to an entry. */
  begin(entry: YAMLMap, document: Document): void
  /** Makes a repo that is listed already one that may be listed. */
  check(repo: YAMLMap): void
  /** The name of an IDL's repo in the entry, which gets it when it has it not. */
  nameOf(repo: LegacyRepo): string
  /** Lists the new repos of the entry; true when there are some. */
  end(): boolean
}

/** A book for a file in `folder`. */
export function repoBook(folder: string, rebase: (path: string) => string, note: (text: string) => void): RepoBook {
  /** The lock of each URL and ref: the first one that an IDL has. */
  const locks = new Map<string, string>()
  let entry = new YAMLMap()
  let document: Document | undefined
  let names = new Map<string, string>()
  let added: Pair[] = []
  const taken = (): string[] => {
    const repos = entry.get('repos', true)
    const listed = isMap(repos) ? repos.items.map(({ key }) => String(isScalar(key) ? key.value : key)) : []
    return [...listed, ...added.map(({ key }) => String(isScalar(key) ? key.value : key))]
  }
  return {
    see(repo) {
      if (repo?.lock === undefined) return
      const key = JSON.stringify([repo.url, repo.ref])
      if (!locks.has(key)) locks.set(key, repo.lock)
    },
    begin(next, owner) {
      entry = next
      document = owner
      names = new Map()
      added = []
    },
    check(repo) {
      const node = repo.get('url', true)
      if (!isScalar(node) || typeof node.value !== 'string') return
      const { url, text } = readUrl(node.value, folder, note)
      const path =
        url.folder !== undefined && url.protocol === 'file' && !text.startsWith('file:') ? rebase(text) : text
      if (path === node.value) return
      node.value = path
      if (path !== text) note(`the repo '${text}' is '${path}' from there`)
    },
    nameOf({ url, ref, lock }) {
      const usual = locks.get(JSON.stringify([url, ref]))
      // Of one URL at one ref there is one commit; an IDL that stays at another one is pinned to it.
      const isApart = lock !== undefined && lock !== usual
      const wanted = isApart ? { ref: lock, lock } : { ref, lock: usual }
      const key = JSON.stringify([url, wanted.ref])
      const known = names.get(key)
      if (known !== undefined) return known
      const read = readUrl(url, folder, note)
      const text = read.url.folder !== undefined && !read.text.startsWith('file:') ? rebase(read.text) : read.text
      const name = repoName(read.url, taken())
      names.set(key, name)
      if (isApart) {
        note(`repo '${name}' stays at commit ${lock}: other IDLs have ${read.text} at '${ref}' locked to ${usual}`)
      }
      const value = { url: text, ref: wanted.ref, ...(wanted.lock === undefined ? {} : { lock: wanted.lock }) }
      added.push(document!.createPair(name, value) as Pair)
      return name
    },
    end() {
      if (added.length === 0) return false
      const there = entry.get('repos', true)
      if (isMap(there)) there.items.push(...added)
      else {
        const repos = new YAMLMap(document?.schema)
        repos.items.push(...added)
        const pair = document!.createPair('repos', null) as Pair
        pair.value = repos
        const at = entry.items.findIndex(
          ({ key }) => isScalar(key) && (key.value === 'services' || key.value === 'idls'),
        )
        entry.items.splice(at === -1 ? entry.items.length : at, 0, pair)
      }
      return true
    },
  }
}

/** Reads a URL; one with a credential without it, which is noted. */
function readUrl(
  text: string,
  folder: string,
  note: (text: string) => void,
): { readonly url: ReturnType<typeof parseGitUrl>; readonly text: string } {
  try {
    return { url: parseGitUrl(text, folder), text }
  } catch (error) {
    if (!(error instanceof ProjectError)) throw error
    const bare = text.replace(/^((?:https?|git):\/\/)[^/]*@/i, '$1').replace(/^(ssh:\/\/[^/:@]*):[^/@]*@/i, '$1@')
    if (bare === text) throw error
    const url = parseGitUrl(bare, folder)
    note(`${bare}: the credentials in its URL were left out; git's credential helper is their place`)
    return { url, text: bare }
  }
}
