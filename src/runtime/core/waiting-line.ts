/** A line that calls stand in: first come, first served, and whoever is called away leaves it from any place at once. */

/** Somebody in line; the two links belong to the line. */
export interface InLine {
  next: this | undefined
  previous: this | undefined
  /** Set while it stands in line. */
  isInLine: boolean
}

/** The line, linked through those who stand in it. */
export class WaitingLine<T extends InLine> {
  first: T | undefined = undefined
  last: T | undefined = undefined
  length = 0

  append(one: T): void {
    const { last } = this
    one.previous = last
    one.isInLine = true
    if (last === undefined) this.first = one
    else last.next = one
    this.last = one
    this.length++
  }

  /** False when it does not stand in line. */
  remove(one: T): boolean {
    if (!one.isInLine) return false
    const { next, previous } = one
    if (previous === undefined) this.first = next
    else previous.next = next
    if (next === undefined) this.last = previous
    else next.previous = previous
    one.next = undefined
    one.previous = undefined
    one.isInLine = false
    this.length--
    return true
  }

  shift(): T | undefined {
    const { first } = this
    if (first !== undefined) this.remove(first)
    return first
  }
}
