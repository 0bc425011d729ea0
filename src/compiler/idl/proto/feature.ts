/** Features of editions: what a language level starts from, and what options change for a scope. */

import type { IrValue } from '../../ir/ir.ts'
import type { ProtoOption, ProtoSyntax } from './ast.ts'

/** The features that decide what a declaration means; those of single languages are left to their generators. */
export interface Features {
  readonly fieldPresence: 'EXPLICIT' | 'IMPLICIT' | 'LEGACY_REQUIRED'
  readonly enumType: 'OPEN' | 'CLOSED'
  readonly repeatedFieldEncoding: 'PACKED' | 'EXPANDED'
  readonly utf8Validation: 'VERIFY' | 'NONE'
  readonly messageEncoding: 'LENGTH_PREFIXED' | 'DELIMITED'
  readonly jsonFormat: 'ALLOW' | 'LEGACY_BEST_EFFORT'
  readonly enforceNamingStyle: 'STYLE2024' | 'STYLE2026' | 'STYLE_LEGACY'
  readonly defaultSymbolVisibility: 'EXPORT_ALL' | 'EXPORT_TOP_LEVEL' | 'LOCAL_ALL' | 'STRICT'
  readonly enforceProtoLimits: 'LEGACY_NO_EXPLICIT_LIMITS' | 'PROTO_LIMITS2026'
}

const proto2: Features = {
  fieldPresence: 'EXPLICIT',
  enumType: 'CLOSED',
  repeatedFieldEncoding: 'EXPANDED',
  utf8Validation: 'NONE',
  messageEncoding: 'LENGTH_PREFIXED',
  jsonFormat: 'LEGACY_BEST_EFFORT',
  enforceNamingStyle: 'STYLE_LEGACY',
  defaultSymbolVisibility: 'EXPORT_ALL',
  enforceProtoLimits: 'LEGACY_NO_EXPLICIT_LIMITS',
}
const proto3: Features = {
  ...proto2,
  fieldPresence: 'IMPLICIT',
  enumType: 'OPEN',
  repeatedFieldEncoding: 'PACKED',
  utf8Validation: 'VERIFY',
  jsonFormat: 'ALLOW',
}
const edition2023: Features = { ...proto3, fieldPresence: 'EXPLICIT' }
const edition2024: Features = {
  ...edition2023,
  enforceNamingStyle: 'STYLE2024',
  defaultSymbolVisibility: 'EXPORT_TOP_LEVEL',
}
const edition2026: Features = {
  ...edition2024,
  enforceNamingStyle: 'STYLE2026',
  defaultSymbolVisibility: 'STRICT',
  enforceProtoLimits: 'PROTO_LIMITS2026',
}

/** What holds in a file that sets nothing. */
export const defaultFeatures: Readonly<Record<ProtoSyntax, Features>> = {
  proto2,
  proto3,
  '2023': edition2023,
  '2024': edition2024,
  '2026': edition2026,
}

type Edition = Exclude<ProtoSyntax, 'proto2' | 'proto3'>

/** The editions, oldest first: what `edition = "…";` may name. */
export const editions: readonly Edition[] = ['2023', '2024', '2026']

/** Whether a language level is `edition` or a later one; false for proto2 and proto3. */
export function isSince(syntax: ProtoSyntax, edition: Edition): boolean {
  const order: readonly ProtoSyntax[] = editions
  return order.indexOf(syntax) >= order.indexOf(edition)
}

const memberOf: Readonly<Record<string, { member: keyof Features; values: readonly string[] }>> = {
  field_presence: { member: 'fieldPresence', values: ['EXPLICIT', 'IMPLICIT', 'LEGACY_REQUIRED'] },
  enum_type: { member: 'enumType', values: ['OPEN', 'CLOSED'] },
  repeated_field_encoding: { member: 'repeatedFieldEncoding', values: ['PACKED', 'EXPANDED'] },
  utf8_validation: { member: 'utf8Validation', values: ['VERIFY', 'NONE'] },
  message_encoding: { member: 'messageEncoding', values: ['LENGTH_PREFIXED', 'DELIMITED'] },
  json_format: { member: 'jsonFormat', values: ['ALLOW', 'LEGACY_BEST_EFFORT'] },
  enforce_naming_style: { member: 'enforceNamingStyle', values: ['STYLE2024', 'STYLE2026', 'STYLE_LEGACY'] },
  default_symbol_visibility: {
    member: 'defaultSymbolVisibility',
    values: ['EXPORT_ALL', 'EXPORT_TOP_LEVEL', 'LOCAL_ALL', 'STRICT'],
  },
  enforce_proto_limits: { member: 'enforceProtoLimits', values: ['LEGACY_NO_EXPLICIT_LIMITS', 'PROTO_LIMITS2026'] },
}

/** The features inside a scope: those around it, changed by its own options. What is no feature changes nothing; the check of options says so. */
export function resolveFeatures(around: Features, options: readonly ProtoOption[]): Features {
  let features = around
  const set = (name: string, value: IrValue): void => {
    const known = Object.hasOwn(memberOf, name) ? memberOf[name] : undefined
    if (known === undefined || value.kind !== 'name' || !known.values.includes(value.reference.text)) return
    features = { ...features, [known.member]: value.reference.text }
  }
  for (const { path, value } of options) {
    if (path[0]!.extension || path[0]!.text !== 'features') continue
    if (path.length === 2 && !path[1]!.extension) {
      set(path[1]!.text, value)
    } else if (path.length === 1 && value.kind === 'map') {
      for (const entry of value.entries) if (entry.key.kind === 'string') set(entry.key.value, entry.value)
    }
  }
  return features
}
