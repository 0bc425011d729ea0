/** The message of the race, about 350 bytes, and the handlers that every contender calls. */

/** A record of its own; no part of it is shared with another one. */
export function record(id) {
  return {
    title: `record ${id}`,
    data: new Uint8Array(256).fill(id),
    numbers: Array.from({ length: 16 }, (_, i) => i + id),
    owner: { name: 'somebody', id },
    labels: { colour: 'blue', size: 'large' },
  }
}

export const handler = {
  async noop() {},
  async echo(message) {
    return message
  },
}
