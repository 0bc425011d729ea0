/** mapStream: the values of a stream, each changed on its way. */

/** Ends as `values` does; what `map` throws ends both. */
export async function* mapStream<T, U>(values: AsyncIterable<T>, map: (value: T) => U): AsyncGenerator<U> {
  for await (const value of values) yield map(value)
}
