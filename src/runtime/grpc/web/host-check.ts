/** HostCheck: whether a request over HTTP may come from its page, and may call this server by its name. */

import { quoted } from '../../core/text/printable.ts'
import type { Http2Headers } from '../../http2/sink.ts'
import { headerOf } from '../metadata.ts'

/** Names by which a program on the same machine calls. */
const loopbackNames = ['localhost', '127.0.0.1', '[::1]']

/**
 * Refuses pages that reach this server by a name of their own (DNS rebinding): to the browser such a request is of the
 * same origin, so CORS does not hold it back. `isAllowedOrigin`: what the CORS options allow.
 */
export class HostCheck {
  readonly #names: ReadonlySet<string>
  readonly #isListed: boolean
  readonly #isAllowedOrigin: (headers: Http2Headers) => boolean

  constructor(allowedHosts: readonly string[] | undefined, isAllowedOrigin: (headers: Http2Headers) => boolean) {
    this.#names = new Set((allowedHosts ?? []).map((name) => name.toLowerCase()))
    this.#isListed = allowedHosts !== undefined
    this.#isAllowedOrigin = isAllowedOrigin
  }

  /** Why the request is refused, in one sentence; undefined for one that is not. `onLoopback`: its port is bound to loopback. */
  refusal(headers: Http2Headers, onLoopback: boolean): string | undefined {
    const host = headerOf(headers, ':authority') ?? headerOf(headers, 'host') ?? ''
    if ((onLoopback || this.#isListed) && !this.#has(host, onLoopback)) {
      return `this server is not called ${quoted(host)}; if it is, add the name to http.allowedHosts`
    }
    const origin = headerOf(headers, 'origin')
    if (origin === undefined || this.#isAllowedOrigin(headers) || this.#has(hostOf(origin), onLoopback))
      return undefined
    return `pages of ${quoted(origin)} may not call; if they may, add the origin to http.cors.origins or its host to http.allowedHosts`
  }

  /** An entry without a port stands for all ports. */
  #has(host: string, onLoopback: boolean): boolean {
    const whole = host.toLowerCase()
    const name = whole.replace(/:\d*$/, '')
    return this.#names.has(whole) || this.#names.has(name) || (onLoopback && loopbackNames.includes(name))
  }
}

function hostOf(origin: string): string {
  return origin.replace(/^https?:\/\//i, '')
}
