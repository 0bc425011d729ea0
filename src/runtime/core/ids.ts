/** nextId(): the numbers by which statistics tell servers, channels and connections apart. */

import { processWide } from './copies/process-wide.ts'

const last = processWide('ids', () => ({ id: 0 }))

/** A number that nothing else of the process has. */
export function nextId(): number {
  return ++last.id
}
