/** The list of behaviours: what a caller sees, whatever the way. */

import type { CallOptions } from '../../src/runtime/core/client/call-options.ts'
import { createClient } from '../../src/runtime/core/client/client.ts'
import type { Context } from '../../src/runtime/core/context/context.ts'
import { isBizError, isRpcError, RpcError } from '../../src/runtime/core/error.ts'
import type { Layer } from '../../src/runtime/core/layer.ts'
import type { Item, ItemInput } from './handler.ts'
import { oddAnswers, oddCleanUps, oddStreams } from './odd.ts'
import type { Idl, OpenWay } from './way.ts'

/** The clients of both services in one type; a behaviour uses what its IDL has. */
export interface BehaviourClient {
  echo(item: ItemInput, options?: CallOptions): Promise<Item>
  nothing(options?: CallOptions): Promise<void>
  tell(word: string, options?: CallOptions): Promise<void>
  list(item: ItemInput, options?: CallOptions): AsyncIterable<Item>
  record(items: AsyncIterable<ItemInput> | Iterable<ItemInput>, options?: CallOptions): Promise<Item>
  talk(items: AsyncIterable<ItemInput> | Iterable<ItemInput>, options?: CallOptions): AsyncIterable<Item>
}

/** What a behaviour works with. */
export interface Scene extends OpenWay {
  readonly client: BehaviourClient
  /** The contexts of the client's calls, in order. */
  readonly contexts: Context[]
  /** What the handler noted since the last look, waiting a little for the first note. */
  seen(): Promise<string[]>
  /** What `onError` heard since the last look. */
  reported(): Promise<string[]>
}

/** One behaviour: what is done, and what the outcome is. */
export interface Behaviour {
  readonly name: string
  /** Only one of the two IDLs can express it. */
  readonly idl?: Idl
  readonly run: (scene: Scene) => Promise<unknown>
  readonly expected: unknown
  /** Ways whose outcome is another one, each with a row in the table of src/runtime/inproc/README.md. */
  readonly differences?: readonly { readonly ways: readonly string[]; readonly expected: unknown }[]
}

/** The scene of a way that has been opened. */
export function sceneOf(way: OpenWay): Scene {
  const contexts: Context[] = []
  const remember: Layer = (next) => (cx, request) => {
    contexts.push(cx)
    return next(cx, request)
  }
  const client = createClient(way.service, way.transport, {
    caller: 'web',
    layers: [remember, ...(way.layers ?? [])],
  }) as BehaviourClient
  return {
    ...way,
    client,
    contexts,
    async seen() {
      for (let i = 0; i < 40; i++) {
        const { tags } = await client.echo({ id: 'seen' })
        if (tags.length > 0) return tags
        await new Promise((resolve) => setTimeout(resolve, 5))
      }
      return []
    },
    reported: async () => (await client.echo({ id: 'reported' })).tags,
  }
}

const complete: Item = {
  id: 'ok',
  count: 3,
  tags: ['a', 'ü'],
  note: 'n',
  big: 2n ** 40n,
  data: Uint8Array.of(0, 255),
  parts: Object.assign(Object.create(null), { x: 1 }) as Record<string, number>,
  inner: { ...({ id: 'in', count: 0, tags: [], big: 0n, data: new Uint8Array(0) } as Item), parts: {} },
}

async function described(outcome: Promise<unknown>): Promise<unknown> {
  try {
    return { value: await outcome }
  } catch (error) {
    if (isRpcError(error)) return `${error.code} ${error.message}`
    if (isBizError(error)) return `BIZ ${error.status} ${error.message} ${JSON.stringify(error.extra)}`
    return error
  }
}

const ended = (outcome: Promise<unknown>): Promise<string> =>
  outcome.then(
    () => 'OK',
    (error) => error.code,
  )
const code = async (outcome: Promise<unknown>): Promise<unknown> => String(await described(outcome)).split(' ')[0]

async function all(stream: AsyncIterable<Item>): Promise<string[]> {
  const ids: string[] = []
  for await (const { id } of stream) ids.push(id)
  return ids
}

const headerless = ['framed', 'framed compact', 'buffered']
const moved = ['in-process', 'mailbox', 'in-process freeze', 'in-process isolated']

/** The list. */
export const behaviours: readonly Behaviour[] = [
  {
    name: 'a complete message arrives whole, and comes back whole',
    run: async ({ client }) => {
      const { data, parts, inner, ...rest } = await client.echo(complete)
      return { ...rest, data: [...(data ?? [])], parts: { ...parts }, inner: inner?.id }
    },
    expected: {
      id: 'ok',
      count: 3,
      tags: ['a', 'ü'],
      note: 'n',
      big: 2n ** 40n,
      data: [0, 255],
      parts: { x: 1 },
      inner: 'in',
    },
  },
  {
    name: 'a complete message is a copy',
    run: async ({ client }) => (await client.echo(complete)) === complete,
    expected: false,
    differences: [{ ways: moved, expected: true }],
  },
  {
    name: 'members left out are filled, nested ones too',
    run: async ({ client }) => {
      const { count, tags, note, big, inner } = await client.echo({ id: 'partial' })
      return { count, tags, note, big, inner: [inner?.id, inner?.count, inner?.tags] }
    },
    expected: { count: 0, tags: [], note: undefined, big: 0n, inner: ['inner', 0, []] },
  },
  {
    name: 'a required member that the caller left out is INVALID_ARGUMENT',
    idl: 'thrift',
    run: async ({ client }) => [await code(client.echo({})), await code(client.echo({ id: 'ok', inner: {} }))],
    expected: ['INVALID_ARGUMENT', 'INVALID_ARGUMENT'],
  },
  {
    name: 'a required member that the handler left out is INTERNAL, and reported',
    idl: 'thrift',
    run: async ({ client, reported }) => [
      await described(client.echo({ id: 'missing' })),
      (await reported()).map((report) => report.includes('behaviour.Item.id is required and missing')),
    ],
    expected: ['INTERNAL internal error', [true]],
  },
  {
    name: 'an answer that is undefined is INTERNAL, and reported',
    run: async ({ client, reported }) => [await described(client.echo({ id: 'nothing' })), (await reported()).length],
    expected: ['INTERNAL internal error', 1],
  },
  {
    name: 'void is undefined',
    idl: 'thrift',
    run: ({ client }) => client.nothing(),
    expected: undefined,
  },
  {
    name: 'a declared exception arrives as its class',
    idl: 'thrift',
    run: async ({ client, Refused }) => {
      const error = (await described(client.echo({ id: 'declared' }))) as { why: string; code: number }
      return [error instanceof Refused!, error.why, error.code]
    },
    expected: [true, 'no', 5],
  },
  {
    name: 'a BizError arrives as one',
    run: ({ client }) => described(client.echo({ id: 'biz' })),
    expected: 'BIZ 5 no {"a":"b"}',
    differences: [{ ways: headerless, expected: 'INTERNAL biz error 5: no' }],
  },
  {
    name: 'an RpcError arrives with its code',
    run: ({ client }) => described(client.echo({ id: 'rpc' })),
    expected: 'NOT_FOUND no such thing',
    differences: [{ ways: headerless, expected: 'INTERNAL no such thing' }],
  },
  {
    name: 'an unknown throw is INTERNAL, tells nothing, and is reported with its stack',
    run: async ({ client, reported }) => [await described(client.echo({ id: 'bug' })), await reported()],
    expected: ['INTERNAL internal error', ['TypeError: secret, with its stack']],
  },
  {
    name: 'an answer or a throw that fails when it is looked at is INTERNAL, and reported',
    run: async ({ client, reported }) => {
      const outcomes: unknown[] = []
      for (const id of Object.keys(oddAnswers)) {
        outcomes.push([id, await described(client.echo({ id })), (await reported()).length])
      }
      return outcomes
    },
    expected: Object.keys(oddAnswers).map((id) => [id, 'INTERNAL internal error', 1]),
  },
  {
    name: 'the cause of an unknown throw stays behind',
    run: ({ client }) => client.echo({ id: 'bug' }).then(undefined, (error) => error.cause instanceof TypeError),
    expected: false,
    differences: [{ ways: [...moved, 'in-process copy'], expected: true }],
  },
  {
    name: 'a deadline ends the call, and the handler hears of it',
    // Over a socket it hears of the deadline or of the caller that left, whichever is first.
    run: async ({ client, seen }) => [
      await code(client.echo({ id: 'hang' }, { timeoutMs: 50 })),
      (await seen()).map((note) => note.split(' ')[0]),
    ],
    expected: ['DEADLINE_EXCEEDED', ['hang']],
  },
  {
    name: 'a deadline reaches the handler',
    run: async ({ client }) => [
      (await client.echo({ id: 'deadline' }, { timeoutMs: 60_000 })).note,
      (await client.echo({ id: 'deadline' })).note,
    ],
    expected: ['some', 'none'],
    differences: [{ ways: headerless, expected: ['none', 'none'] }],
  },
  {
    name: 'a handler that ignores its deadline does not hold its caller',
    run: ({ client }) => code(client.echo({ id: 'stuck' }, { timeoutMs: 20 })),
    expected: 'DEADLINE_EXCEEDED',
  },
  {
    name: 'a deadline that has passed fails the call before it starts',
    run: async ({ client }) => code(client.echo({ id: 'ok' }, { timeoutMs: 0 })),
    expected: 'DEADLINE_EXCEEDED',
  },
  {
    name: 'an aborted signal ends the call, and the handler hears of it',
    run: async ({ client, seen }) => {
      const stop = new AbortController()
      const outcome = code(client.echo({ id: 'hang' }, { signal: stop.signal }))
      setTimeout(() => stop.abort(), 20)
      return [await outcome, await seen()]
    },
    expected: ['CANCELLED', ['hang CANCELLED']],
    differences: [{ ways: ['TTHeader multiplexed'], expected: ['CANCELLED', []] }],
  },
  {
    name: 'a signal that has aborted fails the call before it starts',
    run: ({ client }) => code(client.echo({ id: 'ok' }, { signal: AbortSignal.abort() })),
    expected: 'CANCELLED',
  },
  {
    name: 'a call made for one that ended fails with it',
    run: async ({ client, contexts }) => {
      await code(client.echo({ id: 'stuck' }, { timeoutMs: 10 }))
      return code(client.echo({ id: 'ok' }, { parent: contexts[0]! }))
    },
    expected: 'DEADLINE_EXCEEDED',
  },
  {
    name: 'metadata and the name of the caller arrive; headers and trailers come back',
    run: async ({ client }) => {
      const back: string[] = []
      const { tags } = await client.echo(
        { id: 'metadata' },
        {
          metadata: { m: '1' },
          onHeaders: (headers) => back.push(`h=${headers.get('h')}`),
          onTrailers: (trailers) => back.push(`t=${trailers.get('t')}`),
        },
      )
      return [tags, back]
    },
    expected: [
      ['m=1', 'caller=web', 'role=server'],
      ['h=head', 't=tail'],
    ],
    differences: [
      {
        ways: headerless,
        expected: [
          ['m=undefined', 'caller=', 'role=server'],
          ['h=undefined', 't=undefined'],
        ],
      },
      {
        ways: ['TTHeader', 'TTHeader compact', 'TTHeader multiplexed'],
        expected: [
          ['m=1', 'caller=web', 'role=server'],
          ['h=head', 't=undefined'],
        ],
      },
    ],
  },
  {
    name: 'metainfo crosses: persistent and transient there, backward back',
    run: async ({ client, contexts }) => {
      const { tags } = await client.echo(
        { id: 'metainfo' },
        { metainfo: { persistent: { P: '1' }, transient: { T: '2' } } },
      )
      return [...tags, `b=${contexts[0]!.metainfo.backward.get('B')}`]
    },
    expected: ['p=1', 't=2', 'b=back'],
    differences: [{ ways: headerless, expected: ['p=undefined', 't=undefined', 'b=undefined'] }],
  },
  {
    name: 'metainfo with any key fails no call',
    run: ({ client }) => ended(client.echo({ id: 'ok' }, { metainfo: { persistent: { 'p q': '1' } } })),
    expected: 'OK',
  },
  {
    name: 'a oneway call arrives, and its caller does not wait for the handler',
    idl: 'thrift',
    run: async ({ client, seen }) => [await client.tell('x'), await seen()],
    expected: [undefined, ['told x']],
  },
  {
    name: 'many calls at once each get their own answer',
    run: async ({ client }) => {
      const ids = Array.from({ length: 50 }, (_, i) => `n${i}`)
      const answers = await Promise.all(ids.map((id) => client.echo({ id })))
      return answers.every((answer, i) => answer.id === ids[i])
    },
    expected: true,
  },
  {
    name: 'a streamed response is read to its end, headers first and trailers last',
    idl: 'protobuf',
    run: async ({ client, seen }) => {
      const log: string[] = []
      const stream = client.list(
        { id: 'm', count: 3 },
        {
          onHeaders: (headers) => log.push(`h=${headers.get('h')}`),
          onTrailers: (trailers) => log.push(`t=${trailers.get('t')}`),
        },
      )
      for await (const { id, tags } of stream) log.push(`${id}${tags.length}`)
      return [log, await seen()]
    },
    expected: [['h=head', 'm 00', 'm 10', 'm 20', 't=tail'], ['list over well']],
  },
  {
    name: 'an empty streamed response ends at once',
    idl: 'protobuf',
    run: ({ client }) => all(client.list({ id: 'm' })),
    expected: [],
  },
  {
    name: 'a reader that leaves ends the handler',
    idl: 'protobuf',
    run: async ({ client, seen }) => {
      for await (const _ of client.list({ id: 'm', count: 1_000_000 })) break
      return seen()
    },
    expected: ['list over CANCELLED'],
  },
  {
    name: 'a caller that cancels a silent stream ends its source',
    idl: 'protobuf',
    run: async ({ client, seen }) => {
      const stop = new AbortController()
      const reader = client.list({ id: 'silent' }, { signal: stop.signal })[Symbol.asyncIterator]()
      const { value } = await reader.next()
      const pending = code(reader.next())
      stop.abort()
      return [value.id, await pending, await seen()]
    },
    expected: ['silent', 'CANCELLED', ['silent source left']],
  },
  {
    name: 'a caller that leaves a silent talk ends its source, and the source of requests is left',
    idl: 'protobuf',
    run: async ({ client, seen }) => {
      let isLeft = false
      let count = 0
      const questions: AsyncIterable<ItemInput> = {
        [Symbol.asyncIterator]: () => ({
          next: () => (count++ === 0 ? Promise.resolve({ done: false, value: { id: 'q' } }) : new Promise(() => {})),
          async return() {
            isLeft = true
            return { done: true, value: undefined }
          },
        }),
      }
      const reader = client.talk(questions, { metadata: { m: 'silent' } })[Symbol.asyncIterator]()
      const { value } = await reader.next()
      const pending = reader.next()
      await reader.return?.()
      return [value.id, (await pending).done, isLeft, await seen()]
    },
    expected: ['q', true, true, ['silent source left']],
  },
  {
    name: 'a streamed response that fails before its first message fails the call',
    idl: 'protobuf',
    run: ({ client }) => described(all(client.list({ id: 'fail early' }))),
    expected: 'NOT_FOUND no such thing',
  },
  {
    name: 'a streamed response that fails in between delivers what came before',
    idl: 'protobuf',
    run: async ({ client }) => {
      const ids: string[] = []
      const outcome = await described(
        (async () => {
          for await (const { id } of client.list({ id: 'fail', count: 5 })) ids.push(id)
        })(),
      )
      return [ids, outcome]
    },
    expected: [['fail 0', 'fail 1'], 'DATA_LOSS torn'],
  },
  {
    name: 'an unknown throw in a stream is INTERNAL, and reported',
    idl: 'protobuf',
    run: async ({ client, reported }) => [await described(all(client.list({ id: 'bug', count: 5 }))), await reported()],
    expected: ['INTERNAL internal error', ['TypeError: secret, with its stack']],
  },
  {
    name: 'a stream that fails when it is looked at is INTERNAL, and reported',
    idl: 'protobuf',
    run: async ({ client, reported }) => {
      const outcomes: unknown[] = []
      for (const id of Object.keys(oddStreams)) {
        outcomes.push([id, await described(all(client.list({ id, note: 'odd' }))), (await reported()).length])
      }
      return outcomes
    },
    expected: Object.keys(oddStreams).map((id) => [id, 'INTERNAL internal error', 1]),
  },
  {
    name: 'a stream whose clean-up fails hurts nobody',
    idl: 'protobuf',
    run: async ({ client }) => {
      const ids: string[] = []
      for (const id of Object.keys(oddCleanUps)) {
        for await (const item of client.list({ id, note: 'odd' })) {
          ids.push(item.id)
          break
        }
      }
      return [ids, (await client.echo({ id: 'still there' })).id]
    },
    expected: [['m0', 'm0', 'm0', 'm0'], 'still there'],
  },
  {
    name: 'a deadline ends a stream that has gone silent, and the handler hears of it',
    idl: 'protobuf',
    run: async ({ client, seen }) => [
      await code(all(client.list({ id: 'hang', count: 5 }, { timeoutMs: 200 }))),
      (await seen()).map((note) => note !== 'list over well'),
    ],
    expected: ['DEADLINE_EXCEEDED', [true]],
  },
  {
    name: 'a streamed request is read to its end',
    idl: 'protobuf',
    run: async ({ client }) => {
      const { id, count } = await client.record([{ id: 'a' }, { id: 'b' }, { id: 'c' }])
      return [id, count]
    },
    expected: ['c', 3],
  },
  {
    name: 'an empty streamed request is one',
    idl: 'protobuf',
    run: async ({ client }) => (await client.record([])).count,
    expected: 0,
  },
  {
    name: 'a handler that has read enough answers, and the source of requests is closed',
    idl: 'protobuf',
    run: async ({ client }) => {
      let isClosed = false
      async function* source() {
        try {
          for (let i = 0; ; i++) {
            yield { id: i < 2 ? 'more' : 'enough' }
            await new Promise((resolve) => setTimeout(resolve, 1))
          }
        } finally {
          isClosed = true
        }
      }
      const { count } = await client.record(source())
      for (let i = 0; i < 100 && !isClosed; i++) await new Promise((resolve) => setTimeout(resolve, 5))
      return [count, isClosed]
    },
    expected: [3, true],
  },
  {
    name: 'a streamed request that fails gives its caller its own error',
    idl: 'protobuf',
    run: ({ client }) => {
      async function* source() {
        yield { id: 'a' }
        throw new RangeError('mine')
      }
      return client.record(source()).then(undefined, (error) => [error.name, error.message])
    },
    expected: ['RangeError', 'mine'],
  },
  {
    name: 'a talk stays in step',
    idl: 'protobuf',
    run: async ({ client }) => {
      const log: string[] = []
      let answered: (() => void) | undefined
      async function* questions() {
        for (const id of ['a', 'b', 'c']) {
          log.push(id)
          const answer = new Promise<void>((resolve) => {
            answered = resolve
          })
          yield { id, count: 1 }
          await answer
        }
      }
      for await (const { id, count } of client.talk(questions())) {
        log.push(`${id}${count}`)
        answered?.()
      }
      return log
    },
    expected: ['a', 'a!2', 'b', 'b!2', 'c', 'c!2'],
  },
  {
    name: 'closing the transport lets calls end in time, refuses new ones, and fails what is left',
    run: async ({ client, transport }) => {
      await client.echo({ id: 'ok' })
      const slow = client.echo({ id: 'slow' })
      const stuck = code(client.echo({ id: 'stuck' }))
      await new Promise((resolve) => setTimeout(resolve, 10))
      const closing = transport.close({ drainMs: 500 })
      const refused = await code(client.echo({ id: 'ok' }))
      const { id } = await slow
      await closing
      return [refused, id, await stuck]
    },
    expected: ['UNAVAILABLE', 'slow', 'UNAVAILABLE'],
  },
  {
    name: 'an RpcError of the caller’s own layer never reaches the handler',
    run: async ({ service, transport }) => {
      const refuse: Layer = () => () => Promise.reject(new RpcError('PERMISSION_DENIED', 'not you'))
      const client = createClient(service, transport, { layers: [refuse] }) as BehaviourClient
      return described(client.echo({ id: 'ok' }))
    },
    expected: 'PERMISSION_DENIED not you',
  },
]
