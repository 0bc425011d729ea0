/** Paths as the Host knows them: `/`-separated, compared as text. */

/** The path without `.`, empty and resolvable `..` segments. Backslashes count as separators only after a drive letter. */
export function normalizePath(path: string): string {
  const slashed = /^[A-Za-z]:\\/.test(path) ? path.replaceAll('\\', '/') : path
  const absolute = slashed.startsWith('/')
  const out: string[] = []
  for (const segment of slashed.split('/')) {
    if (segment === '' || segment === '.') continue
    if (segment === '..' && out.length > 0 && out.at(-1) !== '..') out.pop()
    else if (segment !== '..' || !absolute) out.push(segment)
  }
  return (absolute ? '/' : '') + out.join('/')
}

/** True for `/x` and `C:/x`. */
export function isAbsolute(path: string): boolean {
  return /^(?:\/|[A-Za-z]:[\\/])/.test(path)
}

/** `path` seen from `folder`; an absolute path stays itself. */
export function joinPath(folder: string, path: string): string {
  return normalizePath(folder === '' || isAbsolute(path) ? path : `${folder}/${path}`)
}

/** The folder of a normalized path: empty for one without a separator. */
export function folderOf(path: string): string {
  const slash = path.lastIndexOf('/')
  return slash === 0 ? '/' : path.slice(0, Math.max(0, slash))
}

/** The path below `root`, or undefined when it is not below. Both normalized. */
export function below(root: string, path: string): string | undefined {
  if (root === '') return isAbsolute(path) || path.startsWith('..') ? undefined : path
  const prefix = root.endsWith('/') ? root : `${root}/`
  return path.startsWith(prefix) ? path.slice(prefix.length) : undefined
}

/** The longest folder that holds all these normalized paths. */
export function commonFolder(paths: readonly string[]): string {
  let common: string | undefined
  for (const path of paths) {
    const folder = folderOf(path)
    if (common === undefined) common = folder
    while (common !== '' && common !== folder && below(common, folder) === undefined) {
      const up: string = folderOf(common)
      common = up === common ? '' : up
    }
  }
  return common ?? ''
}
