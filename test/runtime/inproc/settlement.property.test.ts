import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { CallOptions } from '../../../src/runtime/core/client/call-options.ts'
import { createClient } from '../../../src/runtime/core/client/client.ts'
import { BizError, isBizError, isRpcError } from '../../../src/runtime/core/error.ts'
import { createRouter } from '../../../src/runtime/core/server/router.ts'
import { type InProcessOptions, inProcess } from '../../../src/runtime/inproc/direct.ts'
import { Fleet, type FleetHandler } from '../../support/fleet.ts'
import { turns } from '../../support/settle.ts'

/** What a handler does, in order, each after some turns of the event loop. */
const behaviour = fc.record({
  turns: fc.integer({ min: 0, max: 6 }),
  messages: fc.integer({ min: 0, max: 4 }),
  end: fc.constantFrom('reply', 'biz', 'bug', 'never', 'read all'),
})
const plan = fc.record({
  method: fc.constantFrom('getVehicle', 'listVehicles', 'recordTrack', 'dispatching'),
  behaviour,
  startAfter: fc.integer({ min: 0, max: 4 }),
  abortAfter: fc.option(fc.integer({ min: 0, max: 8 }), { nil: undefined }),
  timeoutMs: fc.option(fc.constantFrom(0, 1, 3, 1000), { nil: undefined }),
  leaveAfter: fc.option(fc.integer({ min: 0, max: 3 }), { nil: undefined }),
  requests: fc.integer({ min: 0, max: 4 }),
  requestEnd: fc.constantFrom('end', 'throw', 'never'),
})
const doors: fc.Arbitrary<InProcessOptions> = fc.record({
  mode: fc.constantFrom('direct', 'mailbox'),
  concurrency: fc.constantFrom(undefined, 1, 2, 5),
  queue: fc.record({
    capacity: fc.constantFrom(0, 1, 4, 1024),
    overflow: fc.constantFrom('reject', 'wait'),
  }),
  isolate: fc.constantFrom('move', 'copy', 'freeze'),
  context: fc.constantFrom('flow', 'isolated'),
})
type Plan = typeof plan extends fc.Arbitrary<infer T> ? T : never
type Behaviour = Plan['behaviour']

const outcomesThatMayBe = [
  'ok',
  'BIZ',
  'INTERNAL',
  'CANCELLED',
  'DEADLINE_EXCEEDED',
  'UNAVAILABLE',
  'RESOURCE_EXHAUSTED',
  'RangeError',
]

const never = (): Promise<never> => new Promise(() => {})

function handler(behaviours: Map<string, Behaviour>): FleetHandler {
  const finish = async (how: Behaviour['end']): Promise<void> => {
    if (how === 'biz') throw new BizError(1, 'no')
    if (how === 'bug') throw new TypeError('bug')
    if (how === 'never') await never()
  }
  async function* stream({ turns: wait, messages, end }: Behaviour) {
    for (let i = 0; i < messages; i++) {
      await turns(wait)
      yield {}
    }
    await turns(wait)
    await finish(end)
  }
  const behaviourOf = (cx: { readonly requestHeaders: { get(name: string): unknown } }): Behaviour =>
    behaviours.get(cx.requestHeaders.get('id') as string)!
  return {
    async getVehicle(_request, cx) {
      const { turns: wait, end } = behaviourOf(cx)
      await turns(wait)
      await finish(end)
      return {}
    },
    listVehicles: (_request, cx) => stream(behaviourOf(cx)),
    async recordTrack(request, cx) {
      const { turns: wait, messages, end } = behaviourOf(cx)
      let count = 0
      for await (const _ of request) if (++count > messages && end !== 'read all') break
      await turns(wait)
      await finish(end)
      return { count }
    },
    async *dispatching(request, cx) {
      const behaviour = behaviourOf(cx)
      if (behaviour.end === 'read all') for await (const message of request) yield message
      else yield* stream(behaviour)
    },
  }
}

async function* requests({ requests, requestEnd }: Plan) {
  for (let i = 0; i < requests; i++) yield {}
  if (requestEnd === 'throw') throw new RangeError('the source broke')
  if (requestEnd === 'never') await never()
}

test('whatever calls, aborts, deadlines, leaving and closing do to each other, every call settles once and nothing stays in flight', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(plan, { minLength: 1, maxLength: 12 }),
      fc.integer({ min: 0, max: 12 }),
      fc.constantFrom('transport', 'router'),
      fc.constantFrom(0, 3),
      doors,
      async (plans, closeAfter, closes, drainMs, door) => {
        const behaviours = new Map(plans.map((one, i) => [String(i), one.behaviour]))
        const router = createRouter({ onError: () => {} }).add(Fleet, handler(behaviours))
        const transport = inProcess(router, door)
        const fleet = createClient(Fleet, transport)
        const outcomes: string[][] = plans.map(() => [])

        const run = async (one: Plan, i: number): Promise<void> => {
          await turns(one.startAfter)
          const stop = new AbortController()
          const options: CallOptions = {
            metadata: { id: String(i) },
            ...(one.timeoutMs === undefined ? {} : { timeoutMs: one.timeoutMs }),
            ...(one.abortAfter === undefined ? {} : { signal: stop.signal }),
          }
          if (one.abortAfter !== undefined) void turns(one.abortAfter).then(() => stop.abort())
          const note = (outcome: string): number => outcomes[i]!.push(outcome)
          const settle = (call: Promise<unknown>): Promise<unknown> =>
            call.then(
              () => note('ok'),
              (error) => note(isRpcError(error) ? error.code : isBizError(error) ? 'BIZ' : (error as Error).name),
            )
          if (one.method === 'getVehicle') return void (await settle(fleet.getVehicle({}, options)))
          if (one.method === 'recordTrack') return void (await settle(fleet.recordTrack(requests(one), options)))
          const stream =
            one.method === 'listVehicles' ? fleet.listVehicles({}, options) : fleet.dispatching(requests(one), options)
          await settle(
            (async () => {
              let read = 0
              for await (const _ of stream) if (read++ === one.leaveAfter) break
            })(),
          )
        }
        const calls = plans.map(run)
        await turns(closeAfter)
        await (closes === 'transport' ? transport : router).close({ drainMs })
        await Promise.all(calls)
        await turns()
        for (const [i, outcome] of outcomes.entries()) {
          expect(outcome, JSON.stringify(plans[i])).toHaveLength(1)
          expect(outcomesThatMayBe).toContain(outcome[0])
        }
        expect(router.inFlight).toBe(0)
        await turns(40)
        // Handlers that never end keep their places, and are known to have been given up on.
        const { pending, running, abandoned } = transport.stats()
        expect(pending).toBe(0)
        expect(running).toBe(abandoned)
        if (plans.every((one) => one.behaviour.end !== 'never' && one.requestEnd !== 'never')) expect(running).toBe(0)
      },
    ),
    { numRuns: 300 },
  )
}, 60_000)
