/** A client straight on its handler, with neither server nor transport: `npm run example norpc no-runtime`. */

import { createClient } from 'volo-ts'
import { Add } from './gen/norpc.js'

const client = createClient(Add, { add: (x, y) => x + y })
console.log(await client.add(1, 2))
