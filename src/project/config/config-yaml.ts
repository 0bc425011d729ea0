/** Parses the YAML of volo.yml and volo.lock: every scalar is text, keys are unique, and the size of the input is limited. */

import { CST, type Document, isScalar, Lexer, LineCounter, parseDocument, visit, YAMLParseError } from 'yaml'
import type { Report, SourceFile } from '../../compiler/diagnostic.ts'

/** The longest text that is parsed, in UTF-16 code units. */
export const yamlLimit = 4_194_304
const maxDepth = 100
/** Spaces and indicators at the start of a line; each may nest one deeper. */
const maxIndent = 200

/** Parses YAML so that every scalar stays text: an unquoted `lock: 0123456` is no number. What is wrong is in `errors`, with its place. */
export function parseYaml(text: string): Document {
  const tooMuch = text.length > yamlLimit ? ([0, 'the file is too long'] as const) : nestedTooDeep(text)
  if (tooMuch !== undefined) {
    const [at, message] = tooMuch
    const document = parseDocument('')
    document.errors.push(new YAMLParseError([at, at + 1], 'IMPOSSIBLE', message))
    return document
  }
  const document = parseDocument(text, {
    schema: 'failsafe',
    lineCounter: new LineCounter(),
    prettyErrors: false,
    // Checked below: the library compares every key with every other one.
    uniqueKeys: false,
  })
  if (document.errors.length === 0) checkKeys(document)
  return document
}

/** Reports the YAML syntax errors of a text, each with its position. */
export function reportYamlErrors({ errors }: Document, source: SourceFile, report: Report): void {
  for (const error of errors) {
    const [start, end] = error.pos
    report({
      code: 'config-syntax',
      message: yamlMessage(error),
      span: { source, start, end: Math.max(start + 1, end) },
    })
  }
}

/** The message of a YAML error, as a clause. */
function yamlMessage({ code, message }: YAMLParseError): string {
  if (code === 'MULTIPLE_DOCS') return "the file holds a second document after '---'"
  if (code === 'TAB_AS_INDENT') return 'a line is indented with a tab, and YAML takes spaces only'
  const first = message.split('\n')[0]!.replace(/ at line \d+, column \d+:?$/, '')
  return first.charAt(0).toLowerCase() + first.slice(1)
}

/** The first line that a merge in git has left to be resolved. */
export function mergeConflict(text: string): { readonly start: number; readonly end: number } | undefined {
  const found = /^(?:<{7}|={7}|>{7})(?: .*)?\r?$/m.exec(text)
  return found === null ? undefined : { start: found.index, end: found.index + found[0].trimEnd().length }
}

/** Finds where a text nests too deeply, before it is parsed: the parser is recursive and would overflow the stack. */
function nestedTooDeep(text: string): readonly [number, string] | undefined {
  const isFlat = (text.match(/[[{]/g)?.length ?? 0) <= maxDepth && !/(?:[-?:][ \t]*){50}/.test(text)
  if (isFlat && !new RegExp(`^[ \\t?:-]{${maxIndent}}`, 'm').test(text)) return undefined
  let at = 0
  let flow = 0
  let run = 0
  for (const token of new Lexer().lex(text)) {
    const type = CST.tokenType(token)
    if (type === 'flow-map-start' || type === 'flow-seq-start') flow++
    else if (type === 'flow-map-end' || type === 'flow-seq-end') flow--
    if (type === 'seq-item-ind' || type === 'explicit-key-ind' || type === 'map-value-ind') run++
    else if (type === 'newline' || type === 'scalar') run = 0
    const isIndent = type === 'space' && token.length > maxIndent && (at === 0 || text[at - 1] === '\n')
    if (flow > maxDepth || run > maxDepth || isIndent)
      return [at, 'it nests deeper than anything that this file may hold']
    // Three kinds of token stand for nothing that is written.
    if (type !== 'doc-mode' && type !== 'scalar' && type !== 'flow-error-end') at += token.length
  }
  return undefined
}

function checkKeys(document: Document): void {
  visit(document, {
    Map(_, map) {
      const seen = new Set<string>()
      for (const { key } of map.items) {
        if (!isScalar(key)) continue
        const text = String(key.value)
        if (seen.has(text)) {
          const [start, end] = key.range ?? [0, 1]
          document.errors.push(new YAMLParseError([start, end], 'DUPLICATE_KEY', `The key '${text}' is said twice`))
        }
        seen.add(text)
      }
    },
  })
}
