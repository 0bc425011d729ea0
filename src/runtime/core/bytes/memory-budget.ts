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

/** What the head of a text takes beside its letters, in units. */
export const textWeight = 1

/** What an array that has grown by `push` to a length takes, in units: it has room for 17 at first, then for half as many again. */
export function listWeight(length: number): number {
  return length === 0 ? arrayWeight : length <= 17 ? 12 : slotsWeight(length) + 3
}

/** The slots of so many elements, and the room that is left over on average. */
export function slotsWeight(count: number): number {
  return (count * 5) >>> 3
}

/** What an entry of a Map or object takes beside key and value, in units. */
export const entryWeight = 2

/** What an empty Uint8Array takes, in units. */
export const bytesWeight = 10
