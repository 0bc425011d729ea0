/** The rules of `reserved` statements and extension ranges by themselves. */

import type { Report } from '../../../diagnostic.ts'
import type { ProtoName, ProtoRange, ProtoReserved, ProtoSyntax } from '../ast.ts'

const limits = {
  message: [1, 536_870_911],
  // Reserved numbers may be those of no field.
  'reserved in message': [1, 0x7ffffffe],
  enum: [-0x80000000, 0x7fffffff],
  'message set': [1, 0x7ffffffe],
} as const

/** Reports names and ranges of `reserved` statements that are malformed, written twice or overlapping. */
export function checkReserved(
  nodes: readonly ProtoReserved[],
  holder: 'message' | 'enum',
  syntax: ProtoSyntax,
  report: Report,
): void {
  const names = new Map<string, ProtoName>()
  for (const name of nodes.flatMap((node) => node.names)) {
    checkNameForm(name, syntax, report)
    const before = names.get(name.text)
    if (before === undefined) {
      names.set(name.text, name)
      continue
    }
    report({
      code: 'reserved',
      message: `the name '${name.text}' is reserved twice`,
      span: name.span,
      related: [{ message: 'it is already reserved here', span: before.span }],
      hint: 'remove one of them',
    })
  }
  const ranges = nodes.flatMap((node) => node.ranges)
  for (const range of ranges) checkRange(range, holder === 'message' ? 'reserved in message' : holder, report)
  checkOverlap(ranges, ranges, 'reserved', report)
}

function checkNameForm(name: ProtoName, syntax: ProtoSyntax, report: Report): void {
  const { source, start } = name.span
  const quoted = source.text.charCodeAt(start) === 34 || source.text.charCodeAt(start) === 39
  const edition = syntax !== 'proto2' && syntax !== 'proto3'
  if (quoted === edition) {
    report({
      code: 'reserved',
      message: edition ? 'editions reserve names without quotes' : `${syntax} reserves names in quotes`,
      span: name.span,
      hint: edition ? `write: reserved ${name.text};` : `write: reserved "${name.text}";`,
    })
  } else if (quoted && !/^[A-Za-z_][A-Za-z0-9_]*$/.test(name.text)) {
    report({ code: 'reserved-name', message: `'${name.text}' is no name that a field could have`, span: name.span })
  }
}

/** Reports a range that ends before it starts or leaves the numbers that its holder may use. */
export function checkRange(range: ProtoRange, holder: keyof typeof limits, report: Report): void {
  const [least, most] = limits[holder]
  const max = holder === 'reserved in message' ? limits.message[1] : most
  const end = range.end === Number.POSITIVE_INFINITY ? max : range.end
  if (range.start < least || range.start > most || end > most || end < least) {
    report({
      code: holder === 'enum' ? 'number-range' : 'field-number',
      message: `the range leaves the numbers that can be used`,
      span: range.span,
      hint: `they go from ${least} to ${most}`,
    })
  } else if (end < range.start) {
    report({
      code: 'range-order',
      message: 'the range ends before it starts',
      span: range.span,
      hint: `write: ${range.end} to ${range.start}`,
    })
  }
}

/** Reports each range of `ranges` that shares numbers with one of `others` that stands before it, or anywhere if the lists differ. */
export function checkOverlap(
  ranges: readonly ProtoRange[],
  others: readonly ProtoRange[],
  what: 'reserved' | 'extension-range',
  report: Report,
): void {
  // Sorted by start, a range can only overlap what comes next to it; both lists together stay O(n log n).
  const sorted = [...new Set([...ranges, ...others])].sort((a, b) => a.start - b.start)
  const other = new Set(others)
  let reach: ProtoRange | undefined
  for (const range of sorted) {
    if (
      reach !== undefined &&
      range.start <= reach.end &&
      (ranges === others || other.has(reach) !== other.has(range))
    ) {
      const [later, earlier] = range.span.start > reach.span.start ? [range, reach] : [reach, range]
      report({
        code: what,
        message: 'this range shares numbers with another',
        span: later.span,
        related: [{ message: 'the other is here', span: earlier.span }],
        hint: 'each number can be given away once',
      })
    }
    if (reach === undefined || range.end > reach.end) reach = range
  }
}
