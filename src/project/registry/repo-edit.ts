/** Edits of the repos in volo.yml's text: comments, order and quoting outside the edited values stay as they are. */

import { isMap, isScalar, type Node, type YAMLMap } from 'yaml'
import type { ConfigProtocol } from '../config/config.ts'
import {
  addEntry,
  edit,
  hasEntry,
  indentOf,
  insertAfter,
  insertBehind,
  insertEntry,
  isEmptyScalar,
  lastOfPair,
  lineStart,
  nextLine,
  scalarLike,
} from '../config/config-splice.ts'
import { type NewRepo, repoLines, scalar } from '../config/config-text.ts'

/** Adds a repo to an entry, which is made when there is none. */
export function addRepo(text: string, entry: string, protocol: ConfigProtocol, repo: NewRepo): string {
  const { name, url, ref, lock } = repo
  const data = { url, ref, lock }
  return edit(
    text,
    (document) => {
      const owner = document.getIn(['entries', entry], true)
      if (isMap(document.getIn(['entries', entry, 'repos']))) {
        document.setIn(['entries', entry, 'repos', name], document.createNode(data))
      } else if (isMap(owner) && hasEntry(document, entry)) {
        owner.delete('repos')
        owner.items.splice(placeOfRepos(owner), 0, document.createPair('repos', { [name]: data }) as never)
      } else {
        addEntry(document, entry, { protocol, repos: { [name]: data } })
      }
    },
    (document) => {
      const owner = document.getIn(['entries', entry], true)
      if (!isMap(owner)) return insertEntry(text, document, { name: entry, protocol, repos: [repo], idls: [] })
      if (owner.flow || owner.items.length === 0) return undefined
      const repos = owner.get('repos', true)
      if (isMap(repos) && !repos.flow && repos.items.length > 0) {
        return insertAfter(text, repos, repoLines(repo, indentOf(text, repos)))
      }
      const before = owner.items[placeOfRepos(owner) - 1]
      if (before === undefined || owner.has('repos')) return undefined
      const indent = indentOf(text, owner)
      return insertBehind(text, lastOfPair(before), [`${indent}repos:`, ...repoLines(repo, `${indent}  `)])
    },
  )
}

/** Gives a repo of an entry another ref, or another lock. Its quoting is kept. */
export function setRepo(
  text: string,
  entry: string,
  name: string,
  values: { readonly ref?: string; readonly lock?: string },
): string {
  let edited = text
  for (const key of ['ref', 'lock'] as const) {
    const value = values[key]
    if (value !== undefined) edited = setRepoValue(edited, ['entries', entry, 'repos', name], key, value)
  }
  return edited
}

function setRepoValue(text: string, path: readonly string[], key: 'ref' | 'lock', value: string): string {
  return edit(
    text,
    (document) => {
      const old = document.getIn([...path, key], true)
      if (isScalar(old)) Object.assign(old, { value, range: undefined })
      else document.setIn([...path, key], document.createNode(value))
    },
    (document) => {
      const old = document.getIn([...path, key], true)
      if (isScalar(old) && !isEmptyScalar(old)) {
        if (old.value === value) return text
        const [start, end] = old.range!
        return text.slice(0, start) + scalarLike(old, value) + text.slice(end)
      }
      const repo = document.getIn(path, true)
      if (!isMap(repo) || repo.flow || repo.items.length === 0 || repo.has(key)) return undefined
      return insertAfter(text, repo, [`${indentOf(text, repo)}${key}: ${scalar(value)}`])
    },
  )
}

/** Takes a repo out of an entry. */
export function removeRepo(text: string, entry: string, name: string): string {
  const path = ['entries', entry, 'repos']
  return edit(
    text,
    (document) => {
      document.deleteIn([...path, name])
      const repos = document.getIn(path)
      if (isMap(repos) && repos.items.length === 0) document.deleteIn(path)
    },
    (document) => {
      const owner = document.getIn(['entries', entry], true)
      const repos = document.getIn(path, true)
      if (!isMap(owner) || owner.flow || !isMap(repos) || repos.flow) return undefined
      const [from, key] = repos.items.length === 1 ? [owner, 'repos'] : [repos, name]
      const pair = from.items.find((one) => isScalar(one.key) && one.key.value === key)
      if (pair === undefined) return undefined
      const start = lineStart(text, (pair.key as Node).range![0])
      if (text.slice(start, (pair.key as Node).range![0]).trim() !== '') return undefined
      return text.slice(0, start) + text.slice(nextLine(text, lastOfPair(pair)))
    },
  )
}

/** Where `repos` stands in an entry: before `services`, else at its end. */
function placeOfRepos(owner: YAMLMap): number {
  const services = owner.items.findIndex((one) => isScalar(one.key) && one.key.value === 'services')
  return services === -1 ? owner.items.length : services
}
