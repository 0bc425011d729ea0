/** callHash: what a consistent hash sends a call by. */

import { type ContextKey, sharedKey } from '../core/context/context.ts'

/** Where a call's context holds its hash, a number of 64 bits; a layer sets it: `cx.set(callHash, hashOf(userId))`. */
export const callHash: ContextKey<bigint> = sharedKey('call hash')
