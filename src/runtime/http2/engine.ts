/** The HTTP/2 implementation in use, named in this one place. */

export { http2Client } from './client/connection.ts'
export { type Http2Socket, http2Server } from './server/connection.ts'
export { refuseConnection } from './server/refuse-connection.ts'
