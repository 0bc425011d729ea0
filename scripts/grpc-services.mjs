/** What the runtime generates from gRPC's own services: health, reflection and channelz, from the .proto files of npm packages. */

import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'

const require = createRequire(import.meta.url)

/** Logical path of each file, an entry of the package that has it, and where it is in that package. */
const sources = [
  ['grpc/health/v1/health.proto', require.resolve('grpc-health-check'), 'proto/health/v1/health.proto'],
  [
    'grpc/reflection/v1/reflection.proto',
    require.resolve('@grpc/reflection'),
    'build/proto/grpc/reflection/v1/reflection.proto',
  ],
  [
    'grpc/reflection/v1alpha/reflection.proto',
    require.resolve('@grpc/reflection'),
    'build/proto/grpc/reflection/v1alpha/reflection.proto',
  ],
  ['grpc/channelz/v1/channelz.proto', require.resolve('@grpc/grpc-js'), 'proto/channelz.proto'],
]

/** The folder of an installed package, by a file of it. */
function packageFolder(entry) {
  const [, folder] = /^(.*[\\/]node_modules[\\/](?:@[^\\/]+[\\/])?[^\\/]+)/.exec(entry)
  return folder
}

/** The generated modules, given `volo-ts/compiler`: path below `src/runtime/grpc/gen` and text. */
export function generateGrpcServices({ compile, memoryHost }) {
  const texts = Object.fromEntries(
    sources.map(([path, entry, file]) => [path, readFileSync(join(packageFolder(entry), file), 'utf8')]),
  )
  const { files, diagnostics } = compile({
    entries: sources.map(([path]) => path),
    includes: [''],
    host: memoryHost(texts),
    options: { importExtension: '.ts', runtime: 'relative' },
  })
  const errors = diagnostics.filter((diagnostic) => diagnostic.severity === 'error')
  if (errors.length > 0) throw new Error(errors.map((error) => error.message).join('\n'))
  return files
    .filter((file) => file.path.startsWith('grpc/'))
    .map(({ path, text }) => ({ path, text: text.replace(/'((?:\.\.\/)+)google\//g, "'$1../../protobuf/gen/google/") }))
}
