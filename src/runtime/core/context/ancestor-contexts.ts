/** The chain of calls that led to a call, as far as it runs in this process and was handed on through contexts. */

import type { Context } from './context.ts'

/** A context that knows which one it was made for. */
export interface ChildContext {
  readonly parentContext: Context | undefined
}

/** The contexts behind one, nearest first: a handler's own, its caller's, and so on. */
export function* contextsBehind(cx: Context): Iterable<Context> {
  for (let at = behind(cx); at !== undefined; at = behind(at)) yield at
}

function behind(cx: Context): Context | undefined {
  return 'parentContext' in cx ? (cx as Context & ChildContext).parentContext : undefined
}
