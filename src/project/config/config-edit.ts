/** Edits of the IDLs in volo.yml's text: comments, order and quoting outside the edited lines stay as they are. */

import { isMap, isScalar, isSeq, type Node } from 'yaml'
import type { ConfigProtocol } from './config.ts'
import {
  addEntry,
  dashColumn,
  edit,
  hasEntry,
  indentOf,
  insertAfter,
  insertEntry,
  lastOffset,
  lineStart,
  nextLine,
} from './config-splice.ts'
import { idlLines, type NewIdl, scalar } from './config-text.ts'

/** Adds IDLs to an entry, which is made when there is none. */
export function addIdl(text: string, entry: string, protocol: ConfigProtocol, ...idls: readonly NewIdl[]): string {
  const items = idls.map(({ repo, path, includes }) => ({
    idl: {
      ...(repo === undefined ? { source: 'local' } : { source: 'git', repo }),
      path,
      ...(includes.length > 0 ? { includes: [...includes] } : {}),
    },
  }))
  return edit(
    text,
    (document) => {
      const services = document.getIn(['entries', entry, 'services'], true)
      if (isSeq(services)) {
        for (const item of items) services.add(document.createNode(item))
      } else if (hasEntry(document, entry)) {
        document.setIn(['entries', entry, 'services'], document.createNode(items))
      } else {
        addEntry(document, entry, { protocol, services: items })
      }
    },
    (document) => {
      const services = document.getIn(['entries', entry, 'services'], true)
      const lines = (indent: string): string[] => idls.flatMap((idl) => idlLines(idl, indent))
      if (isSeq(services) && !services.flow && services.items.length > 0) {
        const dash = dashColumn(text, services.items[0])
        return dash === undefined ? undefined : insertAfter(text, services, lines(' '.repeat(dash)))
      }
      const owner = document.getIn(['entries', entry], true)
      if (isMap(owner) && !owner.flow && owner.items.length > 0 && !owner.has('services')) {
        const indent = indentOf(text, owner)
        return insertAfter(text, owner, [`${indent}services:`, ...lines(`${indent}  `)])
      }
      return insertEntry(text, document, { name: entry, protocol, idls })
    },
  )
}

/** Gives the IDL at `index` of an entry other includes. */
export function setIncludes(text: string, entry: string, index: number, includes: readonly string[]): string {
  const path = ['entries', entry, 'services', index, 'idl']
  return edit(
    text,
    (document) => {
      if (includes.length === 0) document.deleteIn([...path, 'includes'])
      else document.setIn([...path, 'includes'], document.createNode([...includes]))
    },
    (document) => {
      const idl = document.getIn(path, true)
      if (!isMap(idl) || idl.flow || idl.items.length === 0 || includes.length === 0) return undefined
      const old = document.getIn([...path, 'includes'], true)
      if (old === undefined) {
        const indent = indentOf(text, idl)
        return insertAfter(text, idl, [`${indent}includes:`, ...includes.map((one) => `${indent}  - ${scalar(one)}`)])
      }
      if (!isSeq(old) || old.flow) return undefined
      const known = old.items.map((item) => (isScalar(item) ? String(item.value) : undefined))
      if (!known.every((one, i) => one === includes[i])) return undefined
      const dash = dashColumn(text, old.items[0])
      if (dash === undefined) return undefined
      return insertAfter(
        text,
        old,
        includes.slice(known.length).map((one) => `${' '.repeat(dash)}- ${scalar(one)}`),
      )
    },
  )
}

/** Takes the IDLs at `indexes` out of an entry. */
export function removeIdl(text: string, entry: string, ...indexes: readonly number[]): string {
  const path = ['entries', entry, 'services']
  const gone = new Set(indexes)
  return edit(
    text,
    (document) => {
      const services = document.getIn(path, true)
      if (!isSeq(services)) return
      const left = services.items.filter((_, i) => !gone.has(i))
      if (left.length === 0) document.setIn(path, document.createNode([]))
      else services.items = left
    },
    (document) => {
      const services = document.getIn(path, true)
      if (!isSeq(services) || services.flow) return undefined
      const items = [...gone].sort((a, b) => a - b).map((index) => services.items[index])
      if (items.some((item) => item === undefined || dashColumn(text, item) === undefined)) return undefined
      const ranges = items.map((item) => [lineStart(text, (item as Node).range![0]), nextLine(text, lastOffset(item))])
      const kept: string[] = []
      let at = 0
      for (const [start, end] of ranges) {
        kept.push(text.slice(at, start))
        at = end!
      }
      const rest = kept.join('') + text.slice(at)
      if (services.items.length > items.length) return rest
      const owner = document.getIn(['entries', entry], true)
      const pair = isMap(owner)
        ? owner.items.find((one) => isScalar(one.key) && one.key.value === 'services')
        : undefined
      if (pair === undefined) return undefined
      const colon = text.indexOf(':', (pair.key as Node).range![1]) + 1
      return `${rest.slice(0, colon)} []${rest.slice(colon)}`
    },
  )
}
