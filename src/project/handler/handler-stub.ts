/** Stubs of handler methods and whole handler files: they compile, and every call ends with UNIMPLEMENTED until a body is written. */

import { quote } from '../../compiler/gen/text/printer.ts'
import type { MethodModel, ServiceModel } from '../generate/service-model.ts'
import { packageName } from '../package-root.ts'
import { importSet } from './import-set.ts'

/** How a method is written down. */
export interface StubStyle {
  /** Columns before the method. */
  readonly indent: number
  /** Statements end in `;`. */
  readonly semicolons: boolean
  /** The local name of the runtime's `RpcError`. */
  readonly rpcError: string
}

/** What a stub answers: `Shop.checkout is not written yet`. */
export function notWritten(service: Pick<ServiceModel, 'name'>, method: Pick<MethodModel, 'name'>): string {
  return `${service.name}.${method.name} is not written yet`
}

/** The lines of one method, without a comma after it. */
export function methodStub(service: Pick<ServiceModel, 'name'>, method: MethodModel, style: StubStyle): string {
  const pad = ' '.repeat(style.indent)
  const params = method.args.map(({ name }) => name)
  const isGenerator = method.kind === 'server_streaming' || method.kind === 'bidi_streaming'
  const head = methodHead(`${pad}async ${isGenerator ? '*' : ''}${method.name}(`, params, pad)
  const end = style.semicolons ? ';' : ''
  return `${head} {\n${pad}  throw new ${style.rpcError}('UNIMPLEMENTED', ${quote(notWritten(service, method))})${end}\n${pad}}`
}

function methodHead(start: string, params: readonly string[], pad: string): string {
  const flat = `${start}${params.join(', ')})`
  if (flat.length + 2 <= 120) return flat
  return `${start}\n${params.map((name) => `${pad}  ${name},\n`).join('')}${pad})`
}

/** A whole handler file. `genFolder` is the relative path from it to the generated modules: `../gen`. */
export function handlerFile(service: ServiceModel, genFolder: string, extension: string): string {
  const imports = importSet([service.handlerName])
  const type = imports.use(`${genFolder}/${service.module}${extension}`, service.handlerType, true)
  const rpcError = service.methods.length === 0 ? '' : imports.use(packageName, 'RpcError')
  const style = { indent: 2, semicolons: false, rpcError }
  const stubs = service.methods.map((method) => `${methodStub(service, method, style)},\n`)
  const body = stubs.length === 0 ? '{}' : `{\n${stubs.join('\n')}}`
  return `${imports.lines().join('\n')}

/**
 * What ${service.name} does. After the arguments of the IDL every method gets \`cx\`, the context of its call: deadline,
 * cancellation, peer, headers. \`volo update\` adds methods that are new in the IDL and leaves the others alone.
 */
export const ${service.handlerName}: ${type} = ${body}
`
}
