/** Calls over a MessagePort as one writes them by hand: a number per call, a map of what is pending. */

import { handler } from './record.mjs'

/** Posts each message by itself. */
const single = (port) => (message) => port.postMessage([message])

/** Posts what gathers until the next microtask as one message. */
function batched(port) {
  let batch
  return (message) => {
    if (batch !== undefined) return void batch.push(message)
    batch = [message]
    queueMicrotask(() => {
      port.postMessage(batch)
      batch = undefined
    })
  }
}

const posting = { single, batched }

/** Answers what comes through a port. */
export function serve(port, mode) {
  const post = posting[mode](port)
  port.on('message', (batch) => {
    for (const [id, method, message] of batch) handler[method](message).then((answer) => post([id, answer]))
  })
}

/** Calls through a port. */
export function connect(port, mode, close) {
  const post = posting[mode](port)
  const pending = new Map()
  let last = 0
  port.on('message', (batch) => {
    for (const [id, message] of batch) {
      pending.get(id)(message)
      pending.delete(id)
    }
  })
  const call = (method, message) =>
    new Promise((resolve) => {
      pending.set(++last, resolve)
      post([last, method, message])
    })
  return { noop: () => call('noop'), echo: (message) => call('echo', message), close }
}
