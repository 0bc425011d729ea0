/** Check: names and ids that a Thrift file gives twice. */

import type { RelatedPlace, Report, Span } from '../../diagnostic.ts'
import type { IrDeclaration, IrEnum, IrField, IrFile, IrMethod, IrProgram, IrService } from '../ir.ts'
import { fieldListsOf } from '../walk.ts'

/** Reports duplicate declarations, fields, ids, enum values and methods, with the first place of each. */
export function checkNames(program: IrProgram, report: Report): void {
  const methodsOf = methodIndex()
  for (const file of program.files) {
    if (file.idl !== 'thrift') continue
    checkThriftDeclarations(file, report)
    checkNamespace(file, report)
    for (const declaration of file.declarations) {
      for (const fields of fieldListsOf(declaration)) checkFields(fields, report)
      if (declaration.kind === 'enum') checkEnum(declaration, report)
      if (declaration.kind === 'service') checkMethods(declaration, methodsOf, report)
    }
  }
}

function first(span: Span): RelatedPlace[] {
  return [{ message: 'it is first declared here', span }]
}

function checkThriftDeclarations(file: IrFile, report: Report): void {
  const seen = new Map<string, IrDeclaration>()
  for (const declaration of file.declarations) {
    const other = seen.get(declaration.name)
    if (other === undefined) seen.set(declaration.name, declaration)
    else {
      report({
        code: 'duplicate-declaration',
        message: `'${declaration.name}' is declared twice`,
        span: declaration.span,
        related: first(other.span),
      })
    }
  }
}

/** Thrift: files with one `namespace *` land in one place in most languages, so their names should differ. */
function checkNamespace(file: IrFile, report: Report): void {
  if (file.package === '') return
  for (const { file: other } of file.imports) {
    if (other === undefined || other.package !== file.package || other === file) continue
    const theirs = new Map(other.declarations.map((declaration) => [declaration.name, declaration]))
    for (const declaration of file.declarations) {
      const same = theirs.get(declaration.name)
      if (same === undefined) continue
      report({
        code: 'duplicate-in-namespace',
        message: `'${declaration.name}' is declared twice in namespace '${file.package}'`,
        span: declaration.span,
        related: first(same.span),
        hint: 'most languages put both files into one module',
      })
    }
  }
}

function checkFields(fields: readonly IrField[], report: Report): void {
  if (fields.length < 2) return
  const names = new Map<string, IrField>()
  const ids = new Map<number, IrField>()
  for (const field of fields) {
    const sameName = names.get(field.name)
    if (sameName !== undefined) {
      report({
        code: 'duplicate-field',
        message: `'${field.name}' is declared twice`,
        span: field.span,
        related: first(sameName.span),
      })
    } else names.set(field.name, field)
    const sameId = ids.get(field.id)
    if (sameId !== undefined) {
      report({
        code: 'duplicate-field-id',
        message: `'${field.name}' has the id of '${sameId.name}', ${field.id}`,
        span: field.span,
        related: [{ message: `'${sameId.name}' is declared here`, span: sameId.span }],
        hint: `the next free id is ${nextId(fields)}`,
      })
    } else ids.set(field.id, field)
  }
}

function nextId(fields: readonly IrField[]): number {
  let next = 1
  for (const field of fields) next = Math.max(next, field.id + 1)
  return next
}

function checkEnum(declaration: IrEnum, report: Report): void {
  const names = new Map<string, Span>()
  const numbers = new Map<number, (typeof declaration.values)[number]>()
  for (const value of declaration.values) {
    const sameName = names.get(value.name)
    if (sameName !== undefined) {
      report({
        code: 'duplicate-enum-value',
        message: `'${value.name}' is declared twice in enum '${declaration.name}'`,
        span: value.span,
        related: first(sameName),
      })
      continue
    }
    names.set(value.name, value.span)
    const sameNumber = numbers.get(value.number)
    if (sameNumber === undefined) numbers.set(value.number, value)
    else {
      report({
        code: 'repeated-enum-number',
        message: `'${value.name}' has the number of '${sameNumber.name}', ${value.number}`,
        span: value.span,
        related: [{ message: `'${sameNumber.name}' is declared here`, span: sameNumber.span }],
        hint: 'give each value a number of its own',
      })
    }
  }
}

function checkMethods(service: IrService, methodsOf: MethodIndex, report: Report): void {
  const own = methodsOf(service)
  for (const method of service.methods) {
    const declared = own.get(method.name)!
    if (declared !== method) reportMethod(method, declared, 'is declared twice', report)
  }
  let base = parent(service)
  // A chain this long is a cycle or a joke.
  for (let hops = 0; base !== undefined && base !== service && hops < 1_000; hops++) {
    const inherited = methodsOf(base)
    for (const [name, method] of own) {
      const same = inherited.get(name)
      if (same !== undefined) reportMethod(method, same, `is inherited from '${base.name}'`, report)
    }
    base = parent(base)
  }
}

function reportMethod(method: IrMethod, other: IrMethod, what: string, report: Report): void {
  report({
    code: 'duplicate-method',
    message: `method '${method.name}' ${what}`,
    span: method.span,
    related: first(other.span),
  })
}

/** A service's own methods by name, the first of duplicates. */
type MethodIndex = (service: IrService) => ReadonlyMap<string, IrMethod>

function methodIndex(): MethodIndex {
  const known = new Map<IrService, ReadonlyMap<string, IrMethod>>()
  return (service) => {
    let methods = known.get(service)
    if (methods === undefined) {
      const byName = new Map<string, IrMethod>()
      for (const method of service.methods) if (!byName.has(method.name)) byName.set(method.name, method)
      methods = byName
      known.set(service, methods)
    }
    return methods
  }
}

function parent(service: IrService): IrService | undefined {
  const target = service.extends?.target
  return target?.kind === 'service' ? target : undefined
}
