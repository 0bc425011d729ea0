/** The rules of messages: numbers and JSON names once, what is reserved, oneofs that hold something. */

import type { Report, Span } from '../../../diagnostic.ts'
import { isSet, optionValue } from '../annotation.ts'
import type { ProtoField, ProtoMember, ProtoMessage, ProtoOption, ProtoRange, ProtoSyntax } from '../ast.ts'
import { type Features, resolveFeatures } from '../feature.ts'
import { jsonNameOf } from '../json-name.ts'
import { rangeIndex } from '../range-index.ts'
import { checkEnum } from './enum.ts'
import { checkExtend } from './extend.ts'
import { checkExtensionDeclarations } from './extension-declaration.ts'
import { checkFeatureUse } from './feature.ts'
import { checkField } from './field.ts'
import { checkMessageLimits } from './limit.ts'
import { checkOverlap, checkRange, checkReserved } from './reserved.ts'
import { checkVisibility } from './visibility.ts'

/** Reports every broken rule of a message and of what it holds. */
export function checkMessage(node: ProtoMessage, syntax: ProtoSyntax, around: Features, report: Report): void {
  const options = membersOf(node, 'option')
  const features = options.length === 0 ? around : resolveFeatures(around, options)
  checkFeatureUse(options, syntax, report)
  checkMessageLimits(node, features, report)
  checkVisibility(node, features, report)
  checkExtensionDeclarations(node, report)
  checkMapEntry(options, report)
  const fields: ProtoField[] = []
  for (const member of node.members) {
    switch (member.kind) {
      case 'field':
        fields.push(member)
        checkField(member, { syntax, features, place: 'message' }, report)
        break
      case 'oneof': {
        const inner = resolveFeatures(features, member.options)
        checkFeatureUse(member.options, syntax, report)
        if (member.fields.length === 0 && member.whole) {
          report({
            code: 'empty-oneof',
            message: `oneof '${member.name.text}' has no fields`,
            span: member.name.span,
            hint: 'add a field or remove it',
          })
        }
        for (const field of member.fields) {
          fields.push(field)
          checkField(field, { syntax, features: inner, place: 'oneof' }, report)
        }
        break
      }
      case 'message':
        checkMessage(member, syntax, features, report)
        break
      case 'enum':
        checkEnum(member, syntax, features, report)
        break
      case 'extend':
        checkExtend(member, report)
        for (const field of member.fields) {
          checkField(field, { syntax, features, place: 'extension' }, report)
          if (field.group !== undefined) checkMessage(field.group, syntax, features, report)
        }
        break
    }
  }
  for (const field of fields) if (field.group !== undefined) checkMessage(field.group, syntax, features, report)
  checkNumbers(node, fields, options, syntax, report)
  if (fields.length > 1) checkJsonNames(fields, options, features, report)
}

/** Only the compiler makes the messages behind map fields. */
function checkMapEntry(options: readonly ProtoOption[], report: Report): void {
  for (const { path, span } of options) {
    if (path.length !== 1 || path[0]!.extension || path[0]!.text !== 'map_entry') continue
    report({
      code: 'option-place',
      message: "'map_entry' cannot be set by hand",
      span,
      hint: 'declare a map field: map<string, int32> counts = 1;',
    })
  }
}

function membersOf<K extends ProtoMember['kind']>(node: ProtoMessage, kind: K): Extract<ProtoMember, { kind: K }>[] {
  return node.members.filter((member): member is Extract<ProtoMember, { kind: K }> => member.kind === kind)
}

function rangesOf(node: ProtoMessage): ProtoRange[] {
  return [...membersOf(node, 'reserved'), ...membersOf(node, 'extensions')].flatMap((one) => one.ranges)
}

function checkNumbers(
  node: ProtoMessage,
  fields: readonly ProtoField[],
  options: readonly ProtoOption[],
  syntax: ProtoSyntax,
  report: Report,
): void {
  const byNumber = new Map<number, ProtoField>()
  let free: number | undefined
  for (const field of fields) {
    // The lexer has refused a number that is none.
    if (Number.isNaN(field.number)) continue
    const before = byNumber.get(field.number)
    if (before === undefined) {
      byNumber.set(field.number, field)
      continue
    }
    free ??= nextFree(fields, rangeIndex(rangesOf(node)))
    report({
      code: 'duplicate-field-id',
      message: `field '${field.name.text}' has the number ${field.number} of '${before.name.text}'`,
      span: field.numberSpan,
      related: [{ message: `'${before.name.text}' is here`, span: before.numberSpan }],
      hint: `the next free number is ${free}`,
    })
  }
  const reserved = membersOf(node, 'reserved')
  const extensions = membersOf(node, 'extensions')
  if (reserved.length === 0 && extensions.length === 0) return
  checkReserved(reserved, 'message', syntax, report)
  const reservedRanges = reserved.flatMap((one) => one.ranges)
  const extensionRanges = extensions.flatMap((one) => one.ranges)
  const holder = isSet(options, 'message_set_wire_format') ? 'message set' : 'message'
  for (const range of extensionRanges) checkRange(range, holder, report)
  for (const one of extensions) {
    checkFeatureUse(one.options, syntax, report)
    if (syntax !== 'proto3') continue
    report({
      code: 'extension-range',
      message: 'proto3 messages cannot be extended',
      span: one.ranges[0]!.span,
      hint: 'use google.protobuf.Any, or write the file in proto2 or an edition',
    })
  }
  checkOverlap(extensionRanges, extensionRanges, 'extension-range', report)
  if (extensionRanges.length > 0 && reservedRanges.length > 0) {
    checkOverlap(extensionRanges, reservedRanges, 'extension-range', report)
  }
  const names = new Map(reserved.flatMap((one) => one.names).map((name) => [name.text, name.span]))
  const inReserved = rangeIndex(reservedRanges)
  const inExtensions = rangeIndex(extensionRanges)
  for (const field of fields) {
    const name = names.get(field.name.text)
    if (name !== undefined) clash(node, `the name '${field.name.text}'`, field.name.span, name, report)
    const range = inReserved(field.number)
    if (range !== undefined) clash(node, `the number ${field.number}`, field.numberSpan, range.span, report)
    const extension = inExtensions(field.number)
    if (extension === undefined) continue
    report({
      code: 'extension-range',
      message: `the number ${field.number} is left to extensions of '${node.name.text}'`,
      span: field.numberSpan,
      related: [{ message: 'the extension range is here', span: extension.span }],
      hint: 'use another number',
    })
  }
}

function clash(node: ProtoMessage, what: string, span: Span, reserved: Span, report: Report): void {
  report({
    code: 'reserved',
    message: `${what} is reserved in message '${node.name.text}'`,
    span,
    related: [{ message: 'it is reserved here', span: reserved }],
    hint: 'use another one',
  })
}

/** The number after the largest one given before the numbers of protobuf itself, past what is reserved. */
function nextFree(fields: readonly ProtoField[], taken: (number: number) => ProtoRange | undefined): number {
  let number = 1
  for (const field of fields) if (field.number < 19_000) number = Math.max(number, field.number + 1)
  for (let range = taken(number); range !== undefined; range = taken(number)) {
    if (!Number.isFinite(range.end)) break
    number = range.end + 1
  }
  return number
}

interface JsonName {
  readonly field: ProtoField
  readonly custom: boolean
}

/** Derived names must differ (field masks use them), and written ones must differ from all. */
function checkJsonNames(
  fields: readonly ProtoField[],
  options: readonly ProtoOption[],
  features: Features,
  report: Report,
): void {
  if (isSet(options, 'deprecated_legacy_json_field_conflicts')) return
  const derived = new Map<string, JsonName>()
  const effective = new Map<string, JsonName>()
  const take = (known: Map<string, JsonName>, name: string, one: JsonName, custom: boolean): void => {
    const before = known.get(name)
    if (before === undefined) {
      known.set(name, one)
      return
    }
    if (custom && !one.custom && !before.custom) return
    const involvesDerived = !custom || !one.custom || !before.custom
    report({
      code:
        features.jsonFormat === 'LEGACY_BEST_EFFORT' && involvesDerived ? 'json-name-near-clash' : 'json-name-clash',
      message: `fields '${one.field.name.text}' and '${before.field.name.text}' have the same JSON name '${name}'`,
      span: one.field.name.span,
      related: [{ message: `'${before.field.name.text}' is here`, span: before.field.name.span }],
      hint: 'rename one of them',
    })
  }
  for (const field of fields) {
    const name = jsonNameOf(field.name.text)
    const written = optionValue(field.options, 'json_name')
    const custom = written?.kind === 'string' && written.value !== name
    // Equal names are the concern of the check of names, which has the better words.
    if (derived.get(name)?.field.name.text === field.name.text) continue
    take(derived, name, { field, custom: false }, false)
    take(effective, custom ? written.value : name, { field, custom }, true)
  }
}
