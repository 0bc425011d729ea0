/** ProxyHeaders: reads the PROXY protocol's header in front of each connection of a port. */

import { RpcError } from '../core/error.ts'
import { foreignProtocolHint } from '../net/foreign-protocol.ts'
import { peerOf } from '../net/peer.ts'
import { maxProxyHeaderBytes, readProxyHeader } from '../net/proxy-protocol.ts'
import type { Socket } from '../net/socket.ts'
import { type FirstBytesLimits, readFirstBytes } from './first-bytes.ts'
import { ThrottledReport } from './throttled-report.ts'

/** What a load balancer said of a connection. */
export interface ProxiedArrival {
  /** `192.0.2.1:40000`; undefined for a connection of the balancer itself. */
  readonly source: string | undefined
}

/** Reads headers, and reports connections that have none. */
export class ProxyHeaders {
  readonly #refusals: ThrottledReport

  /** `onError` gets one report at most each minute. */
  constructor(onError: (error: unknown) => void) {
    this.#refusals = new ThrottledReport(onError)
  }

  /**
   * Takes the header off a connection. Without one, or with one that breaks the rules, the socket is destroyed and the
   * promise resolves with undefined. A Unix socket (`unixPath`) needs none, for its peers are of this machine.
   */
  async read(
    socket: Socket,
    unixPath: string | undefined,
    limits: FirstBytesLimits,
  ): Promise<ProxiedArrival | undefined> {
    const isRequired = unixPath === undefined
    let why = 'it sent no PROXY protocol header'
    const { kind, first, ...found } = await readFirstBytes(
      socket,
      { ...limits, mostBytes: maxProxyHeaderBytes },
      (bytes) => {
        const header = readProxyHeader(bytes)
        if (header.kind === 'header') return header
        if (header.kind === 'none' && !isRequired) return { length: 0, source: undefined }
        if (header.kind === 'malformed') why = `its PROXY protocol header is malformed: ${header.why}`
        return header.kind === 'more' ? 'more' : undefined
      },
    )
    if ('what' in found) {
      const { length, source } = found.what
      if (first.length > length) socket.unshift(first.subarray(length))
      return { source }
    }
    if (kind === 'slow' && first.length > 0) why = 'its PROXY protocol header did not come in time'
    if (first.length > 0 && kind !== 'gone') this.#report(socket, unixPath, `${why}${foreignProtocolHint(first)}`)
    socket.destroy()
    return undefined
  }

  #report(socket: Socket, unixPath: string | undefined, why: string): void {
    this.#refusals.report((more) => {
      const text = `refused a connection from ${peerOf(socket, unixPath).address}${more}: ${why}`
      const hint = 'the server was made with `proxyProtocol: true`, so every TCP connection must begin with one'
      return new RpcError('INVALID_ARGUMENT', `${text}; ${hint}`, { stack: false })
    })
  }
}
