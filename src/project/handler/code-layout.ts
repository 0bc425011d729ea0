/** Literals and calls of scaffolded code, as layouts that break where a formatter would. */

import { group, type Layout, lines } from '../../compiler/gen/text/layout.ts'
import { lineWidth } from '../../compiler/gen/text/printer.ts'

/** An object literal. */
export function objectCode(properties: readonly (readonly [string, Layout])[]): Layout {
  if (properties.length === 0) return '{}'
  const items = properties.map(([name, value]) => ({ label: name === value ? '' : `${name}: `, value }))
  return group('{', items, '}', true)
}

/** An array literal. */
export function arrayCode(elements: readonly Layout[]): Layout {
  return group('[', elements.map(unlabelled), ']')
}

/** `head(...args)`; `head` may be `new Set` or `await show`. A literal that is the only one among the arguments, and last, keeps its bracket beside the call's. */
export function callCode(head: string, args: readonly Layout[]): Layout {
  const last = args.at(-1)
  const others = args.slice(0, -1)
  if (
    last !== undefined &&
    typeof last !== 'string' &&
    /^[{[]$/.test(last.open) &&
    others.every((one) => typeof one === 'string')
  ) {
    const open = `${head}(${others.map((one) => `${one as string}, `).join('')}${last.open}`
    return group(open, last.items, `${last.close})`, last.padded)
  }
  return group(`${head}(`, args.map(unlabelled), ')')
}

/** A statement, each line indented by `indent` columns. */
export function statement(head: string, value: Layout, tail: string, indent: number): string[] {
  return lines(head, value, tail, lineWidth - indent).map((line) => ' '.repeat(indent) + line)
}

function unlabelled(value: Layout): { label: string; value: Layout } {
  return { label: '', value }
}
