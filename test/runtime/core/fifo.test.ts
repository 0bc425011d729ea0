import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { ChunkQueue } from '../../../src/runtime/core/bytes/chunk-queue.ts'
import { Fifo } from '../../../src/runtime/core/fifo.ts'

describe('a Fifo', () => {
  it('does what an array does', () => {
    const action = fc.oneof(
      { weight: 6, arbitrary: fc.record({ kind: fc.constant('push' as const), count: fc.nat(80) }) },
      { weight: 6, arbitrary: fc.record({ kind: fc.constant('shift' as const), count: fc.nat(90) }) },
      fc.record({ kind: fc.constantFrom('clear' as const, 'takeAll' as const, 'setLast' as const), count: fc.nat(0) }),
    )
    fc.assert(
      fc.property(fc.array(action, { maxLength: 60 }), (actions) => {
        const fifo = new Fifo<number>()
        let model: number[] = []
        let next = 0
        for (const { kind, count } of actions) {
          if (kind === 'clear') {
            fifo.clear()
            model = []
          } else if (kind === 'takeAll') {
            expect(fifo.takeAll()).toEqual(model)
            model = []
          } else if (kind === 'setLast' && model.length > 0) {
            fifo.setLast(-next)
            model[model.length - 1] = -next
          }
          for (let i = 0; i < count; i++) {
            if (kind === 'push') {
              fifo.push(next)
              model.push(next++)
            } else if (kind === 'shift') expect(fifo.shift()).toBe(model.shift())
          }
          expect(fifo.length).toBe(model.length)
          expect(fifo.peek()).toBe(model[0])
          expect(Array.from({ length: fifo.length }, (_, i) => fifo.at(i))).toEqual(model)
        }
      }),
    )
  })
})

describe('a ChunkQueue', () => {
  it('gives the bytes back that it got, in a bounded number of chunks', () => {
    const step = fc.oneof(fc.uint8Array({ maxLength: 700 }), fc.constant('shift' as const))
    fc.assert(
      fc.property(fc.array(step, { maxLength: 300 }), fc.nat(500), (steps, tiny) => {
        const queue = new ChunkQueue()
        const out: Uint8Array[] = []
        const put: Uint8Array[] = []
        const take = (): void => {
          const chunk = queue.shift()
          if (chunk !== undefined) out.push(chunk)
        }
        const push = (chunk: Uint8Array): void => {
          queue.push(chunk)
          put.push(chunk)
        }
        for (const one of steps) one === 'shift' ? take() : push(one)
        for (let i = 0; i < tiny; i++) push(Uint8Array.of(i, i >> 8))
        expect(queue.length).toBeLessThanOrEqual(34 + Math.ceil(queue.bytes / 512))
        const sizes = Array.from({ length: queue.length }, (_, i) => queue.at(i).length)
        expect(sizes.reduce((sum, size) => sum + size, 0)).toBe(queue.bytes)
        while (queue.length > 0) take()
        expect(queue.bytes).toBe(0)
        expect(Buffer.concat(out).equals(Buffer.concat(put))).toBe(true)
      }),
    )
  })

  it('keeps few chunks, however small the pieces are', () => {
    const queue = new ChunkQueue()
    for (let i = 0; i < 300_000; i++) queue.push(new Uint8Array(5))
    expect(queue.bytes).toBe(1_500_000)
    expect(queue.length).toBeLessThan(1_600)
  })
})
