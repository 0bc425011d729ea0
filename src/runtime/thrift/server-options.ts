/** Options of the Thrift wire of a port. */

/** Limits and hooks of {@link thriftWire}. */
export interface ThriftWireOptions {
  /** The longest message that is accepted, in bytes. Default 16 MiB. */
  readonly maxFrameBytes?: number | undefined
  /** Calls in flight on one connection above which further ones are refused with RESOURCE_EXHAUSTED. Default 4,096. */
  readonly maxConcurrentCalls?: number | undefined
}
