/** Ambient inheritance: calls made while a handler runs inherit its context without being told. */

import { AsyncLocalStorage } from 'node:async_hooks'
import { ambientContext, ambientStore, setAmbientStore } from '../core/context/ambient.ts'
import type { Context } from '../core/context/context.ts'

/**
 * Turns ambient inheritance on for the whole process: every handler runs in an AsyncLocalStorage with its context, and
 * clients without the call option `parent` take it from there. On Node 20 this costs every awaited call of the process
 * about 0.1 us. Doing it twice does nothing. Servers made with `ambient: true` call it.
 */
export function enableAmbient(): void {
  if (ambientStore() !== undefined) return
  const storage = new AsyncLocalStorage<Context | undefined>()
  setAmbientStore({
    get: () => storage.getStore(),
    run: (cx, service, request) => storage.run(cx, service, cx, request),
    enter: (cx, run) => storage.run(cx, run),
  })
}

/** The context of the call that the running code belongs to; undefined outside a handler or without ambient inheritance. */
export function currentContext(): Context | undefined {
  return ambientContext()
}
