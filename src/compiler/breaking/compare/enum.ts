/** Compares two versions of an enum. */

import type { IrEnum, IrEnumValue } from '../../ir/ir.ts'
import type { Comparing } from '../change.ts'
import { compareJsonFormat } from '../json-format.ts'
import { holdsNumber } from '../number-set.ts'
import { nameText } from './message.ts'
import { compareReserved } from './reserved.ts'

/** Compares two versions of an enum. */
export function compareEnum(c: Comparing, before: IrEnum, after: IrEnum): void {
  compareValues(c, before, after)
  if (before.file.idl === 'thrift') return
  const places = { before: before.span, after: after.span }
  if (before.closed !== after.closed) {
    const text = after.closed ? 'is closed; it was open' : 'is open; it was closed'
    c.breaks('enum-openness-changed', before.fullName, `enum '${after.name}' ${text}`, places)
  }
  const [was, is] = [before.values[0], after.values[0]]
  if (was !== undefined && is !== undefined && was.number !== is.number) {
    const text = `enum '${after.name}' begins with '${is.name}' (${is.number}); it began with '${was.name}' (${was.number})`
    c.breaks('enum-default-changed', before.fullName, text, { before: was.span, after: is.span })
  }
  compareReserved(c, 'enum', before, after)
  compareJsonFormat(c, before, after)
}

function compareValues(c: Comparing, before: IrEnum, after: IrEnum): void {
  const newByName = new Map(after.values.map((value) => [value.name, value]))
  const oldNames = new Set(before.values.map(({ name }) => name))
  const heirs = new Set<IrEnumValue>()
  for (const value of before.values) {
    const subject = `${before.fullName}.${value.name}`
    const same = newByName.get(value.name)
    if (same !== undefined) {
      if (same.number === value.number) continue
      const text = `value '${value.name}' of enum '${after.name}' is ${same.number}; it was ${value.number}`
      c.breaks('enum-value-number-changed', subject, text, { before: value.span, after: same.span })
      continue
    }
    const heir = after.values.find((one) => one.number === value.number && !oldNames.has(one.name) && !heirs.has(one))
    if (heir === undefined) removedValue(c, before, after, value)
    else {
      heirs.add(heir)
      const text = `value '${heir.name}' of enum '${after.name}' was '${value.name}'`
      c.breaks('enum-value-renamed', subject, text, { before: value.span, after: heir.span })
    }
  }
  for (const value of after.values) {
    if (!oldNames.has(value.name) && !heirs.has(value)) c.allows(`value '${value.name}' is new`)
  }
}

function removedValue(c: Comparing, before: IrEnum, after: IrEnum, value: IrEnumValue): void {
  const subject = `${before.fullName}.${value.name}`
  const places = { before: value.span, after: after.span }
  const gone = `enum '${after.name}' no longer has value '${value.name}'`
  if (before.file.idl === 'thrift') {
    c.breaks('enum-value-removed', subject, gone, { ...places, hint: `never give ${value.number} to another value` })
    return
  }
  const { ranges, names } = after.reserved ?? { ranges: [], names: [] }
  // Where an alias stays, the number has a name still.
  const hasAlias = after.values.some(({ number }) => number === value.number)
  const isFree = !hasAlias && !holdsNumber(ranges, value.number)
  const hint = `write in the enum: ${hasAlias ? '' : `reserved ${value.number}; `}reserved ${nameText(after, value.name)};`
  if (isFree) {
    const text = `${gone} and does not reserve its number ${value.number}`
    c.breaks('enum-value-number-unreserved', subject, text, { ...places, hint })
  } else if (!names.some(({ name }) => name === value.name)) {
    c.breaks('enum-value-name-unreserved', subject, `${gone} and does not reserve its name`, { ...places, hint })
  } else c.breaks('enum-value-removed', subject, gone, places)
}
