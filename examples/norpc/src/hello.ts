/** A server, a client and a call between them, all in one process: `npm run example norpc hello`. */

import { createClient, Server } from 'volo-ts'
import { inProcess } from 'volo-ts/inproc'
import { HelloWorld } from './gen/norpc.js'

const server = new Server().add(HelloWorld, {
  hello: (name) => `Hello, ${name}`,
})
const client = createClient(HelloWorld, inProcess(server))
console.log(await client.hello('Akira'))
