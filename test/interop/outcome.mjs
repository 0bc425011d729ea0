/** What came of the checks of one peer. */

/**
 * Runs checks, each with what it is given; one outcome for all of them, which names those that failed. `except`: titles of checks
 * that the peer cannot pass, with the reason.
 */
export async function outcomeOf(name, checks, given, except = {}) {
  const wrong = []
  let count = 0
  for (const [title, check] of Object.entries(checks)) {
    if (title in except) continue
    count++
    try {
      await check(given)
    } catch (error) {
      wrong.push(`${title}: ${String(error.message).replace(/\s+/g, ' ').slice(0, 300)}`)
    }
  }
  const byReason = new Map()
  for (const [title, why] of Object.entries(except)) {
    if (title in checks) byReason.set(why, [...(byReason.get(why) ?? []), title])
  }
  const said = [...byReason].map(([why, titles]) => `; not asked: ${titles.join(', ')} (${why})`)
  if (wrong.length > 0) return { name, outcome: 'FAILED', detail: wrong.join('; ') }
  return { name, outcome: 'passed', detail: `${count} checks${said.join('')}` }
}
