/** Printer: lines of TypeScript with their indentation. */

/** The column that lines should not pass. */
export const lineWidth = 120

/** Collects lines. Indentation is two spaces per open block. */
export class Printer {
  /** Whether comments are wanted; deprecations are said in any case. */
  readonly comments: boolean
  readonly #lines: string[] = []
  #depth = 0

  constructor(comments = true) {
    this.comments = comments
  }

  /** How many columns are left beside the indentation. */
  get width(): number {
    return lineWidth - 2 * this.#depth
  }

  /** One line, or an empty one. */
  line(text = ''): void {
    this.#lines.push(text === '' ? '' : '  '.repeat(this.#depth) + text)
  }

  /** An empty line, unless the last one is empty or opens a block. */
  blank(): void {
    const last = this.#lines.at(-1)
    if (last !== undefined && last !== '' && !/[{[(]$/.test(last)) this.#lines.push('')
  }

  /** `head {`, the indented body, `tail`. The opening bracket belongs to `head`; nothing inside makes one line of it. */
  block(head: string, body: () => void, tail = '}'): void {
    this.line(head)
    const before = this.#lines.length
    this.indented(body)
    if (this.#lines.length > before) this.line(tail)
    else this.#lines[before - 1] += tail
  }

  /** A function declaration. */
  function(name: string, parameters: readonly string[], result: string, body: () => void): void {
    const start = this.#lines.length
    this.list(`function ${name}(`, parameters, `): ${result} {`)
    const before = this.#lines.length
    this.indented(body)
    if (this.#lines.length > before) this.line('}')
    else {
      this.#lines.length = start
      this.list(`function ${name}(`, parameters, `): ${result} {}`)
    }
  }

  /** A body one level deeper. */
  indented(body: () => void): void {
    this.#depth++
    body()
    this.#depth--
  }

  /**
   * `head` + items joined by `separator` + `tail` on one line where that fits, else one item per line; `trailing` then
   * ends the last of them too.
   */
  list(
    head: string,
    items: readonly string[],
    tail: string,
    options: { padded?: boolean; trailing?: boolean } = {},
  ): void {
    const pad = options.padded === true && items.length > 0 ? ' ' : ''
    const flat = head + pad + items.join(', ') + pad + tail
    if (flat.length <= this.width && !flat.includes('\n')) {
      this.line(flat)
      return
    }
    this.block(
      head,
      () => {
        items.forEach((item, i) => {
          this.line(i < items.length - 1 || options.trailing !== false ? `${item},` : item)
        })
      },
      tail,
    )
  }

  /** Everything printed so far, ending in one line break. */
  text(): string {
    let end = this.#lines.length
    while (end > 0 && this.#lines[end - 1] === '') end--
    return `${this.#lines.slice(0, end).join('\n')}\n`
  }
}

/** A string as a literal, in the quotes that need fewer escapes; single ones where that is the same. */
export function quote(text: string): string {
  const json = JSON.stringify(text)
    .replace(/\u2028/g, '\\u2028')
    .replace(/\u2029/g, '\\u2029')
  const singles = text.split("'").length
  const doubles = text.split('"').length
  return singles > doubles ? json : `'${json.slice(1, -1).replace(/\\"/g, '"').replace(/'/g, "\\'")}'`
}

/** A name as an object key: bare when it may be. */
export function key(name: string): string {
  return /^[A-Za-z_$][A-Za-z0-9_$]*$/.test(name) ? name : quote(name)
}
