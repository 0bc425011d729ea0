/** Characters that change the direction of the text around them: with them a file can read otherwise than it is compiled (CVE-2021-42574). */

import type { Report, SourceFile } from '../diagnostic.ts'

// Embeddings, overrides and isolates (Unicode UAX #9). Marks, which change no order of others, are harmless.
const controls = /[\u202a-\u202e\u2066-\u2069]/g

/** Warns of a file that holds some, at the first. */
export function checkBidiControls(source: SourceFile, report: Report): void {
  const start = source.text.search(controls)
  if (start < 0) return
  const count = source.text.match(controls)!.length
  const more = count === 1 ? '' : `, and ${count - 1} more like it`
  report({
    code: 'bidi-control',
    message: `U+${source.text.charCodeAt(start).toString(16).toUpperCase()} changes the direction in which text is shown${more}`,
    span: { source, start, end: start + 1 },
    hint: 'the file may not mean what it seems to say: remove it',
  })
}

/** The text with such characters as escapes, which mean the same in literals and can be seen in comments. */
export function escapeBidiControls(text: string): string {
  return text.replace(controls, (one) => `\\u${one.charCodeAt(0).toString(16)}`)
}
