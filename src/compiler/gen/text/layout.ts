/** Layout: an expression that is printed on one line where it fits and broken at its brackets where it does not. */

/** Text, or a bracketed list. */
export type Layout = string | LayoutGroup

/** A bracketed list; each item may have a label such as `key: `. */
export interface LayoutGroup {
  readonly open: string
  readonly items: readonly { readonly label: string; readonly value: Layout }[]
  readonly close: string
  /** Spaces inside the brackets when on one line, as objects have. */
  readonly padded: boolean
}

/** Makes a group. */
export function group(open: string, items: LayoutGroup['items'], close: string, padded = false): LayoutGroup {
  return { open, items, close, padded }
}

/** A layout on one line. */
export function flat(layout: Layout): string {
  if (typeof layout === 'string') return layout
  const pad = layout.padded && layout.items.length > 0 ? ' ' : ''
  const items = layout.items.map((item) => item.label + flat(item.value))
  return layout.open + pad + items.join(', ') + pad + layout.close
}

/** The lines of `head` + layout + `tail`, none longer than `width` where brackets allow; each line has its own indentation. */
export function lines(head: string, layout: Layout, tail: string, width: number): string[] {
  const oneLine = head + flat(layout) + tail
  if (typeof layout === 'string' || layout.items.length === 0) return [oneLine]
  if (oneLine.length <= width && !holdsSeveralObjects(layout)) return [oneLine]
  const inner = layout.items.flatMap((item) => lines(item.label, item.value, ',', width - 2))
  return [head + layout.open, ...inner.map((line) => `  ${line}`), layout.close + tail]
}

/** An array of several objects or arrays is read best with one on each line. */
function holdsSeveralObjects(layout: Layout): boolean {
  if (typeof layout === 'string') return false
  const { open, items } = layout
  if (open.endsWith('[') && items.length > 1 && items.every(({ value }) => isCompound(value))) return true
  return items.some(({ value }) => holdsSeveralObjects(value))
}

function isCompound(layout: Layout): boolean {
  return typeof layout !== 'string' && (layout.open === '{' || layout.open === '[') && layout.items.length > 1
}
