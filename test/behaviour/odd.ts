/** What handlers in plain JavaScript can answer and throw: shapes that fail when somebody looks at them. */

import { RpcError } from '../../src/runtime/core/error.ts'

function broken(): never {
  throw new TypeError('broken')
}

/** A proxy that throws at whatever is asked of it. */
const secretive = <T extends object>(target: T): T =>
  new Proxy(target, { get: broken, has: broken, getPrototypeOf: broken, ownKeys: broken })

function revoked(): object {
  const { proxy, revoke } = Proxy.revocable({}, {})
  revoke()
  return proxy
}

/** An object with a member `then`. */
export const withThen = (target: object, then: (done: (value: unknown) => void) => unknown): object =>
  Object.defineProperty(target, 'then', { value: then })
const unreadableThen = (): object => Object.defineProperty({}, 'then', { get: broken })

const nextIs = (next: () => unknown): unknown => ({ [Symbol.asyncIterator]: () => ({ next }) })

/** Answers of a method that does not stream; each is INTERNAL. */
export const oddAnswers: Readonly<Record<string, () => unknown>> = {
  'throws a proxy': () => {
    throw secretive({})
  },
  'throws a revoked proxy': () => {
    throw revoked()
  },
  'throws an object without a prototype': () => {
    throw Object.create(null)
  },
  'throws undefined': () => {
    throw undefined
  },
  'throws an RpcError that cannot be read': () => {
    throw secretive(new RpcError('NOT_FOUND', 'no'))
  },
  'throws an RpcError whose code is none of gRPC': () => {
    throw new RpcError('NOPE' as never, 'no')
  },
  'throws an error whose stack cannot be read': () => {
    throw Object.defineProperty(new Error('odd'), 'stack', { get: broken })
  },
  'rejects with a proxy': () => Promise.reject(secretive({})),
  'returns a thenable that cannot be read': unreadableThen,
  'returns a thenable that throws': () => withThen({}, broken),
  'returns a promise that cannot be awaited': () => withThen(Promise.resolve({}), broken),
  'returns a proxy of a promise': () => secretive(Promise.resolve({ id: 'a' })),
  'returns a revoked proxy': revoked,
  'resolves with a message that cannot be read': () =>
    Promise.resolve(Object.defineProperties({}, { id: { get: broken }, name: { get: broken } })),
}

/** Answers of a method that streams its response; each is INTERNAL. */
export const oddStreams: Readonly<Record<string, () => unknown>> = {
  'cannot be opened': () => ({ [Symbol.asyncIterator]: broken }),
  'is locked': () => {
    const stream = new ReadableStream()
    stream.getReader()
    return stream
  },
  'opens to nothing': () => ({ [Symbol.asyncIterator]: () => undefined }),
  'opens to a proxy': () => ({ [Symbol.asyncIterator]: () => secretive({}) }),
  'opens to what has no next()': () => ({ [Symbol.asyncIterator]: () => ({}) }),
  'next() throws': () => nextIs(broken),
  'next() returns nothing': () => nextIs(() => undefined),
  'next() resolves with nothing': () => nextIs(async () => undefined),
  'next() resolves with a proxy': () => nextIs(async () => Object.defineProperty({}, 'done', { get: broken })),
  'next() resolves with a value that cannot be read': () =>
    nextIs(async () => Object.defineProperty({ done: false }, 'value', { get: broken })),
  'next() returns a thenable that cannot be read': () => nextIs(unreadableThen),
  'next() returns a promise that cannot be awaited': () => nextIs(() => withThen(Promise.resolve({}), broken)),
  'is a number': () => 5,
  'is a proxy': () => secretive({}),
  'is a revoked proxy': revoked,
  'is a promise of a proxy': () => Promise.resolve(secretive(() => {})),
}

/** A stream whose clean-up fails in one of several ways; its first message is good. */
export const oddCleanUps: Readonly<Record<string, () => unknown>> = {
  'return() throws': broken,
  'return() returns a number': () => 5,
  'return() rejects': () => Promise.reject(new Error('broken')),
  'return() returns a thenable that cannot be read': unreadableThen,
}

/** An iterable with such a clean-up. */
export function withCleanUp(name: string): unknown {
  let count = 0
  return {
    [Symbol.asyncIterator]: () => ({
      next: async () => ({ done: false, value: { id: `m${count++}` } }),
      return: oddCleanUps[name],
    }),
  }
}
