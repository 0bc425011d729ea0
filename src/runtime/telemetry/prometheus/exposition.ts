/**
 * The text that Prometheus reads, and the three kinds of metric that are written to it.
 * Source: Prometheus, "Exposition formats", text format 0.0.4.
 */

/** The content type of {@link expose}. */
export const expositionType = 'text/plain; version=0.0.4; charset=utf-8'

/** Names and values of the labels of one series. */
export type Labels = Readonly<Record<string, string>>

/** One metric: its name, what it is, and the lines of its series. */
export interface Metric {
  readonly name: string
  readonly help: string
  readonly type: 'counter' | 'gauge' | 'histogram'
  /** One line per sample, without the line end. */
  lines(): Iterable<string>
}

/** The text of metrics; those without a series are left out. Metrics of one name become one. */
export function expose(metrics: Iterable<Metric>): string {
  const byName = new Map<string, { readonly metric: Metric; readonly lines: string[] }>()
  for (const metric of metrics) {
    const lines = [...metric.lines()]
    if (lines.length === 0) continue
    const known = byName.get(metric.name)
    if (known === undefined) byName.set(metric.name, { metric, lines })
    else for (const line of lines) known.lines.push(line)
  }
  let text = ''
  for (const [name, { metric, lines }] of byName) {
    text += `# HELP ${name} ${escapeHelp(metric.help)}\n# TYPE ${name} ${metric.type}\n${lines.join('\n')}\n`
  }
  return text
}

/** `name{a="b"} value` */
export function sample(name: string, labels: string, value: number): string {
  return labels === '' ? `${name} ${number(value)}` : `${name}{${labels}} ${number(value)}`
}

/** `a="b",c="d"` */
export function labelText(labels: Labels): string {
  return Object.entries(labels)
    .map(([name, value]) => `${name}="${escapeLabel(value)}"`)
    .join(',')
}

/** A gauge or counter whose samples are read when they are asked for. */
export function readMetric(
  type: 'gauge' | 'counter',
  name: string,
  help: string,
  read: () => Iterable<readonly [Labels, number]>,
): Metric {
  return {
    name,
    help,
    type,
    *lines() {
      for (const [labels, value] of read()) yield sample(name, labelText(labels), value)
    },
  }
}

function number(value: number): string {
  if (value === Number.POSITIVE_INFINITY) return '+Inf'
  return value === Number.NEGATIVE_INFINITY ? '-Inf' : String(value)
}

const escapeHelp = (text: string): string => text.replaceAll('\\', '\\\\').replaceAll('\n', '\\n')
const escapeLabel = (text: string): string => escapeHelp(text).replaceAll('"', '\\"')
