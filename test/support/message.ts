/** Message types by hand, with the behaviour of generated ones: complete messages pass, incomplete ones are copied and filled. */

import { RpcError } from '../../src/runtime/core/error.ts'
import type { MessageType } from '../../src/runtime/core/message/message.ts'

/** A member: required, optional, or filled with a default; `type` completes it. */
export interface Member {
  readonly required?: boolean
  readonly fill?: () => unknown
  readonly type?: MessageType
}

/** A message type of these members. */
export function messageType<T, I>(typeName: string, members: Readonly<Record<string, Member>>): MessageType<T, I> {
  const entries = Object.entries(members)
  const complete = (input: I): T => {
    let copy: Record<string, unknown> | undefined
    for (const [name, { required, fill, type }] of entries) {
      const value = (input as Record<string, unknown>)[name]
      if (value === undefined && required)
        throw new RpcError('INVALID_ARGUMENT', `${typeName}.${name} is required and missing`)
      const done = value === undefined ? fill?.() : type === undefined ? value : type.complete(value)
      if (done === value) continue
      copy ??= { ...(input as Record<string, unknown>) }
      copy[name] = done
    }
    return (copy ?? input) as T
  }
  return {
    typeName,
    schema: { kind: 'struct', name: typeName, fields: [] },
    create: (init) => complete({ ...init } as I),
    complete,
  }
}
