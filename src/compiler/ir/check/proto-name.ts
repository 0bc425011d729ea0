/** protobuf's one space of names: declarations, fields, enum values, methods and packages of all files. */

import type { Report, Span } from '../../diagnostic.ts'
import type { IrDeclaration, IrFile } from '../ir.ts'

interface Named {
  readonly what: 'declaration' | 'enum value' | 'field' | 'oneof' | 'method'
  readonly span: Span
  /** Full name of what holds it; two of one kind in one holder are plain duplicates. */
  readonly holder: string
}

const codes = {
  declaration: 'duplicate-declaration',
  'enum value': 'duplicate-enum-value',
  field: 'duplicate-field',
  oneof: 'duplicate-field',
  method: 'duplicate-method',
} as const

/** Reports every name that is given twice. Enum values are names of the scope around their enum, as in C++. */
export function checkProtoNames(files: readonly IrFile[], report: Report): void {
  const known = new Map<string, Named>()
  const take = (fullName: string, one: Named): boolean => {
    const before = known.get(fullName)
    if (before === undefined) known.set(fullName, one)
    else reportClash(fullName, one, before, report)
    return before === undefined
  }
  const again = new Set<IrDeclaration>()
  for (const file of files) {
    for (const declaration of file.declarations) takeDeclaration(declaration, take, again)
  }
  for (const file of files) {
    for (let at = file.package; at !== ''; at = at.slice(0, Math.max(0, at.lastIndexOf('.')))) {
      const named = known.get(at)
      if (named === undefined) continue
      report({
        code: 'name-clash',
        message: `'${at}' is a package in '${file.source.logicalPath}' and cannot be declared as something else`,
        span: named.span,
        hint: 'rename one of them',
      })
    }
  }
}

function takeDeclaration(
  declaration: IrDeclaration,
  take: (fullName: string, one: Named) => boolean,
  again: Set<IrDeclaration>,
): void {
  const { fullName, span } = declaration
  const dot = fullName.lastIndexOf('.')
  const around = dot < 0 ? '' : fullName.slice(0, dot)
  // What a second declaration holds clashes too, but that says nothing new.
  const within = (declaration.kind === 'message' || declaration.kind === 'enum') && declaration.parent
  if ((within && again.has(within)) || !take(fullName, { what: 'declaration', span, holder: around })) {
    again.add(declaration)
    return
  }
  switch (declaration.kind) {
    case 'message':
      for (const field of declaration.fields) {
        take(`${fullName}.${field.name}`, { what: 'field', span: field.span, holder: fullName })
      }
      for (const oneof of declaration.oneofs) {
        take(`${fullName}.${oneof.name}`, { what: 'oneof', span: oneof.span, holder: fullName })
      }
      break
    case 'enum':
      for (const value of declaration.values) {
        const name = around === '' ? value.name : `${around}.${value.name}`
        take(name, { what: 'enum value', span: value.span, holder: fullName })
      }
      break
    case 'service':
      for (const method of declaration.methods) {
        take(`${fullName}.${method.name}`, { what: 'method', span: method.span, holder: fullName })
      }
      break
  }
}

function reportClash(fullName: string, one: Named, before: Named, report: Report): void {
  const same = one.what === before.what && one.holder === before.holder
  const enumValue = one.what === 'enum value' || before.what === 'enum value'
  const elsewhere = one.span.source === before.span.source ? '' : ` in '${before.span.source.logicalPath}'`
  report({
    code: same ? codes[one.what] : 'name-clash',
    message: `'${fullName}' is already ${before.what === 'oneof' || before.what === 'enum value' ? 'an' : 'a'} ${before.what}${elsewhere}`,
    span: one.span,
    related: [{ message: 'it is declared here', span: before.span }],
    hint:
      enumValue && !same
        ? 'enum values are names of the scope around their enum, as in C++: give them the name of the enum as a prefix'
        : 'rename one of them',
  })
}
