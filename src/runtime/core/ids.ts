/** nextId(): the numbers by which statistics tell servers, channels and connections apart. */

let lastId = 0

/** A number that nothing else of the process has. */
export function nextId(): number {
  return ++lastId
}
