/** Opens the two versions that `volo breaking` compares, as its command line names them, and compares them. */

import { statSync } from 'node:fs'
import { resolve } from 'node:path'
import type { BreakingCategory } from '../../compiler/breaking/rule.ts'
import type { Config } from '../config/config.ts'
import { pathFrom } from '../display-path.ts'
import { repositoryOf } from '../git/commit-version.ts'
import { type IdlVersion, type VersionPlace, versionAt } from '../idl-version.ts'
import { ProjectError } from '../project-error.ts'
import { expandPatterns } from '../registry/idl-pattern.ts'
import { type BreakingResult, compareEntries, compareFiles } from './breaking.ts'
import { currentVersion, newestVersion, type OpenVersions, olderVersion } from './compared-version.ts'

/** How long git may be silent while it reads the project's own repository, in milliseconds. */
const silenceMs = 60_000

/** What to compare. */
export interface ComparisonWords {
  /** Files or patterns; none for what volo.yml lists. */
  readonly files: readonly string[]
  /** A ref of the project's repository, a path, or `lock`. */
  readonly against: string
  readonly includes?: readonly string[] | undefined
  readonly entry?: string | undefined
  /** Default: as volo.yml says. */
  readonly category: BreakingCategory | undefined
}

/** What reading the versions needs. */
export interface ComparisonPlace extends OpenVersions {
  readonly env: Readonly<Record<string, string | undefined>>
}

/** Compares. Without `config` files must be named. Throws a usage ProjectError when `against` names nothing. */
export async function planComparison(
  config: Config | undefined,
  words: ComparisonWords,
  place: ComparisonPlace,
): Promise<BreakingResult> {
  const { cwd } = place
  const { files, against, includes = [], entry, category } = words
  if (files.length === 0 && config !== undefined) {
    if (against === 'lock') {
      return compareEntries(await currentVersion(config, place), await newestVersion(config, place), entry, category)
    }
    const listed = Object.values(config.entries).flatMap(({ services = [] }) => services.map(({ idl }) => idl))
    const local = listed.filter(({ source }) => source === 'local').map(({ path }) => resolve(config.folder, path))
    const version = await findVersion(against, { cwd, base: config.folder, files: [...new Set(local)] }, place)
    return compareEntries(
      await olderVersion(config, version, place),
      await currentVersion(config, place),
      entry,
      category,
    )
  }
  const paths = expandPatterns(files, cwd)
  const version = await findVersion(against, { cwd, base: config?.folder ?? cwd, files: paths }, place)
  const listed = {
    files: paths.map((path) => pathFrom(cwd, path)),
    includes: includes.map((one) => pathFrom(cwd, resolve(cwd, one))),
  }
  const [before, after] = [await olderVersion(undefined, version, place), await currentVersion(undefined, place)]
  return compareFiles(before, after, listed, config, category)
}

/** What `--against` names: a path, or a ref of the repository around the project. */
async function findVersion(against: string, place: VersionPlace, { env }: ComparisonPlace): Promise<IdlVersion> {
  const path = resolve(place.cwd, against)
  const isThere = statSync(path, { throwIfNoEntry: false }) !== undefined
  const isPath = /^(?:\.{1,2}(?:[/\\]|$)|[/\\]|[A-Za-z]:[/\\])/.test(against)
  if (isPath && isThere) return versionAt(against, place)
  if (isPath) throw new ProjectError(`there is no ${against}`, { usage: true })
  const repository = await repositoryOf(place.base, { env, silenceMs })
  const commit = await repository?.commitOf(against)
  if (commit !== undefined && repository !== undefined) {
    if (isThere) {
      throw new ProjectError(`${against} is a path and a ref`, {
        hint: `write ./${against} for the path, or refs/heads/${against} for the branch`,
        usage: true,
      })
    }
    return repository.versionAt(against, commit, place)
  }
  if (isThere) return versionAt(against, place)
  if (repository === undefined) {
    throw new ProjectError(
      `${pathFrom(place.cwd, place.base)} lies in no git repository, and there is no path ${against}`,
      { hint: 'give a folder or file with the older IDLs: --against ../released', usage: true },
    )
  }
  throw new ProjectError(`'${against}' is no ref of this repository, and no path`, {
    hint:
      against === 'HEAD'
        ? 'it has no commit yet'
        : ((await repository.hintFor(against)) ?? 'in CI, fetch it first: git fetch origin main'),
    usage: true,
  })
}
