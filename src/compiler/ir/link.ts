/** Linking: every name in the IR gets what it refers to. */

import type { Report } from '../diagnostic.ts'
import type { IrDeclaration, IrFile, IrProgram, IrType, IrValue } from './ir.ts'
import { protoSymbols } from './proto-scope.ts'
import { type ThriftScope, thriftScope } from './thrift-scope.ts'
import { underlying } from './underlying.ts'
import { fieldListsOf, visitTypes } from './walk.ts'

/**
 * Resolves all references of a program in place: types first, then values, which need them.
 * Reports names that mean nothing. Names in defaults and options of protobuf are `checkProto`'s.
 */
export function link(program: IrProgram, report: Report): void {
  const indexes = new Map<IrFile, ReadonlyMap<string, IrDeclaration>>()
  const index = (file: IrFile): ReadonlyMap<string, IrDeclaration> => {
    let known = indexes.get(file)
    if (known === undefined) {
      known = indexDeclarations(file)
      indexes.set(file, known)
    }
    return known
  }
  const symbols = protoSymbols(program)
  const scopes = new Map<IrFile, ThriftScope>()
  for (const file of program.files) {
    if (file.idl === 'protobuf') {
      visitTypes(file, { reference: (reference) => symbols.linkType(file, reference, report) })
      continue
    }
    const scope = thriftScope(file, index, report)
    scopes.set(file, scope)
    visitTypes(file, { reference: scope.linkType })
    for (const declaration of file.declarations) {
      if (declaration.kind === 'service' && declaration.extends !== undefined) scope.linkService(declaration.extends)
    }
  }
  for (const [file, scope] of scopes) {
    for (const declaration of file.declarations) {
      if (declaration.kind === 'const') linkThriftValue(scope, declaration.value, declaration.type)
      for (const fields of fieldListsOf(declaration)) {
        for (const field of fields) {
          if (field.default !== undefined) linkThriftValue(scope, field.default, field.type)
        }
      }
    }
  }
}

function indexDeclarations(file: IrFile): ReadonlyMap<string, IrDeclaration> {
  const byName = new Map<string, IrDeclaration>()
  for (const declaration of file.declarations) {
    if (!byName.has(declaration.name)) byName.set(declaration.name, declaration)
  }
  return byName
}

/** Links the names in a value; the type it is for lets enum values stand without their enum. */
function linkThriftValue(scope: ThriftScope, value: IrValue, type: IrType | undefined): void {
  const wanted = type === undefined ? undefined : underlying(type)
  switch (value.kind) {
    case 'name': {
      const target = scope.value(value.reference, wanted)
      value.reference.target = target?.declaration
      value.enumValue = target?.enumValue
      break
    }
    case 'list': {
      const element = wanted?.kind === 'list' || wanted?.kind === 'set' ? wanted.element : undefined
      for (const each of value.elements) linkThriftValue(scope, each, element)
      break
    }
    case 'map': {
      const message = wanted?.kind === 'reference' ? wanted.reference.target : undefined
      for (const entry of value.entries) {
        if (message?.kind === 'message') {
          const { key } = entry
          const field = key.kind === 'string' ? message.fields.find((f) => f.name === key.value) : undefined
          linkThriftValue(scope, key, undefined)
          linkThriftValue(scope, entry.value, field?.type)
        } else {
          linkThriftValue(scope, entry.key, wanted?.kind === 'map' ? wanted.key : undefined)
          linkThriftValue(scope, entry.value, wanted?.kind === 'map' ? wanted.value : undefined)
        }
      }
      break
    }
  }
}
