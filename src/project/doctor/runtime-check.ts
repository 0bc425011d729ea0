/** Checks the runtime of a project: the volo-ts that it resolves, the format of its generated code, its tsconfig.json. */

import { existsSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { getTsconfig } from 'get-tsconfig'
import { formatNumber } from '../../compiler/gen/module.ts'
import type { Config } from '../config/config.ts'
import { pathFrom } from '../display-path.ts'
import { isGenerated, ownerOf } from '../generate/generated-file.ts'
import { typescriptFiles } from '../generate/generation-plan.ts'
import { packageName, packageVersion } from '../package-root.ts'
import { packageManagers, packageManagerWords } from '../scaffold/package-manager.ts'
import type { DoctorFinding } from './machine-check.ts'

/** The runtime of a project: is it there, does it fit this command and the generated code? */
export function checkRuntime(config: Config, outs: readonly string[], cwd: string): DoctorFinding[] {
  const manager = packageManagers.find((one) =>
    packageManagerWords[one].lockfiles.some((file) => existsSync(join(config.folder, file))),
  )
  const runtime = findRuntime(config.folder)
  if (runtime === undefined) {
    const isListed = readText(join(config.folder, 'package.json'))?.includes(`"${packageName}"`) === true
    return [
      {
        id: 'runtime',
        level: 'error',
        message: isListed
          ? `${packageName} is in package.json and not installed`
          : `${packageName} is not installed, and generated code imports it`,
        fix: isListed ? `${manager ?? 'npm'} install` : `${manager ?? 'npm'} ${addWord(manager)} ${packageName}`,
      },
    ]
  }
  const findings: DoctorFinding[] = []
  const { version } = runtime
  if (version === packageVersion()) findings.push({ id: 'runtime', level: 'ok', message: `${packageName} ${version}` })
  else {
    findings.push({
      id: 'runtime',
      level: 'warning',
      message: `this command is ${packageName} ${packageVersion()}, and the project has ${version}`,
      fix: 'use the command of the project: npx volo',
    })
  }
  const reads = runtime.format
  const odd = new Map<number, string[]>()
  for (const path of outs.flatMap((out) => typescriptFiles(out))) {
    const text = readText(path)
    const isForeign = text === undefined || !isGenerated(text) || ownerOf(path, text, config.path).kind === 'foreign'
    const format = !isForeign ? /\bfileSchema\(\s*(\d+)/.exec(text)?.[1] : undefined
    if (format !== undefined && Number(format) !== reads) {
      odd.set(Number(format), [...(odd.get(Number(format)) ?? []), pathFrom(cwd, path)])
    }
  }
  for (const [format, paths] of odd) {
    findings.push({
      id: 'format',
      level: 'error',
      message: `generated code has format ${format}, and ${packageName} ${version} reads format ${reads}: ${listed(paths)}`,
      fix: reads === formatNumber ? 'volo generate' : 'npx volo generate',
    })
  }
  return findings
}

/** The options of tsconfig.json that generated code and the package depend on. */
export function checkTsconfig(config: Config, cwd: string): DoctorFinding[] {
  let found: ReturnType<typeof getTsconfig>
  try {
    found = getTsconfig(config.folder)
  } catch (error) {
    const message = `tsconfig.json can't be read: ${error instanceof Error ? error.message : String(error)}`
    return [{ id: 'tsconfig', level: 'error', message, fix: 'npx tsc --showConfig says where' }]
  }
  if (found === null) {
    return [
      {
        id: 'tsconfig',
        level: 'warning',
        message: 'there is no tsconfig.json',
        fix: 'create one with "target": "ES2022", "module": "NodeNext", "types": ["node"] and "strict": true under "compilerOptions"',
      },
    ]
  }
  const path = pathFrom(cwd, found.path)
  const options = found.config.compilerOptions ?? {}
  const findings: DoctorFinding[] = []
  const wrong = (level: 'warning' | 'error', message: string, fix: string): void => {
    findings.push({ id: 'tsconfig', level, message: `${path}: ${message}`, fix })
  }
  const resolution = String(options.moduleResolution ?? '').toLowerCase()
  const module = String(options.module ?? '').toLowerCase()
  const isOld = ['node', 'node10', 'classic'].includes(resolution)
  if (isOld || (resolution === '' && ['commonjs', 'amd', 'umd', 'system'].includes(module))) {
    const what = isOld ? `"moduleResolution": "${options.moduleResolution}"` : `"module": "${options.module}"`
    wrong(
      'error',
      `${what} does not find ${packageName}/gen`,
      'set "module": "NodeNext" or "moduleResolution": "Bundler"',
    )
  }
  const target = /^es(\d+)$/i.exec(String(options.target ?? ''))?.[1]
  const year = target === undefined ? undefined : Number(target) < 2015 ? 2009 + Number(target) : Number(target)
  const hasBigint = Object.values(config.entries).some((one) => (one.typescript?.int64 ?? 'bigint') === 'bigint')
  if (year !== undefined && year < 2020 && hasBigint) {
    wrong('error', `"target": "${options.target}" knows no bigint, which 64-bit integers are`, 'set "target": "ES2022"')
  }
  if (options.strict !== true && options.strictNullChecks !== true) {
    wrong('warning', 'without "strict" the types do not tell what may be missing', 'set "strict": true')
  }
  const allowsTs = options.allowImportingTsExtensions === true || options.rewriteRelativeImportExtensions === true
  const asksTs = Object.entries(config.entries).filter(([, one]) => one.typescript?.import_extension === '.ts')
  for (const [name] of allowsTs ? [] : asksTs) {
    wrong(
      'error',
      `entry '${name}' has import_extension '.ts', which is not allowed here`,
      'set "rewriteRelativeImportExtensions": true, or take import_extension out of volo.yml',
    )
  }
  return findings.length > 0 ? findings : [{ id: 'tsconfig', level: 'ok', message: path }]
}

/** The package that code in `folder` imports: its version and the format of generated code that it reads. */
function findRuntime(folder: string): { readonly version: string; readonly format: number } | undefined {
  try {
    const path = createRequire(join(folder, 'package.json')).resolve(`${packageName}/package.json`)
    const { version, volo } = JSON.parse(readFileSync(path, 'utf8')) as { version: string; volo?: { format?: number } }
    return { version, format: volo?.format ?? formatNumber }
  } catch {
    return undefined
  }
}

function addWord(manager: string | undefined): string {
  return manager === undefined || manager === 'npm' ? 'install' : 'add'
}

function listed(paths: readonly string[]): string {
  return paths.length <= 3 ? paths.join(', ') : `${paths.slice(0, 2).join(', ')} and ${paths.length - 2} more`
}

function readText(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return undefined
  }
}
