/** Opens connections of a client to one address, speaking what was set or what the peer turns out to speak. */

import { RpcError } from '../../core/error.ts'
import { type Address, formatAddress } from '../../net/address.ts'
import { type DialOptions, dial } from '../../net/dial.ts'
import type { DialBackoff } from '../../net/dial-backoff.ts'
import type { ThriftFraming } from '../sniff.ts'
import { ClientConnection, type ClientCounters, type ClientSpeech } from './connection.ts'
import { type OpenConnection, unknownMethodCall } from './connection-maintenance.ts'
import { PeerWatch } from './peer-watch.ts'

/** What to open. */
export interface OpenerOptions {
  readonly target: Address
  readonly dialing: Omit<DialOptions, 'signal'>
  readonly framing: ThriftFraming | 'auto'
  readonly speech: Omit<ClientSpeech, 'framing'>
  /** `Infinity`: any time. */
  readonly firstReplyTimeoutMs: number
  readonly caller: string
  readonly backoff: DialBackoff
  readonly counters: ClientCounters
}

/** How long each form is tried when the client finds out what the peer speaks. */
const findMs = 1_000

/** Makes the function that opens connections, and the watch over them. */
export function connectionOpener(options: OpenerOptions): { open: OpenConnection; watch: PeerWatch } {
  const { target, dialing, speech, caller, backoff, counters } = options
  const address = formatAddress(target)
  /** What the peer speaks, once that is known. */
  let found: ThriftFraming | undefined = options.framing === 'auto' ? undefined : options.framing
  let finding: Promise<ThriftFraming> | undefined
  const watch = new PeerWatch({
    address,
    timeoutMs: options.firstReplyTimeoutMs,
    probe: async (timeoutMs) => (await ask(found ?? 'ttheader', timeoutMs)).heard,
    framing: () => found ?? 'ttheader',
  })

  const open: OpenConnection = async (signal, events) => {
    const since = performance.now()
    const framing = found ?? (await find(signal))
    const dialed = await dial(target, { ...dialing, signal })
    return new ClientConnection(
      dialed,
      {
        ...speech,
        framing,
        ...events,
        watch,
        onHeard() {
          watch.heard++
          backoff.heard()
        },
        onUnanswered(reason) {
          if (options.framing === 'auto') found = undefined
          backoff.unanswered(reason, since)
        },
      },
      counters,
    )
  }
  return { open, watch }

  /** Calls an unknown method on a connection of its own. */
  async function ask(framing: ThriftFraming, timeoutMs: number, signal?: AbortSignal): Promise<ClientConnection> {
    const dialed = await dial(target, { ...dialing, signal })
    const ignore = (): void => {}
    const events = { onFree: ignore, onClosed: ignore, onHeard: ignore, onUnanswered: ignore }
    const connection = new ClientConnection(dialed, { ...speech, framing, ...events }, counters)
    await unknownMethodCall({ timeoutMs }, caller)(connection)
    connection.destroy(new RpcError('CANCELLED', 'the probe is over', { stack: false }))
    return connection
  }

  function find(signal: AbortSignal): Promise<ThriftFraming> {
    finding ??= tryAll(signal).finally(() => {
      finding = undefined
    })
    return finding
  }

  async function tryAll(signal: AbortSignal): Promise<ThriftFraming> {
    for (const framing of ['ttheader', 'framed', 'buffered'] as const) {
      if ((await ask(framing, findMs, signal)).answeredIn === framing) {
        found = framing
        return framing
      }
    }
    const text = `${address} answers an unknown method neither in TTHeader nor in framed or buffered form within ${findMs} ms each`
    throw new RpcError('UNAVAILABLE', `${text}; does it speak Thrift in the ${speech.protocol} protocol?`, {
      bytesSent: false,
      stack: false,
    })
  }
}
