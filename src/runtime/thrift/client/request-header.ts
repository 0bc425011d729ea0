/** The TTHeader of a request: what never changes for a method is laid out once. */

import { ByteWriter } from '../../core/bytes/byte-writer.ts'
import { copyBytes } from '../../core/bytes/bytes.ts'
import type { Context } from '../../core/context/context.ts'
import type { MethodType, ServiceType } from '../../core/service-type.ts'
import { aclTokenOf, requestPairs } from '../metainfo.ts'
import { beginTtheader, padTtheader, TtheaderKey } from '../ttheader.ts'

/**
 * FLAGS bit with which a client says that it takes replies in any order, and with them frames that it did not ask for. A
 * client with one call at a time per connection sets it too: any order is the same to it then.
 */
export const outOfOrderFlag = 0x01

/** What a client puts in every header. */
export interface RequestHeaderOptions {
  readonly caller: string
  /** Default: the name of the service. */
  readonly callee: string | undefined
}

/** Writes the headers of requests to one method. */
export class RequestHeader {
  readonly #service: ServiceType
  readonly #method: MethodType
  readonly #options: RequestHeaderOptions
  #caller: string | undefined
  /** The header without and with a deadline to follow, both unpadded. */
  #plain: Uint8Array = new Uint8Array(0)
  #timed: Uint8Array = new Uint8Array(0)

  constructor(service: ServiceType, method: MethodType, options: RequestHeaderOptions) {
    this.#service = service
    this.#method = method
    this.#options = options
  }

  /** Writes the header and returns where the frame began, for `endTtheader`. Throws like `beginTtheader`. */
  begin(writer: ByteWriter, cx: Context, sequence: number): number {
    const caller = cx.caller === '' ? this.#options.caller : cx.caller
    const pairs = requestPairs(cx)
    const acl = aclTokenOf(cx)
    if (pairs !== undefined || acl !== undefined) {
      const ints = this.#ints(caller)
      if (cx.deadline !== undefined) ints.push([TtheaderKey.RPC_TIMEOUT, timeoutText(cx)])
      const strings: [string, string][] = [...(pairs ?? []), ['isn', this.#service.name]]
      return beginTtheader(writer, { flags: outOfOrderFlag, sequence, ints, strings, aclToken: acl })
    }
    if (caller !== this.#caller) this.#layOut(caller)
    const begin = writer.position
    if (cx.deadline === undefined) {
      writer.raw(this.#plain)
    } else {
      writer.raw(this.#timed)
      const text = timeoutText(cx)
      const at = writer.reserve(4)
      writer.setU16(at, TtheaderKey.RPC_TIMEOUT)
      writer.setU16(at + 2, text.length)
      writer.utf8(text)
    }
    padTtheader(writer, begin)
    writer.setU32(begin + 8, sequence)
    return begin
  }

  #ints(caller: string): [number, string][] {
    const ints: [number, string][] = [
      [TtheaderKey.MSG_TYPE, this.#method.kind === 'oneway' ? '4' : '1'],
      [TtheaderKey.TRANSPORT_TYPE, 'framed'],
      [TtheaderKey.TO_SERVICE, this.#options.callee ?? this.#service.name],
      [TtheaderKey.TO_METHOD, this.#method.name],
    ]
    if (caller !== '') ints.push([TtheaderKey.FROM_SERVICE, caller])
    return ints
  }

  #layOut(caller: string): void {
    const strings: [string, string][] = [['isn', this.#service.name]]
    const ints = this.#ints(caller)
    const stringBytes = strings.reduce(
      (sum, [key, value]) => sum + 4 + Buffer.byteLength(key) + Buffer.byteLength(value),
      3,
    )
    const intBytes = ints.reduce((sum, [, value]) => sum + 4 + Buffer.byteLength(value), 3)
    const writer = new ByteWriter()
    beginTtheader(writer, { flags: outOfOrderFlag, sequence: 0, ints, strings })
    writer.truncate(16 + stringBytes + intBytes)
    this.#plain = copyBytes(writer.written(), 0, writer.position)
    // The count of the integer keys is the second and third byte of their block.
    writer.setU16(16 + stringBytes + 1, ints.length + 1)
    this.#timed = copyBytes(writer.written(), 0, writer.position)
    this.#caller = caller
  }
}

/** Whole milliseconds left, rounded up: the peer must not give up before the caller does. */
function timeoutText(cx: Context): string {
  return String(Math.max(1, Math.ceil(cx.remainingMs)))
}
