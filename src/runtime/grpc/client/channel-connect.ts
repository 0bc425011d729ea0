/** connectChannel(): a connection before the first call needs it. */

import { delayOf } from '../../core/context/delay.ts'
import { RpcError } from '../../core/error.ts'
import type { Channel, ChannelCall } from './channel.ts'

/** How long to try. */
export interface ConnectOptions {
  /** Milliseconds to try for, again and again. Default: one attempt. */
  readonly timeoutMs?: number | undefined
  /** Gives up; what the channel is doing goes on where calls need it. */
  readonly signal?: AbortSignal | undefined
}

/** Resolves when there is a connection. Rejects with RpcError UNAVAILABLE, DEADLINE_EXCEEDED or CANCELLED. */
export function connectChannel(channel: Channel, { timeoutMs, signal }: ConnectOptions = {}): Promise<void> {
  if (channel.ready !== undefined) return Promise.resolve()
  return new Promise((resolve, reject) => {
    let lastError: RpcError | undefined
    const unwatch = channel.connectivity.watch((_state, error) => {
      lastError = error ?? lastError
    })
    const call: ChannelCall = {
      waitsForReady: timeoutMs !== undefined,
      open: () => end(resolve),
      unavailable: (error) => end(() => reject(error)),
    }
    const end = (settle: () => void): void => {
      clearTimeout(timer)
      unwatch()
      signal?.removeEventListener('abort', onAbort)
      channel.leave(call)
      settle()
    }
    const onAbort = (): void => {
      end(() =>
        reject(new RpcError('CANCELLED', 'connecting was given up', { cause: signal?.reason, bytesSent: false })),
      )
    }
    const onTime = (): void => {
      const why = lastError === undefined ? '' : `: ${lastError.message}`
      const options = { bytesSent: false, ...(lastError === undefined ? {} : { cause: lastError }) }
      end(() => reject(new RpcError('DEADLINE_EXCEEDED', `no connection within ${timeoutMs} ms${why}`, options)))
    }
    const timer = timeoutMs === undefined ? undefined : setTimeout(onTime, delayOf(timeoutMs))
    if (signal?.aborted === true) {
      onAbort()
      return
    }
    signal?.addEventListener('abort', onAbort)
    channel.wait(call)
  })
}
