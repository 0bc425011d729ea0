/** describe(): a few words for a value, for messages. */

/** A few words for a value that is not what it should be. */
export function describe(value: unknown): string {
  if (value === null || value === undefined) return String(value)
  if (isArray(value)) return 'an array'
  return typeof value === 'object' ? 'an object' : `a ${typeof value}`
}

function isArray(value: unknown): boolean {
  try {
    return Array.isArray(value)
  } catch {
    // A proxy that was revoked.
    return false
  }
}
