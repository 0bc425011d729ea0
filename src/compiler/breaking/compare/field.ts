/** Compares two versions of one field, argument, declared exception or extension: type, presence, default, encoding. */

import type { IrField, IrFile } from '../../ir/ir.ts'
import { typeText, underlying } from '../../ir/underlying.ts'
import type { Comparing } from '../change.ts'
import { optionChange, optionText } from '../option-text.ts'
import type { BreakingRuleId } from '../rule.ts'
import { valueText, zeroText } from '../value-text.ts'

/** A field in two versions. */
export interface FieldPair {
  readonly idl: IrFile['idl']
  /** `field 'note' of message 'Cart'`, `argument 'id' of method 'get'`. */
  readonly label: string
  readonly subject: string
  readonly before: IrField
  readonly after: IrField
}

/** Compares all of a field but its id, name, and oneof. `isSame` is false when a change of the oneof says what presence does. */
export function compareField(c: Comparing, pair: FieldPair, isSameOneof: boolean): void {
  const isSameKind = compareType(c, pair)
  if (isSameOneof) comparePresence(c, pair, isSameKind)
  compareDefault(c, pair)
  compareEncoding(c, pair)
  compareOptions(c, pair)
}

const typeRules = {
  wire: 'field-wire-type-changed',
  json: 'field-json-type-changed',
  source: 'field-type-changed',
} as const satisfies Record<string, BreakingRuleId>

/** False when the type is so different that its presence says nothing. */
function compareType(c: Comparing, pair: FieldPair): boolean {
  const { before, after, label, subject } = pair
  const places = { before: before.typeSpan, after: after.typeSpan }
  const was = fieldType(pair.idl, before)
  const is = fieldType(pair.idl, after)
  if (pair.idl === 'protobuf' && (before.type.kind === 'list') !== (after.type.kind === 'list')) {
    if (before.type.kind !== 'map' && after.type.kind !== 'map') {
      const [from, to] = after.type.kind === 'list' ? ['singular', 'repeated'] : ['repeated', 'singular']
      c.breaks('field-cardinality-changed', subject, `${label} is ${to}; it was ${from}`, places)
      return false
    }
  }
  const broken = c.typeBreak(before.type, after.type)
  if (broken === undefined) return true
  const names = was === is ? `'${is}', which is another one now` : `'${is}'; it was '${was}'`
  c.breaks(typeRules[broken], subject, `${label} has type ${names}`, {
    ...places,
    ...(broken === 'wire' && {
      hint: `keep the old field and add a new one with its own ${pair.idl === 'thrift' ? 'id' : 'number'}`,
    }),
  })
  return broken !== 'wire'
}

/** A type as its IDL writes it. */
function fieldType(idl: IrFile['idl'], field: IrField): string {
  const text = typeText(field.type)
  if (idl === 'thrift') return text
  if (field.type.kind === 'list') return `repeated ${protoText(typeText(field.type.element))}`
  return field.type.kind === 'scalar' ? protoText(text) : text
}

/** The name that protobuf has for a type of the IR. */
export function protoText(text: string): string {
  return protoNames[text] ?? text
}

const protoNames: Readonly<Record<string, string>> = {
  i32: 'int32',
  i64: 'int64',
  u32: 'uint32',
  u64: 'uint64',
  s32: 'sint32',
  s64: 'sint64',
  f32: 'float',
  binary: 'bytes',
}

function comparePresence(c: Comparing, { before, after, label, subject, idl }: FieldPair, isSameKind: boolean): void {
  if (before.presence === after.presence) return
  const places = { before: before.span, after: after.span }
  if (after.presence === 'required') {
    c.breaks('field-became-required', subject, `${label} is required; it was ${presenceText(before)}`, places)
  } else if (before.presence === 'required') {
    c.breaks('field-no-longer-required', subject, `${label} is ${presenceText(after)}; it was required`, places)
  } else if (isSameKind) {
    const text =
      idl === 'thrift'
        ? `${label} is ${presenceText(after)}; it was ${presenceText(before)}`
        : `${label} ${after.presence === 'optional' ? 'tells absent from zero; it did not' : 'no longer tells absent from zero'}`
    c.breaks('field-presence-changed', subject, text, places)
  }
}

function presenceText({ presence }: IrField): string {
  return presence === 'default' ? 'not marked' : presence
}

function compareDefault(c: Comparing, { before, after, label, subject, idl }: FieldPair): void {
  if (before.default === undefined && after.default === undefined) return
  // A required field is always there: its default is for those who write.
  if (before.presence === 'required' && after.presence === 'required') return
  const was = defaultText(idl, before)
  const is = defaultText(idl, after)
  if (was === is) return
  c.breaks('field-default-changed', subject, `the default of ${label} is ${is ?? 'gone'}; it was ${was ?? 'none'}`, {
    before: before.default?.span ?? before.span,
    after: after.default?.span ?? after.span,
  })
}

function defaultText(idl: IrFile['idl'], field: IrField): string | undefined {
  if (field.default !== undefined) return shorten(valueText(field.default, field.type))
  return idl === 'protobuf' || field.presence === 'default' ? zeroText(field.type) : undefined
}

function shorten(text: string): string {
  return text.length > 200 ? `${text.slice(0, 200)}… (${text.length} characters)` : text
}

function compareEncoding(c: Comparing, { before, after, label, subject }: FieldPair): void {
  const places = { before: before.span, after: after.span }
  if (before.delimited !== after.delimited) {
    const text = after.delimited ? 'is delimited by tags; it had a length' : 'has a length; it was delimited by tags'
    c.breaks('field-encoding-changed', subject, `${label} ${text}`, places)
  }
  if (holdsString(before) && holdsString(after) && (before.validateUtf8 ?? true) !== (after.validateUtf8 ?? true)) {
    const text = after.validateUtf8 === false ? 'is no longer held to UTF-8' : 'is held to UTF-8; it was not'
    c.breaks('field-utf8-changed', subject, `${label} ${text}`, places)
  }
  if (before.packed !== after.packed && before.type.kind === after.type.kind) {
    c.allows(`${label} is ${after.packed ? '' : 'no longer '}packed`)
  }
}

function holdsString({ type }: IrField): boolean {
  const at = underlying(type)
  const element = at.kind === 'list' ? at.element : at.kind === 'map' ? at.value : at
  return element.kind === 'scalar' && element.scalar === 'string'
}

/** Options that change the type of a field in other languages. */
const typeOptions = ['jstype', 'ctype', 'features.pb.cpp.string_type', 'features.pb.java.utf8_validation'] as const

function compareOptions(c: Comparing, { before, after, label, subject, idl }: FieldPair): void {
  if (idl !== 'protobuf') return
  for (const name of typeOptions) {
    const was = optionText(before.annotations, name)
    const is = optionText(after.annotations, name)
    if (was === is) continue
    c.breaks('field-option-changed', subject, `option '${name}' of ${label} ${optionChange(was, is)}`, {
      before: before.span,
      after: after.span,
    })
  }
}
