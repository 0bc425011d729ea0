/** How much memory reading a message may take: a bound against small messages that unfold into huge ones. */

/**
 * The budget of a message of `size` bytes, in units of 16 bytes: 64 MiB and 32 times its size. An empty struct is one byte on the
 * wire and hundreds in memory, so a frame of a few MiB could else exhaust the heap and end the process.
 */
export function memoryBudget(size: number): number {
  return 4 * 1024 * 1024 + 2 * size
}

/** Structs, containers and map entries that one message may hold, unless its server says otherwise. */
export const defaultMaxObjects = 1_000_000

/** What an empty Map, Set or object without prototype takes, in units. */
export const tableWeight = 14

/** What an empty array takes, in units. */
export const arrayWeight = 2

/** What an entry of a Map or object takes beside key and value, in units. */
export const entryWeight = 2

/** What an empty Uint8Array takes, in units. */
export const bytesWeight = 10
