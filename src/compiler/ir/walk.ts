/** Walks over the parts of the IR that refer to names. */

import type { IrDeclaration, IrField, IrFile, IrReference, IrType } from './ir.ts'

/** What a visitor of a file's types hears. Absent ones are skipped. */
export interface TypeVisitor {
  /** A field, argument, declared exception or extension. */
  readonly field?: (field: IrField) => void
  /** Every use of a name as a type, outermost first. */
  readonly reference: (reference: IrReference) => void
}

/** Visits all types that a file's declarations use: fields, arguments, results, typedefs, constants, method requests, extendees. */
export function visitTypes(file: IrFile, visitor: TypeVisitor): void {
  for (const declaration of file.declarations) visitDeclarationTypes(declaration, visitor)
}

/** {@link visitTypes} for one declaration. */
export function visitDeclarationTypes(declaration: IrDeclaration, visitor: TypeVisitor): void {
  switch (declaration.kind) {
    case 'message':
      visitFields(declaration.fields, visitor)
      break
    case 'typedef':
    case 'const':
      visitType(declaration.type, visitor)
      break
    case 'extension':
      visitor.reference(declaration.extendee)
      visitFields([declaration.field], visitor)
      break
    case 'service':
      for (const method of declaration.methods) {
        visitFields(method.args, visitor)
        if (method.request !== undefined) visitType(method.request, visitor)
        if (method.result !== undefined) visitType(method.result, visitor)
        visitFields(method.throws, visitor)
      }
      break
  }
}

function visitFields(fields: readonly IrField[], visitor: TypeVisitor): void {
  for (const field of fields) {
    visitor.field?.(field)
    visitType(field.type, visitor)
  }
}

function visitType(type: IrType, visitor: TypeVisitor): void {
  switch (type.kind) {
    case 'reference':
      visitor.reference(type.reference)
      break
    case 'list':
    case 'set':
      visitType(type.element, visitor)
      break
    case 'map':
      visitType(type.key, visitor)
      visitType(type.value, visitor)
      break
  }
}

/** The lists of fields that a declaration holds, each a name space of its own. */
export function fieldListsOf(declaration: IrDeclaration): readonly (readonly IrField[])[] {
  if (declaration.kind === 'message') return [declaration.fields]
  if (declaration.kind === 'extension') return [[declaration.field]]
  if (declaration.kind === 'service') return declaration.methods.flatMap((method) => [method.args, method.throws])
  return []
}
