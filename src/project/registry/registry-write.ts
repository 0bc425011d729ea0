/** Writes a planned project. Each file is written atomically; the next command repairs what a killed one left inconsistent. */

import { rmSync } from 'node:fs'
import { type FileText, writeFilesAtomically } from '../atomic-write.ts'
import { asFileError } from '../fs-error.ts'
import { writeGeneration } from '../generate/generate.ts'
import { isVendored, writeVendor } from '../git/vendor.ts'
import { isSameSource } from '../lock/lock.ts'
import { lockText, type RegistryPlan, registryChanges } from './registry-plan.ts'

/**
 * Writes volo.lock, then volo.yml, then vendored files and generated code: whoever finds them apart follows volo.lock, the newer one. `rest`
 * writes what follows from them.
 */
export function writeRegistry(plan: RegistryPlan, rest: () => void = () => {}): void {
  const changes = registryChanges(plan)
  const text = lockText(plan)
  const { path } = plan.lockBefore
  vendor(plan, true)
  if (changes.lock && text !== undefined) writeFilesAtomically([{ path, text }])
  if (changes.config) writeFilesAtomically([configFile(plan)])
  // A lock of nothing goes last: until then volo.yml may still name its repos.
  if (changes.lock && text === undefined) remove(path)
  vendor(plan, false)
  writeGeneration(plan.generation)
  rest()
}

/** The vendored files of a project that has some are those of its lock. A dry run finds what is wrong before anything is written. */
function vendor({ config, lock, sources }: RegistryPlan, dryRun: boolean): void {
  if (!isVendored(config.folder)) return
  const files = lock.repos.flatMap((locked) => {
    const repo = sources.repos.find((one) => isSameSource(one, locked))
    return repo === undefined ? [] : [{ url: repo.address, locked, tree: repo.tree }]
  })
  writeVendor(config.folder, files, { dryRun })
}

function configFile({ config }: RegistryPlan): FileText {
  return { path: config.path, text: config.source.text }
}

function remove(path: string): void {
  try {
    rmSync(path, { force: true })
  } catch (error) {
    throw asFileError('remove', path, error)
  }
}
