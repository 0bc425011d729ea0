/** Adding missing methods to a handler file that the user has written: text is spliced in, nothing is printed again. */

import { resolve } from 'node:path'
import type { MethodModel, ServiceModel } from '../generate/service-model.ts'
import { packageName } from '../package-root.ts'
import { findImplementations, type HandlerSource, type Implementation, parseHandlerSource } from './handler-source.ts'
import { methodStub } from './handler-stub.ts'
import { importEdits, isModule } from './import-edits.ts'
import { applyEdits, type Edit } from './text-edit.ts'

/** What to complete. */
export interface CompletionInput {
  readonly service: ServiceModel
  /** The handler file, absolute, and what it holds. */
  readonly path: string
  readonly text: string
  /** The folder of the generated modules, absolute, and how they are imported. */
  readonly out: string
  readonly extension: string
}

/** What came of it. */
export interface Completion {
  /** The new text; the old one when nothing was added. */
  readonly text: string
  /** Methods that were added. */
  readonly added: readonly string[]
  /** Methods that the file has and the IDL has not. */
  readonly vanished: readonly string[]
  /** Set when methods are missing and there is no place for them: why, and what to paste. */
  readonly unplaced: { readonly reason: string; readonly methods: readonly string[]; readonly stub: string } | undefined
}

/** Whether a file holds something that is declared to handle the service. */
export function handlesService(input: Pick<CompletionInput, 'service' | 'path' | 'text' | 'out'>): boolean {
  if (!input.text.includes(input.service.handlerType)) return false
  const source = parseHandlerSource(input.text)
  return typeof source !== 'string' && implementationsIn(source, input).length > 0
}

/** Adds what is missing. */
export function completeHandler(input: CompletionInput): Completion {
  const { service, text } = input
  const source = parseHandlerSource(text)
  if (typeof source === 'string') return unplaced(input, service.methods, source)
  const found = implementationsIn(source, input)
  const [implementation] = found
  if (implementation === undefined || found.length > 1) {
    const count = found.length === 0 ? 'nothing' : 'more than one thing'
    return unplaced(input, service.methods, `${count} in it is declared as ${service.handlerType}`)
  }
  const has = new Set(implementation.members.map(({ name }) => name))
  const known = new Set(service.methods.map(({ name }) => name))
  const missing = service.methods.filter(({ name }) => !has.has(name))
  const vanished = implementation.members
    .filter(({ name, isPublicMethod }) => isPublicMethod && !known.has(name) && !name.startsWith('_'))
    .map(({ name }) => name)
  if (missing.length === 0) return { text, added: [], vanished, unplaced: undefined }
  if (implementation.inherits !== undefined) {
    const reason = `'${implementation.inherits}' may hold the methods that are not written down`
    return { ...unplaced(input, missing, reason), vanished }
  }
  const next = splice(input, source, implementation, missing)
  if (typeof parseHandlerSource(next) === 'string') {
    return { ...unplaced(input, missing, 'its layout leaves no place for them'), vanished }
  }
  return { text: next, added: missing.map(({ name }) => name), vanished, unplaced: undefined }
}

function implementationsIn(
  source: HandlerSource,
  { service, path, out }: Pick<CompletionInput, 'service' | 'path' | 'out'>,
): Implementation[] {
  const module = resolve(out, service.module)
  return findImplementations(source, service.handlerType, (from) => isModule(path, from, module))
}

function splice(
  input: CompletionInput,
  source: HandlerSource,
  implementation: Implementation,
  missing: readonly MethodModel[],
): string {
  const { text } = input
  const imports = importEdits(input, source)
  const style = styleOf(source, implementation)
  const stubs = missing.map((method) =>
    stubOf(input, implementation, method, style, imports.use(packageName, 'RpcError')),
  )
  const separator = implementation.kind === 'class' ? '' : ','
  const block = stubs.map((stub) => stub + separator).join('\n\n')

  const close = implementation.node.end - 1
  const last = implementation.members.at(-1)?.node
  const head = text.slice(0, close).trimEnd()
  const edits: Edit[] = imports.edits()
  if (last !== undefined && separator !== '' && !hasComma(source, last.end, close))
    edits.push({ at: last.end, text: ',' })
  const gap = last === undefined ? '\n' : '\n\n'
  edits.push({ at: head.length, until: close, text: `${gap}${block}\n${style.closing}` })
  return applyEdits(text, edits)
}

/** How the file is written. */
interface Style {
  readonly semicolons: boolean
  readonly quote: string
  /** Before each method, one level deeper, and before the closing brace. */
  readonly indent: string
  readonly unit: string
  readonly closing: string
}

function styleOf(source: HandlerSource, implementation: Implementation): Style {
  const { text, body, imports } = source
  const closing = indentAt(text, implementation.node.end - 1) ?? indentOfLine(text, implementation.node.start)
  const first = implementation.members[0]?.node
  const own = first === undefined ? undefined : indentAt(text, first.start)
  const usesTabs = /^\t/m.test(text)
  const unit =
    own?.startsWith(closing) === true && own.length > closing.length
      ? own.slice(closing.length)
      : usesTabs
        ? '\t'
        : '  '
  const from = imports[0]?.node['source'] as { start: number } | undefined
  return {
    semicolons: body.some((node) => /^(Import|Variable|Export)/.test(node.type) && text[node.end - 1] === ';'),
    quote: from === undefined ? "'" : (text[from.start] ?? "'"),
    indent: own ?? closing + unit,
    unit,
    closing,
  }
}

function stubOf(
  input: CompletionInput,
  implementation: Pick<Implementation, 'kind' | 'type'>,
  method: MethodModel,
  style: Style,
  rpcError: string,
): string {
  let stub = methodStub(input.service, method, { indent: 0, semicolons: style.semicolons, rpcError })
  // A method of a class gets no types from the interface that it implements; a property does.
  if (implementation.kind === 'class')
    stub = asProperty(stub, method.name, implementation.type) + (style.semicolons ? ';' : '')
  if (style.quote === '"') stub = stub.replaceAll("'", '"')
  return stub
    .split('\n')
    .map((line) => {
      const depth = /^ */.exec(line)![0].length / 2
      return line === '' ? '' : style.indent + style.unit.repeat(depth) + line.trimStart()
    })
    .join('\n')
}

function asProperty(stub: string, name: string, type: string): string {
  const start = `readonly ${name}: ${type}['${name}'] = `
  if (stub.startsWith('async *')) return start + stub.replace(`async *${name}(`, 'async function* (')
  const arrow = stub.replace(`async ${name}(`, 'async (')
  const end = arrow.indexOf(') {')
  return `${start}${arrow.slice(0, end)}) => {${arrow.slice(end + 3)}`
}

/** What to paste, for a file that can't be edited. */
function unplaced(input: CompletionInput, methods: readonly MethodModel[], reason: string): Completion {
  const style: Style = { semicolons: false, quote: "'", indent: '', unit: '  ', closing: '' }
  const imports = importEdits(input, undefined)
  const stubs = methods.map(
    (method) => `${stubOf(input, { kind: 'object', type: '' }, method, style, imports.use(packageName, 'RpcError'))},`,
  )
  const lines = imports.edits().map((edit) => edit.text.trim())
  const stub = [...(lines.length > 0 ? [...lines, ''] : []), stubs.join('\n\n')].join('\n')
  return {
    text: input.text,
    added: [],
    vanished: [],
    unplaced: { reason, methods: methods.map(({ name }) => name), stub },
  }
}

/** Whether a comma follows an offset, comments aside. */
function hasComma({ text, comments }: HandlerSource, from: number, until: number): boolean {
  let rest = ''
  for (let at = from; at < until; ) {
    const comment = comments.find(({ start }) => start === at)
    if (comment !== undefined) at = comment.end
    else rest += text[at++]
  }
  return rest.includes(',')
}

/** The white space before an offset, when nothing else stands before it on its line. */
function indentAt(text: string, offset: number): string | undefined {
  const before = text.slice(text.lastIndexOf('\n', offset - 1) + 1, offset)
  return /^[ \t]*$/.test(before) ? before : undefined
}

function indentOfLine(text: string, offset: number): string {
  return /^[ \t]*/.exec(text.slice(text.lastIndexOf('\n', offset - 1) + 1))![0]
}
