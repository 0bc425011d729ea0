/** What options of a server's port and wires may be. */

import {
  atLeast,
  either,
  integerWithin,
  isAnything,
  isFlag,
  isFunction,
  isText,
  type OptionTable,
  oneOf,
} from '../core/option-check.ts'
import { grpcWireOptionTable } from '../grpc/option-table.ts'
import { highestMaxDepth } from '../thrift/protocol/protocol.ts'
import type { PortLimits } from './port.ts'
import type { PortWireOptions } from './port-wire.ts'

/** For `checkOptions`. */
export const portLimitTable: OptionTable<PortLimits> = {
  maxConnections: atLeast(0),
  firstBytesTimeoutMs: atLeast(0),
  silentTimeoutMs: atLeast(0),
}

/** For `checkOptions`. */
export const wireOptionTable: OptionTable<Omit<PortWireOptions, 'onError'>> = {
  thrift: {
    maxFrameBytes: atLeast(1),
    maxDepth: integerWithin(1, highestMaxDepth),
    maxConcurrentCalls: atLeast(0),
    idleTimeoutMs: atLeast(0),
    readTimeoutMs: atLeast(0),
    writeTimeoutMs: atLeast(0),
    order: oneOf('sequence', 'strict'),
  },
  grpc: grpcWireOptionTable,
  http: {
    grpcWeb: isFlag,
    connect: isFlag,
    index: isFlag,
    types: isAnything,
    health: either(false, isText),
    cors: isAnything,
    allowedHosts: isAnything,
    fallback: isFunction,
    headTimeoutMs: atLeast(0),
    bodyTimeoutMs: atLeast(0),
    writeTimeoutMs: atLeast(0),
    idleTimeoutMs: atLeast(0),
    maxHeaderBytes: atLeast(1),
  },
}
