/** How IDL types are written in TypeScript: the output form, and the input form that takes readonly and partial values. */

import type { IrDeclaration, IrType } from '../ir/ir.ts'
import type { ModuleContext } from './context.ts'
import { hasInputForm, isInt64, mapShape, setShape } from './type-shape.ts'

/** The TypeScript type of a decoded value. */
export function outputType(context: ModuleContext, type: IrType): string {
  return typeText(context, type, false)
}

/** The TypeScript type of a value that is given: readonly containers, input forms of messages. */
export function inputType(context: ModuleContext, type: IrType): string {
  return typeText(context, type, true)
}

function typeText(context: ModuleContext, type: IrType, input: boolean): string {
  switch (type.kind) {
    case 'scalar':
      if (isInt64(type.scalar)) return context.options.int64
      if (type.scalar === 'bool') return 'boolean'
      if (type.scalar === 'string' || type.scalar === 'uuid') return 'string'
      return type.scalar === 'bytes' ? 'Uint8Array' : 'number'
    case 'reference':
      return referenceText(context, type.reference.target, input)
    case 'list':
      return array(typeText(context, type.element, input), input)
    case 'set': {
      const element = typeText(context, type.element, input)
      if (setShape(type.element) === 'array') return array(element, input)
      return `${input ? 'ReadonlySet' : 'Set'}<${element}>`
    }
    case 'map': {
      const key = typeText(context, type.key, input)
      const value = typeText(context, type.value, input)
      switch (mapShape(type.key, context.options.map)) {
        case 'record':
          return input ? `Readonly<Record<${key}, ${value}>>` : `Record<${key}, ${value}>`
        case 'map':
          return `${input ? 'ReadonlyMap' : 'Map'}<${key}, ${value}>`
        case 'pairs':
          return array(input ? `readonly [${key}, ${value}]` : `[${key}, ${value}]`, input)
      }
    }
  }
}

function referenceText(context: ModuleContext, target: IrDeclaration | undefined, input: boolean): string {
  switch (target?.kind) {
    case 'message':
      return input ? context.input(target) : context.type(target)
    case 'enum':
      return context.type(target)
    case 'typedef':
      return input && hasInputForm(target.type) ? context.input(target) : context.type(target)
    default:
      throw new Error('a type refers to nothing')
  }
}

function array(element: string, readonly: boolean): string {
  const item = /^readonly /.test(element) ? `(${element})` : element
  return readonly ? `readonly ${item}[]` : `${item}[]`
}
