/** Options of protobuf: each found in descriptor.proto or among the imported extensions, its value held against its type. */

import type { Report, Span } from '../../diagnostic.ts'
import { boundedDidYouMean } from '../../text/suggest.ts'
import { encodeOption } from '../encode-option.ts'
import type {
  IrAnnotation,
  IrAnnotationValue,
  IrDeclaration,
  IrField,
  IrFile,
  IrMessage,
  IrOption,
  IrValue,
} from '../ir.ts'
import type { ProtoSymbols } from '../proto-scope.ts'
import { declarationOf } from '../underlying.ts'
import { checkOptionValue, type OptionFinder } from './proto-value.ts'

/** What options stand on: the message that describes them, and the name of the place in `targets`. */
const places = {
  file: ['FileOptions', 'TARGET_TYPE_FILE'],
  message: ['MessageOptions', 'TARGET_TYPE_MESSAGE'],
  field: ['FieldOptions', 'TARGET_TYPE_FIELD'],
  oneof: ['OneofOptions', 'TARGET_TYPE_ONEOF'],
  enum: ['EnumOptions', 'TARGET_TYPE_ENUM'],
  value: ['EnumValueOptions', 'TARGET_TYPE_ENUM_ENTRY'],
  service: ['ServiceOptions', 'TARGET_TYPE_SERVICE'],
  method: ['MethodOptions', 'TARGET_TYPE_METHOD'],
  range: ['ExtensionRangeOptions', 'TARGET_TYPE_EXTENSION_RANGE'],
} as const

type Place = keyof typeof places

interface Checking {
  readonly descriptor: ReadonlyMap<string, IrMessage>
  readonly symbols: ProtoSymbols
  readonly report: Report
  readonly hint: ReturnType<typeof boundedDidYouMean>
}

/** Checks all options of the files and replaces the names of extensions by full ones. */
export function checkProtoOptions(
  files: readonly IrFile[],
  descriptor: IrFile,
  symbols: ProtoSymbols,
  report: Report,
): void {
  const messages = new Map<string, IrMessage>()
  for (const declaration of descriptor.declarations) {
    if (declaration.kind === 'message') messages.set(declaration.name, declaration)
  }
  const checking: Checking = { descriptor: messages, symbols, report, hint: boundedDidYouMean() }
  for (const file of files) {
    if (file === descriptor) continue
    checkList(checking, file, 'file', file.annotations)
    for (const declaration of file.declarations) checkDeclaration(checking, file, declaration)
  }
}

function checkDeclaration(checking: Checking, file: IrFile, declaration: IrDeclaration): void {
  switch (declaration.kind) {
    case 'message': {
      checkList(checking, file, 'message', declaration.annotations)
      for (const field of declaration.fields) checkList(checking, file, 'field', field.annotations)
      for (const oneof of declaration.oneofs) checkList(checking, file, 'oneof', oneof.annotations ?? [])
      let statement: readonly IrAnnotation[] | undefined
      for (const { annotations } of declaration.extensionRanges ?? []) {
        if (annotations !== statement) checkList(checking, file, 'range', annotations)
        statement = annotations
      }
      break
    }
    case 'enum':
      checkList(checking, file, 'enum', declaration.annotations)
      for (const value of declaration.values) checkList(checking, file, 'value', value.annotations)
      break
    case 'extension':
      checkList(checking, file, 'field', declaration.annotations)
      break
    case 'service':
      checkList(checking, file, 'service', declaration.annotations)
      for (const method of declaration.methods) checkList(checking, file, 'method', method.annotations)
      break
  }
}

function checkList(checking: Checking, file: IrFile, place: Place, annotations: readonly IrAnnotation[]): void {
  if (annotations.length === 0) return
  const set = new Map<string, Span>()
  const parts = new Map<string, Part>()
  for (const annotation of annotations) {
    if (annotation.option !== undefined) checkOption(checking, file, place, annotation, annotation.option, set, parts)
  }
  for (const [name, { message, span }] of parts) {
    const lacking = message.fields.filter(
      (field) =>
        field.presence === 'required' && !set.has(`${name}.${field.name}`) && !set.has(`${name}.${field.name}.*`),
    )
    if (lacking.length === 0) continue
    checking.report({
      code: 'option-type',
      message: `option '${name}' lacks required ${lacking.map((field) => `'${field.name}'`).join(', ')}`,
      span,
    })
  }
}

/** A message option that is set member by member. */
interface Part {
  readonly message: IrMessage
  readonly span: Span
}

function checkOption(
  checking: Checking,
  file: IrFile,
  place: Place,
  annotation: IrAnnotation,
  option: IrOption,
  set: Map<string, Span>,
  parts: Map<string, Part>,
): void {
  const { report } = checking
  const { path, value, scope } = option
  let holder = checking.descriptor.get(places[place][0])
  let field: IrField | undefined
  const fields: IrField[] = []
  const names: string[] = []
  for (const [i, segment] of path.entries()) {
    if (holder === undefined) return
    const found = segment.extension
      ? findExtension(checking, file, scope, holder, segment.text)
      : findField(holder, segment.text)
    if (found === undefined) {
      reportUnknown(checking, file, holder, segment, names, scope)
      return
    }
    names.push(found.name)
    field = found.field
    fields.push(field)
    const reachedAt = names.join('.')
    if (!checkSupport(field, reachedAt, file, place, segment.span, report)) return
    if (i === path.length - 1) break
    const inner = messageOf(field)
    if (inner === undefined || field.type.kind !== 'reference') {
      if (field.type.kind === 'reference' && field.type.reference.target === undefined) return
      report({
        code: 'option-type',
        message:
          field.type.kind === 'list'
            ? `option '${reachedAt}' is repeated; its fields cannot be set one by one`
            : `option '${reachedAt}' is no message and has no field '${path[i + 1]!.text}'`,
        span: path[i + 1]!.span,
        hint: field.type.kind === 'list' ? `write: ${reachedAt} = { … }` : undefined,
      })
      return
    }
    if (!parts.has(reachedAt)) parts.set(reachedAt, { message: inner, span: annotation.span })
    holder = inner
  }
  if (field === undefined) return
  annotation.name = names.join('.')
  if (field.type.kind !== 'list' && field.type.kind !== 'map') {
    const before = set.get(annotation.name) ?? set.get(`${annotation.name}.*`)
    if (before !== undefined) {
      report({
        code: 'duplicate-option',
        message: `option '${annotation.name}' is already set`,
        span: annotation.span,
        related: [{ message: 'it is set here', span: before }],
        hint: 'remove one of them',
      })
      return
    }
    for (let i = 1; i <= names.length; i++) {
      const prefix = names.slice(0, i).join('.')
      if (!set.has(prefix)) set.set(i < names.length ? `${prefix}.*` : prefix, annotation.span)
    }
    recordMembers(annotation.name, value, set)
  }
  const finder: OptionFinder = {
    hint: checking.hint,
    extension: (message, name) => findExtension(checking, file, message.fullName, message, name)?.field,
    anyMessage: (name) => {
      const { target } = checking.symbols.findOption(file, '', `.${name}`, (one) => one.kind === 'message')
      return target?.kind === 'message' ? target : undefined
    },
    supports: (inner, name, span) => checkSupport(inner, name, file, place, span, report),
  }
  checkOptionValue(value, field, annotation.name, finder, report)
  annotation.bytes = () => encodeOption(fields, value, finder)
}

/** An aggregate sets the fields that it names. */
function recordMembers(name: string, value: IrValue, set: Map<string, Span>): void {
  if (value.kind !== 'map') return
  for (const { key, value: inner } of value.entries) {
    if (key.kind !== 'string') continue
    set.set(`${name}.${key.value}`, key.span)
    recordMembers(`${name}.${key.value}`, inner, set)
  }
}

function findField(holder: IrMessage, name: string): { name: string; field: IrField } | undefined {
  if (name === 'uninterpreted_option') return undefined
  const field = holder.fields.find((one) => one.name === name)
  return field === undefined ? undefined : { name, field }
}

function findExtension(
  { symbols }: Checking,
  file: IrFile,
  scope: string,
  holder: IrMessage,
  text: string,
): { name: string; field: IrField } | undefined {
  const { target } = symbols.findOption(file, scope, text, (one) => one.kind === 'extension')
  if (target?.kind !== 'extension') return undefined
  const extended = target.extendee.target
  // The descriptor that was bundled and one that the program brought are the same messages by name.
  if (extended !== undefined && extended.fullName !== holder.fullName) return undefined
  return { name: target.fullName, field: target.field }
}

function messageOf({ type }: IrField): IrMessage | undefined {
  const target = declarationOf(type)
  return target?.kind === 'message' ? target : undefined
}

function reportUnknown(
  { symbols, report, hint }: Checking,
  file: IrFile,
  holder: IrMessage,
  segment: IrOption['path'][number],
  before: readonly string[],
  scope: string,
): void {
  const { text, span, extension } = segment
  if (!extension) {
    report({
      code: 'unknown-option',
      message:
        before.length === 0
          ? `there is no option '${text}' here`
          : `option '${before.join('.')}' has no field '${text}'`,
      span,
      hint:
        hint(text, () => holder.fields.map((field) => field.name)) ??
        (before.length === 0 ? `an option of your own stands in parentheses: (${text})` : undefined),
    })
    return
  }
  const { target, hidden } = symbols.findOption(file, scope, text, (one) => one.kind === 'extension')
  if (target?.kind === 'extension') {
    report({
      code: 'unknown-option',
      message: `extension '${target.fullName}' extends '${target.extendee.text}', not '${holder.fullName}'`,
      span,
      related: [{ message: 'it is declared here', span: target.span }],
    })
    return
  }
  // A file that was not found may have declared it; that has been said.
  if (file.imports.some((one) => one.file === undefined)) return
  report({
    code: 'unknown-option',
    message: `there is no extension '${text}'`,
    span,
    related: hidden === undefined ? [] : [{ message: 'it is declared here', span: hidden.span }],
    hint: hidden === undefined ? 'import the file that declares it' : `import it: "${hidden.file.source.logicalPath}"`,
  })
}

const editions: readonly string[] = [
  'EDITION_LEGACY',
  'EDITION_PROTO2',
  'EDITION_PROTO3',
  'EDITION_2023',
  'EDITION_2024',
  'EDITION_2026',
]

/** Where and from which edition to which an option may be set, as its own options say. */
function checkSupport(field: IrField, name: string, file: IrFile, place: Place, span: Span, report: Report): boolean {
  if (field.annotations.length === 0) return true
  const targets = field.annotations.filter((one) => one.name === 'targets').flatMap((one) => one.value)
  if (targets.length > 0 && !targets.includes(places[place][1])) {
    report({ code: 'option-place', message: `option '${name}' cannot be set on a ${placeName(place)}`, span })
    return false
  }
  // Features before editions are refused as such.
  if (file.syntax.startsWith('proto') && name.startsWith('features')) return true
  const edition = editions.indexOf(`EDITION_${file.syntax.toUpperCase()}`)
  for (const { name: option, value } of field.annotations) {
    if (!option.startsWith('feature_support')) continue
    const introduced = editions.indexOf(textOf(value, option, 'edition_introduced'))
    const removed = editions.indexOf(textOf(value, option, 'edition_removed'))
    if (introduced > edition) {
      report({ code: 'option-place', message: `option '${name}' came with ${editionName(introduced)}`, span })
      return false
    }
    if (removed >= 0 && removed <= edition) {
      const reason = textOf(value, option, 'removal_error')
      report({
        code: 'option-place',
        message: `option '${name}' was removed in ${editionName(removed)}`,
        span,
        hint: reason === '' ? 'remove it' : reason,
      })
      return false
    }
  }
  return true
}

function placeName(place: Place): string {
  return place === 'value' ? 'value of an enum' : place === 'range' ? 'range of extensions' : place
}

function editionName(index: number): string {
  return editions[index]!.toLowerCase().replace('_', ' ')
}

/** The text of a member, whether the option was set as a whole or member by member. */
function textOf(value: IrAnnotationValue, option: string, member: string): string {
  if (option === `feature_support.${member}`) return typeof value === 'string' ? value : ''
  if (option !== 'feature_support' || value === null || typeof value !== 'object' || Array.isArray(value)) return ''
  const text = (value as Readonly<Record<string, IrAnnotationValue>>)[member]
  return typeof text === 'string' ? text : ''
}
