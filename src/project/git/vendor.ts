/** Vendored IDLs: copies of the files in volo.lock inside the project, so that builds do not need git. */

import { existsSync, lstatSync, readdirSync, readFileSync, rmdirSync, rmSync } from 'node:fs'
import { dirname, join, sep } from 'node:path'
import { pathFrom } from '../display-path.ts'
import { asFileError, isFsError } from '../fs-error.ts'
import type { LockedRepo } from '../lock/lock.ts'
import { ProjectError } from '../project-error.ts'
import { isIdlPath } from './cached-tree.ts'
import { sha256, writeWhole } from './content-store.ts'
import type { GitTree } from './git-store.ts'
import { type GitUrl, repoName } from './url.ts'

/** The folder of all vendored files, relative to volo.yml. */
export const vendorFolder: string = join('vendor', 'idl')

const markName = '.gitattributes'
/** Turns off line-ending conversion, so that digests hold after a checkout; its presence marks the folder as volo's. */
const mark = `# Copies of the IDL files in volo.lock, written by: volo vendor
# Edits are lost. The next line keeps git from changing line endings.
* -text
`

/** A locked repo with the tree that its files are in. */
export interface VendorSource {
  readonly url: GitUrl
  readonly locked: LockedRepo
  readonly tree: GitTree
}

/** What vendoring does; paths are relative to volo.yml, with `/`, sorted. */
export interface VendorChanges {
  readonly written: readonly string[]
  readonly removed: readonly string[]
  readonly unchanged: number
}

/** Whether a project has vendored files. */
export function isVendored(projectFolder: string): boolean {
  return existsSync(join(projectFolder, vendorFolder, markName))
}

/** What the vendored files of a project hold, as one digest; undefined when it has none. */
export function vendorDigest(projectFolder: string): string | undefined {
  if (!isVendored(projectFolder)) return undefined
  const root = join(projectFolder, vendorFolder)
  const files = filesBelow(root).sort()
  return sha256(JSON.stringify(files.map((path) => [path, digestOf(join(root, path))])))
}

/**
 * The vendored files of a locked repo; undefined when the project has none of it. Reading one that is missing, or whose
 * content is not the locked one, throws a ProjectError that names it.
 */
export function vendoredTree(projectFolder: string, locked: LockedRepo, url: GitUrl): GitTree | undefined {
  const folder = join(projectFolder, vendorFolder, ...placeOf(url, locked.ref))
  if (!isVendored(projectFolder) || !existsSync(folder)) return undefined
  const hint = 'run: volo vendor (it copies what volo.lock names), or take the files from version control'
  const digest = (path: string): string | undefined =>
    Object.hasOwn(locked.files, path) ? locked.files[path] : undefined
  return {
    commit: locked.commit,
    paths: Object.keys(locked.files).filter(isIdlPath).sort(),
    digest,
    read(path) {
      const expected = digest(path)
      if (expected === undefined) return undefined
      const file = join(folder, ...checkedParts(path))
      const shown = pathFrom(projectFolder, file)
      let bytes: Uint8Array
      try {
        bytes = readFileSync(file)
      } catch (error) {
        if (isFsError(error) && error.code === 'ENOENT') {
          throw new ProjectError(`the vendored file ${shown} is missing`, { hint })
        }
        throw asFileError('read', shown, error)
      }
      if (sha256(bytes) === expected) return bytes
      throw new ProjectError(`the vendored file ${shown} is not what volo.lock says: its sha256 is ${sha256(bytes)}`, {
        hint,
      })
    },
  }
}

/**
 * Makes the vendored files of a project those that the locks of `sources` name; files of no lock are removed. Each file is
 * written whole or not at all. With `dryRun` nothing is written. Throws a ProjectError, before anything is written, when
 * two paths are one where case does not count, and when the folder is somebody else's. Files that cannot be such copies stay.
 */
export function writeVendor(
  projectFolder: string,
  sources: readonly VendorSource[],
  options: { readonly dryRun?: boolean | undefined } = {},
): VendorChanges {
  const root = join(projectFolder, vendorFolder)
  const present = filesBelow(root)
  if (present.length > 0 && !isVendored(projectFolder)) {
    throw new ProjectError(`${pathFrom(projectFolder, root)} exists, and volo did not make it`, {
      hint: 'move it away: volo vendor keeps its copies there and nothing else',
    })
  }
  const files = plan(sources)
  const stale = present.filter((path) => isCopy(path) && !files.has(path))
  const changed = [...files].filter(([path, bytes]) => !holds(join(root, path), bytes))
  const shown = (path: string): string => pathFrom(projectFolder, join(root, path))
  if (options.dryRun !== true) {
    if (files.size > 0 && !holds(join(root, markName), Buffer.from(mark))) writeWhole(join(root, markName), mark)
    // A folder may have become a file, or the other way round.
    for (const path of stale) remove(root, path)
    for (const [path, bytes] of changed) writeWhole(join(root, path), bytes)
    if (files.size === 0 && isVendored(projectFolder)) remove(root, markName)
  }
  return {
    written: changed.map(([path]) => shown(path)).sort(),
    removed: stale.map(shown).sort(),
    unchanged: files.size - changed.length,
  }
}

function plan(sources: readonly VendorSource[]): ReadonlyMap<string, Uint8Array> {
  const files = new Map<string, Uint8Array>()
  const seen = new Map<string, string>()
  for (const { url, locked, tree } of sources) {
    const place = placeOf(url, locked.ref)
    for (const [path, digest] of Object.entries(locked.files)) {
      const to = join(...place, ...checkedParts(path))
      const bytes = tree.read(path)
      if (bytes === undefined || sha256(bytes) !== digest) {
        throw new ProjectError(`${path} of ${url.text} at ${locked.commit} is not what volo.lock says`, {
          hint: 'check volo.lock against version control, then run: volo generate',
        })
      }
      const other = seen.get(to.toLowerCase())
      const isSame = other === to && sha256(files.get(to) ?? '') === digest
      if (other !== undefined && !isSame) {
        throw new ProjectError(
          other === to
            ? `${url.text} is listed under two URLs that stand at different commits`
            : `'${path}' of ${url.text} differs from another file of it only in case, and some disks hold only one of them`,
          {
            hint: other === to ? 'write its URL one way' : 'rename one in the repo, or leave the repo unvendored',
          },
        )
      }
      seen.set(to.toLowerCase(), to)
      files.set(to, bytes)
    }
  }
  return files
}

/** The end of the name under which a file is written before it is renamed; a command that was killed leaves it. */
const unfinished = /\.[0-9a-f]{12}\.tmp$/

/**
 * Whether a path below the folder of vendored files is one that {@link placeOf} gives an IDL file, or what a killed command
 * left of one; others that somebody puts there are not volo's.
 */
function isCopy(path: string): boolean {
  const whole = path.replace(unfinished, '')
  if (whole === markName) return whole !== path
  return (
    isIdlPath(whole) &&
    whole
      .split(sep)
      .slice(0, -1)
      .some((part) => part.includes('@'))
  )
}

/** The folder of a repo at a ref: the same at every commit, so that version control shows what changes. */
function placeOf(url: GitUrl, ref: string): string[] {
  const host = url.protocol === 'https' ? url.host : `${url.host}+${url.protocol}`
  const [last = '', ...parents] = (url.protocol === 'file' ? [repoName(url, [])] : url.path.split('/')).toReversed()
  const text = url.protocol === 'file' ? `-${sha256(url.text).slice(0, 6)}` : ''
  const parts = url.protocol === 'file' ? ['local'] : [host, ...parents.toReversed()]
  return [...parts.map(plain), `${plain(last)}${text}@${plain(ref)}`]
}

/** A part of a path that every file system takes; one that had to change is told apart by a digest. */
function plain(part: string): string {
  const safe = part.replace(/[^A-Za-z0-9._+-]+/g, '_').replace(/^\.+|\.+$/g, '_')
  return safe === part ? part : `${safe}-${sha256(part).slice(0, 6)}`
}

function checkedParts(path: string): string[] {
  const parts = path.split('/')
  const isBad = (part: string): boolean =>
    part === '' || part === '.' || part === '..' || /^\.git$/i.test(part) || /[\\:\0]/.test(part)
  if (!parts.some(isBad)) return parts
  throw new ProjectError(`'${path}' cannot be the path of a vendored file`, {
    hint: 'leave the repo unvendored',
  })
}

function holds(path: string, bytes: Uint8Array): boolean {
  try {
    return lstatSync(path).isFile() && readFileSync(path).equals(bytes)
  } catch {
    return false
  }
}

function digestOf(path: string): string | undefined {
  try {
    return sha256(readFileSync(path))
  } catch {
    return undefined
  }
}

function filesBelow(root: string): string[] {
  if (!existsSync(root)) return []
  return readdirSync(root, { recursive: true, withFileTypes: true })
    .filter((one) => !one.isDirectory())
    .map((one) => join(one.parentPath, one.name).slice(root.length + sep.length))
}

/** Removes a file, and the folders that it leaves empty. */
function remove(root: string, path: string): void {
  try {
    rmSync(join(root, path), { force: true })
    for (let folder = dirname(join(root, path)); folder.length >= root.length; folder = dirname(folder)) {
      if (readdirSync(folder).length > 0) return
      rmdirSync(folder)
    }
  } catch (error) {
    throw asFileError('remove', join(root, path), error)
  }
}
