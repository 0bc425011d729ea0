/** Diagnostics on the terminal, with a summary below them. */

import { type RenderableDiagnostic, renderDiagnostic } from '../compiler/text/render-diagnostic.ts'
import type { Output } from './output.ts'

/** Shows diagnostics on stderr, each apart, unless --json will show them. True when one is an error. */
export function showDiagnostics(output: Output, diagnostics: readonly RenderableDiagnostic[]): boolean {
  const isError = diagnostics.some(({ severity }) => severity === 'error')
  if (output.options.json === true || diagnostics.length === 0) return isError
  const shown = output.options.quiet === true ? diagnostics.filter(({ severity }) => severity === 'error') : diagnostics
  for (const one of shown) {
    output.raw(`${renderDiagnostic(one, { color: output.colorErrors, width: output.width })}\n`)
  }
  const errors = diagnostics.filter(({ severity }) => severity === 'error').length
  const warnings = diagnostics.length - errors
  const counts = [count(errors, 'error'), count(warnings, 'warning')].filter((text) => text !== '')
  if (shown.length > 0) output.raw(`${counts.join(', ')}\n`)
  return isError
}

function count(n: number, noun: string): string {
  return n === 0 ? '' : `${n} ${noun}${n === 1 ? '' : 's'}`
}
