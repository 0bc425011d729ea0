/** Checks the files of a project: volo.lock, generated code, handlers, and temporary files of killed commands. */

import { existsSync } from 'node:fs'
import { join } from 'node:path'
import type { Config } from '../config/config.ts'
import { pathFrom } from '../display-path.ts'
import type { GenerationPlan } from '../generate/generation-plan.ts'
import { serviceHandlers } from '../handler/handler-update.ts'
import { staleImports } from '../handler/stale-import.ts'
import { findLeftovers } from '../leftover.ts'
import { readLock } from '../lock/lock-reader.ts'
import { compareLocks } from '../lock/lock-reconciliation.ts'
import { writeLockName, writeLockState } from '../write-lock.ts'
import type { DoctorFinding } from './machine-check.ts'

/** Checks that volo.lock and volo.yml agree. */
export function checkLock(config: Config, cwd: string): DoctorFinding[] {
  const lock = readLock(config.folder, cwd)
  const { repos, differences, clashes } = compareLocks(config, lock)
  const findings: DoctorFinding[] = [
    ...lock.diagnostics.map(
      ({ message }): DoctorFinding => ({
        id: 'lock',
        level: 'error',
        message: `volo.lock: ${message}`,
        fix: 'take volo.lock from version control, or delete it and run: volo generate',
      }),
    ),
    ...clashes.map(({ message, hint }): DoctorFinding => ({ id: 'lock', level: 'error', message, fix: hint })),
    ...differences.map(
      ({ kind, finding }): DoctorFinding => ({
        id: 'lock',
        level: kind === 'leftover' ? 'warning' : 'error',
        message: finding.message,
        fix: 'volo generate',
      }),
    ),
  ]
  if (findings.length > 0 || repos.length === 0) return findings
  return [{ id: 'lock', level: 'ok', message: `volo.lock agrees with volo.yml (${counted(repos.length, 'repo')})` }]
}

/** Checks generated code and handlers. `plan` is the plan of a generation now. */
export function checkCode(plan: GenerationPlan, cwd: string): DoctorFinding[] {
  const errors = plan.diagnostics.filter(({ severity }) => severity === 'error')
  const [first] = errors
  if (first !== undefined) {
    const place = first.span === undefined ? '' : `${first.span.source.path}: `
    const more = errors.length > 1 ? ` (and ${counted(errors.length - 1, 'more error')})` : ''
    return [
      { id: 'idl', level: 'error', message: `${place}${first.message}${more}`, fix: 'volo check shows all of it' },
    ]
  }
  const stale = plan.files.filter(({ action }) => action !== 'keep')
  const shown = stale.slice(0, 3).map(({ path }) => pathFrom(cwd, path))
  const more = stale.length > 3 ? ` and ${stale.length - 3} more` : ''
  const code: DoctorFinding =
    stale.length === 0
      ? { id: 'code', level: 'ok', message: `generated code is up to date (${counted(plan.files.length, 'file')})` }
      : {
          id: 'code',
          level: 'error',
          message: `generated code is out of date: ${shown.join(', ')}${more}`,
          fix: 'volo generate',
        }
  return [code, ...checkHandlers(plan, cwd)]
}

function checkHandlers(plan: GenerationPlan, cwd: string): DoctorFinding[] {
  const findings: DoctorFinding[] = []
  for (const { service, path, exists, completion } of serviceHandlers(plan)) {
    if (path === undefined) continue
    const file = pathFrom(cwd, path)
    if (!exists) {
      findings.push({
        id: 'handlers',
        level: 'warning',
        message: `${service.fullName} has no handler`,
        fix: `volo update --service ${service.fullName}, or 'handlers: false' in volo.yml for a client`,
      })
      continue
    }
    if (completion === undefined) continue
    const { added, vanished, unplaced } = completion
    if (added.length > 0) {
      findings.push({
        id: 'handlers',
        level: 'error',
        message: `${file}: ${service.fullName} has methods that are not handled: ${added.join(', ')}`,
        fix: 'volo update',
      })
    }
    if (unplaced !== undefined) {
      findings.push({
        id: 'handlers',
        level: 'warning',
        message: `${file}: it is not known whether ${unplaced.methods.join(', ')} of ${service.fullName} are handled, because ${unplaced.reason}`,
        fix: 'volo update shows what to add',
      })
    }
    for (const name of vanished) {
      findings.push({
        id: 'handlers',
        level: 'warning',
        message: `${file}: ${service.fullName} has no method '${name}' any more`,
        fix: `delete '${name}' there, when nothing else needs it`,
      })
    }
  }
  for (const { path, message, fix } of staleImports(plan)) {
    findings.push({ id: 'handlers', level: 'error', message: `${pathFrom(cwd, path)} ${message}`, fix })
  }
  return findings
}

/** Checks for temporary files of killed commands, and for a command that is running. */
export function checkLeftovers(config: Pick<Config, 'path' | 'folder' | 'entries'>, cwd: string): DoctorFinding[] {
  const state = writeLockState(config.folder)
  if (state !== undefined && state !== 'stale') {
    const message = `'${state.command}' (process ${state.pid} on ${state.host}, since ${state.since}) is writing this project`
    const lock = pathFrom(cwd, join(config.folder, writeLockName))
    return [{ id: 'writing', level: 'warning', message, fix: `wait for it; if it does not run any more: rm ${lock}` }]
  }
  const findings: DoctorFinding[] = []
  if (state === 'stale') {
    const message = 'a command was killed while it wrote this project'
    findings.push({ id: 'leftovers', level: 'warning', message, fix: 'volo generate' })
  }
  const { files, stages } = findLeftovers(config)
  if (files.length > 0) {
    const shown = files.map((path) => pathFrom(cwd, path))
    const fix = state === 'stale' ? 'volo generate' : `rm ${shown.map(quoted).join(' ')}`
    findings.push({ id: 'leftovers', level: 'warning', message: `left by a killed command: ${shown.join(', ')}`, fix })
  }
  for (const stage of stages) {
    const shown = pathFrom(cwd, stage)
    const kept = existsSync(join(stage, '.replaced'))
    findings.push({
      id: 'leftovers',
      level: kept ? 'error' : 'warning',
      message: kept
        ? `volo init was killed: ${shown}/.replaced holds the files that it was replacing`
        : `volo init was killed: ${shown} is what it had prepared`,
      fix: kept ? `move what you want back, then: rm -r ${quoted(shown)}` : `rm -r ${quoted(shown)}`,
    })
  }
  return findings
}

function counted(n: number, noun: string): string {
  return `${n} ${noun}${n === 1 ? '' : 's'}`
}

/** Quotes a path for a shell where it is needed. */
function quoted(path: string): string {
  return /^[\w@%+=:,./~-]+$/.test(path) ? path : `'${path.replaceAll("'", `'\\''`)}'`
}
