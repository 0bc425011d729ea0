/** Metainfo: the three string maps that CloudWeGo services hand along a call chain. */

/**
 * Metainfo of one call. `persistent` entries travel with every further hop, `transient` ones to the next hop only;
 * `backward` ones come back from the callee, one hop.
 */
export interface Metainfo {
  readonly persistent: Map<string, string>
  readonly transient: Map<string, string>
  readonly backward: Map<string, string>
}
