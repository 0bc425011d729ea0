import { describe, expect, it } from 'vitest'
import { ConnectionWindow } from '../../../src/runtime/http2/connection-window.ts'
import { ReceiveWindow } from '../../../src/runtime/http2/flow-control.ts'

/** Sends all that the window allows and reads it. */
function drain(window: ReceiveWindow): number {
  const { left } = window
  window.left = 0
  return window.credit(left)
}

describe('a receive window', () => {
  it('gives back what was read once it is half of the window', () => {
    const window = new ReceiveWindow(1000)
    window.left -= 700
    expect(window.credit(499)).toBe(0)
    expect(window.credit(1)).toBe(500)
    expect(window.left).toBe(800)
  })

  it('doubles while it is read within two round trips, up to its limit', () => {
    const window = new ReceiveWindow(1024, 4096, { ms: 1e6 })
    for (let i = 0; i < 8; i++) drain(window)
    expect(window.left).toBe(4096)
  })

  it('does not grow by its first update, however young the process is', () => {
    const window = new ReceiveWindow(1024, 4096, { ms: performance.now() })
    drain(window)
    expect(window.left).toBe(1024)
    drain(window)
    expect(window.left).toBe(2048)
  })

  it('stays as it is when its peer is slower than that, when the round trip is unknown, or without a limit above', () => {
    for (const window of [
      new ReceiveWindow(1024, 4096, { ms: 0 }),
      new ReceiveWindow(1024, 4096),
      new ReceiveWindow(1024, 0, { ms: 1e6 }),
    ]) {
      for (let i = 0; i < 4; i++) drain(window)
      expect(window.left).toBe(1024)
    }
  })
})

describe('the window of a connection', () => {
  const MiB = 1024 * 1024

  it('gives back what waits for slow readers, up to three times its size, and takes it into account when it is read', () => {
    let left = MiB
    const window = new ConnectionWindow(MiB, { ms: 0 }, (increment) => {
      left += increment
    })
    const receive = (bytes: number): boolean => {
      left -= bytes
      return window.take(bytes)
    }
    for (let i = 0; i < 6; i++) {
      expect(receive(MiB / 2)).toBe(true)
      window.hold(MiB / 2)
    }
    expect(left).toBe(MiB)
    // Beyond three times its size unread bytes count.
    expect(receive(MiB / 2)).toBe(true)
    window.hold(MiB / 2)
    expect(left).toBe(MiB / 2)
    window.release(MiB / 2)
    expect(left).toBe(MiB)
    for (let i = 0; i < 6; i++) window.release(MiB / 2)
    expect(left).toBe(MiB)
  })

  it('counts every unread byte when it is fixed, and tells when a peer sent too much', () => {
    const increments: number[] = []
    const window = new ConnectionWindow(100_000, undefined, (increment) => increments.push(increment))
    window.announce()
    expect(increments).toEqual([100_000 - 65_535])
    expect(window.take(100_000)).toBe(true)
    window.hold(100_000)
    expect(increments).toHaveLength(1)
    expect(window.take(1)).toBe(false)
  })
})
