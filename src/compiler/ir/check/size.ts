/** Check: Thrift types, constants and defaults that unfold into more than a program can hold. */

import type { Report } from '../../diagnostic.ts'
import type { IrConst, IrField, IrProgram, IrType, IrTypedef, IrValue } from '../ir.ts'
import { underlying } from '../underlying.ts'
import { fieldListsOf } from '../walk.ts'

/** What generated code may hold beyond what is written: constants are printed whole wherever they are named. */
const maxUnfolded = 200_000

/** How deep a value may be nested once its names are followed; literals alone are bounded by the parser. */
const maxDepth = 200

/** How many types a type may hold, and how deep: Thrift readers take 64 levels. */
const maxTypeParts = 1_000
const maxTypeDepth = 64

/** A constant, or a field with a default. */
type Holder = IrConst | IrField

interface Extent {
  /** Values in it, those behind names and the defaults of structs included. */
  readonly count: number
  readonly depth: number
}

const single: Extent = { count: 1, depth: 0 }

/** Reports the first value that takes the program beyond {@link maxUnfolded}, and those nested deeper than {@link maxDepth}. */
export function checkSizes(program: IrProgram, report: Report): void {
  const known = new Map<Holder, Extent>()
  let left = maxUnfolded
  for (const holder of holdersOf(program)) {
    measure(holder, known)
    const { count, depth } = known.get(holder)!
    const { span } = writtenIn(holder)!
    if (depth > maxDepth) {
      report({ code: 'nested-too-deep', message: `more than ${maxDepth} levels of nesting behind these names`, span })
      return
    }
    // What is written here has been paid for by whoever wrote it.
    left -= count - extentOf(writtenIn(holder)!, holder.type, () => single).count
    if (left >= 0) continue
    report({
      code: 'huge-value',
      message: `constants of this program unfold into more than ${maxUnfolded} values`,
      span,
      hint: 'name large constants in fewer places',
    })
    return
  }
}

/**
 * Reports the first typedef whose type unfolds into more parts than codecs can be printed for, or is nested too deep, and is then
 * false: nothing that unfolds types may look at such a program.
 */
export function checkTypeSizes(program: IrProgram, report: Report): boolean {
  const known = new Map<IrTypedef, Extent>()
  for (const file of program.files) {
    for (const declaration of file.declarations) {
      if (declaration.kind !== 'typedef') continue
      measureType(declaration, known)
      const { count, depth } = known.get(declaration)!
      const { name, span } = declaration
      if (depth > maxTypeDepth) {
        report({
          code: 'nested-too-deep',
          message: `type '${name}' has more than ${maxTypeDepth} levels of nesting`,
          span,
        })
        return false
      }
      if (count > maxTypeParts) {
        report({
          code: 'huge-type',
          message: `type '${name}' unfolds into more than ${maxTypeParts} types`,
          span,
          hint: 'make a struct of a part of it: structs are not unfolded',
        })
        return false
      }
    }
  }
  return true
}

/** Measures a typedef and those that it names first, over its own stack. One that needs itself is reported elsewhere. */
function measureType(root: IrTypedef, known: Map<IrTypedef, Extent>): void {
  const open = new Set<IrTypedef>()
  const stack = [root]
  for (let at = stack.at(-1); at !== undefined; at = stack.at(-1)) {
    if (known.has(at)) {
      stack.pop()
    } else if (open.has(at)) {
      known.set(
        at,
        typeExtent(at.type, (next) => known.get(next) ?? single),
      )
      stack.pop()
    } else {
      open.add(at)
      typeExtent(at.type, (next) => {
        if (!known.has(next) && !open.has(next)) stack.push(next)
        return single
      })
    }
  }
}

function typeExtent(type: IrType, of: (typedef: IrTypedef) => Extent): Extent {
  switch (type.kind) {
    case 'scalar':
      return single
    case 'reference': {
      const { target } = type.reference
      return target?.kind === 'typedef' ? of(target) : single
    }
    default: {
      const parts = type.kind === 'map' ? [type.key, type.value] : [type.element]
      const extents = parts.map((part) => typeExtent(part, of))
      return {
        count: extents.reduce((sum, { count }) => sum + count, 1),
        depth: Math.max(...extents.map(({ depth }) => depth)) + 1,
      }
    }
  }
}

function* holdersOf(program: IrProgram): Generator<Holder> {
  for (const file of program.files) {
    if (file.idl !== 'thrift') continue
    for (const declaration of file.declarations) {
      if (declaration.kind === 'const') yield declaration
      for (const fields of fieldListsOf(declaration)) {
        for (const field of fields) if (field.default !== undefined) yield field
      }
    }
  }
}

function writtenIn(holder: Holder): IrValue | undefined {
  return 'kind' in holder ? holder.value : holder.default
}

/** Measures a holder and all that it needs first. A loop over its own stack: chains of constants may be long. */
function measure(root: Holder, known: Map<Holder, Extent>): void {
  const open = new Set<Holder>()
  const stack = [root]
  for (let at = stack.at(-1); at !== undefined; at = stack.at(-1)) {
    const value = writtenIn(at)
    if (known.has(at) || value === undefined) {
      stack.pop()
    } else if (open.has(at)) {
      // What is open and not known by now needs itself, which is reported elsewhere.
      known.set(
        at,
        extentOf(value, at.type, (next) => known.get(next) ?? single),
      )
      stack.pop()
    } else {
      open.add(at)
      extentOf(value, at.type, (next) => {
        if (!known.has(next) && !open.has(next)) stack.push(next)
        return single
      })
    }
  }
}

function extentOf(value: IrValue, type: IrType, of: (holder: Holder) => Extent): Extent {
  if (value.kind === 'name') {
    const target = value.reference.target
    return target?.kind === 'const' ? of(target) : single
  }
  let count = 1
  let depth = 0
  const add = (inner: Extent): void => {
    count += inner.count
    depth = Math.max(depth, inner.depth + 1)
  }
  const wanted = underlying(type)
  const message =
    wanted.kind === 'reference' && wanted.reference.target?.kind === 'message' ? wanted.reference.target : undefined
  if (message !== undefined) {
    const entries = value.kind === 'map' ? value.entries : []
    const given = new Map(entries.map((entry) => [entry.key.kind === 'string' ? entry.key.value : '', entry.value]))
    for (const field of message.fields) {
      const inner = given.get(field.name)
      if (inner !== undefined) add(extentOf(inner, field.type, of))
      else if (field.default !== undefined) add(of(field))
    }
  } else if (value.kind === 'list') {
    const element = wanted.kind === 'list' || wanted.kind === 'set' ? wanted.element : type
    for (const each of value.elements) add(extentOf(each, element, of))
  } else if (value.kind === 'map') {
    const { key, value: held } = wanted.kind === 'map' ? wanted : { key: type, value: type }
    for (const entry of value.entries) {
      add(extentOf(entry.key, key, of))
      add(extentOf(entry.value, held, of))
    }
  }
  return { count, depth }
}
