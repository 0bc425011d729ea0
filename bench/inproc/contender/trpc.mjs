/** tRPC: createCaller, without validation of inputs. */

import { initTRPC } from '@trpc/server'
import { handler } from '../record.mjs'

const t = initTRPC.create()

function open(procedure) {
  const router = t.router({
    noop: procedure.query(() => handler.noop()),
    echo: procedure.input((message) => message).query(({ input }) => handler.echo(input)),
  })
  const caller = t.createCallerFactory(router)({})
  return { noop: () => caller.noop(), echo: (message) => caller.echo(message), close() {} }
}

const awaiting = async ({ next }) => {
  const response = await next()
  return response
}

export const variants = {
  plain: async () => open(t.procedure),
  'layers-await': async () =>
    open(Array.from({ length: 5 }, () => awaiting).reduce((one, use) => one.use(use), t.procedure)),
}
