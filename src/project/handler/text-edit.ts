/** Edits of a text by offset. */

/** Puts `text` at an offset, in place of what stands up to `until`. */
export interface Edit {
  readonly at: number
  readonly until?: number
  readonly text: string
}

/** Applies edits that do not overlap; their line breaks become those of the text. */
export function applyEdits(text: string, edits: readonly Edit[]): string {
  const eol = text.includes('\r\n') ? '\r\n' : '\n'
  let out = text
  const inOrder = edits.map((edit, i) => ({ edit, i })).sort((a, b) => b.edit.at - a.edit.at || b.i - a.i)
  for (const { edit } of inOrder) {
    out = out.slice(0, edit.at) + edit.text.replaceAll('\n', eol) + out.slice(edit.until ?? edit.at)
  }
  return out
}
