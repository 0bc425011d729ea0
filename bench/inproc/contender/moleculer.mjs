/** moleculer: calls of local actions. */

import moleculer from 'moleculer'
import { handler } from '../record.mjs'

async function open(middlewares) {
  const broker = new moleculer.ServiceBroker({ logger: false, transporter: null, middlewares })
  broker.createService({
    name: 'records',
    actions: { noop: () => handler.noop(), echo: (context) => handler.echo(context.params) },
  })
  await broker.start()
  return {
    noop: () => broker.call('records.noop'),
    echo: (message) => broker.call('records.echo', message),
    close: () => broker.stop(),
  }
}

const awaiting = {
  localAction: (next) => async (context) => {
    const response = await next(context)
    return response
  },
}

export const variants = {
  plain: () => open([]),
  'layers-await': () => open(Array.from({ length: 5 }, () => awaiting)),
}
