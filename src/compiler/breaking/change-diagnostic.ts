/** Breaking changes as diagnostics, to be printed with their places. */

import type { RenderableDiagnostic } from '../text/render-diagnostic.ts'
import type { BreakingChange } from './change.ts'

/** A breaking change as a diagnostic: `error[field-removed]`, where it is now, and where it was. */
export function changeDiagnostic({
  rule,
  category,
  message,
  before,
  after,
  hint,
}: BreakingChange): RenderableDiagnostic {
  const related = before !== undefined && after !== undefined ? [{ message: 'it was here', span: before }] : []
  return {
    code: rule,
    severity: 'error',
    message: `${message} (breaks ${category})`,
    span: after ?? before,
    related,
    hint,
  }
}
