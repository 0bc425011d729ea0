/** Opens and leaves iterators that other code wrote: neither throws, whatever the iterator is. */

/** The iterator of an iterable. When it cannot be opened, its first `next()` rejects with the reason. */
export function openIterator<T>(source: AsyncIterable<T>): AsyncIterator<T> {
  try {
    const iterator = source[Symbol.asyncIterator]()
    // A proxy that tells nothing of its members throws here and not at its reader.
    if (typeof iterator === 'object' && iterator !== null && 'next' in iterator) return iterator
    throw new TypeError('[Symbol.asyncIterator]() did not return an iterator')
  } catch (error) {
    return { next: () => Promise.reject(error) }
  }
}

/** Calls `return()` without waiting for it. `gone` runs once, when it has settled, also when it failed. */
export function leaveIterator(
  iterator: AsyncIterator<unknown> | Iterator<unknown> | undefined,
  gone: () => void = nothing,
): void {
  let left: unknown
  try {
    left = iterator?.return?.()
    if (left !== undefined) left = Promise.resolve(left)
  } catch {
    // A producer whose clean-up fails is on its own: its reader has left already.
    left = undefined
  }
  if (left === undefined) gone()
  else (left as Promise<unknown>).then(gone, gone)
}

const nothing = (): void => {}
