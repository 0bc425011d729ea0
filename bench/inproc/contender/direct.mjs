/** A direct call of an asynchronous function: what no other contender can beat. */

import { handler } from '../record.mjs'

export const variants = {
  plain: async () => ({ noop: () => handler.noop(), echo: (message) => handler.echo(message), close() {} }),
}
