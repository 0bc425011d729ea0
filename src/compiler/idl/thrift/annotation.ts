/** The Thrift annotations that mean something here: one table says where each may stand and how its value is read. */

import type { SourceFile } from '../../diagnostic.ts'
import type { IrAnnotation } from '../../ir/ir.ts'
import type * as ast from './ast.ts'

/** What an annotation may stand on. */
export type AnnotationTarget = 'declaration' | 'field' | 'value' | 'method'

/** What the known annotations of a declaration, field, enum value or method say; the IR carries it. */
export interface KnownAnnotations {
  /** True, or the reason given. */
  readonly deprecated: boolean | string
  /** A call may be repeated after a failure. */
  readonly idempotent: boolean
}

/** One annotation that is known. */
interface KnownAnnotation<T> {
  /** Its name, in lower case. */
  readonly name: string
  readonly where: readonly AnnotationTarget[]
  /** `value` is undefined for `(name)` without a value. */
  parse(value: string | undefined): T
  /** What holds without the annotation. Default: false. */
  absent?(node: ast.Documented): T
}

/** Every known annotation, by the member of the result that it sets. A new one is a row here and a member above. */
const known: { readonly [Member in keyof KnownAnnotations]: KnownAnnotation<KnownAnnotations[Member]> } = {
  deprecated: {
    name: 'deprecated',
    where: ['declaration', 'field', 'value', 'method'],
    parse(value) {
      if (value === 'false' || value === '0') return false
      return isTrue(value) || value === '' ? true : value
    },
    absent({ doc }) {
      const match = doc?.includes('@deprecated') ? /(?:^|\n)@deprecated\b[ \t]*([^\n]*)/.exec(doc) : null
      return match === null || match === undefined ? false : match[1]!.trim() || true
    },
  },
  // A value that is not understood must not make a client repeat a call.
  idempotent: { name: 'idempotent', where: ['method'], parse: isTrue },
}

/** `(name)`, `(name = "true")` or `(name = "1")`. */
function isTrue(value: string | undefined): value is undefined | 'true' | '1' {
  return value === undefined || value === 'true' || value === '1'
}

/** Reads the known annotations of something; the first of a name decides, and its case does not matter. */
export function knownAnnotations(node: ast.Documented, target: AnnotationTarget): KnownAnnotations {
  return { deprecated: read(known.deprecated, node, target), idempotent: read(known.idempotent, node, target) }
}

function read<T extends boolean | string>(
  { name, where, parse, absent }: KnownAnnotation<T>,
  node: ast.Documented,
  target: AnnotationTarget,
): T | false {
  const found = where.includes(target) ? node.annotations.find(({ key }) => key.text.toLowerCase() === name) : undefined
  return found === undefined ? (absent?.(node) ?? false) : parse(found.value)
}

const none: readonly never[] = []

/** All annotations as written. */
export function annotationsOf(source: SourceFile, annotations: readonly ast.Annotation[]): readonly IrAnnotation[] {
  if (annotations.length === 0) return none
  // '1' is Apache's value of an annotation without one.
  return annotations.map(({ key, value, start, end }) => ({
    name: key.text,
    value: value ?? '1',
    span: { source, start, end },
  }))
}
