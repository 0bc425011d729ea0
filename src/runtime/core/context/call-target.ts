/** Where one call goes, and what layers may know of it, as its caller or a layer says. */

import { type ContextKey, sharedKey } from './context.ts'

/**
 * Where a call's context holds the address that it goes to instead of the transport's own, in text (`10.0.0.1:8080`,
 * `unix:/run/shop.sock`). The call option `address` sets it; a layer may too, one of `attemptLayers` for each attempt.
 */
export const callAddress: ContextKey<string> = sharedKey('call address')

/** Where a call's context holds the tags of its caller: they are for layers, and go nowhere. */
export const callTags: ContextKey<Readonly<Record<string, string>>> = sharedKey('call tags')
