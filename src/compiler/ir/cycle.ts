/** Cycles in what declarations need of each other. */

import type { Span } from '../diagnostic.ts'

/** One step from a node to another that it needs, and where that is written. */
export interface Step<T> {
  readonly to: T
  readonly span: Span
}

/** One cycle: its nodes in order, each with the place where it names the next; the last names the first. */
export type Cycle<T> = readonly { readonly node: T; readonly span: Span }[]

/** The cycles met on a walk from each node in turn: every cyclic group of nodes shows up in at least one. No recursion, so any depth is fine. */
export function findCycles<T>(nodes: Iterable<T>, stepsOf: (node: T) => readonly Step<T>[]): Cycle<T>[] {
  const cycles: Cycle<T>[] = []
  const done = new Set<T>()
  for (const root of nodes) {
    if (done.has(root)) continue
    const stack: { readonly node: T; readonly steps: readonly Step<T>[]; next: number }[] = []
    const open = new Map<T, number>()
    const enter = (node: T): void => {
      open.set(node, stack.length)
      stack.push({ node, steps: stepsOf(node), next: 0 })
    }
    enter(root)
    for (let top = stack.at(-1); top !== undefined; top = stack.at(-1)) {
      const step = top.steps[top.next]
      top.next++
      if (step === undefined) {
        stack.pop()
        open.delete(top.node)
        done.add(top.node)
      } else if (open.has(step.to)) {
        const from = open.get(step.to)!
        cycles.push(stack.slice(from).map((each) => ({ node: each.node, span: each.steps[each.next - 1]!.span })))
      } else if (!done.has(step.to)) {
        enter(step.to)
      }
    }
  }
  return cycles
}
