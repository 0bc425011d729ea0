/** Thrift's syntax tree to IR: numbers what has no number, spells out what the text implies, looks nothing up. */

import type { Report, SourceFile, Span } from '../../diagnostic.ts'
import type {
  IrDeclaration,
  IrDeclarationBase,
  IrEnumValue,
  IrField,
  IrFile,
  IrMethod,
  IrReference,
  IrType,
  IrValue,
  ScalarName,
} from '../../ir/ir.ts'
import { annotationsOf, knownAnnotations } from './annotation.ts'
import type * as ast from './ast.ts'

/** What lowering needs everywhere. */
interface Lowering {
  readonly source: SourceFile
  readonly report: Report
  readonly file: IrFile
  readonly stem: string
}

/** Makes the IR of a file; names are resolved later. Senums become typedefs of string, as in every generator. */
export function lowerThrift(document: ast.ThriftDocument, report: Report): IrFile {
  const { source } = document
  const declarations: IrDeclaration[] = []
  const namespaces = new Map<string, string>()
  for (const { scope, name } of document.namespaces) namespaces.set(scope, name.text)
  const file: IrFile = {
    source,
    idl: 'thrift',
    syntax: 'thrift',
    package: namespaces.get('*') ?? '',
    namespaces,
    imports: document.includes.map((include) => ({
      path: include.path,
      kind: 'plain',
      span: spanOf(source, include.pathSpan),
      file: undefined,
      used: false,
    })),
    declarations,
    doc: document.doc,
    annotations: document.namespaces.flatMap((namespace) => annotationsOf(source, namespace.annotations)),
  }
  const l: Lowering = { source, report, file, stem: fileStem(source.path) }
  for (const definition of document.definitions) declarations.push(lowerDefinition(l, definition))
  return file
}

/** The name by which other files refer to one: `common` of `idl/common.thrift`. */
export function fileStem(path: string): string {
  const base = path.slice(path.lastIndexOf('/') + 1)
  return base.endsWith('.thrift') ? base.slice(0, -'.thrift'.length) : base
}

function lowerDefinition(l: Lowering, node: ast.Definition): IrDeclaration {
  const base = lowerBase(l, node)
  switch (node.kind) {
    case 'struct':
      if (node.shape === 'union') checkUnion(l, node)
      return {
        ...base,
        kind: 'message',
        shape: node.shape,
        fields: lowerFields(l, node.fields, node.shape === 'union' ? 'optional' : undefined),
        oneofs: [],
        parent: undefined,
      }
    case 'enum':
      return { ...base, kind: 'enum', values: lowerEnumValues(l, node), parent: undefined, closed: false }
    case 'typedef':
      return { ...base, kind: 'typedef', type: lowerType(l, node.type) }
    case 'senum':
      return { ...base, kind: 'typedef', type: { kind: 'scalar', scalar: 'string' } }
    case 'const':
      return { ...base, kind: 'const', type: lowerType(l, node.type), value: lowerValue(l, node.value) }
    case 'service':
      return {
        ...base,
        kind: 'service',
        extends: node.extends === undefined ? undefined : reference(l, node.extends.text, node.extends),
        methods: node.functions.map((fn) => lowerFunction(l, fn)),
      }
  }
}

function lowerBase(l: Lowering, node: ast.Definition): IrDeclarationBase {
  return {
    name: node.name.text,
    fullName: `${l.stem}.${node.name.text}`,
    file: l.file,
    span: spanOf(l.source, node.name),
    doc: node.doc,
    annotations: annotationsOf(l.source, node.annotations),
    deprecated: knownAnnotations(node, 'declaration').deprecated,
  }
}

/** Fields with their ids: those without get -1, -2, … down the list, as in Apache Thrift. Those of unions and `throws` are optional, whatever they say. */
function lowerFields(l: Lowering, fields: readonly ast.Field[], forced: 'optional' | undefined): IrField[] {
  let implicit = -1
  return fields.map((field) => {
    const id = field.id ?? implicit--
    checkFieldId(l, field, id)
    return {
      id,
      name: field.name.text,
      jsonName: field.name.text,
      type: lowerType(l, field.type),
      presence: forced ?? field.requiredness ?? 'default',
      default: field.value === undefined ? undefined : lowerValue(l, field.value),
      oneof: undefined,
      packed: false,
      delimited: false,
      span: spanOf(l.source, field.name),
      typeSpan: spanOf(l.source, field.type),
      doc: field.doc,
      annotations: annotationsOf(l.source, field.annotations),
      deprecated: knownAnnotations(field, 'field').deprecated,
    }
  })
}

function checkUnion(l: Lowering, union: ast.Struct): void {
  for (const field of union.fields) {
    if (field.requiredness !== 'required') continue
    l.report({
      code: 'union-required',
      message: `field '${field.name.text}' of union '${union.name.text}' cannot be required`,
      span: spanOf(l.source, field.name),
      hint: "drop 'required': exactly one field of a union is set",
    })
  }
}

function checkFieldId(l: Lowering, field: ast.Field, id: number): void {
  if (field.id === undefined) {
    l.report({
      code: 'missing-field-id',
      message: `field '${field.name.text}' has no id and gets ${id}`,
      span: spanOf(l.source, field.name),
      hint: 'write an id: without one, a new field above it breaks every peer',
    })
  } else if (id < -32768 || id > 32767) {
    l.report({
      code: 'number-range',
      message: `field id ${Number.isSafeInteger(id) ? id : 'given here'} does not fit in 16 bits`,
      span: { source: l.source, start: field.start, end: field.idEnd },
      hint: 'use an id from 1 to 32767',
    })
  } else if (id <= 0) {
    l.report({
      code: 'odd-field-id',
      message: `field id ${id} is not positive`,
      span: { source: l.source, start: field.start, end: field.idEnd },
      hint: 'use an id from 1 to 32767: Apache Thrift numbers such fields anew',
    })
  }
}

/** Enum values with their numbers: one more than the last, from 0. */
function lowerEnumValues(l: Lowering, node: ast.Enum): IrEnumValue[] {
  let next = 0n
  return node.values.map((value) => {
    const number = value.value ?? next
    next = number + 1n
    if (number < -0x80000000n || number > 0x7fffffffn) {
      const shown =
        value.value !== undefined && value.value >> 64n !== 0n && value.value >> 64n !== -1n ? 'this' : `${number}`
      const given = value.value === undefined ? `${shown}, which follows from the value before,` : shown
      l.report({
        code: 'number-range',
        message: `${given} does not fit in 32 bits`,
        span: spanOf(l.source, value.valueSpan ?? value.name),
      })
      next = 0n
    }
    return {
      name: value.name.text,
      number: Number(BigInt.asIntN(32, number)),
      span: spanOf(l.source, value.name),
      doc: value.doc,
      annotations: annotationsOf(l.source, value.annotations),
      deprecated: knownAnnotations(value, 'value').deprecated,
    }
  })
}

function lowerFunction(l: Lowering, fn: ast.ServiceFunction): IrMethod {
  if (fn.oneway !== undefined && fn.result !== undefined) {
    l.report({
      code: 'bad-oneway',
      message: `oneway method '${fn.name.text}' returns a value that nobody waits for`,
      span: spanOf(l.source, fn.result),
      hint: "make it return void, or drop 'oneway'",
    })
  }
  if (fn.oneway !== undefined && fn.throws.length > 0) {
    l.report({
      code: 'bad-oneway',
      message: `oneway method '${fn.name.text}' throws to nobody`,
      span: spanOf(l.source, fn.throwsSpan!),
      hint: "drop 'throws', or 'oneway'",
    })
  }
  return {
    name: fn.name.text,
    kind: fn.oneway === undefined ? 'unary' : 'oneway',
    args: lowerFields(l, fn.args, undefined),
    result: fn.result === undefined || fn.oneway !== undefined ? undefined : lowerType(l, fn.result),
    request: undefined,
    throws: lowerFields(l, fn.throws, 'optional'),
    span: spanOf(l.source, fn.name),
    doc: fn.doc,
    annotations: annotationsOf(l.source, fn.annotations),
    ...knownAnnotations(fn, 'method'),
  }
}

const scalarOf: Readonly<Record<string, ScalarName>> = {
  bool: 'bool',
  byte: 'i8',
  i8: 'i8',
  i16: 'i16',
  i32: 'i32',
  i64: 'i64',
  double: 'f64',
  string: 'string',
  slist: 'string',
  binary: 'bytes',
  uuid: 'uuid',
}

function lowerType(l: Lowering, type: ast.Type): IrType {
  switch (type.kind) {
    case 'base':
      return { kind: 'scalar', scalar: scalarOf[type.name]! }
    case 'named':
      return { kind: 'reference', reference: reference(l, type.name, type) }
    case 'map':
      return { kind: 'map', key: lowerType(l, type.key), value: lowerType(l, type.value) }
    default:
      return { kind: type.kind, element: lowerType(l, type.element) }
  }
}

function lowerValue(l: Lowering, value: ast.Value): IrValue {
  const span = spanOf(l.source, value)
  switch (value.kind) {
    case 'int':
      return { kind: 'int', value: value.value, span }
    case 'double':
      return { kind: 'double', value: value.value, span }
    case 'string':
      return { kind: 'string', value: value.value, ...(value.bytes && { bytes: value.bytes }), span }
    case 'name':
      if (value.text === 'true' || value.text === 'false') return { kind: 'bool', value: value.text === 'true', span }
      return { kind: 'name', reference: reference(l, value.text, value), enumValue: undefined, span }
    case 'list':
      return { kind: 'list', elements: value.elements.map((element) => lowerValue(l, element)), span }
    case 'map':
      return {
        kind: 'map',
        entries: value.entries.map((entry) => ({ key: lowerValue(l, entry.key), value: lowerValue(l, entry.value) })),
        span,
      }
  }
}

function reference(l: Lowering, text: string, node: ast.Node): IrReference {
  return {
    text,
    span: { source: l.source, start: node.start, end: node.start + text.length },
    scope: '',
    target: undefined,
  }
}

function spanOf(source: SourceFile, node: ast.Node): Span {
  return { source, start: node.start, end: node.end }
}
