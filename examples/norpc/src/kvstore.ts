/** A service that holds state; two clients see it, and its exception keeps its class: `npm run example norpc kvstore`. */

import { createClient, Server } from 'volo-ts'
import { inProcess } from 'volo-ts/inproc'
import { KvStore, type KvStoreHandler, NotFound } from './gen/norpc.js'

function kvStore(): KvStoreHandler {
  const values = new Map<number, string>()
  return {
    read(id) {
      const value = values.get(id)
      if (value === undefined) throw new NotFound({ id })
      return value
    },
    write: (id, value) => void values.set(id, value),
    write_many(more) {
      for (const [id, value] of more) values.set(id, value)
    },
    list_all: () => values,
  }
}

// One handler at a time, in the order of the calls: an actor. Handlers with an `await` in them need no locks then.
const store = inProcess(new Server().add(KvStore, kvStore()), { mode: 'mailbox', isolate: 'copy' })
const one = createClient(KvStore, store)
const other = createClient(KvStore, store)

await one.write(1, 'one')
await other.write_many(new Map().set(2, 'two').set(3, 'three'))
console.log(await other.read(1), await one.read(2))
console.log(await one.list_all())
try {
  await one.read(4)
} catch (error) {
  if (!(error instanceof NotFound)) throw error
  console.log(`there is nothing at ${error.id}`)
}
