/** thriftUnion: the constant that generated code exports beside each union. */

import type { FileSchema } from '../../core/message/schema.ts'
import type { ThriftReader, ThriftStruct, ThriftWriter } from './protocol.ts'
import { thriftStruct } from './struct.ts'

/** A union: a struct of which one field is there; a field that the IDL does not know is the case `$unknown`. */
export interface ThriftUnion<T = unknown, I = T> extends ThriftStruct<T, I> {
  /** Makes a value of one case, completed: `Payment.of('card', { number: '1' })`. */
  of<C extends CaseOf<I>>(name: C, value: ValueOf<I, C>): Extract<T, { case: C }>
}

type CaseOf<I> = I extends { readonly case: infer C extends string } ? C : never
type ValueOf<I, C> = I extends { readonly case: C; readonly value: infer V } ? V : never

/** Makes a {@link ThriftUnion} of printed functions. Generated code calls it. */
export function thriftUnion<T, I>(
  typeName: string,
  file: () => FileSchema,
  complete: (input: I) => T,
  encode: (writer: ThriftWriter, value: I) => void,
  decode: (reader: ThriftReader) => T,
): ThriftUnion<T, I> {
  const of = (name: string, value: unknown): unknown => complete({ case: name, value } as I)
  return Object.assign(thriftStruct(typeName, file, complete, encode, decode), {
    of: of as ThriftUnion<T, I>['of'],
  })
}
