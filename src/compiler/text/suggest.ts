/** "Did you mean": the known name nearest to an unknown one. */

/** The candidate nearest to `name`, or undefined when none is near enough (about one edit per three characters; case counts half). */
export function suggest(name: string, candidates: Iterable<string>): string | undefined {
  if (name.length > 100) return undefined
  const limit = Math.max(1, Math.floor(name.length / 3)) + 0.5
  const folded = name.toLowerCase()
  let best: string | undefined
  let bestDistance = Number.POSITIVE_INFINITY
  for (const candidate of candidates) {
    if (candidate === name || Math.abs(candidate.length - name.length) > limit) continue
    const foldedCandidate = candidate.toLowerCase()
    const d = foldedCandidate === folded ? 0.5 : editDistance(folded, foldedCandidate)
    if (d <= limit && d < bestDistance && d < Math.max(name.length, candidate.length)) {
      best = candidate
      bestDistance = d
    }
  }
  return best
}

/** A hint sentence naming the nearest candidate, or undefined. */
export function didYouMean(name: string, candidates: Iterable<string>): string | undefined {
  const best = suggest(name, candidates)
  return best === undefined ? undefined : `did you mean '${best}'?`
}

/** A {@link didYouMean} that stops giving hints once it has compared so many names, so that a file full of errors costs no quadratic time. */
export function boundedDidYouMean(
  comparisons = 50_000,
): (name: string, candidates: () => Iterable<string>) => string | undefined {
  let left = comparisons
  return (name, candidates) => {
    if (left <= 0) return undefined
    const list = [...candidates()]
    left -= list.length + 1
    return didYouMean(name, list)
  }
}

/** Edits (insert, delete, replace, swap of neighbours) that turn `a` into `b`: the restricted Damerau-Levenshtein distance. */
export function editDistance(a: string, b: string): number {
  let beforePrevious: number[] = []
  let previous = Array.from({ length: b.length + 1 }, (_, j) => j)
  for (let i = 1; i <= a.length; i++) {
    const current = [i]
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1] === b[j - 1]
      let d = Math.min(previous[j]! + 1, current[j - 1]! + 1, previous[j - 1]! + (same ? 0 : 1))
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) d = Math.min(d, beforePrevious[j - 2]! + 1)
      current.push(d)
    }
    beforePrevious = previous
    previous = current
  }
  return previous[b.length]!
}
