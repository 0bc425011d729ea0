/** Stubs of handler methods and whole handler files: they compile and answer with the plainest values. */

import { membersOf } from '../../compiler/gen/member.ts'
import { resolve } from '../../compiler/gen/type-shape.ts'
import type { MethodModel, NamedProgram, ServiceModel } from '../generate/service-model.ts'
import { statement } from './code-layout.ts'
import { answerValue, type Source, type ValueMaker } from './idl-value.ts'
import { importSet } from './import-set.ts'

/** How a method is written down. */
export interface StubStyle {
  /** Columns before the method. */
  readonly indent: number
  /** Statements end in `;`. */
  readonly semicolons: boolean
}

/** The lines of one method, without a comma after it. */
export function methodStub(maker: ValueMaker, method: MethodModel, style: StubStyle): string {
  const end = style.semicolons ? ';' : ''
  const pad = ' '.repeat(style.indent)
  const params = method.args.map(({ name }) => name)
  const isGenerator = method.kind === 'server_streaming' || method.kind === 'bidi_streaming'
  const head = methodHead(`${pad}async ${isGenerator ? '*' : ''}${method.name}(`, params, pad)
  const body = methodBody(maker, method, style.indent + 2, end)
  if (body.length === 0) return `${head} {}`
  return `${head} {\n${body.map((line) => `${pad}  ${line}\n`).join('')}${pad}}`
}

function methodHead(start: string, params: readonly string[], pad: string): string {
  const flat = `${start}${params.join(', ')})`
  if (flat.length + 2 <= 120) return flat
  return `${start}\n${params.map((name) => `${pad}  ${name},\n`).join('')}${pad})`
}

function methodBody(maker: ValueMaker, method: MethodModel, indent: number, end: string): string[] {
  const answer = (keyword: string, extra = 0): string[] => {
    if (method.result === undefined) return []
    const value = answerValue(maker, method.result, sourcesOf(maker, method))
    return statement(`${keyword} `, value, end, indent + extra).map((line) => line.slice(indent))
  }
  const request = method.args[0]?.name ?? 'requests'
  switch (method.kind) {
    case 'unary':
      return answer('return')
    case 'oneway':
      return []
    case 'server_streaming':
      return answer('yield')
    case 'client_streaming':
      return [
        `for await (const _request of ${request}) {`,
        '  // Each request as it arrives.',
        '}',
        ...answer('return'),
      ]
    default:
      return echoes(method)
        ? [`for await (const request of ${request}) yield request${end}`]
        : [`for await (const _request of ${request}) {`, ...answer('yield', 2), '}']
  }
}

/** What a method has at hand: Thrift's arguments, or the members of the one request. */
function sourcesOf({ named }: ValueMaker, { kind, args }: MethodModel): Source[] {
  if (kind === 'client_streaming' || kind === 'bidi_streaming') return []
  return args.flatMap(({ name, type, field }): Source[] => {
    if (field !== undefined) return field.presence === 'optional' ? [] : [{ name: field.name, type, text: name }]
    const request = resolve(type)
    if (request.kind !== 'message') return []
    return membersOf(request.message, named.names).flatMap((member) =>
      member.kind === 'field' && member.presence !== 'optional' && /^[A-Za-z_$][\w$]*$/.test(member.name)
        ? [{ name: member.field.name, type: member.field.type, text: `${name}.${member.name}` }]
        : [],
    )
  })
}

/** Whether requests can be sent back as they are. */
function echoes(method: MethodModel): boolean {
  if (method.result === undefined || method.args[0] === undefined) return false
  const [from, to] = [resolve(method.args[0].type), resolve(method.result)]
  return from.kind === 'message' && to.kind === 'message' && from.message === to.message
}

/** A whole handler file. `genFolder` is the way from it to the generated modules: `../gen`. */
export function handlerFile(
  service: ServiceModel,
  named: NamedProgram,
  int64: ValueMaker['int64'],
  genFolder: string,
  extension: string,
): string {
  const imports = importSet([service.handlerName])
  const use = (module: string, name: string, typeOnly = false): string =>
    imports.use(`${genFolder}/${module}${extension}`, name, typeOnly)
  const type = use(service.module, service.handlerType, true)
  const maker: ValueMaker = { named, int64, use }
  const stubs = service.methods.map((method) => `${methodStub(maker, method, { indent: 2, semicolons: false })},\n`)
  const body = stubs.length === 0 ? '{}' : `{\n${stubs.join('\n')}}`
  return `${imports.lines().join('\n')}

/**
 * What ${service.name} does. After the arguments of the IDL every method gets \`cx\`, the context of its call: deadline,
 * cancellation, peer, headers. \`volo update\` adds methods that are new in the IDL and leaves the others alone.
 */
export const ${service.handlerName}: ${type} = ${body}
`
}
