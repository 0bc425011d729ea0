/** The rules of protobuf that need linked names: clashes, types in their places, extensions, options. */

import type { Report } from '../../diagnostic.ts'
import { completeProto } from '../complete-proto.ts'
import type {
  IrAnnotation,
  IrDeclaration,
  IrEnum,
  IrField,
  IrFile,
  IrMessage,
  IrMethod,
  IrProgram,
  IrType,
} from '../ir.ts'
import { link } from '../link.ts'
import { protoSymbols } from '../proto-scope.ts'
import { declarationOf } from '../underlying.ts'
import { checkProtoExtensions } from './proto-extension.ts'
import { checkLite } from './proto-lite.ts'
import { checkProtoNames } from './proto-name.ts'
import { checkProtoOptions } from './proto-option.ts'

/** The path under which files import the description of all options. */
const descriptorPath = 'google/protobuf/descriptor.proto'

/**
 * Completes the fields of a linked program's protobuf files, checks the files, and gives extension options their full names. `descriptor` is asked for the lowered
 * google/protobuf/descriptor.proto when the program does not import it.
 */
export function checkProto(program: IrProgram, descriptor: () => IrFile, report: Report): void {
  const files = program.files.filter((file) => file.idl === 'protobuf')
  if (files.length === 0) return
  completeProto(files, report)
  checkProtoNames(files, report)
  for (const file of files) {
    checkMapEntries(file, report)
    for (const declaration of file.declarations) {
      if (declaration.kind === 'message') {
        for (const field of declaration.fields) checkField(field, file, declaration, report)
      } else if (declaration.kind === 'extension') {
        checkField(declaration.field, file, undefined, report)
      } else if (declaration.kind === 'service') {
        for (const method of declaration.methods) checkMethod(method, report)
      }
    }
  }
  checkProtoExtensions(files, report)
  checkLite(files, report)
  let described = files.find(
    (file) => file.source.logicalPath === descriptorPath || file.source.path.endsWith(`/${descriptorPath}`),
  )
  if (described === undefined) {
    described = descriptor()
    link({ files: [described], entries: [] }, () => {})
    completeProto([described], () => {})
  }
  checkProtoOptions(files, described, protoSymbols(program), report)
}

function elementOf(type: IrType): IrType {
  return type.kind === 'list' || type.kind === 'set' ? type.element : type
}

/** True when the field's own options set this. */
function sets(field: IrField, name: string): IrAnnotation | undefined {
  return field.annotations.find((annotation) => annotation.name === name)
}

const wide: ReadonlySet<string> = new Set(['i64', 'u64', 's64', 'fixed64', 'sfixed64'])

function checkField(field: IrField, file: IrFile, holder: IrMessage | undefined, report: Report): void {
  const element = elementOf(field.type)
  const target = declarationOf(element)
  if (target?.kind === 'message') checkMessageField(field, report)
  if (target?.kind === 'enum' && holder !== undefined) checkEnumField(field, file, target, report)
  const mapped = field.type.kind === 'map' ? declarationOf(field.type.value) : undefined
  if (mapped?.kind === 'enum' && holder !== undefined && file.syntax === 'proto3') {
    checkEnumField(field, file, mapped, report)
  }
  if (mapped?.kind === 'enum' && mapped.values[0] !== undefined && mapped.values[0].number !== 0) {
    report({
      code: 'map',
      message: `enum '${mapped.name}' cannot be the value of a map: its first value is not zero`,
      span: field.typeSpan,
      related: [{ message: 'its first value is here', span: mapped.values[0].span }],
    })
  }
  if (field.annotations.length === 0) return
  const place = (name: string, message: string): void => {
    const set = sets(field, name)
    if (set !== undefined) report({ code: 'option-place', message, span: set.span, hint: 'remove it' })
  }
  const kind = sets(field, 'jstype')
  if (kind !== undefined && kind.value !== 'JS_NORMAL' && (element.kind !== 'scalar' || !wide.has(element.scalar))) {
    place('jstype', "'jstype' is for 64-bit integers")
  }
  for (const name of ['lazy', 'unverified_lazy']) {
    if (sets(field, name)?.value === true && target !== undefined && target.kind !== 'message') {
      place(name, `'${name}' is for message fields`)
    }
    if (sets(field, name)?.value === true && element.kind === 'scalar') {
      place(name, `'${name}' is for message fields`)
    }
  }
}

function checkMessageField(field: IrField, report: Report): void {
  const packed = sets(field, 'packed')
  if (packed?.value === true) {
    report({
      code: 'option-place',
      message: 'only repeated numbers, bools and enums can be packed',
      span: packed.span,
      hint: 'remove it',
    })
  }
  const encoding = sets(field, 'features.repeated_field_encoding')
  if (encoding?.value === 'PACKED') {
    report({
      code: 'feature',
      message: 'only numbers, bools and enums can be packed',
      span: encoding.span,
      hint: 'remove it',
    })
  }
  const presence = sets(field, 'features.field_presence')
  if (presence?.value === 'IMPLICIT') {
    report({
      code: 'feature',
      message: 'a message field always tracks its presence',
      span: presence.span,
      hint: 'remove it',
    })
  }
}

function checkEnumField(field: IrField, file: IrFile, target: IrEnum, report: Report): void {
  const encoding = sets(field, 'features.message_encoding')
  if (encoding !== undefined) {
    report({ code: 'feature', message: 'only message fields have a message encoding', span: encoding.span })
  }
  const implicit = file.syntax === 'proto3' || (field.presence === 'default' && field.type.kind === 'reference')
  if (!target.closed || !implicit) return
  report({
    code: 'enum-kind',
    message:
      file.syntax === 'proto3'
        ? `enum '${target.fullName}' is closed and cannot be used in proto3`
        : `enum '${target.fullName}' is closed, and a field without presence needs an open one`,
    span: field.typeSpan,
    related: [{ message: 'the enum is declared here', span: target.span }],
    hint: 'declare the enum in proto3 or with features.enum_type = OPEN',
  })
}

function checkMethod(method: IrMethod, report: Report): void {
  for (const type of [method.request, method.result]) {
    const target = type === undefined ? undefined : declarationOf(type)
    if (type?.kind === 'scalar') {
      report({
        code: 'not-a-type',
        message: 'a method takes and returns messages',
        span: method.span,
        hint: 'put the value into a message',
      })
    } else if (type?.kind === 'reference' && target !== undefined && target.kind !== 'message') {
      report({
        code: 'not-a-type',
        message: `a method takes and returns messages; '${target.fullName}' is ${target.kind === 'enum' ? 'an' : 'a'} ${target.kind}`,
        span: type.reference.span,
        related: [{ message: 'it is declared here', span: target.span }],
        hint: 'put it into a message',
      })
    }
  }
}

/** A map field `foo_bar` stands for a nested message `FooBarEntry`, whose name is then taken. */
function checkMapEntries(file: IrFile, report: Report): void {
  const nested = new Map<string, IrDeclaration>()
  for (const declaration of file.declarations) {
    if (declaration.name.endsWith('Entry')) nested.set(declaration.name, declaration)
  }
  for (const message of file.declarations) {
    if (message.kind !== 'message') continue
    const maps = new Map<string, IrField>()
    for (const field of message.fields) {
      if (field.type.kind === 'map') {
        const before = maps.get(entryName(field.name))
        if (before === undefined) maps.set(entryName(field.name), field)
        else {
          report({
            code: 'name-clash',
            message: `maps '${before.name}' and '${field.name}' have one name for their entries, '${entryName(field.name)}'`,
            span: field.span,
            related: [{ message: 'the other map is here', span: before.span }],
            hint: 'rename one of them',
          })
        }
      }
      const taken = field.type.kind === 'map' ? nested.get(`${message.name}.${entryName(field.name)}`) : undefined
      if (taken === undefined) continue
      report({
        code: 'name-clash',
        message: `'${taken.name}' is the name of the entries of map '${field.name}'`,
        span: taken.span,
        related: [{ message: 'the map is here', span: field.span }],
        hint: 'rename one of them',
      })
    }
  }
}

function entryName(field: string): string {
  const camel = field.replace(/(^|_)([a-z]?)/g, (_, _under: string, letter: string) => letter.toUpperCase())
  return `${camel}Entry`
}
