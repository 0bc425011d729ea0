/** printable(): text of a peer in one line that a terminal or a log cannot take for something else. */

/** C0 and C1 controls, DEL, line and paragraph separators, and Unicode's direction overrides and isolates. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const controls = /[\u0000-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]/g
const short: Readonly<Record<string, string>> = { '\n': '\\n', '\r': '\\r', '\t': '\\t' }

/** The text with its control characters as `\n`, `\x1b` or `\u202e`. */
export function printable(text: string): string {
  return text.replace(controls, escaped)
}

/** A name or text of a peer between quotes, printable, and cut after 128 characters. */
export function quoted(text: string): string {
  return `"${printable(text.length > 128 ? `${text.slice(0, 128)}...` : text)}"`
}

/** JSON that has been written, with the control characters that JSON allows inside strings escaped as well. */
export function printableJson(json: string): string {
  return json.replace(controls, (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`)
}

function escaped(char: string): string {
  const code = char.charCodeAt(0)
  return short[char] ?? (code < 0x100 ? `\\x${code.toString(16).padStart(2, '0')}` : `\\u${code.toString(16)}`)
}
