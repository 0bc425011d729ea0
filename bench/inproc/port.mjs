/** Calls over a MessagePort as one writes them by hand: a number per call, a map of what is pending. */

import { handler } from './record.mjs'

/** Answers what comes through a port. */
export function serve(port) {
  port.on('message', async ([id, method, message]) => {
    port.postMessage([id, await handler[method](message)])
  })
}

/** Calls through a port. */
export function connect(port, close) {
  const pending = new Map()
  let last = 0
  port.on('message', ([id, message]) => {
    pending.get(id)(message)
    pending.delete(id)
  })
  const call = (method, message) =>
    new Promise((resolve) => {
      pending.set(++last, resolve)
      port.postMessage([last, method, message])
    })
  return { noop: () => call('noop'), echo: (message) => call('echo', message), close }
}
