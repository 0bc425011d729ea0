/** What an IDL file may hold that is no IDL: a Git LFS pointer, the marks of an unresolved merge, bytes that are not UTF-8. */

import type { Report, SourceFile } from '../diagnostic.ts'
import type { Comment } from './scanner.ts'

/** Reports a file whose text is not the IDL itself; true then, and there is nothing to parse. */
export function isForeign(source: SourceFile, report: Report): boolean {
  const { path, text } = source
  if (text.startsWith('version https://git-lfs.github.com/spec/')) {
    report({
      code: 'lfs-pointer',
      message: `'${path}' is a Git LFS pointer, not the IDL`,
      span: { source, start: 0, end: text.indexOf('\n') < 0 ? text.length : text.indexOf('\n') },
      hint: 'fetch the file with: git lfs pull; or take IDLs out of Git LFS, which volo does not fetch from',
    })
    return true
  }
  const conflict = /^<{7}(?: .*)?$/m.exec(text)
  if (conflict === null || !/^={7}\r?$/m.test(text) || !/^>{7}(?: .*)?$/m.test(text)) return false
  report({
    code: 'merge-conflict',
    message: 'an unresolved merge conflict',
    span: { source, start: conflict.index, end: conflict.index + conflict[0].trimEnd().length },
    hint: 'choose one of the two versions, and remove the lines of <<<<<<<, ======= and >>>>>>>',
  })
  return true
}

/**
 * A text from bytes. Each byte that is not UTF-8 becomes the unit U+DC00 plus the byte, a lone surrogate, which no text that is
 * UTF-8 has; {@link checkEncoding} tells what that means.
 */
export function textOf(bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
  } catch {
    const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })
    let text = ''
    let start = 0
    for (let at = 0; at < bytes.length; ) {
      const size = sequenceSize(bytes, at)
      if (size > 0) {
        at += size
        continue
      }
      text += decoder.decode(bytes.subarray(start, at)) + String.fromCharCode(0xdc00 + bytes[at]!)
      at++
      start = at
    }
    return text + decoder.decode(bytes.subarray(start))
  }
}

/** The length of the UTF-8 sequence at an offset; 0 when there is none (RFC 3629 section 4). */
function sequenceSize(bytes: Uint8Array, at: number): number {
  const lead = bytes[at]!
  if (lead < 0x80) return 1
  const size =
    lead >= 0xc2 && lead <= 0xdf ? 2 : lead >= 0xe0 && lead <= 0xef ? 3 : lead >= 0xf0 && lead <= 0xf4 ? 4 : 0
  if (size === 0 || at + size > bytes.length) return 0
  const second = bytes[at + 1]!
  if (lead === 0xe0 && second < 0xa0) return 0
  if (lead === 0xed && second > 0x9f) return 0
  if (lead === 0xf0 && second < 0x90) return 0
  if (lead === 0xf4 && second > 0x8f) return 0
  for (let i = 1; i < size; i++) if ((bytes[at + i]! & 0xc0) !== 0x80) return 0
  return size
}

const foreignByte = /(?<![\uD800-\uDBFF])[\uDC80-\uDCFF]/g

/** The text as Latin-1 has it where it is not UTF-8; the same text where there is nothing of that. */
export function asLatin1(text: string): string {
  return text.replace(foreignByte, (unit) => String.fromCharCode(unit.charCodeAt(0) - 0xdc00))
}

/** Reports the first byte that is not UTF-8: in a comment it harms nobody, elsewhere nobody can tell what it means. `raw` is the text before {@link asLatin1}. */
export function checkEncoding(raw: string, source: SourceFile, comments: readonly Comment[], report: Report): void {
  if (raw === source.text) return
  let comment = 0
  let first: number | undefined
  for (const { index } of raw.matchAll(foreignByte)) {
    first ??= index
    while (comment < comments.length && comments[comment]!.end <= index) comment++
    if (comment < comments.length && comments[comment]!.start <= index) continue
    report({
      code: 'not-utf8',
      message: `'${source.path}' is not UTF-8 text: the byte 0x${(raw.charCodeAt(index) - 0xdc00).toString(16)} stands outside comments`,
      span: { source, start: index, end: index + 1 },
      hint: 'save the file as UTF-8',
    })
    return
  }
  if (first === undefined) return
  report({
    code: 'not-utf8-comment',
    message: `a comment of '${source.path}' is not UTF-8 and is read as Latin-1`,
    span: { source, start: first, end: first + 1 },
    hint: 'save the file as UTF-8',
  })
}
