import { type HelloHandler, NoName, Tone } from '../gen/hello.js'

const counts = new Map<string, number>()

/**
 * What Hello does. After the arguments of the IDL every method gets `cx`, the context of its call: deadline,
 * cancellation, peer, headers. `volo update` adds methods that are new in the IDL and leaves the others alone.
 */
export const helloHandler: HelloHandler = {
  async greet(name, tone) {
    if (name === '') throw new NoName({ message: 'whom shall I greet?' })
    const count = (counts.get(name) ?? 0) + 1
    counts.set(name, count)
    return { text: tone === Tone.FORMAL ? `Good day, ${name}.` : `Hello, ${name}!`, count }
  },
}
