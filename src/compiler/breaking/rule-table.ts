/** The table of rules as Markdown, which the README beside this file holds. */

import { type BreakingRuleId, breakingCategories, breakingRule, breakingRules } from './rule.ts'

/** One row per rule, by category in their order. */
export function ruleTable(): string {
  const ids = Object.keys(breakingRules) as BreakingRuleId[]
  const rows = breakingCategories.flatMap((category) =>
    ids
      .filter((id) => breakingRule(id).category === category)
      .map((id) => {
        const { idl, about, example, buf = [] } = breakingRule(id)
        const cells = [
          `\`${id}\``,
          category,
          idl === 'both' ? 'both' : idl,
          about,
          example,
          buf.map((name) => `\`${name}\``).join(', '),
        ]
        return `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`
      }),
  )
  return [
    '| rule | breaks | IDL | what changed | example | covers of buf |',
    '|---|---|---|---|---|---|',
    ...rows,
  ].join('\n')
}
