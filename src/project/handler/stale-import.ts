/** Handlers that were left behind: they import modules or names that the IDLs, renamed since, do not give any more. */

import { readFileSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { pathFrom } from '../display-path.ts'
import { type GenerationGroup, type GenerationPlan, typescriptFiles } from '../generate/generation-plan.ts'
import { parseHandlerSource } from './handler-source.ts'
import { type ServiceHandler, serviceHandlers } from './handler-update.ts'

/** One import that leads nowhere. */
export interface StaleImport {
  /** The handler file, absolute. */
  readonly path: string
  /** What is wrong, as the predicate of a sentence about the file. */
  readonly message: string
  readonly fix: string
}

/** The imports of a project's handler files that lead nowhere once a plan is carried out. */
export function staleImports(plan: GenerationPlan): StaleImport[] {
  const found: StaleImport[] = []
  const seen = new Set<string>()
  let handlers: readonly ServiceHandler[] | undefined
  for (const group of plan.groups) {
    for (const { handlers: folder } of group.entries) {
      if (folder === undefined) continue
      for (const path of typescriptFiles(folder)) {
        if (seen.has(`${group.out} ${path}`) || plan.files.some((file) => file.path === path)) continue
        seen.add(`${group.out} ${path}`)
        for (const one of importsOf(path, group.out)) {
          handlers ??= serviceHandlers(plan)
          found.push(...checkImport(path, one, plan, group, handlers))
        }
      }
    }
  }
  return found
}

/** An import from below the output folder. */
interface GeneratedImport {
  /** As written. */
  readonly from: string
  /** The module's file, absolute. */
  readonly module: string
  readonly names: readonly string[]
}

function importsOf(path: string, out: string): GeneratedImport[] {
  let text: string
  try {
    text = readFileSync(path, 'utf8')
  } catch {
    return []
  }
  const source = parseHandlerSource(text)
  if (typeof source === 'string') return []
  return source.imports.flatMap(({ from, names }): GeneratedImport[] => {
    if (!from.startsWith('.')) return []
    const module = `${resolve(dirname(path), from.replace(/\.[cm]?[jt]s$/, ''))}.ts`
    if (pathFrom(out, module).startsWith('..')) return []
    return [{ from, module, names: names.map(({ imported }) => imported).filter((name) => name !== '*') }]
  })
}

function checkImport(
  path: string,
  { from, module, names }: GeneratedImport,
  plan: GenerationPlan,
  { out, options }: GenerationGroup,
  handlers: readonly ServiceHandler[],
): StaleImport[] {
  const file = plan.files.find((one) => one.path === module)
  if (file === undefined || file.action === 'remove') {
    const moved = handlers.find(({ service }) => names.includes(service.handlerType))
    const to = moved && pathFrom(dirname(path), resolve(out, moved.service.module))
    const other =
      to === undefined ? undefined : `${to.startsWith('.') ? to : `./${to}`}${options.importExtension ?? '.js'}`
    return [
      {
        path,
        message: `imports '${from}', which no IDL gives any more`,
        fix:
          other === undefined
            ? (renameHint(names, handlers) ??
              'import from the module of the IDL that took its place, or delete the file')
            : `import ${moved!.service.handlerType} from '${other}'`,
      },
    ]
  }
  const text = file.text === '' ? readFileSync(module, 'utf8') : file.text
  return names
    .filter(
      (name) => !new RegExp(`^export (?:interface|type|const|class) ${name.replaceAll('$', '\\$')}\\b`, 'm').test(text),
    )
    .map((name) => ({
      path,
      message: `imports '${name}' from '${from}', which has no such name any more`,
      fix: renameHint([name], handlers) ?? 'write the new name, or delete the file if its service is gone',
    }))
}

/** The one service without a handler is what the service of an orphaned handler is called now. */
function renameHint(names: readonly string[], handlers: readonly ServiceHandler[]): string | undefined {
  const [orphan] = names.filter((name) => name.endsWith('Handler'))
  const open = handlers.filter(({ exists, path }) => path !== undefined && !exists)
  if (orphan === undefined || open.length !== 1) return undefined
  const { service } = open[0]!
  return `if its service is called '${service.name}' now, write ${service.handlerType} for ${orphan}; else delete the file`
}
