/** The HTTP/2 implementation in use, named in this one place. */

export { nodeHttp2Client as http2Client } from './node-client.ts'
export { nodeHttp2Server as http2Server } from './node-server.ts'
