/** Cuts the asynchronous context between a caller and a handler, so that AsyncLocalStorages of other libraries do not flow. */

import { AsyncResource } from 'node:async_hooks'
import { type AmbientStore, ambientStore } from '../core/context/ambient.ts'

/** Holds the asynchronous context in which this module was loaded: that of the program's start. */
const outside = new AsyncResource('volo-ts.outside')

/** Runs a function outside every AsyncLocalStorage that was entered after the program's start. */
export function runOutside<T>(run: () => T): T {
  return outside.runInAsyncScope(run)
}

/** Remembers the asynchronous context of whoever calls it; what comes back runs functions there. */
export function here(): <T>(run: () => T) => T {
  const resource = new AsyncResource('volo-ts.here')
  return (run) => resource.runInAsyncScope(run)
}

/** An ambient store that leaves the caller's asynchronous context first; inheritance of volo's own context works in it. */
export const outsideStore: AmbientStore = {
  get: () => ambientStore()?.get(),
  run: (cx, service, request) =>
    runOutside(() => {
      const store = ambientStore()
      return store === undefined ? service(cx, request) : store.run(cx, service, request)
    }),
  enter: (cx, run) =>
    runOutside(() => {
      const store = ambientStore()
      return store === undefined ? run() : store.enter(cx, run)
    }),
}
