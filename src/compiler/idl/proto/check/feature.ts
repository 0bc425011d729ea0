/** The rules of features by themselves: they belong to editions, and are set to something. */

import type { Report, Span } from '../../../diagnostic.ts'
import type { IrValue } from '../../../ir/ir.ts'
import type { ProtoOption, ProtoSyntax } from '../ast.ts'

/** Reports features set in proto2 and proto3, and in editions those set to nothing. */
export function checkFeatureUse(options: readonly ProtoOption[], syntax: ProtoSyntax, report: Report): void {
  if (syntax !== 'proto2' && syntax !== 'proto3') {
    checkKnown(options, report)
    return
  }
  for (const { path, span } of options) {
    if (path[0]!.text !== 'features' || path[0]!.extension) continue
    report({
      code: 'feature',
      message: `features need an edition; this file is ${syntax}`,
      span,
      hint: 'start the file with: edition = "2023";',
    })
  }
}

/** A feature that options set. */
export interface SetFeature {
  readonly name: string
  readonly value: IrValue
  readonly span: Span
}

/** The features that options set, one by one or as an aggregate. */
export function setFeatures(options: readonly ProtoOption[]): SetFeature[] {
  return options.flatMap(({ path, value, span }): SetFeature[] => {
    if (path[0]!.extension || path[0]!.text !== 'features') return []
    if (path.length === 2 && !path[1]!.extension) return [{ name: path[1]!.text, value, span }]
    if (path.length !== 1 || value.kind !== 'map') return []
    return value.entries.flatMap(({ key, value: inner }) =>
      key.kind === 'string' ? [{ name: key.value, value: inner, span: key.span }] : [],
    )
  })
}

/** The zero of every feature's enum stands for nothing known and cannot be chosen. */
function checkKnown(options: readonly ProtoOption[], report: Report): void {
  for (const { name, value } of setFeatures(options)) {
    if (value.kind !== 'name' || value.reference.text !== `${name.toUpperCase()}_UNKNOWN`) continue
    report({
      code: 'feature',
      message: `'${value.reference.text}' stands for an unset feature and cannot be chosen`,
      span: value.span,
      hint: 'name another value, or remove the option',
    })
  }
}
