/** Diagnostics on the terminal, with a summary below them. */

import { dirname, resolve } from 'node:path'
import { type RenderableDiagnostic, renderDiagnostic } from '../compiler/text/render-diagnostic.ts'
import { boundaryOf } from '../project/idl-location.ts'
import { isBelow, workTree } from '../project/work-tree.ts'
import type { Output } from './output.ts'

/**
 * Shows diagnostics on stderr, each apart, unless --json will show them. True when one is an error. Source lines are shown
 * only of files below the roots of the output: an IDL can include any file of the machine, and others read the logs of CI.
 */
export function showDiagnostics(output: Output, diagnostics: readonly RenderableDiagnostic[]): boolean {
  const isError = diagnostics.some(({ severity }) => severity === 'error')
  if (output.options.json === true || diagnostics.length === 0) return isError
  const shown = output.options.quiet === true ? diagnostics.filter(({ severity }) => severity === 'error') : diagnostics
  const roots = output.sourceRoots.map(workTree)
  const [cwd = '.'] = output.sourceRoots
  const showsSource = (path: string): boolean => boundaryOf(path) !== undefined || isBelow(roots, resolve(cwd, path))
  for (const one of shown) {
    output.raw(`${renderDiagnostic(one, { color: output.colorErrors, width: output.width, showsSource })}\n`)
  }
  const errors = diagnostics.filter(({ severity }) => severity === 'error').length
  const warnings = diagnostics.length - errors
  const counts = [count(errors, 'error'), count(warnings, 'warning')].filter((text) => text !== '')
  if (shown.length > 0) output.raw(`${counts.join(', ')}\n`)
  return isError
}

/** The folders of what a command line names: of files and patterns, and include folders. */
export function namedFolders(words: readonly string[], includes: readonly string[] | undefined, cwd: string): string[] {
  const fixed = words.map((word) => word.replace(/[*?].*$/, ''))
  return [
    ...fixed.map((word) => (word.endsWith('/') ? resolve(cwd, word) : dirname(resolve(cwd, word)))),
    ...(includes ?? []).map((one) => resolve(cwd, one)),
  ]
}

function count(n: number, noun: string): string {
  return n === 0 ? '' : `${n} ${noun}${n === 1 ? '' : 's'}`
}
