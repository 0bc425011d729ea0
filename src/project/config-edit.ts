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

/** Adds an IDL to an entry, which is made when there is none. */
export function addIdl(text: string, entry: string, protocol: ConfigProtocol, idl: NewIdl): string {
  const item = {
    idl: {
      ...(idl.repo === undefined ? { source: 'local' } : { source: 'git', repo: idl.repo }),
      path: idl.path,
      ...(idl.includes.length > 0 ? { includes: [...idl.includes] } : {}),
    },
  }
  return edit(
    text,
    (document) => {
      if (document.hasIn(['entries', entry, 'services']) && isSeq(document.getIn(['entries', entry, 'services']))) {
        document.addIn(['entries', entry, 'services'], document.createNode(item))
      } else if (hasEntry(document, entry)) {
        document.setIn(['entries', entry, 'services'], document.createNode([item]))
      } else {
        addEntry(document, entry, { protocol, services: [item] })
      }
    },
    (document) => {
      const services = document.getIn(['entries', entry, 'services'], true)
      if (isSeq(services) && !services.flow && services.items.length > 0) {
        const dash = dashColumn(text, services.items[0])
        return dash === undefined ? undefined : insertAfter(text, services, idlLines(idl, ' '.repeat(dash)))
      }
      const owner = document.getIn(['entries', entry], true)
      if (isMap(owner) && !owner.flow && owner.items.length > 0 && !owner.has('services')) {
        const indent = indentOf(text, owner)
        return insertAfter(text, owner, [`${indent}services:`, ...idlLines(idl, `${indent}  `)])
      }
      return insertEntry(text, document, { name: entry, protocol, idls: [idl] })
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

/** Takes the IDL at `index` out of an entry. */
export function removeIdl(text: string, entry: string, index: number): string {
  const path = ['entries', entry, 'services']
  return edit(
    text,
    (document) => {
      document.deleteIn([...path, index])
      const services = document.getIn(path, true)
      if (isSeq(services) && services.items.length === 0) document.setIn(path, document.createNode([]))
    },
    (document) => {
      const services = document.getIn(path, true)
      if (!isSeq(services) || services.flow) return undefined
      const item = services.items[index]
      if (item === undefined || dashColumn(text, item) === undefined) return undefined
      const start = lineStart(text, (item as Node).range![0])
      const end = nextLine(text, lastOffset(item))
      if (services.items.length > 1) return text.slice(0, start) + text.slice(end)
      const owner = document.getIn(['entries', entry], true)
      const pair = isMap(owner)
        ? owner.items.find((one) => isScalar(one.key) && one.key.value === 'services')
        : undefined
      if (pair === undefined) return undefined
      const colon = text.indexOf(':', (pair.key as Node).range![1]) + 1
      return `${text.slice(0, colon)} []${text.slice(colon, start)}${text.slice(end)}`
    },
  )
}
