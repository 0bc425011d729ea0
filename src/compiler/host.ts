/** Host: the only way the compiler reaches files. */

/** Files by path, `/`-separated. The CLI gives one over the file system, tests and browsers one over a Map. */
export interface Host {
  /** The text of a file; undefined when there is none. Throws when it exists and cannot be read. A byte that is not UTF-8 is a unit from U+DC80 to U+DCFF. */
  read(path: string): string | undefined
  /**
   * A folder that what a file includes has to lie in, and above which nothing is searched: `git:` for a file of a repo.
   * Undefined: anywhere.
   */
  boundary?(path: string): string | undefined
  /** What tells whether two paths are one file: by links, or by a disk that does not tell cases apart. Default: the path. */
  identity?(path: string): string
  /** What there is to say of a file that is not there, as a hint. */
  whyMissing?(path: string): string | undefined
}

/** A Host over a map of path to text. */
export function memoryHost(files: Readonly<Record<string, string>>): Host {
  return { read: (path) => (Object.hasOwn(files, path) ? files[path] : undefined) }
}
