/** Check: what kinds of types may stand where in Thrift: exceptions in `throws`, keys, the fields of unions. */

import type { Report, Span } from '../../diagnostic.ts'
import type { IrField, IrFile, IrMessage, IrProgram, IrType } from '../ir.ts'
import { declarationOf, typeText, underlying } from '../underlying.ts'

/** Runs the checks of shape over all Thrift files. */
export function checkShapes(program: IrProgram, report: Report): void {
  for (const file of program.files) if (file.idl === 'thrift') checkFile(file, report)
}

function checkFile(file: IrFile, report: Report): void {
  for (const declaration of file.declarations) {
    switch (declaration.kind) {
      case 'message':
        for (const field of declaration.fields) checkKeys(field.type, field.typeSpan, report)
        if (declaration.shape === 'union') checkUnion(declaration, report)
        break
      case 'typedef':
      case 'const':
        checkKeys(declaration.type, declaration.span, report)
        break
      case 'service':
        for (const method of declaration.methods) {
          for (const arg of method.args) checkKeys(arg.type, arg.typeSpan, report)
          if (method.result !== undefined) checkKeys(method.result, method.span, report)
          for (const thrown of method.throws) checkThrown(thrown, report)
        }
        break
    }
  }
}

function checkUnion(union: IrMessage, report: Report): void {
  let first: IrField | undefined
  for (const field of union.fields) {
    if (field.default === undefined) continue
    if (first === undefined) first = field
    else {
      report({
        code: 'union-defaults',
        message: `union '${union.name}' has more than one default`,
        span: field.default.span,
        related: [{ message: 'the first default', span: first.default!.span }],
      })
    }
  }
}

function checkThrown(field: IrField, report: Report): void {
  const at = underlying(field.type)
  const target = declarationOf(field.type)
  if (at.kind === 'reference' && target === undefined) return
  if (target?.kind === 'message' && target.shape === 'exception') return
  report({
    code: 'not-an-exception',
    message: `'${typeText(field.type)}' is no exception`,
    span: field.typeSpan,
    related: target === undefined ? [] : [{ message: 'it is declared here', span: target.span }],
    hint: target?.kind === 'message' ? `declare it with 'exception' instead of '${target.shape}'` : undefined,
  })
}

/** An exception is thrown, not compared: it is no key. All other types have a place in TypeScript's maps and sets. */
function checkKeys(type: IrType, span: Span, report: Report): void {
  if (type.kind === 'scalar' || type.kind === 'reference') return
  const key = type.kind === 'map' ? type.key : type.kind === 'set' ? type.element : undefined
  const target = key === undefined ? undefined : declarationOf(key)
  if (target?.kind === 'message' && target.shape === 'exception') {
    report({
      code: 'bad-key',
      message: `exception '${target.name}' cannot be ${type.kind === 'map' ? 'the key of a map' : 'the element of a set'}`,
      span,
      related: [{ message: 'it is declared here', span: target.span }],
    })
  }
  if (type.kind === 'map') {
    checkKeys(type.key, span, report)
    checkKeys(type.value, span, report)
  } else checkKeys(type.element, span, report)
}
