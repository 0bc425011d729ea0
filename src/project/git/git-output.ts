/** Reads what git prints: the files of a tree and the contents of blobs. */

/** One line of `git ls-tree -r -z`. */
export interface TreeLine {
  /** Six octal digits: `100644` a file, `120000` a symbolic link, `160000` a submodule. */
  readonly mode: string
  readonly id: string
  /** From the root of the repository. */
  readonly path: string
}

/** Reads the output of `git ls-tree -r -z --full-tree`. Paths that are not UTF-8, and those that no git makes (empty, `.` or `..` segments), are left out. */
export function parseTree(output: Buffer): TreeLine[] {
  const lines: TreeLine[] = []
  const decoder = new TextDecoder('utf-8', { fatal: true })
  for (let start = 0; start < output.length; ) {
    const nul = output.indexOf(0, start)
    const end = nul < 0 ? output.length : nul
    const line = output.subarray(start, end)
    start = end + 1
    const tab = line.indexOf(9)
    const [mode = '', , id = ''] = line.toString('latin1', 0, tab).split(' ')
    let path: string
    try {
      path = decoder.decode(line.subarray(tab + 1))
    } catch {
      continue
    }
    if (path.split('/').some((part) => part === '' || part === '.' || part === '..')) continue
    lines.push({ mode, id, path })
  }
  return lines
}

/** Reads the output of `git cat-file --batch`: the bytes of each blob by its id. What git does not have, and what is no blob, is given to `onMissing`. */
export function parseBlobs(output: Buffer, onMissing: (id: string) => never): Map<string, Buffer> {
  const blobs = new Map<string, Buffer>()
  for (let at = 0; at < output.length; ) {
    const end = output.indexOf(10, at)
    const [id = '', kind, size] = output.toString('latin1', at, end).split(' ')
    if (kind !== 'blob') onMissing(id)
    const start = end + 1
    blobs.set(id, output.subarray(start, start + Number(size)))
    at = start + Number(size) + 1
  }
  return blobs
}
