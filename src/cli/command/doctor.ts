/** `volo doctor`: what is wrong with a project and its surroundings, and what mends it. */

import { resolve } from 'node:path'
import { renderDiagnostic } from '../../compiler/text/render-diagnostic.ts'
import type { Config } from '../../project/config/config.ts'
import type { DoctorFinding } from '../../project/doctor/machine-check.ts'
import { ProjectError } from '../../project/project-error.ts'
import { done, failed } from '../exit-code.ts'
import type { CommandRegistry, Run } from '../run.ts'

interface DoctorOptions {
  readonly json?: boolean
}

/** Adds the command. */
export function addDoctor({ program, action }: CommandRegistry): void {
  const command = program
    .command('doctor')
    .description(
      'Looks for what is wrong: Node.js and git, the versions of this command, of the runtime and of generated code, tsconfig.json, volo.yml and volo.lock, the cache of git sources, handlers, and what a killed command has left. Says for each what mends it. Changes nothing, and reaches no network. Exits 1 when there is an error.',
    )
    .option('--json', 'print the findings as JSON')
    .addHelpText('after', '\nExamples:\n  volo doctor\n  volo doctor --json')
  action<[], DoctorOptions>(command, async (run) => {
    const findings = await examine(run)
    const errors = findings.filter(({ level }) => level === 'error').length
    run.output.json({ ok: errors === 0, findings })
    showFindings(run, findings)
    return errors === 0 ? done : failed
  })
}

async function examine(run: Run): Promise<DoctorFinding[]> {
  const { checkGit, checkNode, checkSources } = await import('../../project/doctor/machine-check.ts')
  const { env, cwd } = run.io
  const findings: DoctorFinding[] = [checkNode(process.versions.node)]
  const look = async (id: string, check: () => readonly DoctorFinding[] | Promise<readonly DoctorFinding[]>) => {
    try {
      findings.push(...(await check()))
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error)
      const hint = error instanceof ProjectError ? error.hint : undefined
      findings.push({ id, level: 'error', message, fix: id === 'code' ? 'volo generate' : hint })
    }
  }
  const { config, problem } = await openConfig(run)
  const needsGit = Object.values(config?.entries ?? {}).some(({ repos = {} }) => Object.keys(repos).length > 0)
  await look('git', async () => [await checkGit(env, needsGit)])
  if (problem !== undefined) findings.push(...problem)
  if (config === undefined) return findings
  const { checkCode, checkLeftovers, checkLock } = await import('../../project/doctor/project-check.ts')
  const { checkRuntime, checkTsconfig } = await import('../../project/doctor/runtime-check.ts')
  const outs = Object.values(config.entries).map((one) => resolve(config.folder, one.typescript?.out ?? 'src/gen'))
  await look('runtime', () => checkRuntime(config, [...new Set(outs)], cwd))
  await look('tsconfig', () => checkTsconfig(config, cwd))
  await look('lock', () => checkLock(config, cwd))
  if (needsGit) await look('cache', () => checkSources(env))
  await look('code', async () => {
    const { planWithStore } = await import('../planning.ts')
    const { emptyPlan } = await import('../../project/generate/generation-plan.ts')
    const result = await planWithStore(run, config, { offline: true, frozen: false })
    return checkCode(result.ok ? result.plan.generation : emptyPlan(result.diagnostics), cwd)
  })
  await look('leftovers', () => checkLeftovers(config, cwd))
  return findings
}

/** The project's volo.yml, or why there is none to look at. */
async function openConfig(run: Run): Promise<{ readonly config?: Config; readonly problem?: DoctorFinding[] }> {
  const { findConfig, readConfig } = await import('../../project/config/config.ts')
  try {
    const config = readConfig(findConfig(run.io.cwd, run.config), run.io.cwd)
    if (config.diagnostics.length === 0) return { config }
    const problem = config.diagnostics.map((one): DoctorFinding => {
      const [first = ''] = renderDiagnostic(one).split('\n')
      return { id: 'config', level: 'error', message: first, fix: one.hint ?? 'volo check shows the place' }
    })
    return { problem }
  } catch (error) {
    if (!(error instanceof ProjectError)) throw error
    return { problem: [{ id: 'config', level: 'error', message: error.message, fix: error.hint }] }
  }
}

function showFindings({ output }: Run, findings: readonly DoctorFinding[]): void {
  for (const { level, message, fix } of findings) {
    if (level === 'ok') output.info(`ok       ${message}`)
    else {
      output.result(`${output.bold(level.padEnd(8))} ${message}`)
      if (fix !== undefined) output.result(`         ${output.dim('fix:')} ${fix}`)
    }
  }
  const count = (level: string): number => findings.filter((one) => one.level === level).length
  const said = [
    count('error') === 1 ? '1 error' : `${count('error')} errors`,
    count('warning') === 1 ? '1 warning' : `${count('warning')} warnings`,
  ].filter((text) => !text.startsWith('0 '))
  output.info(said.length === 0 ? '\nNothing is wrong.' : `\n${said.join(', ')}`)
}
