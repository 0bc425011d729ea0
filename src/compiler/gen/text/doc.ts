/** TSDoc out of IDL comments. */

import type { Printer } from './printer.ts'

/** What a doc comment says besides the comment of the IDL. */
export interface DocExtra {
  /** True, or the reason. */
  readonly deprecated?: boolean | string
  /** More lines below the text, printed as they are. */
  readonly tags?: readonly string[]
}

/** Prints a doc comment; nothing when there is nothing to say. */
export function printDoc(printer: Printer, doc: string | undefined, extra: DocExtra = {}): void {
  const lines = docLines(printer.comments ? doc : undefined)
  const tags = printer.comments ? [...(extra.tags ?? [])] : []
  const saysDeprecated = lines.some((line) => line.startsWith('@deprecated'))
  if (extra.deprecated !== undefined && extra.deprecated !== false && !saysDeprecated) {
    const [first, ...rest] = typeof extra.deprecated === 'string' ? docLines(extra.deprecated) : ['']
    tags.push(`@deprecated ${first}`.trimEnd(), ...rest)
  }
  if (lines.length > 0 && tags.length > 0 && !lines.at(-1)?.startsWith('@')) lines.push('')
  lines.push(...tags)
  const [first] = lines
  if (first === undefined) return
  if (lines.length === 1 && first.length + 7 <= printer.width) {
    printer.line(`/** ${first} */`)
    return
  }
  printer.line('/**')
  for (const line of lines) printer.line(line === '' ? ' *' : ` * ${line}`)
  printer.line(' */')
}

/** The lines of a comment, made safe: it cannot end the comment, and only tags that mean the same in TSDoc stay tags. */
export function docLines(doc: string | undefined): string[] {
  if (doc === undefined) return []
  const lines = doc.split(/\r\n|\r|\n|\u2028|\u2029/).map((line) => safe(line.trimEnd()))
  while (lines[0] === '') lines.shift()
  while (lines.at(-1) === '') lines.pop()
  return lines
}

const keptTags = /^@(?:deprecated|example|param|remarks|returns|see|since|throws)\b/

function safe(line: string): string {
  const text = line.replaceAll('*/', '*\\/')
  const kept = keptTags.test(text) ? 1 : 0
  return text.slice(0, kept) + text.slice(kept).replace(/(^|[^\w\\])@(?=\w)/g, '$1\\@')
}
