/** The worker of threads(). */

import { Server } from 'volo-ts'
import { serveThread } from 'volo-ts/inproc'
import { Records } from '../../gen/record-thrift.js'
import { handler } from '../record.mjs'

serveThread(new Server().add(Records, handler))
