/** Prints the Thrift codec of a message: encode and decode over a writer and reader of either protocol. */

import type { IrField, IrMessage, IrType, ScalarName } from '../../ir/ir.ts'
import type { ModuleContext } from '../context.ts'
import { type FieldMember, keepsUnknown, membersOf } from '../member.ts'
import { key, type Printer, quote } from '../text/printer.ts'
import { outputType } from '../type.ts'
import { mapShape, type ResolvedType, resolve, setShape } from '../type-shape.ts'
import { defaultText, path } from './complete.ts'
import { memoryEstimate } from './memory-estimate.ts'
import { inReadingOrder, isWide, printReadBySlice, printSlices, type ReadField, type Slice, slicesOf } from './slice.ts'
import { keptFields, printReturn, printWriteUnknown } from './unknown-fields.ts'

/** Type code on the wire and method of writer and reader, by scalar; Thrift has no others. */
const scalars: Partial<Record<ScalarName, readonly [code: number, method: string]>> = {
  bool: [2, 'bool'],
  i8: [3, 'i8'],
  i16: [6, 'i16'],
  i32: [8, 'i32'],
  i64: [10, 'i64'],
  f64: [4, 'double'],
  string: [11, 'string'],
  bytes: [11, 'binary'],
  uuid: [16, 'uuid'],
}

/** Prints `function encodeX(w, m)` and `function decodeX(r)`. */
export function printThriftCodec(printer: Printer, message: IrMessage, context: ModuleContext): void {
  const { names } = context
  const codec = names.codec(message)
  const writer = context.runtime('ThriftWriter')
  const reader = context.runtime('ThriftReader')
  const given = message.fields.length === 0 && !keepsUnknown(message, context) ? '_m' : 'm'
  printer.function(codec.encode, [`w: ${writer}`, `${given}: ${names.input(message)}`], 'void', () => {
    if (message.shape === 'union') printEncodeUnion(printer, message, context)
    else printEncodeStruct(printer, message, context)
  })
  printer.blank()
  printer.function(codec.decode, [`r: ${reader}`], names.declaration(message), () => {
    if (message.shape === 'union') printDecodeUnion(printer, message, context)
    else if (isWide(message)) printWideDecode(printer, message, context)
    else printDecodeStruct(printer, message, context)
  })
  if (isWide(message)) printThriftSlices(printer, message, context)
}

function printEncodeStruct(printer: Printer, message: IrMessage, context: ModuleContext): void {
  printer.line('w.structBegin()')
  if (isWide(message)) for (const { name } of encodeSlices(message, context)) printer.line(`${name}(w, m)`)
  else printEncodeMembers(printer, fieldsOf(message, context), context)
  if (keepsUnknown(message, context)) {
    printWriteUnknown(printer, message, context.runtime('writeUnknownFields'))
  }
  printer.line('w.structEnd()')
}

function printEncodeMembers(printer: Printer, members: readonly FieldMember[], context: ModuleContext): void {
  members.forEach((member, i) => {
    const { field } = member
    const given = `m.${member.name}`
    const local = `v${i}`
    if (member.presence === 'required') {
      printer.line(`const ${local} = ${given} ?? ${context.runtime('missing')}(${path(field, context)})`)
      printEncodeField(printer, field, local, `${i}`, context)
    } else if (member.presence !== field.presence && field.default === undefined) {
      // Error's own message: when the optional field is absent it is empty.
      printer.line(`const ${local} = ${given}`)
      printer.block(`if (${local} != null && ${local} !== '') {`, () => {
        printEncodeField(printer, field, local, `${i}`, context)
      })
    } else if (!member.filled) {
      printer.line(`const ${local} = ${given}`)
      printer.block(`if (${local} != null) {`, () => printEncodeField(printer, field, local, `${i}`, context))
    } else if (isInline(field.type)) {
      printEncodeField(printer, field, `${given} ?? ${defaultText(context, field)}`, `${i}`, context)
    } else {
      printer.line(`const ${local} = ${given} ?? ${defaultText(context, field)}`)
      printEncodeField(printer, field, local, `${i}`, context)
    }
  })
}

function encodeSlices(message: IrMessage, context: ModuleContext): readonly Slice<FieldMember>[] {
  return slicesOf(context.names.codec(message).encode, fieldsOf(message, context))
}

/** What a wide message is decoded by: slices that set the members first, that read them, and that look for required ones. */
function decodeSlices(message: IrMessage, context: ModuleContext) {
  const { decode } = context.names.codec(message)
  const members = fieldsOf(message, context)
  const fields = members.map(({ field, name }): ReadField => ({ field, into: `o.${name}` }))
  return {
    begin: slicesOf(`${decode}$begin`, members),
    read: slicesOf(decode, inReadingOrder(fields)),
    check: slicesOf(
      `${decode}$check`,
      members.filter(({ presence }) => presence === 'required'),
    ),
  }
}

function printWideDecode(printer: Printer, message: IrMessage, context: ModuleContext): void {
  const name = context.names.declaration(message)
  const keeps = keepsUnknown(message, context)
  const { begin, read, check } = decodeSlices(message, context)
  printer.line(`const o = {} as ${name}`)
  for (const slice of begin) printer.line(`${slice.name}(o)`)
  printer.line(`r.structBegin(${memoryEstimate(message, context)})`)
  printer.block('for (let t = r.fieldBegin(); t !== 0; t = r.fieldBegin()) {', () => {
    printReadBySlice(printer, read, 'r.fieldId', 1)
    const kept = keptFields(message, 'o.$unknown')
    printer.line(keeps ? `o.$unknown = ${context.runtime('keepUnknownField')}(r, t, ${kept})` : 'r.skip(t)')
  })
  printer.line('r.structEnd()')
  for (const slice of check) printer.line(`${slice.name}(o)`)
  printer.line(message.shape === 'exception' ? `return new ${name}(o)` : 'return o')
}

function printThriftSlices(printer: Printer, message: IrMessage, context: ModuleContext): void {
  const { names } = context
  const name = names.declaration(message)
  const reader = `r: ${context.runtime('ThriftReader')}`
  const writing = [`w: ${context.runtime('ThriftWriter')}`, `m: ${names.input(message)}`]
  printSlices(printer, encodeSlices(message, context), writing, 'void', (members) => {
    printEncodeMembers(printer, members, context)
  })
  const { begin, read, check } = decodeSlices(message, context)
  printSlices(printer, begin, [`o: ${name}`], 'void', (members) => {
    for (const member of members) {
      if (member.presence === 'required') printer.line(`o.${member.name} = undefined as never`)
      else printer.line(`o.${member.name} = ${member.filled ? defaultText(context, member.field) : 'undefined'}`)
    }
  })
  printSlices(printer, read, [reader, 't: number', `o: ${name}`], 'boolean', (fields) => {
    printFieldSwitch(
      printer,
      fields.map(({ field }) => field),
      'return true',
      (field, i) => {
        printDecodeInto(printer, field.type, (value) => `${fields[i]?.into} = ${value}`, context)
      },
    )
    printer.line('return false')
  })
  printSlices(printer, check, [`o: ${name}`], 'void', (members) => {
    for (const { name: member, field } of members) {
      printer.line(`if (o.${member} === undefined) throw ${context.runtime('missingField')}(${path(field, context)})`)
    }
  })
}

function printEncodeUnion(printer: Printer, message: IrMessage, context: ModuleContext): void {
  printer.line('w.structBegin()')
  if (message.fields.length === 0) {
    printer.line('w.structEnd()')
    return
  }
  printer.block('switch (m.case) {', () => {
    for (const field of message.fields) {
      printer.block(`case ${quote(context.names.member(field))}: {`, () => {
        if (isInline(field.type)) printEncodeField(printer, field, 'm.value', '', context)
        else {
          printer.line('const v = m.value')
          printEncodeField(printer, field, 'v', '', context)
        }
        printer.line('break')
      })
    }
    printer.line('default:')
    printer.indented(() => printer.line(`${context.runtime('writeUnknownCase')}(w, ${quote(message.fullName)}, m)`))
  })
  printer.line('w.structEnd()')
}

/** Header and value of a field. `given` is evaluated more than once unless its type is inline; `n` ends local names. */
function printEncodeField(printer: Printer, field: IrField, given: string, n: string, context: ModuleContext): void {
  const type = resolve(field.type)
  const simple = scalarOf(type)
  if (simple !== undefined && simple[1] !== 'uuid') {
    printer.line(`w.${simple[1]}Field(${field.id}, ${onWire(context, type, given)})`)
    return
  }
  printer.line(`w.fieldBegin(${typeCode(type)}, ${field.id})`)
  printEncodeValue(printer, field.type, given, n, context)
}

function printEncodeValue(printer: Printer, of: IrType, given: string, n: string, context: ModuleContext): void {
  const type = resolve(of)
  switch (type.kind) {
    case 'scalar':
    case 'enum':
      printer.line(`w.${scalarOf(type)?.[1]}(${onWire(context, type, given)})`)
      return
    case 'message':
      printer.line(`${encoder(context, type.message)}(w, ${given})`)
      return
    case 'list':
    case 'set': {
      const element = typeCode(resolve(type.element))
      if (type.kind === 'set' && setShape(type.element) === 'set') {
        printer.line(`w.setBegin(${element}, ${given}.size)`)
        printer.block(`for (const e${n} of ${given}) {`, () =>
          printEncodeValue(printer, type.element, `e${n}`, `${n}1`, context),
        )
        return
      }
      printer.line(`w.${type.kind}Begin(${element}, ${given}.length)`)
      printer.block(`for (let i${n} = 0; i${n} < ${given}.length; i${n}++) {`, () => {
        printEncodeElement(printer, type.element, `${given}[i${n}]!`, `e${n}`, `${n}1`, context)
      })
      return
    }
    case 'map': {
      const codes = `${typeCode(resolve(type.key))}, ${typeCode(resolve(type.value))}`
      if (mapShape(type.key, context.options.map) === 'record') {
        printer.line(`const k${n} = Object.keys(${given})`)
        printer.line(`w.mapBegin(${codes}, k${n}.length)`)
        printer.block(`for (const e${n} of k${n}) {`, () => {
          printEncodeValue(printer, type.key, `e${n}`, `${n}0`, context)
          printEncodeElement(printer, type.value, `${given}[e${n}]!`, `x${n}`, `${n}1`, context)
        })
        return
      }
      printer.line(
        `w.mapBegin(${codes}, ${given}.${mapShape(type.key, context.options.map) === 'map' ? 'size' : 'length'})`,
      )
      printer.block(`for (const [e${n}, x${n}] of ${given}) {`, () => {
        printEncodeValue(printer, type.key, `e${n}`, `${n}0`, context)
        printEncodeValue(printer, type.value, `x${n}`, `${n}1`, context)
      })
    }
  }
}

/** Names the element first where it is used more than once. */
function printEncodeElement(
  printer: Printer,
  type: IrType,
  given: string,
  local: string,
  n: string,
  context: ModuleContext,
): void {
  if (isInline(type)) printEncodeValue(printer, type, given, n, context)
  else {
    printer.line(`const ${local} = ${given}`)
    printEncodeValue(printer, type, local, n, context)
  }
}

function printDecodeStruct(printer: Printer, message: IrMessage, context: ModuleContext): void {
  const members = fieldsOf(message, context)
  const keeps = keepsUnknown(message, context)
  members.forEach((member, i) => {
    const type = outputType(context, member.field.type)
    printer.line(
      startsFilled(member)
        ? `let v${i}: ${type} = ${defaultText(context, member.field)}`
        : `let v${i}: ${type} | undefined`,
    )
  })
  if (keeps) printer.line(`let u: ${context.runtime('UnknownFields')} | undefined`)
  printFieldLoop(printer, message, context, keeps, (field, i) => {
    printDecodeInto(printer, field.type, (value) => `v${i} = ${value}`, context)
  })
  members.forEach((member, i) => {
    if (member.presence !== 'required') return
    printer.line(`if (v${i} === undefined) throw ${context.runtime('missingField')}(${path(member.field, context)})`)
  })
  const items = members.map((member, i) => {
    const value = member.filled && !startsFilled(member) && member.presence !== 'required'
    return `${key(member.name)}: ${value ? `v${i} ?? ${defaultText(context, member.field)}` : `v${i}`}`
  })
  const name = context.names.declaration(message)
  const [open, close] = message.shape === 'exception' ? [`new ${name}({`, '})'] : ['{', '}']
  printReturn(printer, open, items, close, keeps ? name : undefined)
}

function printDecodeUnion(printer: Printer, message: IrMessage, context: ModuleContext): void {
  const name = context.names.declaration(message)
  if (message.fields.length === 0) {
    printFieldLoop(printer, message, context, false, () => {})
    printer.line('return {}')
    return
  }
  printer.line(`let v: ${name} | undefined`)
  printer.line(`let u: ${context.runtime('UnknownFields')} | undefined`)
  printFieldLoop(printer, message, context, true, (field) => {
    const label = quote(context.names.member(field))
    printer.line(`if (v !== undefined) throw ${context.runtime('doubleCase')}(${quote(message.fullName)})`)
    printDecodeInto(printer, field.type, (value) => `v = { case: ${label}, value: ${value} }`, context)
  })
  printer.line(`return v ?? ${context.runtime('unknownArm')}(${quote(message.fullName)}, u)`)
}

/** The loop over the fields of a struct; what has another id or type is skipped or kept. */
function printFieldLoop(
  printer: Printer,
  message: IrMessage,
  context: ModuleContext,
  keeps: boolean,
  field: (field: IrField, index: number) => void,
): void {
  printer.line(`r.structBegin(${memoryEstimate(message, context)})`)
  printer.block('for (let t = r.fieldBegin(); t !== 0; t = r.fieldBegin()) {', () => {
    if (message.fields.length > 0) printFieldSwitch(printer, message.fields, 'continue', field)
    printer.line(keeps ? `u = ${context.runtime('keepUnknownField')}(r, t, ${keptFields(message)})` : 'r.skip(t)')
  })
  printer.line('r.structEnd()')
}

/** Reads the field of `r.fieldId` if its type is that of the IDL, and then does what `read` says. */
function printFieldSwitch(
  printer: Printer,
  fields: readonly IrField[],
  read: string,
  field: (field: IrField, index: number) => void,
): void {
  printer.block('switch (r.fieldId) {', () => {
    fields.forEach((one, i) => {
      printer.line(`case ${one.id}:`)
      printer.indented(() => {
        printer.block(`if (t === ${typeCode(resolve(one.type))}) {`, () => {
          field(one, i)
          printer.line(read)
        })
        printer.line('break')
      })
    })
  })
}

/** Reads a field's value; a container whose elements have another type has been skipped and sets nothing. */
function printDecodeInto(
  printer: Printer,
  of: IrType,
  assign: (value: string) => string,
  context: ModuleContext,
): void {
  const type = resolve(of)
  if (type.kind === 'scalar' || type.kind === 'enum' || type.kind === 'message') {
    printer.line(assign(readText(context, type)))
    return
  }
  printer.line(`const n = ${sizeText(type)}`)
  printer.block('if (n >= 0) {', () => {
    printDecodeContainer(printer, of, type, '', context)
    printer.line(assign('c'))
  })
}

/** Declares `c<n>` and fills it with `n<n>` elements. */
function printDecodeContainer(
  printer: Printer,
  of: IrType,
  type: Extract<ResolvedType, { kind: 'list' | 'set' | 'map' }>,
  n: string,
  context: ModuleContext,
): void {
  const shape =
    type.kind === 'map'
      ? mapShape(type.key, context.options.map)
      : type.kind === 'set'
        ? setShape(type.element)
        : 'array'
  const empty = { record: 'Object.create(null)', map: 'new Map()', set: 'new Set()', pairs: '[]', array: '[]' }[shape]
  printer.line(`const c${n}: ${outputType(context, of)} = ${empty}`)
  const size = `n${n}`
  printer.block(`for (let i${n} = 0; i${n} < ${size}; i${n}++) {`, () => {
    if (type.kind !== 'map') {
      const element = printDecodeElement(printer, type.element, `${n}1`, context)
      printer.line(shape === 'set' ? `c${n}.add(${element})` : `c${n}.push(${element})`)
      return
    }
    const isPlain = isInline(type.key) && isInline(type.value)
    let k = printDecodeElement(printer, type.key, `${n}0`, context)
    if (!isPlain) {
      printer.line(`const l${n} = ${k}`)
      k = `l${n}`
    }
    const value = printDecodeElement(printer, type.value, `${n}1`, context)
    const puts = {
      record: `c${n}[${k}] = ${value}`,
      map: `c${n}.set(${k}, ${value})`,
      pairs: `c${n}.push([${k}, ${value}])`,
    }
    printer.line(puts[shape as keyof typeof puts])
  })
}

/** An expression for the next element, after the statements it needs. */
function printDecodeElement(printer: Printer, of: IrType, n: string, context: ModuleContext): string {
  const type = resolve(of)
  if (type.kind === 'scalar' || type.kind === 'enum' || type.kind === 'message') return readText(context, type)
  printer.line(`const n${n} = ${sizeText(type)}`)
  printDecodeContainer(printer, of, type, n, context)
  return `c${n}`
}

function sizeText(type: Extract<ResolvedType, { kind: 'list' | 'set' | 'map' }>): string {
  if (type.kind !== 'map') return `r.listOf(${typeCode(resolve(type.element))})`
  return `r.mapOf(${typeCode(resolve(type.key))}, ${typeCode(resolve(type.value))})`
}

function readText(
  context: ModuleContext,
  type: Extract<ResolvedType, { kind: 'scalar' | 'enum' | 'message' }>,
): string {
  if (type.kind === 'message') return `${decoder(context, type.message)}(r)`
  if (type.kind === 'scalar') {
    const { int64, bytes } = context.options
    if (type.scalar === 'i64' && int64 !== 'bigint') return int64 === 'number' ? 'r.i64Number()' : 'r.i64String()'
    if (type.scalar === 'bytes' && bytes === 'view') return 'r.binaryView()'
  }
  const numbers = type.kind === 'enum' ? context.numbers(type.enum) : undefined
  return numbers === undefined ? `r.${scalarOf(type)?.[1]}()` : `${numbers}.name(r.i32())`
}

/** What is written for a value: the number of an enum that appears by name. */
function onWire(context: ModuleContext, type: ResolvedType, given: string): string {
  const numbers = type.kind === 'enum' ? context.numbers(type.enum) : undefined
  return numbers === undefined ? given : `${numbers}.of(${given})`
}

/** The fields of a struct or exception as members; Thrift has no oneofs. */
function fieldsOf(message: IrMessage, context: ModuleContext): FieldMember[] {
  return membersOf(message, context.names).filter((member): member is FieldMember => member.kind === 'field')
}

/** Whether the local variable begins with the default: not where that would be made in vain. */
function startsFilled(member: FieldMember): boolean {
  if (!member.filled || member.presence === 'required') return false
  const type = resolve(member.field.type)
  return type.kind === 'enum' || (type.kind === 'scalar' && type.scalar !== 'bytes')
}

/** Whether one call writes or reads the value. */
function isInline(type: IrType): boolean {
  const { kind } = resolve(type)
  return kind === 'scalar' || kind === 'enum' || kind === 'message'
}

function scalarOf(type: ResolvedType): readonly [code: number, method: string] | undefined {
  if (type.kind === 'enum') return scalars.i32
  if (type.kind !== 'scalar') return undefined
  const found = scalars[type.scalar]
  if (found === undefined) throw new Error(`Thrift has no ${type.scalar}`)
  return found
}

function typeCode(type: ResolvedType): number {
  switch (type.kind) {
    case 'message':
      return 12
    case 'map':
      return 13
    case 'set':
      return 14
    case 'list':
      return 15
    default:
      return scalarOf(type)?.[0] ?? 0
  }
}

function encoder(context: ModuleContext, message: IrMessage): string {
  return context.isHere(message) ? context.names.codec(message).encode : `${context.value(message)}.encode`
}

function decoder(context: ModuleContext, message: IrMessage): string {
  if (context.isHere(message)) return context.names.codec(message).decode
  return `${context.value(message)}.decode`
}
