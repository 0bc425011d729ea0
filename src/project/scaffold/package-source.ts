/** How a scaffold depends on this package: by version when it is a release, else on a tarball packed into the project. */

import { existsSync, mkdirSync, renameSync } from 'node:fs'
import { isAbsolute, join, resolve } from 'node:path'
import { isOnPath, runChild } from '../child.ts'
import { withSlashes } from '../display-path.ts'
import { packageName, packageRoot, packageVersion } from '../package-root.ts'
import { ProjectError } from '../project-error.ts'

/** A dependency on this package. */
export interface PackageSource {
  /** What package.json says. */
  readonly spec: string
  /** The file that has to be in the project, relative to it; undefined when none has. */
  readonly vendored: string | undefined
}

/** What a scaffold's package.json says. `override` is `--runtime`: a version, a tag, a URL, or a path as seen from `cwd`. */
export function packageSource(override: string | undefined, cwd: string): PackageSource {
  if (override !== undefined) return { spec: overrideSpec(override, cwd), vendored: undefined }
  const version = packageVersion()
  if (!version.includes('-')) return { spec: `^${version}`, vendored: undefined }
  const vendored = `vendor/${packageName}-${version}.tgz`
  return { spec: `file:${vendored}`, vendored }
}

/** Throws a ProjectError when `--runtime` names a file that is not there. */
export function requireRuntimeFile({ spec, vendored }: PackageSource): void {
  if (vendored !== undefined || !spec.startsWith('file:')) return
  const path = spec.slice('file:'.length)
  if (existsSync(path)) return
  throw new ProjectError(`there is no ${path}`, {
    hint: '--runtime takes a version, or the path of a tarball that npm pack has made',
    usage: true,
  })
}

/** Packs the running package into `folder` as `vendored` says. It needs npm, which Node brings along. */
export async function vendorPackage(
  vendored: string,
  folder: string,
  child: { readonly env: Readonly<Record<string, string | undefined>>; readonly signal?: AbortSignal | undefined },
): Promise<void> {
  if (!isOnPath('npm', child.env)) {
    throw new ProjectError(
      `${packageName} ${packageVersion()} is no release and has to be packed into the project, which needs npm`,
      {
        hint: 'install npm, or name a published version with --runtime',
      },
    )
  }
  const target = join(folder, vendored)
  mkdirSync(join(target, '..'), { recursive: true })
  const args = [
    'pack',
    '--ignore-scripts',
    '--silent',
    '--no-update-notifier',
    '--pack-destination',
    join(target, '..'),
  ]
  const { ok, output, stdout } = await runChild('npm', args, { ...child, cwd: packageRoot() })
  const name = stdout.trim().split('\n').at(-1)?.trim()
  if (!ok || name === undefined || !name.endsWith('.tgz')) {
    throw new ProjectError(
      `${packageName} could not be packed into the project: ${output.trim() || 'npm pack failed'}`,
      {
        hint: 'name a published version with --runtime',
      },
    )
  }
  const packed = join(target, '..', name)
  if (packed !== target) renameSync(packed, target)
}

/** `../volo-ts.tgz` becomes `file:/abs/volo-ts.tgz`; versions and URLs stay. */
function overrideSpec(spec: string, cwd: string): string {
  const path = spec.startsWith('file:') ? spec.slice('file:'.length) : spec
  const isPath = spec.startsWith('file:') || spec.startsWith('.') || isAbsolute(spec) || /\.(tgz|tar\.gz)$/.test(spec)
  if (!isPath || /^[a-z+]+:\/\//i.test(spec)) return spec
  return `file:${withSlashes(resolve(cwd, path))}`
}
