/** Escapes control characters in text that the command prints. */

/** What a terminal would interpret: C0 and C1 controls but tab and line feed, DEL, and Unicode's direction overrides and isolates. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const controls = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]/g

/** The colour sequences that the command prints itself: bold, dim, red, green, yellow, blue, reset. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: it is what is looked for
const ownColor = /(\u001b\[(?:0|[12](?:;3[1-4])?)m)/

/** The text with control characters as `\x1b` or `\u202e`. Line feeds stay; so do, with `colored`, the command's own colour sequences. */
export function escapeControls(text: string, colored = false): string {
  if (!colored) return text.replace(controls, escaped)
  return text
    .split(ownColor)
    .map((part, i) => (i % 2 === 1 ? part : part.replace(controls, escaped)))
    .join('')
}

/** The same in one line: line feeds and tabs are escaped too. For names of files. */
export function oneLine(text: string): string {
  return escapeControls(text).replaceAll('\n', '\\n').replaceAll('\t', '\\t')
}

function escaped(char: string): string {
  const code = char.charCodeAt(0)
  if (char === '\r') return '\\r'
  return code < 0x100 ? `\\x${code.toString(16).padStart(2, '0')}` : `\\u${code.toString(16)}`
}
