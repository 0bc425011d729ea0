/** What is in stock, and who wants to hear of it. */

/** One article and how many pieces of it there are. */
export interface Level {
  readonly sku: string
  readonly count: number
}

/** A warehouse; both services stand on it. */
export interface Warehouse {
  count(sku: string): number
  change(sku: string, by: number): number
  /** Levels now and whenever they change, until the loop is left or the signal aborts. */
  watch(sku: string, signal: AbortSignal): AsyncGenerator<Level, void, undefined>
}

/** A warehouse with nothing in it. */
export function openWarehouse(): Warehouse {
  const counts = new Map<string, number>()
  const listeners = new Set<(level: Level) => void>()
  return {
    count: (sku) => counts.get(sku) ?? 0,
    change(sku, by) {
      const count = (counts.get(sku) ?? 0) + by
      counts.set(sku, count)
      for (const tell of listeners) tell({ sku, count })
      return count
    },
    async *watch(sku, signal) {
      const news: Level[] = [...counts].map(([name, count]) => ({ sku: name, count }))
      let wake = (): void => {}
      const tell = (level: Level): void => {
        news.push(level)
        wake()
      }
      const stop = (): void => wake()
      listeners.add(tell)
      signal.addEventListener('abort', stop)
      try {
        while (!signal.aborted) {
          for (let level = news.shift(); level !== undefined; level = news.shift()) {
            if (sku === '' || sku === level.sku) yield level
          }
          await new Promise<void>((resolve) => {
            wake = resolve
            if (news.length > 0 || signal.aborted) resolve()
          })
        }
      } finally {
        listeners.delete(tell)
        signal.removeEventListener('abort', stop)
      }
    },
  }
}
