/** The type codes of the compact protocol beside those of the binary one. */

/** Compact code by binary code; 0 where there is none. Booleans are 1 (true) and 2 (false); in containers they count as 1. */
export const compactTypes: Uint8Array = new Uint8Array([0, 0, 1, 3, 7, 0, 4, 0, 5, 0, 6, 8, 12, 11, 10, 9, 13])

/** Binary code by compact code; 255 where there is none. */
export const binaryTypes: Uint8Array = new Uint8Array([0, 2, 2, 3, 6, 8, 10, 4, 11, 15, 14, 13, 12, 16, 255, 255])
