/** Prints the protobuf codec of a message: encode and decode over the wire format's writer and reader. */

import type { IrEnum, IrField, IrMessage, IrType, ScalarName } from '../../ir/ir.ts'
import type { ModuleContext } from '../context.ts'
import { type FieldMember, keepsUnknown, type Member, membersOf, type OneofMember } from '../member.ts'
import { group, type Layout, lines } from '../text/layout.ts'
import { key, type Printer, quote } from '../text/printer.ts'
import { outputType } from '../type.ts'
import { isInt64, mapShape, type ResolvedType, resolve } from '../type-shape.ts'
import { zeroText } from '../value.ts'
import { defaultText, path } from './complete.ts'
import { memoryEstimate } from './memory-estimate.ts'
import { inReadingOrder, isWide, printReadBySlice, printSlices, type ReadField, slicesOf } from './slice.ts'
import { keptFields, printReturn, printWriteUnknown } from './unknown-fields.ts'

/** What an entry of a map takes in memory, in units of 16 bytes. */
const entryWeight = 4

/** Wire type, and name in the methods of writer and reader, by scalar; protobuf has no others. */
const scalars: Partial<Record<ScalarName, readonly [wire: number, method: string]>> = {
  bool: [0, 'bool'],
  i32: [0, 'int32'],
  i64: [0, 'int64'],
  u32: [0, 'uint32'],
  u64: [0, 'uint64'],
  s32: [0, 'sint32'],
  s64: [0, 'sint64'],
  f32: [5, 'float'],
  f64: [1, 'double'],
  fixed32: [5, 'fixed32'],
  fixed64: [1, 'fixed64'],
  sfixed32: [5, 'sfixed32'],
  sfixed64: [1, 'sfixed64'],
  string: [2, 'string'],
  bytes: [2, 'bytes'],
}

/** What a member's given value and local variable are called while it is printed. */
interface Place {
  readonly member: Member
  readonly given: string
  readonly local: string
}

/** Prints `function encodeX(w, m)` and `function decodeX(r, end, base)`. */
export function printProtobufCodec(printer: Printer, message: IrMessage, context: ModuleContext): void {
  const { names } = context
  const codec = names.codec(message)
  const name = names.declaration(message)
  const places = membersOf(message, names).map((member, i): Place => {
    const label = key(member.name)
    return { member, given: label === member.name ? `.${label}` : `[${label}]`, local: `v${i}` }
  })
  const keeps = keepsUnknown(message, context)
  const isEmpty = places.length === 0 && !keeps
  const writer = `${isEmpty ? '_w' : 'w'}: ${context.runtime('ProtobufWriter')}`
  printer.function(codec.encode, [writer, `${isEmpty ? '_m' : 'm'}: ${names.input(message)}`], 'void', () => {
    if (isWide(message)) for (const slice of slicesOf(codec.encode, places)) printer.line(`${slice.name}(w, m)`)
    else for (const place of places) printEncodeMember(printer, place, message, context)
    if (keeps) {
      printWriteUnknown(printer, message, context.runtime('writeUnknownProtobufFields'))
    }
  })
  printer.blank()
  const reader = context.runtime('ProtobufReader')
  const base = `${isEmpty ? '_base' : 'base'}?: ${name}`
  printer.function(codec.decode, [`r: ${reader}`, 'end: number', base], name, () => {
    if (isWide(message)) printWideDecode(printer, message, places, keeps, context)
    else printDecode(printer, message, places, keeps, context)
  })
  if (isWide(message)) printProtobufSlices(printer, message, places, keeps, context)
}

/** What a wide message is decoded by: slices that set the members first, that read them, and that look for required ones. */
function decodeSlices(message: IrMessage, places: readonly Place[], context: ModuleContext) {
  const { decode } = context.names.codec(message)
  const fields = places.flatMap(({ member, given }) => {
    const all = member.kind === 'oneof' ? member.fields : [member.field]
    return all.map((field): ReadField => ({ field, into: `o${given}` }))
  })
  return {
    begin: slicesOf(`${decode}$begin`, places),
    read: slicesOf(decode, inReadingOrder(fields)),
    check: slicesOf(
      `${decode}$check`,
      places.filter(({ member }) => member.kind === 'field' && member.presence === 'required'),
    ),
  }
}

function printWideDecode(
  printer: Printer,
  message: IrMessage,
  places: readonly Place[],
  keeps: boolean,
  context: ModuleContext,
): void {
  const { begin, read, check } = decodeSlices(message, places, context)
  printer.line(`const o = { ...base } as ${context.names.declaration(message)}`)
  printer.block('if (base === undefined) {', () => {
    for (const slice of begin) printer.line(`${slice.name}(o)`)
  })
  printer.block('while (r.position < end) {', () => {
    printer.line('const t = r.tag()')
    printReadBySlice(printer, read, 't', 8)
    printer.line(keeps ? `o.$unknown = r.keep(t, ${keptFields(message, 'o.$unknown')})` : 'r.skip(t)')
  })
  printer.line('r.leave(end)')
  for (const slice of check) printer.line(`${slice.name}(o)`)
  printer.line('return o')
}

function printProtobufSlices(
  printer: Printer,
  message: IrMessage,
  places: readonly Place[],
  keeps: boolean,
  context: ModuleContext,
): void {
  const { names } = context
  const name = names.declaration(message)
  const writing = [`w: ${context.runtime('ProtobufWriter')}`, `m: ${names.input(message)}`]
  printSlices(printer, slicesOf(names.codec(message).encode, places), writing, 'void', (some) => {
    for (const place of some) printEncodeMember(printer, place, message, context)
  })
  const { begin, read, check } = decodeSlices(message, places, context)
  printSlices(printer, begin, [`o: ${name}`], 'void', (some) => {
    for (const { member, given } of some) {
      const isRequired = member.kind === 'field' && member.presence === 'required'
      const filled = member.kind === 'field' && member.filled ? defaultText(context, member.field) : 'undefined'
      printer.line(`o${given} = ${isRequired ? 'undefined as never' : filled}`)
    }
  })
  const oneofs = new Set(places.flatMap(({ member }) => (member.kind === 'oneof' ? member.fields : [])))
  const keeper = keeps ? { message, local: 'o.$unknown' } : undefined
  const reading = [`r: ${context.runtime('ProtobufReader')}`, 't: number', `o: ${name}`]
  printSlices(printer, read, reading, 'boolean', (fields) => {
    printer.block('switch (t) {', () => {
      for (const { field, into } of fields) {
        if (oneofs.has(field)) printDecodeOneofCase(printer, field, into, keeper, context)
        else printDecodeField(printer, field, into, keeper, context)
      }
      printer.line('default:')
      printer.indented(() => printer.line('return false'))
    })
    printer.line('return true')
  })
  printSlices(printer, check, [`o: ${name}`], 'void', (some) => {
    for (const { member, given } of some) {
      if (member.kind === 'oneof') continue
      const refuse = context.runtime('missingProtobufField')
      printer.line(`if (o${given} === undefined) throw ${refuse}(${path(member.field, context)})`)
    }
  })
}

/** The message whose unknown fields are kept, and where. */
interface Keeper {
  readonly message: IrMessage
  readonly local: string
}

function printEncodeMember(
  printer: Printer,
  { member, given, local }: Place,
  message: IrMessage,
  context: ModuleContext,
): void {
  if (member.kind === 'oneof') {
    printEncodeOneof(printer, member, `m${given}`, local, message, context)
    return
  }
  const { field, presence } = member
  const type = resolve(field.type)
  if (presence === 'required') {
    printer.line(`const ${local} = m${given} ?? ${context.runtime('missing')}(${path(field, context)})`)
    if (type.kind !== 'message') printEncodeField(printer, field, field.type, field.id, local, context)
    else printer.block('{', () => printEncodeField(printer, field, field.type, field.id, local, context))
    return
  }
  printer.line(`const ${local} = m${given}`)
  const says = presence === 'optional' ? '' : ` && ${isNotZero(context, type, local)}`
  if (type.kind === 'list') {
    printer.block(`if (${local} != null && ${local}.length > 0) {`, () => {
      printEncodeList(printer, field, type.element, local, context)
    })
  } else if (type.kind === 'map') {
    printer.block(`if (${local} != null) {`, () => printEncodeMap(printer, field, type, local, context))
  } else if (type.kind === 'message') {
    printer.block(`if (${local} != null) {`, () => {
      printEncodeField(printer, field, field.type, field.id, local, context)
    })
  } else {
    printer.line(`if (${local} != null${says}) ${writeText(context, type, tagOf(field.id, type), local)}`)
  }
}

function printEncodeOneof(
  printer: Printer,
  member: OneofMember,
  given: string,
  local: string,
  message: IrMessage,
  context: ModuleContext,
): void {
  printer.line(`const ${local} = ${given}`)
  printer.block(`if (${local} != null) {`, () => {
    printer.block(`switch (${local}.case) {`, () => {
      for (const field of member.fields) {
        printer.block(`case ${quote(context.names.member(field))}: {`, () => {
          printEncodeField(printer, field, field.type, field.id, `${local}.value`, context)
          printer.line('break')
        })
      }
      printer.line('default:')
      printer.indented(() => {
        const where = quote(`${message.fullName}.${member.oneof.name}`)
        printer.list(`throw ${context.runtime('unknownCase')}(`, [where, local], ')')
      })
    })
  })
}

/** One value with its tag. */
function printEncodeField(
  printer: Printer,
  field: IrField,
  of: IrType,
  id: number,
  given: string,
  context: ModuleContext,
): void {
  const type = resolve(of)
  if (type.kind !== 'message') {
    printer.line(writeText(context, type, tagOf(id, type), given))
  } else if (field.delimited) {
    printer.line(`w.beginGroup(${id * 8 + 3})`)
    printer.line(`${encoder(context, type.message)}(w, ${given})`)
    printer.line(`w.endGroup(${id * 8 + 4})`)
  } else {
    printer.line(`const b = w.begin(${id * 8 + 2})`)
    printer.line(`${encoder(context, type.message)}(w, ${given})`)
    printer.line('w.end(b)')
  }
}

function printEncodeList(
  printer: Printer,
  field: IrField,
  element: IrType,
  local: string,
  context: ModuleContext,
): void {
  const type = resolve(element)
  if (field.packed && type.kind !== 'message') {
    const numbers = type.kind === 'enum' ? context.numbers(type.enum) : undefined
    const listed = numbers === undefined ? local : `${local}.map(${numbers}.of)`
    printer.line(`w.${packed(type)}(${field.id * 8 + 2}, ${listed})`)
    return
  }
  printer.block(`for (let i = 0; i < ${local}.length; i++) {`, () => {
    printEncodeField(printer, field, element, field.id, `${local}[i]!`, context)
  })
}

function printEncodeMap(
  printer: Printer,
  field: IrField,
  type: Extract<ResolvedType, { kind: 'map' }>,
  local: string,
  context: ModuleContext,
): void {
  const isRecord = mapShape(type.key, context.options.map) === 'record'
  const value = isRecord ? `${local}[k]!` : 'x'
  printer.block(isRecord ? `for (const k of Object.keys(${local})) {` : `for (const [k, x] of ${local}) {`, () => {
    printer.line(`const e = w.begin(${field.id * 8 + 2})`)
    const keyType = resolve(type.key)
    printer.line(writeText(context, keyType, tagOf(1, keyType), 'k'))
    printEncodeField(printer, { ...field, delimited: false }, type.value, 2, value, context)
    printer.line('w.end(e)')
  })
}

function printDecode(
  printer: Printer,
  message: IrMessage,
  places: readonly Place[],
  keeps: boolean,
  context: ModuleContext,
): void {
  for (const { member, local } of places) printer.line(declaration(member, local, message, context))
  if (keeps) printer.line(`let u: ${context.runtime('UnknownFields')} | undefined`)
  if (places.length > 0 || keeps) {
    printer.block('if (base !== undefined) {', () => {
      for (const { given, local } of places) printer.line(`${local} = base${given}`)
      if (keeps) printer.line('u = base.$unknown')
    })
  }
  printer.block('while (r.position < end) {', () => {
    printer.line('const t = r.tag()')
    const skip = keeps ? `u = r.keep(t, ${keptFields(message)})` : 'r.skip(t)'
    if (message.fields.length === 0) {
      printer.line(skip)
      return
    }
    const keeper = keeps ? { message, local: 'u' } : undefined
    printer.block('switch (t) {', () => {
      for (const { member, local } of places) {
        if (member.kind === 'oneof') {
          for (const field of member.fields) printDecodeOneofCase(printer, field, local, keeper, context)
        } else printDecodeField(printer, member.field, local, keeper, context)
      }
      printer.line('default:')
      printer.indented(() => printer.line(skip))
    })
  })
  printer.line('r.leave(end)')
  for (const { member, local } of places) {
    if (member.kind === 'oneof' || member.presence !== 'required') continue
    const refuse = context.runtime('missingProtobufField')
    printer.line(`if (${local} === undefined) throw ${refuse}(${path(member.field, context)})`)
  }
  const items = places.map(({ member, local }) => {
    const late = member.kind === 'field' && member.filled && isLate(member)
    return `${key(member.name)}: ${local}${late ? ` ?? ${defaultText(context, member.field)}` : ''}`
  })
  printReturn(printer, '{', items, '}', keeps ? context.names.declaration(message) : undefined)
}

function declaration(member: Member, local: string, message: IrMessage, context: ModuleContext): string {
  if (member.kind === 'oneof') return `let ${local}: ${context.names.declaration(message)}[${quote(member.name)}]`
  const type = outputType(context, member.field.type)
  if (!member.filled || member.presence === 'required' || isLate(member)) return `let ${local}: ${type} | undefined`
  return `let ${local}: ${type} = ${defaultText(context, member.field)}`
}

/** Whether the default is made at the end, when it is known to be needed. */
function isLate(member: FieldMember): boolean {
  const type = resolve(member.field.type)
  return member.presence !== 'required' && type.kind === 'scalar' && type.scalar === 'bytes'
}

function printDecodeField(
  printer: Printer,
  field: IrField,
  local: string,
  keeps: Keeper | undefined,
  context: ModuleContext,
): void {
  const type = resolve(field.type)
  if (type.kind === 'map') {
    printDecodeMap(printer, field, type, local, keeps, context)
    return
  }
  if (type.kind !== 'list') {
    printDecodeOne(printer, field, type, (value) => `${local} = ${value}`, local, keeps, context)
    return
  }
  const element = resolve(type.element)
  printDecodeOne(printer, field, element, (value) => `${local}.push(${value})`, undefined, keeps, context)
  if (element.kind === 'message' || scalarOf(element)[0] === 2) return
  if (hasPackedRead(element, context)) {
    printCase(printer, field.id * 8 + 2, () => printer.line(`r.${packed(element)}(${local})`))
    return
  }
  printer.block(`case ${field.id * 8 + 2}: {`, () => {
    printer.line('const e = r.length()')
    if (isClosed(element)) {
      printer.block('while (r.position < e) {', () => {
        printClosed(printer, field, element, (value) => `${local}.push(${value})`, keeps, context)
      })
    } else printer.line(`while (r.position < e) ${local}.push(${readText(context, field, element)})`)
    printer.line('r.at(e)')
    printer.line('break')
  })
}

function printDecodeOneofCase(
  printer: Printer,
  field: IrField,
  local: string,
  keeps: Keeper | undefined,
  context: ModuleContext,
): void {
  const label = quote(context.names.member(field))
  const type = resolve(field.type)
  const before = `${local}?.case === ${label} ? ${local}.value : undefined`
  printDecodeOne(
    printer,
    field,
    type,
    (value) => `${local} = { case: ${label}, value: ${value} }`,
    before,
    keeps,
    context,
    { local, label },
  )
}

/** The case of one value that is not packed. `before` is the earlier value a message is merged into. */
function printDecodeOne(
  printer: Printer,
  field: IrField,
  type: ResolvedType,
  assign: (value: string) => string,
  before: string | undefined,
  keeps: Keeper | undefined,
  context: ModuleContext,
  choice?: { readonly local: string; readonly label: string },
): void {
  if (type.kind === 'message') {
    const decode = decoder(context, type.message)
    const weight = memoryEstimate(type.message, context)
    const isName = before === undefined || /^\w+$/.test(before)
    const base = before === undefined ? '' : isName ? `, ${before}` : ', b'
    const body = (): void => {
      if (!isName) printer.line(`const b = ${before}`)
      const enter = field.delimited ? `r.enterGroup(t, ${weight})` : `r.enter(${weight})`
      if (choice === undefined) printer.line(assign(`${decode}(r, ${enter}${base})`))
      else
        printChoice(
          printer,
          choice,
          group(`${decode}(`, ['r', enter, ...(base === '' ? [] : [base.slice(2)])].map(argument), ')'),
        )
      if (field.delimited) printer.line('r.leaveGroup()')
    }
    const tag = field.id * 8 + (field.delimited ? 3 : 2)
    if (isName) printCase(printer, tag, body)
    else {
      printer.block(`case ${tag}: {`, () => {
        body()
        printer.line('break')
      })
    }
    return
  }
  if (isClosed(type)) {
    printer.block(`case ${tagOf(field.id, type)}: {`, () => {
      printClosed(printer, field, type, assign, keeps, context)
      printer.line('break')
    })
    return
  }
  printCase(printer, tagOf(field.id, type), () => printer.line(assign(readText(context, field, type))))
}

/** Sets a oneof to a case with a decoded message. */
function printChoice(
  printer: Printer,
  { local, label }: { readonly local: string; readonly label: string },
  value: Layout,
): void {
  const items = [
    { label: 'case: ', value: label },
    { label: 'value: ', value },
  ]
  for (const line of lines(`${local} = `, group('{', items, '}', true), '', printer.width)) printer.line(line)
}

function argument(value: string): { readonly label: string; readonly value: string } {
  return { label: '', value }
}

function printCase(printer: Printer, tag: number, body: () => void): void {
  printer.line(`case ${tag}:`)
  printer.indented(() => {
    body()
    printer.line('break')
  })
}

/** Reads a number of a closed enum: one it does not list belongs to the unknown fields. */
function printClosed(
  printer: Printer,
  field: IrField,
  type: Extract<ResolvedType, { kind: 'enum' }>,
  assign: (value: string) => string,
  keeps: Keeper | undefined,
  context: ModuleContext,
): void {
  printer.line('const x = r.int32()')
  const numbers = context.numbers(type.enum)
  const value = numbers === undefined ? 'x' : `${numbers}.name(x)`
  printer.line(`if (${isListed(type.enum, 'x')}) ${assign(value)}`)
  if (keeps !== undefined)
    printer.line(`else ${keeps.local} = r.keepEnum(${field.id * 8}, x, ${keptFields(keeps.message, keeps.local)})`)
}

function printDecodeMap(
  printer: Printer,
  field: IrField,
  type: Extract<ResolvedType, { kind: 'map' }>,
  local: string,
  keeps: Keeper | undefined,
  context: ModuleContext,
): void {
  const keyType = resolve(type.key)
  const value = resolve(type.value)
  printer.block(`case ${field.id * 8 + 2}: {`, () => {
    if (keeps !== undefined && isClosed(value)) printer.line('const s = r.position')
    printer.line(`const e = r.enter(${entryWeight})`)
    printer.line(`let k: ${outputType(context, type.key)} = ${zeroText(context, type.key)}`)
    const valueType = outputType(context, type.value)
    const late = value.kind === 'message' || (value.kind === 'scalar' && value.scalar === 'bytes')
    printer.line(late ? `let x: ${valueType} | undefined` : `let x: ${valueType} = ${zeroText(context, type.value)}`)
    printer.block('while (r.position < e) {', () => {
      printer.line('const f = r.tag()')
      printer.line(`if (f === ${tagOf(1, keyType)}) k = ${readText(context, field, keyType)}`)
      printer.line(
        value.kind === 'message'
          ? `else if (f === 18) x = ${decoder(context, value.message)}(r, r.enter(${memoryEstimate(value.message, context)}), x)`
          : `else if (f === ${tagOf(2, value)}) x = ${readText(context, field, value)}`,
      )
      printer.line('else r.skip(f)')
    })
    printer.line('r.leave(e)')
    let held = 'x'
    if (value.kind === 'message')
      held = `x ?? ${decoder(context, value.message)}(r, r.empty(${memoryEstimate(value.message, context)}))`
    else if (late) held = 'x ?? new Uint8Array(0)'
    const put =
      mapShape(type.key, context.options.map) === 'record' ? `${local}[k] = ${held}` : `${local}.set(k, ${held})`
    const isKnown = (type: IrEnum): string =>
      context.numbers(type) === undefined ? isListed(type, 'x') : "typeof x !== 'number'"
    printer.line(isClosed(value) ? `if (${isKnown(value.enum)}) ${put}` : put)
    if (keeps !== undefined && isClosed(value)) {
      printer.block('else {', () => {
        printer.line('r.position = s')
        printer.line(`${keeps.local} = r.keep(t, ${keptFields(keeps.message, keeps.local)})`)
      })
    }
    printer.line('break')
  })
}

/** A condition that holds for the numbers an enum lists. */
function isListed(type: IrEnum, local: string): string {
  const numbers = [...new Set(type.values.map((value) => value.number))].sort((a, b) => a - b)
  const ranges: [number, number][] = []
  for (const number of numbers) {
    const last = ranges.at(-1)
    if (last !== undefined && last[1] === number - 1) last[1] = number
    else ranges.push([number, number])
  }
  const parts = ranges.map(([from, to]) => {
    if (from === to) return `${local} === ${from}`
    const range = `${local} >= ${from} && ${local} <= ${to}`
    return ranges.length === 1 ? range : `(${range})`
  })
  return parts.join(' || ')
}

function isClosed(type: ResolvedType): type is Extract<ResolvedType, { kind: 'enum' }> {
  return type.kind === 'enum' && type.enum.closed
}

function isNotZero(context: ModuleContext, type: ResolvedType, local: string): string {
  if (type.kind === 'enum') return `${onWire(context, type, local)} !== ${type.enum.values[0]?.number ?? 0}`
  if (type.kind !== 'scalar') return 'true'
  if (type.scalar === 'bytes') return `${local}.length > 0`
  // A negative zero is not the default: its bits are not all zero.
  if (type.scalar === 'f32' || type.scalar === 'f64') return `(${local} !== 0 || 1 / ${local} < 0)`
  return `${local} !== ${zeroText(context, type)}`
}

function writeText(context: ModuleContext, type: ResolvedType, tag: number, given: string): string {
  return `w.${scalarOf(type)[1]}Field(${tag}, ${onWire(context, type, given)})`
}

function readText(context: ModuleContext, field: IrField, type: ResolvedType): string {
  const [, method] = scalarOf(type)
  const { int64, bytes } = context.options
  if (type.kind === 'scalar') {
    if (isInt64(type.scalar) && int64 !== 'bigint') return `r.${method}${int64 === 'number' ? 'Number' : 'String'}()`
    if (type.scalar === 'bytes' && bytes === 'view') return 'r.bytesView()'
    if (type.scalar === 'string' && !validates(field, context)) return 'r.stringLossy()'
  }
  const numbers = type.kind === 'enum' ? context.numbers(type.enum) : undefined
  return numbers === undefined ? `r.${method}()` : `${numbers}.name(r.${method}())`
}

/** What is written for a value: the number of an enum that appears by name. */
function onWire(context: ModuleContext, type: ResolvedType, given: string): string {
  const numbers = type.kind === 'enum' ? context.numbers(type.enum) : undefined
  return numbers === undefined ? given : `${numbers}.of(${given})`
}

/** Whether text that is not UTF-8 is refused: everywhere but in proto2, or as the edition's feature says. */
function validates(field: IrField, context: ModuleContext): boolean {
  return field.validateUtf8 ?? context.names.owner(field)?.file.syntax !== 'proto2'
}

function scalarOf(type: ResolvedType): readonly [wire: number, method: string] {
  const found = type.kind === 'enum' ? scalars.i32 : type.kind === 'scalar' ? scalars[type.scalar] : undefined
  if (found === undefined) throw new Error(`protobuf has no ${type.kind === 'scalar' ? type.scalar : type.kind} here`)
  return found
}

/** The method that writes or reads a packed field at once. */
function packed(type: ResolvedType): string {
  const [, method] = scalarOf(type)
  return `packed${method.charAt(0).toUpperCase()}${method.slice(1)}`
}

/** Whether the reader has that method: 64-bit integers are read one by one in the form the options ask for. */
function hasPackedRead(type: ResolvedType, context: ModuleContext): boolean {
  if (type.kind === 'enum' && context.numbers(type.enum) !== undefined) return false
  return !isClosed(type) && !(type.kind === 'scalar' && isInt64(type.scalar))
}

function tagOf(id: number, type: ResolvedType): number {
  return id * 8 + scalarOf(type)[0]
}

function encoder(context: ModuleContext, message: IrMessage): string {
  return context.isHere(message) ? context.names.codec(message).encode : `${context.value(message)}.encode`
}

function decoder(context: ModuleContext, message: IrMessage): string {
  return context.isHere(message) ? context.names.codec(message).decode : `${context.value(message)}.decode`
}
