/** The worker that answers messages by hand. */

import { parentPort, workerData } from 'node:worker_threads'
import { serve } from '../port.mjs'

serve(parentPort, workerData)
