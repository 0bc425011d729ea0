import { RpcError } from 'volo-ts'
import { type HelloHandler, Tone } from '../gen/hello/v1/hello.js'

/**
 * What Hello does. After the arguments of the IDL every method gets `cx`, the context of its call: deadline,
 * cancellation, peer, headers. `volo update` adds methods that are new in the IDL and leaves the others alone.
 */
export const helloHandler: HelloHandler = {
  async greet({ name, tone }) {
    if (name === '') throw new RpcError('INVALID_ARGUMENT', 'whom shall I greet?')
    return { text: tone === Tone.TONE_FORMAL ? `Good day, ${name}.` : `Hello, ${name}!` }
  },

  async *countDown({ from }) {
    for (let left = from; left >= 0; left--) yield { left }
  },
}
