/** Names in Thrift: a file's own declarations, and those of the files it includes behind their stem (`common.Money`). */

import type { Report } from '../diagnostic.ts'
import { suggest } from '../text/suggest.ts'
import type { IrDeclaration, IrEnum, IrEnumValue, IrFile, IrImport, IrReference, IrType } from './ir.ts'
import { declarationOf } from './underlying.ts'

/** The names that one Thrift file sees. */
export interface ThriftScope {
  /** Sets the target of a name that stands where a type belongs. */
  linkType(reference: IrReference): void
  /** Sets the target of a name behind `extends`. */
  linkService(reference: IrReference): void
  /** What a name that stands for a value means: a constant, or an enum and its value. Reports and gives undefined when nothing. */
  value(reference: IrReference, expected: IrType | undefined): ThriftValueTarget | undefined
}

/** A constant, or an enum with one of its values. */
export interface ThriftValueTarget {
  readonly declaration: IrDeclaration
  readonly enumValue: IrEnumValue | undefined
}

/** Declarations by name; the first of duplicates, which a check reports. */
export type DeclarationIndex = (file: IrFile) => ReadonlyMap<string, IrDeclaration>

/** Base types, for suggestions. */
const baseTypes = [
  'bool',
  'byte',
  'i8',
  'i16',
  'i32',
  'i64',
  'double',
  'string',
  'binary',
  'uuid',
  'list',
  'set',
  'map',
]

/** The scope of a loaded Thrift file. */
export function thriftScope(file: IrFile, index: DeclarationIndex, report: Report): ThriftScope {
  const own = index(file)
  // Hints stop after so many comparisons: a file full of errors costs no quadratic time.
  let comparisonsLeft = 50_000
  const includes = new Map<string, IrImport[]>()
  for (const include of file.imports) {
    const stem = stemOf(include.path)
    const same = includes.get(stem)
    if (same === undefined) includes.set(stem, [include])
    else same.push(include)
  }

  /** All declarations that a name can mean, own ones first. */
  function find(text: string): IrDeclaration[] {
    const mine = own.get(text)
    if (mine !== undefined) return [mine]
    const found: IrDeclaration[] = []
    for (let dot = text.indexOf('.'); dot >= 0; dot = text.indexOf('.', dot + 1)) {
      for (const include of includes.get(text.slice(0, dot)) ?? []) {
        const target = include.file === undefined ? undefined : index(include.file).get(text.slice(dot + 1))
        include.used = true
        if (target !== undefined && !found.includes(target)) found.push(target)
      }
    }
    return found
  }

  /** True when the name starts with an include that could not be loaded: that has been said. */
  function isLost(text: string): boolean {
    for (let dot = text.indexOf('.'); dot >= 0; dot = text.indexOf('.', dot + 1)) {
      const same = includes.get(text.slice(0, dot))
      if (same?.some((include) => include.file === undefined)) return true
    }
    return false
  }

  function one(reference: IrReference, found: readonly IrDeclaration[]): IrDeclaration | undefined {
    if (found.length < 2) return found[0]
    report({
      code: 'ambiguous-name',
      message: `'${reference.text}' is declared in ${found.length} included files of that name`,
      span: reference.span,
      related: found.map((target) => ({ message: `in '${target.file.source.path}'`, span: target.span })),
      hint: 'rename one of the files',
    })
    return undefined
  }

  function linkType(reference: IrReference): void {
    const found = find(reference.text)
    if (found.length === 0) {
      if (!isLost(reference.text)) {
        report({
          code: 'unknown-type',
          message: `there is no type '${reference.text}'`,
          span: reference.span,
          hint: hintFor(reference.text, isType, baseTypes),
        })
      }
      return
    }
    const target = one(reference, found)
    if (target === undefined) return
    if (isType(target)) reference.target = target
    else {
      report({
        code: 'not-a-type',
        message: `'${reference.text}' is a ${kindWord(target)}, not a type`,
        span: reference.span,
        related: [{ message: 'it is declared here', span: target.span }],
      })
    }
  }

  function linkService(reference: IrReference): void {
    const found = find(reference.text)
    if (found.length === 0) {
      if (!isLost(reference.text)) {
        const hint = hintFor(reference.text, isService, [])
        report({
          code: 'unknown-service',
          message: `there is no service '${reference.text}'`,
          span: reference.span,
          hint,
        })
      }
      return
    }
    const target = one(reference, found)
    if (target === undefined) return
    if (isService(target)) reference.target = target
    else {
      report({
        code: 'not-a-service',
        message: `'${reference.text}' is a ${kindWord(target)}, not a service`,
        span: reference.span,
        related: [{ message: 'it is declared here', span: target.span }],
      })
    }
  }

  function value(reference: IrReference, expected: IrType | undefined): ThriftValueTarget | undefined {
    const { text } = reference
    const found = find(text)
    const constant = found.filter((target) => target.kind === 'const')
    if (constant.length > 0) {
      const declaration = one(reference, constant)
      return declaration === undefined ? undefined : { declaration, enumValue: undefined }
    }
    const dot = text.lastIndexOf('.')
    const enums =
      dot < 0
        ? []
        : find(text.slice(0, dot))
            .map(asEnum)
            .filter((target) => target !== undefined)
    const member = text.slice(dot + 1)
    const matches = enums.filter((target) => target.values.some((v) => v.name === member))
    if (matches.length > 0) {
      const declaration = one(reference, matches)
      if (declaration === undefined) return undefined
      return { declaration, enumValue: matches[0]!.values.find((v) => v.name === member) }
    }
    const wanted = expected === undefined ? undefined : declarationOf(expected)
    if (wanted?.kind === 'enum') {
      // As in Apache Thrift, a name that means nothing by itself is searched in the enum that the place asks for.
      const enumValue = wanted.values.find((v) => v.name === member)
      if (enumValue !== undefined) {
        for (const include of file.imports) if (include.file === wanted.file) include.used = true
        const prefix = text.slice(0, Math.max(0, dot))
        if (enums.length > 0) {
          report({
            code: 'misnamed-enum-value',
            message: `'${member}' is a value of enum '${wanted.name}', not of '${prefix}'`,
            span: reference.span,
            related: [{ message: `'${wanted.name}' is declared here`, span: wanted.span }],
            hint: `write '${wanted.name}.${member}'`,
          })
        }
        return { declaration: wanted, enumValue }
      }
    }
    if (isLost(text)) return undefined
    reportNoValue(reference, found, enums, wanted)
    return undefined
  }

  function reportNoValue(
    reference: IrReference,
    found: readonly IrDeclaration[],
    enums: readonly IrEnum[],
    wanted: IrDeclaration | undefined,
  ): void {
    const { text, span } = reference
    if (found.length > 0) {
      report({
        code: 'not-a-value',
        message: `'${text}' is a ${kindWord(found[0]!)}, not a value`,
        span,
        related: [{ message: 'it is declared here', span: found[0]!.span }],
      })
      return
    }
    const dot = text.lastIndexOf('.')
    if (enums.length > 0) {
      const near = nearestValue(text.slice(dot + 1), enums[0]!)
      report({
        code: 'unknown-value',
        message: `enum '${text.slice(0, dot)}' has no value '${text.slice(dot + 1)}'`,
        span,
        related: [{ message: 'the enum is declared here', span: enums[0]!.span }],
        hint: near === undefined ? undefined : `did you mean '${text.slice(0, dot + 1)}${near}'?`,
      })
      return
    }
    const bare = wanted?.kind === 'enum' ? nearestValue(text, wanted) : undefined
    report({
      code: 'unknown-value',
      message: `there is no constant or enum value '${text}'`,
      span,
      hint:
        bare === undefined
          ? hintFor(text, (target) => target.kind === 'const', ['true', 'false'])
          : `did you mean '${wanted!.name}.${bare}'?`,
    })
  }

  function nearestValue(name: string, target: IrEnum): string | undefined {
    if (comparisonsLeft <= 0) return undefined
    return nearest(
      name,
      target.values.map((v) => v.name),
    )
  }

  function nearest(name: string, candidates: readonly string[]): string | undefined {
    comparisonsLeft -= candidates.length + 1
    return suggest(name, candidates)
  }

  /** What the writer may have meant: the nearest name, the same name in an included file, or a file that is not included. */
  function hintFor(
    text: string,
    fits: (target: IrDeclaration) => boolean,
    more: readonly string[],
  ): string | undefined {
    if (comparisonsLeft <= 0) return undefined
    const dot = text.lastIndexOf('.')
    if (dot >= 0) {
      const stem = text.slice(0, dot)
      const same = includes.get(stem)
      if (same === undefined && !own.has(stem)) {
        const near = nearest(stem, [...includes.keys()])
        return near === undefined
          ? `no included file is named '${stem}.thrift'`
          : `did you mean '${near}${text.slice(dot)}'?`
      }
    }
    const candidates = [...more]
    for (const [name, target] of own) if (fits(target)) candidates.push(name)
    for (const [stem, same] of includes) {
      for (const { file: included } of same) {
        if (included === undefined) continue
        for (const [name, target] of index(included)) {
          if (!fits(target)) continue
          if (name === text) return `did you mean '${stem}.${name}'?`
          candidates.push(`${stem}.${name}`)
        }
      }
    }
    const near = nearest(text, candidates)
    return near === undefined ? undefined : `did you mean '${near}'?`
  }

  return { linkType, linkService, value }
}

function stemOf(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1).replace(/\.thrift$/, '')
}

function isType(target: IrDeclaration): boolean {
  return target.kind === 'message' || target.kind === 'enum' || target.kind === 'typedef'
}

function isService(target: IrDeclaration): boolean {
  return target.kind === 'service'
}

/** The enum that a declaration is or, as a typedef, stands for. */
function asEnum(target: IrDeclaration): IrEnum | undefined {
  const named = target.kind === 'typedef' ? declarationOf(target.type) : target
  return named?.kind === 'enum' ? named : undefined
}

/** What a declaration is, as a word. */
function kindWord(target: IrDeclaration): string {
  if (target.kind === 'const') return 'constant'
  return target.kind === 'message' ? target.shape : target.kind
}
