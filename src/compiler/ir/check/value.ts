/** Check: Thrift defaults and constants against their types. */

import type { Report } from '../../diagnostic.ts'
import { diagnosticCodes } from '../../diagnostic-code.ts'
import { didYouMean } from '../../text/suggest.ts'
import type { IrConst, IrEnum, IrMessage, IrNameValue, IrProgram, IrType, IrValue, ScalarName } from '../ir.ts'
import { declarationOf, literal, typeText, underlying } from '../underlying.ts'
import { fieldListsOf } from '../walk.ts'

/** Reports values that do not fit: wrong kind, out of range, unknown or missing struct fields, nested ones included. */
export function checkValues(program: IrProgram, report: Report): void {
  for (const file of program.files) {
    if (file.idl !== 'thrift') continue
    for (const declaration of file.declarations) {
      if (declaration.kind === 'const') checkValue(declaration.value, declaration.type, report)
      for (const fields of fieldListsOf(declaration)) {
        for (const field of fields) if (field.default !== undefined) checkValue(field.default, field.type, report)
      }
    }
  }
}

function checkValue(value: IrValue, type: IrType, report: Report): void {
  const wanted = underlying(type)
  if (value.kind === 'name') {
    checkName(value, type, report)
    return
  }
  switch (wanted.kind) {
    case 'scalar':
      checkScalar(value, wanted.scalar, type, report)
      break
    case 'reference': {
      const target = wanted.reference.target
      if (target?.kind === 'enum') checkEnumValue(value, target, report)
      else if (target?.kind === 'message') checkStruct(value, target, report)
      break
    }
    case 'map':
      if (value.kind === 'map') {
        for (const entry of value.entries) {
          checkValue(entry.key, wanted.key, report)
          checkValue(entry.value, wanted.value, report)
        }
        checkDistinct(
          value.entries.map((entry) => entry.key),
          'key',
          report,
        )
      } else if (value.kind !== 'list' || value.elements.length > 0) {
        refuse(value, type, report, 'write { key: value }')
      }
      break
    default:
      if (value.kind === 'list') {
        for (const element of value.elements) checkValue(element, wanted.element, report)
        if (wanted.kind === 'set') checkDistinct(value.elements, 'element', report)
      } else if (value.kind !== 'map' || value.entries.length > 0) {
        refuse(value, type, report, 'write [value, value]')
      }
  }
}

/** A constant or enum value by name: its own declaration is checked elsewhere, here only whether it fits this place. */
function checkName(value: IrNameValue & IrValue, type: IrType, report: Report): void {
  const wanted = underlying(type)
  const enumTarget =
    wanted.kind === 'reference' && wanted.reference.target?.kind === 'enum' ? wanted.reference.target : undefined
  if (wanted.kind === 'reference' && wanted.reference.target === undefined) return
  const literal = followConstants(value)
  if (literal === undefined) return
  const { constantType, end } = literal
  if (end.kind === 'name') {
    const { enumValue } = end
    const owner = end.reference.target
    if (enumValue === undefined || owner === undefined) return
    if (enumTarget !== undefined) {
      if (owner !== enumTarget) {
        report({
          code: 'bad-value',
          message: `'${value.reference.text}' is a value of enum '${owner.name}', not of '${enumTarget.name}'`,
          span: value.span,
          related: [{ message: `'${enumTarget.name}' is declared here`, span: enumTarget.span }],
        })
      }
      return
    }
    const asInt: IrValue = { kind: 'int', value: BigInt(enumValue.number), span: value.span }
    if (wanted.kind === 'scalar' && integerBits[wanted.scalar] !== undefined)
      checkScalar(asInt, wanted.scalar, type, report)
    else refuse(value, type, report, undefined, `enum value '${value.reference.text}'`)
    return
  }
  const what = `constant '${value.reference.text}'`
  if (wanted.kind === 'scalar' && end.kind !== 'list' && end.kind !== 'map') {
    checkScalar({ ...end, span: value.span }, wanted.scalar, type, report, what)
  } else if (enumTarget !== undefined && end.kind === 'int') {
    checkEnumValue({ ...end, span: value.span }, enumTarget, report)
  } else if (constantType === undefined || (!sameType(constantType, type) && !literalFits(value, end, type))) {
    refuse(
      value,
      type,
      report,
      undefined,
      constantType === undefined ? what : `${what} of type ${typeText(constantType)}`,
    )
  }
}

/** The literal or enum value at the end of a chain of constants, and the type of the first constant; undefined on a cycle or an unknown name. */
function followConstants(value: IrValue): { constantType: IrType | undefined; end: IrValue } | undefined {
  const end = literal(value)
  if (end === undefined) return undefined
  const first = value.kind === 'name' && value.enumValue === undefined ? value.reference.target : undefined
  return { constantType: first?.kind === 'const' ? first.type : undefined, end }
}

const fits = new WeakMap<IrConst, WeakMap<IrType, boolean>>()

/** True when a constant of another type is written so that it could stand here itself, as Apache takes it: a list for a set, i32 for i64. Decided once per constant and type: constants may use one another many times over. */
function literalFits(name: IrNameValue, literal: IrValue, type: IrType): boolean {
  const constant = name.reference.target
  if (constant?.kind !== 'const') return false
  const known = fits.get(constant) ?? new WeakMap<IrType, boolean>()
  fits.set(constant, known)
  const before = known.get(type)
  if (before !== undefined) return before
  known.set(type, false)
  let fine = true
  checkValue(literal, type, ({ code }) => {
    if (diagnosticCodes[code].severity === 'error') fine = false
  })
  known.set(type, fine)
  return fine
}

function sameType(a: IrType, b: IrType): boolean {
  const left = underlying(a)
  const right = underlying(b)
  if (left.kind === 'scalar') return right.kind === 'scalar' && left.scalar === right.scalar
  if (left.kind === 'reference') return right.kind === 'reference' && left.reference.target === right.reference.target
  if (left.kind === 'map') {
    return right.kind === 'map' && sameType(left.key, right.key) && sameType(left.value, right.value)
  }
  return (
    (right.kind === 'list' || right.kind === 'set') && left.kind === right.kind && sameType(left.element, right.element)
  )
}

const integerBits: Readonly<Partial<Record<ScalarName, number>>> = { i8: 8, i16: 16, i32: 32, i64: 64 }

function checkScalar(value: IrValue, scalar: ScalarName, type: IrType, report: Report, what?: string): void {
  const bits = integerBits[scalar]
  if (bits !== undefined) {
    if (value.kind !== 'int') {
      refuse(value, type, report, value.kind === 'bool' ? 'write 0 or 1' : undefined, what)
    } else if (BigInt.asIntN(bits, value.value) !== value.value) {
      report({
        code: 'number-range',
        message: `${what === undefined ? value.value : `${what}, ${value.value},`} does not fit in ${scalar}`,
        span: value.span,
        hint: `${scalar} holds ${-(2n ** BigInt(bits - 1))} to ${2n ** BigInt(bits - 1) - 1n}`,
      })
    }
    return
  }
  switch (scalar) {
    case 'bool': {
      const isFlag = value.kind === 'bool' || (value.kind === 'int' && (value.value === 0n || value.value === 1n))
      if (!isFlag) refuse(value, type, report, 'write true or false', what)
      return
    }
    case 'f64':
      if (value.kind !== 'double' && value.kind !== 'int') refuse(value, type, report, undefined, what)
      return
    case 'uuid':
      if (value.kind !== 'string') refuse(value, type, report, undefined, what)
      else if (!/^\{?[0-9a-f]{8}-?(?:[0-9a-f]{4}-?){3}[0-9a-f]{12}\}?$/i.test(value.value)) {
        report({
          code: 'bad-value',
          message: `'${value.value}' is no uuid`,
          span: value.span,
          hint: "a uuid reads '00000000-0000-0000-0000-000000000000'",
        })
      }
      return
    default:
      if (value.kind !== 'string') refuse(value, type, report, 'put it in quotes', what)
  }
}

function checkEnumValue(value: IrValue, target: IrEnum, report: Report): void {
  if (value.kind === 'int') {
    if (BigInt.asIntN(32, value.value) !== value.value) {
      report({ code: 'number-range', message: `${value.value} does not fit in 32 bits`, span: value.span })
    } else if (!target.values.some((each) => BigInt(each.number) === value.value)) {
      report({
        code: 'unknown-enum-number',
        message: `enum '${target.name}' names no value ${value.value}`,
        span: value.span,
        related: [{ message: 'the enum is declared here', span: target.span }],
      })
    }
    return
  }
  const first = target.values[0]
  report({
    code: 'bad-value',
    message: `${kindText(value)} does not fit enum '${target.name}'`,
    span: value.span,
    related: [{ message: 'the enum is declared here', span: target.span }],
    hint: first === undefined ? undefined : `name one of its values, such as ${target.name}.${first.name}`,
  })
}

function checkStruct(value: IrValue, target: IrMessage, report: Report): void {
  if (value.kind !== 'map' && !(value.kind === 'list' && value.elements.length === 0)) {
    report({
      code: 'bad-value',
      message: `${kindText(value)} does not fit ${target.shape} '${target.name}'`,
      span: value.span,
      hint: 'write {"field": value}',
    })
    return
  }
  const entries = value.kind === 'map' ? value.entries : []
  const given = new Map<string, IrValue>()
  for (const { key, value: inner } of entries) {
    if (key.kind !== 'string') {
      report({ code: 'bad-value', message: 'a field is named by a string', span: key.span, hint: 'put it in quotes' })
      continue
    }
    const field = target.fields.find((each) => each.name === key.value)
    const before = given.get(key.value)
    if (field === undefined) {
      report({
        code: 'bad-value',
        message: `${target.shape} '${target.name}' has no field '${key.value}'`,
        span: key.span,
        related: [{ message: `the ${target.shape} is declared here`, span: target.span }],
        hint:
          entries.length * target.fields.length > 10_000
            ? undefined
            : didYouMean(
                key.value,
                target.fields.map((each) => each.name),
              ),
      })
    } else if (before !== undefined) {
      report({
        code: 'bad-value',
        message: `field '${key.value}' is given twice`,
        span: key.span,
        related: [{ message: 'it is first given here', span: before.span }],
      })
    } else {
      given.set(key.value, key)
      checkValue(inner, field.type, report)
    }
  }
  if (target.shape === 'union') {
    if (given.size !== 1 && entries.length === given.size) {
      report({
        code: 'bad-value',
        message: `union '${target.name}' takes exactly one field, not ${given.size}`,
        span: value.span,
      })
    }
    return
  }
  for (const field of target.fields) {
    if (field.presence !== 'required' || field.default !== undefined || given.has(field.name)) continue
    report({
      code: hasZero(field.type) ? 'missing-field' : 'bad-value',
      message: `required field '${field.name}' of '${target.name}' is missing`,
      span: value.span,
      related: [{ message: 'the field is declared here', span: field.span }],
    })
  }
}

/** True for what is not a struct, and for a struct that requires no other one. */
function hasZero(type: IrType): boolean {
  const message = declarationOf(type)
  if (message?.kind !== 'message') return true
  const requiresStruct = message.fields.some(
    (field) => field.presence === 'required' && declarationOf(field.type)?.kind === 'message',
  )
  return message.shape !== 'union' && !requiresStruct
}

/** Two literals of one value among the keys of a map or the elements of a set. */
function checkDistinct(values: readonly IrValue[], what: string, report: Report): void {
  const seen = new Map<string, IrValue>()
  for (const value of values) {
    const identity = identityOf(value)
    if (identity === undefined) continue
    const before = seen.get(identity)
    if (before === undefined) seen.set(identity, value)
    else {
      report({
        code: 'repeated-key',
        message: `this ${what} is given twice`,
        span: value.span,
        related: [{ message: 'it is first given here', span: before.span }],
      })
    }
  }
}

function identityOf(written: IrValue): string | undefined {
  const value = followConstants(written)?.end ?? written
  switch (value.kind) {
    case 'bool':
    case 'int':
    case 'double':
      return `${value.kind} ${value.value}`
    case 'string':
      return `string ${value.bytes?.join() ?? value.value}`
    case 'name':
      return value.enumValue === undefined ? undefined : `int ${value.enumValue.number}`
    default:
      return undefined
  }
}

function refuse(value: IrValue, type: IrType, report: Report, hint?: string, what: string = kindText(value)): void {
  report({ code: 'bad-value', message: `${what} does not fit ${typeText(type)}`, span: value.span, hint })
}

function kindText(value: IrValue): string {
  switch (value.kind) {
    case 'bool':
      return `'${value.value}'`
    case 'int':
      return `the integer ${value.value}`
    case 'double':
      return 'a floating point number'
    case 'string':
    case 'bytes':
      return 'a string'
    case 'list':
      return 'a list'
    case 'map':
      return 'a map'
    case 'name':
      return `'${value.reference.text}'`
  }
}
