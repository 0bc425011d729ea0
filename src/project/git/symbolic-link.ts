/** Symbolic links of a git tree, followed without a file system: a link may lead anywhere in its repo and nowhere else. */

const maxLinks = 40

/** The path that `path` stands for once its links are followed, or why it stands for none. */
export function followLinks(links: ReadonlyMap<string, string>, path: string): string | { readonly reason: string } {
  if (links.size === 0) return path
  let done: string[] = []
  let rest = path.split('/')
  let followed = 0
  while (rest.length > 0) {
    const [part, ...others] = rest
    rest = others
    if (part === '' || part === '.') continue
    if (part === '..') {
      if (done.length === 0) return { reason: 'is a symbolic link that leads out of the repo' }
      done = done.slice(0, -1)
      continue
    }
    const target = links.get([...done, part].join('/'))
    if (target === undefined) {
      done = [...done, part!]
      continue
    }
    if (++followed > maxLinks) return { reason: 'is a symbolic link that leads in a circle' }
    if (/^(?:[/\\]|[a-z]:)/i.test(target)) return { reason: 'is a symbolic link that leads out of the repo' }
    rest = [...target.split('/'), ...rest]
  }
  return done.join('/')
}
