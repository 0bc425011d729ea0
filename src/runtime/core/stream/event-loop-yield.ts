/** Turns of the event loop: lets work that lives on promises alone stop in time for timers and sockets. */

/** Milliseconds that promises may run on before the event loop gets its turn. */
const budgetMs = 2

type Schedule = (run: () => void) => unknown

const schedule: Schedule =
  (globalThis as { readonly setImmediate?: Schedule }).setImmediate ?? ((run) => setTimeout(run, 0))

let began: number | undefined
const over = (): void => {
  began = undefined
}

/**
 * Whether the running turn of the event loop has had its 2 ms. The first question in a turn starts its clock, and costs
 * a task that runs when the turn is over.
 */
export function turnIsOverdue(): boolean {
  const now = performance.now()
  if (began === undefined) {
    began = now
    schedule(over)
    return false
  }
  return now - began > budgetMs
}

/** Runs a function in the next turn. */
export function nextTurn(run: () => void): void {
  schedule(run)
}
