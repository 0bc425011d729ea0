/** Options of the Thrift wire of a port. */

/** The default of {@link ThriftWireOptions.idleTimeoutMs}: 10 minutes, as Kitex. */
export const defaultIdleTimeoutMs = 600_000
/** The default of {@link ThriftWireOptions.readTimeoutMs}. */
export const defaultReadTimeoutMs = 30_000

/** Limits of the Thrift connections of a server. */
export interface ThriftWireOptions {
  /** The longest message that is accepted, in bytes. Default 16 MiB. */
  readonly maxFrameBytes?: number | undefined
  /**
   * How deep structs may nest in a message, read or written, 1 to 500; in what no IDL describes, four times as many containers.
   * Default 64, as Apache Thrift.
   */
  readonly maxDepth?: number | undefined
  /**
   * Calls in flight on one connection above which further ones are refused with RESOURCE_EXHAUSTED. Where requests wait for
   * earlier ones (see `order`), as many may wait; the rest is not read until there is room. Default 4,096.
   */
  readonly maxConcurrentCalls?: number | undefined
  /** Milliseconds without a call after which a connection is closed; clients are told first where they understand. Default 600,000. */
  readonly idleTimeoutMs?: number | undefined
  /** Milliseconds that a client may take to send a message that it has begun; then the connection is closed. Default 30,000. */
  readonly readTimeoutMs?: number | undefined
  /**
   * Milliseconds in which a client must take at least one byte of its replies while some wait for it; then the connection is
   * closed. 0: any time. Default 30,000.
   */
  readonly writeTimeoutMs?: number | undefined
  /**
   * `sequence`: requests of one connection with distinct sequence ids run side by side; one whose id is 0, or that of a
   * request still unanswered, starts when all earlier ones have ended; a oneway request holds up later ones until it has
   * ended, unless the client takes replies in any order (FLAGS bit 0). `strict`: each request starts when all earlier ones
   * of its connection have ended. Default `sequence`.
   */
  readonly order?: 'sequence' | 'strict' | undefined
}
