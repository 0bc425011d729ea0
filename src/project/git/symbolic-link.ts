/** Symbolic links of a git tree, followed without a file system: a link may lead anywhere in its repo and nowhere else. */

/** No system takes longer paths, in bytes; of a repo they are made to cost time. */
export const maxLinkBytes: number = 4096
const maxLinks = 40
const maxParts = 1024

/** The path that `path` stands for once its links are followed, or why it stands for none. */
export function followLinks(links: ReadonlyMap<string, string>, path: string): string | { readonly reason: string } {
  if (links.size === 0) return path
  const done: string[] = []
  /** The next part is the last. */
  const rest = path.split('/').reverse()
  let followed = 0
  for (let part = rest.pop(); part !== undefined; part = rest.pop()) {
    if (part === '' || part === '.') continue
    if (part === '..') {
      if (done.pop() === undefined) return { reason: 'is a symbolic link that leads out of the repo' }
      continue
    }
    done.push(part)
    const target = links.get(done.join('/'))
    if (target === undefined) continue
    done.pop()
    if (++followed > maxLinks) return { reason: 'is a symbolic link that is part of a cycle' }
    if (/^(?:[/\\]|[a-z]:)/i.test(target)) return { reason: 'is a symbolic link that leads out of the repo' }
    const parts = target.split('/')
    if (rest.length + parts.length > maxParts) return { reason: 'is a symbolic link that is too long' }
    rest.push(...parts.reverse())
  }
  return done.join('/')
}
