/** The handler of both IDLs: what a call does is named by the `id` of its item, so that it works in any process or thread. */

import type { Context } from '../../src/runtime/core/context/context.ts'
import { BizError, RpcError } from '../../src/runtime/core/error.ts'
import { oddAnswers, oddStreams, withCleanUp } from './odd.ts'

export interface ItemInput {
  readonly id?: string
  readonly count?: number
  readonly tags?: readonly string[]
  readonly note?: string | undefined
  readonly big?: bigint
  readonly data?: Uint8Array
  readonly parts?: Readonly<Record<string, number>>
  readonly inner?: ItemInput | undefined
}
export interface Item extends ItemInput {
  readonly id: string
  readonly count: number
  readonly tags: string[]
}

type Refused = new (init: { readonly why: string; readonly code?: number }) => Error

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))
const cancelled = (cx: Context): Promise<RpcError> => new Promise((resolve) => cx.onCancel(resolve))

/** What `onError` of a server notes for {@link behaviourHandler}. */
export function reportOf(error: unknown): string {
  try {
    const { name, message, stack = '' } = error as Error
    return `${name}: ${message}${stack.includes('\n    at ') ? ', with its stack' : ''}`
  } catch {
    return 'what cannot be read'
  }
}

/**
 * A handler for the Thrift service, or the protobuf one when there is no exception class. `seen` answers what it noted,
 * `reported` what `onError` did; `reset` forgets both.
 */
export function behaviourHandler(
  Refused: Refused | undefined,
  reported: string[],
): Record<string, (...args: never[]) => unknown> {
  let current: string[] = []

  async function echo(item: Item, cx: Context): Promise<ItemInput> {
    const notes = current
    switch (item.id) {
      case 'partial':
        return { id: 'partial', inner: { id: 'inner' } }
      case 'missing':
        return {}
      case 'nothing':
        return undefined as never
      case 'declared':
        throw Refused === undefined ? new Error('no exceptions here') : new Refused({ why: 'no', code: 5 })
      case 'biz':
        throw new BizError(5, 'no', { a: 'b' })
      case 'rpc':
        throw new RpcError('NOT_FOUND', 'no such thing')
      case 'bug':
        throw new TypeError('secret')
      case 'hang':
        notes.push(`hang ${(await cancelled(cx)).code}`)
        return item
      case 'stuck':
        return new Promise(() => {})
      case 'slow':
        await new Promise((resolve) => setTimeout(resolve, 30))
        return item
      case 'deadline':
        return { id: item.id, note: cx.deadline === undefined ? 'none' : cx.remainingMs > 1000 ? 'some' : 'short' }
      case 'metadata':
        cx.responseHeaders.set('h', 'head')
        await turn()
        cx.responseTrailers.set('t', 'tail')
        return { id: item.id, tags: [`m=${cx.requestHeaders.get('m')}`, `caller=${cx.caller}`, `role=${cx.role}`] }
      case 'metainfo': {
        const { persistent, transient, backward } = cx.metainfo
        backward.set('B', 'back')
        return { id: item.id, tags: [`p=${persistent.get('P')}`, `t=${transient.get('T')}`] }
      }
      case 'seen':
        return { id: item.id, tags: notes.splice(0) }
      case 'reset':
        // What calls from before have to say is nobody's business any more.
        current = []
        reported.splice(0)
        return item
      case 'reported':
        return { id: item.id, tags: reported.splice(0) }
      default:
        return item
    }
  }

  async function* list(item: Item, cx: Context): AsyncIterable<ItemInput> {
    const notes = current
    cx.responseHeaders.set('h', 'head')
    try {
      if (item.id === 'fail early') throw new RpcError('NOT_FOUND', 'no such thing')
      for (let i = 0; i < item.count; i++) {
        yield { id: `${item.id} ${i}` }
        if (item.id === 'fail' && i === 1) throw new RpcError('DATA_LOSS', 'torn')
        if (item.id === 'bug' && i === 1) throw new TypeError('secret')
        if (item.id === 'hang' && i === 1) await cancelled(cx)
      }
      cx.responseTrailers.set('t', 'tail')
    } finally {
      notes.push(`list over ${cx.cancelled?.code ?? 'well'}`)
    }
  }

  /** Gives one message, is silent from then on, and notes that it was left. */
  const silent = (first: () => Promise<ItemInput>): AsyncIterable<ItemInput> => {
    const notes = current
    let count = 0
    return {
      [Symbol.asyncIterator]: () => ({
        next: async () => (count++ === 0 ? { done: false, value: await first() } : new Promise(() => {})),
        async return() {
          notes.push('silent source left')
          return { done: true, value: undefined }
        },
      }),
    }
  }

  async function* talk(items: AsyncIterable<Item>): AsyncIterable<ItemInput> {
    for await (const item of items) yield { id: `${item.id}!`, count: item.count + 1 }
  }

  return {
    echo: (item: Item, cx: Context) => oddAnswers[item.id]?.() ?? echo(item, cx),
    nothing() {},
    tell(word: string) {
      current.push(`told ${word}`)
    },
    list(item: Item, cx: Context) {
      if (item.note === 'odd') return oddStreams[item.id]?.() ?? withCleanUp(item.id)
      return item.id === 'silent' ? silent(async () => item) : list(item, cx)
    },
    async record(items: AsyncIterable<Item>): Promise<ItemInput> {
      let count = 0
      let last = ''
      for await (const item of items) {
        count++
        last = item.id
        if (item.id === 'enough') break
      }
      return { id: last, count }
    },
    talk(items: AsyncIterable<Item>, cx: Context) {
      if (cx.requestHeaders.get('m') !== 'silent') return talk(items)
      return silent(async () => (await items[Symbol.asyncIterator]().next()).value)
    },
  } as Record<string, (...args: never[]) => unknown>
}
