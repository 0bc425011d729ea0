/** Compares two versions of a message, struct, union or exception. */

import type { IrField, IrMessage } from '../../ir/ir.ts'
import { type Comparing, wordFor } from '../change.ts'
import { pairFields } from '../field-pairing.ts'
import { compareJsonFormat } from '../json-format.ts'
import { holdsNumber, rangeText, uncovered } from '../number-set.ts'
import { optionText } from '../option-text.ts'
import { compareField } from './field.ts'
import { compareOneofs, isSameOneof, renamedOneofs } from './oneof.ts'
import { compareReserved } from './reserved.ts'

/** Compares two versions of a message. */
export function compareMessage(c: Comparing, before: IrMessage, after: IrMessage): void {
  compareShape(c, before, after)
  compareFields(c, before, after)
  if (before.file.idl === 'thrift') return
  compareOneofs(c, before, after)
  compareReserved(c, 'message', before, after)
  compareExtensionRanges(c, before, after)
  compareJsonFormat(c, before, after)
  const places = { before: before.span, after: after.span }
  const wasSet = optionText(before.annotations, 'message_set_wire_format') === 'true'
  const isSet = optionText(after.annotations, 'message_set_wire_format') === 'true'
  if (wasSet !== isSet) {
    const text = isSet
      ? 'has the wire format of message sets; it had not'
      : 'no longer has the wire format of message sets'
    c.breaks('message-set-changed', before.fullName, `message '${after.name}' ${text}`, places)
  }
  const option = 'no_standard_descriptor_accessor'
  const had = optionText(before.annotations, option) === 'true'
  if (had !== (optionText(after.annotations, option) === 'true')) {
    const text = had ? 'no longer has' : 'now has'
    c.breaks('message-option-changed', before.fullName, `message '${after.name}' ${text} option '${option}'`, places)
  }
}

function compareShape(c: Comparing, before: IrMessage, after: IrMessage): void {
  if (before.shape === after.shape) return
  const rule = before.shape === 'union' || after.shape === 'union' ? 'union-kind-changed' : 'exception-kind-changed'
  const text = `'${after.name}' is ${articled(after.shape)}; it was ${articled(before.shape)}`
  c.breaks(rule, before.fullName, text, { before: before.span, after: after.span })
}

/** `a struct`, `an exception`. */
export function articled(word: string): string {
  return `${/^[aeiou]/.test(word) && word !== 'union' ? 'an' : 'a'} ${word}`
}

function compareFields(c: Comparing, before: IrMessage, after: IrMessage): void {
  const { idl } = before.file
  const what = wordFor(after)
  const renames = renamedOneofs(before, after)
  const { pairs, added } = pairFields(c, before.fields, after.fields)
  for (const { before: old, after: now, fate } of pairs) {
    const subject = `${before.fullName}.${old.name}`
    const label = `field '${now?.name ?? old.name}' of ${what} '${after.name}'`
    if (now === undefined || fate === 'gone') {
      removedField(c, before, after, old)
      continue
    }
    const places = { before: old.span, after: now.span }
    if (fate === 'reused') {
      c.breaks(
        'field-id-reused',
        subject,
        `${numberWord(idl)} ${old.id} of ${what} '${after.name}' belongs to '${now.name}'; it was that of '${old.name}'`,
        {
          ...places,
          hint: `give the new field ${articled(numberWord(idl))} that was never used`,
        },
      )
      continue
    }
    if (fate === 'moved') {
      c.breaks('field-id-changed', subject, `${label} has ${numberWord(idl)} ${now.id}; it had ${old.id}`, places)
    }
    if (old.name !== now.name) compareName(c, subject, label, old, now)
    else if (old.jsonName !== now.jsonName) {
      c.breaks(
        'field-json-name-changed',
        subject,
        `${label} is '${now.jsonName}' in JSON; it was '${old.jsonName}'`,
        places,
      )
    }
    compareField(c, { idl, label, subject, before: old, after: now }, isSameOneof(renames, old, now))
  }
  for (const field of added) addedField(c, before, after, field)
}

function compareName(c: Comparing, subject: string, label: string, before: IrField, after: IrField): void {
  const rule = before.jsonName === after.jsonName ? 'field-name-changed' : 'field-renamed'
  c.breaks(rule, subject, `${label} was '${before.name}'`, { before: before.span, after: after.span })
}

/** What the IDL calls the number of a field. */
export function numberWord(idl: 'thrift' | 'protobuf'): string {
  return idl === 'thrift' ? 'id' : 'number'
}

function removedField(c: Comparing, before: IrMessage, after: IrMessage, field: IrField): void {
  const { idl } = before.file
  const subject = `${before.fullName}.${field.name}`
  const places = { before: field.span, after: after.span }
  const gone = `${wordFor(after)} '${after.name}' no longer has field '${field.name}'`
  if (field.presence === 'required') {
    c.breaks('required-field-removed', subject, `${gone}, which was required`, places)
    return
  }
  if (before.shape === 'union') {
    c.breaks('union-field-removed', subject, gone, { ...places, hint: 'keep it until nobody writes it' })
    return
  }
  if (idl === 'thrift') {
    c.breaks('field-removed', subject, gone, { ...places, hint: `never give id ${field.id} to another field` })
    return
  }
  const reserved = after.reserved
  const hint = `write in the message: reserved ${field.id}; reserved ${nameText(after, field.name)};`
  if (!holdsNumber(reserved?.ranges ?? [], field.id)) {
    c.breaks('field-number-unreserved', subject, `${gone} and does not reserve its number ${field.id}`, {
      ...places,
      hint,
    })
  } else if (!reserved?.names.some(({ name }) => name === field.name)) {
    c.breaks('field-name-unreserved', subject, `${gone} and does not reserve its name`, { ...places, hint })
  } else c.breaks('field-removed', subject, gone, places)
}

/** A reserved name: editions write it without quotes. */
export function nameText(after: { readonly file: IrMessage['file'] }, name: string): string {
  return after.file.syntax.startsWith('proto') ? `"${name}"` : name
}

function addedField(c: Comparing, before: IrMessage, after: IrMessage, field: IrField): void {
  const subject = `${before.fullName}.${field.name}`
  const places = { after: field.span }
  const isNew = `field '${field.name}' of ${wordFor(after)} '${after.name}' is new`
  if (field.presence === 'required') {
    c.breaks('required-field-added', subject, `${isNew} and required`, { ...places, hint: 'make it optional' })
  } else if (after.shape === 'union' && before.shape === 'union') {
    c.breaks('union-field-added', subject, isNew, {
      ...places,
      hint: 'update the readers before anything writes it',
    })
  } else c.allows(`field '${field.name}' is new`)
}

function compareExtensionRanges(c: Comparing, before: IrMessage, after: IrMessage): void {
  for (const range of before.extensionRanges ?? []) {
    for (const gap of uncovered(range, after.extensionRanges ?? [])) {
      const text = `message '${after.name}' no longer leaves ${rangeText(gap)} to extensions`
      c.breaks('extension-range-removed', before.fullName, text, { before: range.span, after: after.span })
    }
  }
}
