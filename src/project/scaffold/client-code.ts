/** The calls that a scaffolded client makes, one per method. */

import type { Layout } from '../../compiler/gen/text/layout.ts'
import { quote } from '../../compiler/gen/text/printer.ts'
import type { MethodModel, ServiceModel } from '../generate/service-model.ts'
import { arrayCode, callCode, statement } from '../handler/code-layout.ts'
import { exampleValue, type ValueMaker } from '../handler/idl-value.ts'

/** `await show('Shop.version', shop.version())` for each method, indented by `indent`. */
export function clientCalls(maker: ValueMaker, service: ServiceModel, indent: number): string[] {
  return service.methods.flatMap((method) => {
    const show = isStreamOut(method) ? 'await showEach' : 'await show'
    const call = callCode(show, [quote(`${service.name}.${method.name}`), methodCall(maker, service, method)])
    return statement('', call, '', indent)
  })
}

/** `shop.version()` with example arguments. */
export function methodCall(maker: ValueMaker, service: ServiceModel, method: MethodModel): Layout {
  const args = method.args.map(({ name, type, field }) => {
    if (field !== undefined) return exampleValue(maker, type, field.name)
    const example = exampleValue(maker, type, name)
    return method.kind === 'client_streaming' || method.kind === 'bidi_streaming' ? arrayCode([example]) : example
  })
  return callCode(`${service.clientName}.${method.name}`, args)
}

/** Whether the answers are a stream. */
export function isStreamOut(method: MethodModel): boolean {
  return method.kind === 'server_streaming' || method.kind === 'bidi_streaming'
}
