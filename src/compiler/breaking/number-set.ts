/** Sets of numbers given as ranges: which part of one another does not cover. */

/** Numbers from `start` to `end`, both included. */
interface NumberRange {
  readonly start: number
  readonly end: number
}

/** Whether a number is in one of the ranges. */
export function holdsNumber(ranges: readonly NumberRange[], number: number): boolean {
  return ranges.some(({ start, end }) => start <= number && number <= end)
}

/** The parts of `range` that none of `ranges` covers, ascending. */
export function uncovered(range: NumberRange, ranges: readonly NumberRange[]): NumberRange[] {
  const left: NumberRange[] = []
  let next = range.start
  for (const { start, end } of [...ranges].sort((a, b) => a.start - b.start)) {
    if (end < next) continue
    if (start > range.end) break
    if (start > next) left.push({ start: next, end: start - 1 })
    next = Math.max(next, end + 1)
  }
  if (next <= range.end) left.push({ start: next, end: range.end })
  return left
}

/** `4`, `4 to 9`. */
export function rangeText({ start, end }: NumberRange): string {
  return start === end ? String(start) : `${start} to ${end}`
}
