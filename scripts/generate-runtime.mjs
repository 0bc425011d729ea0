/** Generates the well-known protobuf types, gRPC's own services, Thrift reflection and etcd's API into the runtime with our own compiler. Run it after `npm run build`. */

import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import * as compiler from '../dist/command/compiler.js'
import { generateEtcdApi } from './etcd-api.mjs'
import { generateGrpcServices } from './grpc-services.mjs'
import { generateThriftReflection } from './thrift-reflection.mjs'
import { generateWellKnown } from './well-known.mjs'

const runtime = join(dirname(fileURLToPath(import.meta.url)), '../src/runtime')

/** Replaces what stands below a folder of the runtime. */
function write(folder, files) {
  const out = join(runtime, folder)
  rmSync(out, { recursive: true, force: true })
  for (const file of files) {
    const path = join(out, file.path)
    mkdirSync(dirname(path), { recursive: true })
    writeFileSync(path, file.text)
  }
  console.log(`${files.length} files in src/runtime/${folder}`)
}

write('protobuf/gen', generateWellKnown(compiler))
write('grpc/gen', generateGrpcServices(compiler))
write('thrift/gen', generateThriftReflection(compiler))
write('discovery/gen', generateEtcdApi(compiler))
