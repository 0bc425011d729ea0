/** The rules of one field by itself: its number, label, group, map key, default and encoding. */

import type { Report } from '../../../diagnostic.ts'
import type { ProtoField, ProtoOption, ProtoSyntax } from '../ast.ts'
import { type Features, resolveFeatures } from '../feature.ts'
import { jsonNameOf } from '../json-name.ts'
import { checkFeatureUse, type SetFeature, setFeatures } from './feature.ts'

/** Where a field stands. */
export interface FieldPlace {
  readonly syntax: ProtoSyntax
  readonly features: Features
  readonly place: 'message' | 'oneof' | 'extension'
}

const scalarNames =
  /^(bool|int32|int64|uint32|uint64|sint32|sint64|float|double|fixed32|fixed64|sfixed32|sfixed64|string|bytes)$/
const mapKeys: ReadonlySet<string> = new Set([
  'bool',
  'int32',
  'int64',
  'uint32',
  'uint64',
  'sint32',
  'sint64',
  'fixed32',
  'fixed64',
  'sfixed32',
  'sfixed64',
  'string',
])

/** Whether a type is one of the language's own. */
export function isScalarName(type: string): boolean {
  return scalarNames.test(type)
}

/** Reports every broken rule of a field. */
export function checkField(field: ProtoField, where: FieldPlace, report: Report): void {
  checkNumber(field, where, report)
  checkLabel(field, where, report)
  if (field.group !== undefined) checkGroup(field, where, report)
  if (field.mapKey !== undefined) checkMap(field, where, report)
  if (field.options.length > 0) {
    checkFeatureUse(field.options, where.syntax, report)
    checkOptions(field, where, report)
  }
}

function checkNumber({ number, numberSpan, name }: ProtoField, { place }: FieldPlace, report: Report): void {
  const written = (): string =>
    numberSpan.source.text.slice(numberSpan.start, Math.min(numberSpan.end, numberSpan.start + 40))
  // An extension of a message set may go higher; the range of what it extends decides.
  const most = place === 'extension' ? 0x7fffffff : 536_870_911
  if (number < 1 || number > most) {
    report({
      code: 'field-number',
      message: `${written()} cannot be the number of field '${name.text}'`,
      span: numberSpan,
      hint: `numbers go from 1 to 536870911`,
    })
  } else if (number >= 19_000 && number <= 19_999) {
    report({
      code: 'field-number',
      message: `${written()} cannot be the number of field '${name.text}'`,
      span: numberSpan,
      hint: 'the numbers 19000 to 19999 belong to protobuf itself',
    })
  }
}

function checkLabel(field: ProtoField, { syntax, place }: FieldPlace, report: Report): void {
  const { label, labelSpan: span } = field
  const refuse = (message: string, hint: string): void => report({ code: 'label', message, span, hint })
  if (field.mapKey !== undefined) {
    if (label !== undefined) refuse(`a map field takes no '${label}'`, 'remove it')
    return
  }
  if (place === 'oneof') {
    if (label !== undefined) refuse(`a field of a oneof takes no '${label}'`, 'remove it')
    return
  }
  switch (syntax) {
    case 'proto2':
      if (label === undefined) {
        refuse(
          `field '${field.name.text}' needs a label in proto2`,
          `write 'optional', 'required' or 'repeated' before it, or start the file with: syntax = "proto3";`,
        )
      } else if (label === 'required' && place === 'extension') {
        refuse('an extension cannot be required', "write 'optional'")
      }
      return
    case 'proto3':
      if (label === 'required') refuse("proto3 has no 'required' fields", "remove 'required'")
      return
    default:
      if (label === 'optional') refuse("editions have no 'optional'", 'remove it: singular fields track their presence')
      if (label === 'required') {
        refuse("editions have no 'required'", 'write [features.field_presence = LEGACY_REQUIRED] after the number')
      }
  }
}

function checkGroup({ name, type, typeSpan }: ProtoField, { syntax }: FieldPlace, report: Report): void {
  if (syntax === 'proto3') {
    report({
      code: 'group',
      message: 'proto3 has no groups',
      span: typeSpan,
      hint: 'declare a message and a field of its type',
    })
  } else if (syntax !== 'proto2') {
    report({
      code: 'group',
      message: 'editions have no groups',
      span: typeSpan,
      hint: 'declare a message and a field of its type with [features.message_encoding = DELIMITED]',
    })
  } else if (!/^[A-Z]/.test(type.text)) {
    report({ code: 'group', message: 'the name of a group starts with a capital letter', span: name.span })
  }
}

function checkMap({ mapKey, typeSpan }: ProtoField, { place }: FieldPlace, report: Report): void {
  const refuse = (message: string, hint: string): void => report({ code: 'map', message, span: typeSpan, hint })
  if (place === 'oneof') refuse('a oneof cannot hold a map', 'put the map into a message and use that')
  if (place === 'extension') refuse('an extension cannot be a map', 'put the map into a message and use that')
  if (!mapKeys.has(mapKey!.text)) {
    report({
      code: 'map',
      message: `'${mapKey!.text}' cannot be the type of a map's keys`,
      span: mapKey!.span,
      hint: 'keys are integers, bool or string',
    })
  }
}

function checkOptions(field: ProtoField, where: FieldPlace, report: Report): void {
  const { syntax } = where
  const edition = syntax !== 'proto2' && syntax !== 'proto3'
  const repeated = field.label === 'repeated'
  const scalar = scalarNames.test(field.type.text)
  checkOnce(field.options, report)
  for (const option of field.options) {
    const { path, value, span } = option
    if (path.length !== 1 || path[0]!.extension) continue
    switch (path[0]!.text) {
      case 'default':
        if (syntax === 'proto3') {
          report({
            code: 'default-value',
            message: 'proto3 fields have no default values',
            span,
            hint: 'remove the default',
          })
        } else if (
          resolveFeatures(where.features, field.options).fieldPresence === 'IMPLICIT' &&
          where.place === 'message'
        ) {
          report({
            code: 'default-value',
            message: 'a field with implicit presence has no default value',
            span,
            hint: 'remove the default, or set features.field_presence = EXPLICIT',
          })
        }
        break
      case 'json_name':
        checkJsonName(option, field, where, report)
        break
      case 'unverified_lazy':
        if (where.place === 'extension' && value.kind === 'bool' && value.value) {
          report({ code: 'option-place', message: "extensions cannot be 'unverified_lazy'", span, hint: 'remove it' })
        }
        break
      case 'packed':
        if (edition) {
          report({
            code: 'option-place',
            message: "editions have no option 'packed'",
            span,
            hint: 'write features.repeated_field_encoding = PACKED or EXPANDED',
          })
        } else if (
          value.kind === 'bool' &&
          value.value &&
          (!repeated || field.type.text === 'string' || field.type.text === 'bytes' || field.group !== undefined)
        ) {
          report({
            code: 'option-place',
            message: 'only repeated numbers, bools and enums can be packed',
            span,
            hint: 'remove it',
          })
        }
        break
    }
  }
  for (const set of edition ? setFeatures(field.options) : []) {
    const rule = Object.hasOwn(featureRules, set.name) ? featureRules[set.name] : undefined
    const message = rule?.(field, where, repeated, scalar, set)
    if (message !== undefined) report({ code: 'feature', message, span: set.span, hint: 'remove it' })
  }
}

/** `default` and `json_name` are no options of the descriptor, so the check of options does not see them. */
function checkOnce(options: readonly ProtoOption[], report: Report): void {
  if (options.length < 2) return
  for (const name of ['default', 'json_name']) {
    const [first, ...others] = options.filter(
      ({ path }) => path.length === 1 && !path[0]!.extension && path[0]!.text === name,
    )
    for (const { span } of others) {
      report({
        code: 'duplicate-option',
        message: `'${name}' is already set`,
        span,
        related: [{ message: 'it is set here', span: first!.span }],
        hint: 'remove one of them',
      })
    }
  }
}

type FeatureRule = (
  field: ProtoField,
  where: FieldPlace,
  repeated: boolean,
  scalar: boolean,
  set: SetFeature,
) => string | undefined

const featureRules: Readonly<Record<string, FeatureRule>> = {
  field_presence(field, { place }, repeated) {
    if (repeated || field.mapKey !== undefined) return 'repeated and map fields have no presence to choose'
    if (place === 'oneof') return 'fields of a oneof have no presence to choose'
    return place === 'extension' ? 'extensions have no presence to choose' : undefined
  },
  repeated_field_encoding(field, _where, repeated, scalar, { value }) {
    if (!repeated && field.mapKey === undefined) return 'only repeated fields have an encoding of their elements'
    if (field.mapKey !== undefined && value.kind === 'name' && value.reference.text === 'PACKED') {
      return 'only numbers, bools and enums can be packed'
    }
    const length = field.type.text === 'string' || field.type.text === 'bytes'
    return scalar && length && value.kind === 'name' && value.reference.text === 'PACKED'
      ? 'only numbers, bools and enums can be packed'
      : undefined
  },
  message_encoding(field, _where, _repeated, scalar) {
    return scalar || field.mapKey !== undefined ? 'only message fields have a message encoding' : undefined
  },
  utf8_validation(field) {
    return field.type.text === 'string' || field.mapKey?.text === 'string' ? undefined : 'only strings can be validated'
  },
}

function checkJsonName(
  { value, span }: ProtoOption,
  { name }: ProtoField,
  { place }: FieldPlace,
  report: Report,
): void {
  if (value.kind !== 'string') {
    report({ code: 'option-type', message: "'json_name' takes a string in quotes", span: value.span })
  } else if (place === 'extension' && value.value !== jsonNameOf(name.text)) {
    report({ code: 'option-place', message: 'extensions have no JSON name of their own', span, hint: 'remove it' })
  } else if (value.value.includes('\0')) {
    report({ code: 'json-name', message: 'a JSON name cannot hold a null character', span: value.span })
  } else if (value.value.startsWith('[') && value.value.endsWith(']')) {
    report({
      code: 'json-name',
      message: `the JSON name '${value.value}' looks like an extension`,
      span: value.span,
      hint: 'remove the brackets',
    })
  }
}
