/** A client that makes one request and stays until the server has closed: `client.mjs MODULES URL`. */

import { pathToFileURL } from 'node:url'

const [modules, url] = process.argv.slice(2)
const load = (file) => import(pathToFileURL(`${modules}/runtime/${file}`))
const { http2Client } = await load('http2/client-connection.js')
const { dial } = await load('net/dial.js')

const { hostname, port, host } = new URL(url)
const connection = http2Client(await dial({ kind: 'tcp', host: hostname, port: Number(port) }), {
  onClose: () => process.exit(),
})
const head = [':method', 'GET', ':scheme', 'http', ':authority', host, ':path', '/']
const sink = { headers() {}, data() {}, end() {}, reset() {}, drain() {} }
connection.open(head, undefined, sink).write(new Uint8Array(0), true)
// A case may end without a word; the tool gives a client three seconds.
setTimeout(() => process.exit(), 2_500)
