/** Compares two versions of a program: what breaks bytes, JSON or source, and what became of each declaration. */

import type { IrDeclaration, IrFile, IrMessage, IrProgram } from '../../ir/ir.ts'
import { type BreakingChange, breakingChange, type Comparing, type DeclarationChange, wordFor } from '../change.ts'
import { messageBreaks } from '../message-break.ts'
import { type Pairing, pairPrograms } from '../pairing.ts'
import { type BreakingCategory, type BreakingRuleId, graver } from '../rule.ts'
import { typeBreak } from '../type-break.ts'
import { compareConst, compareExtension, compareTypedef } from './alias.ts'
import { compareEnum } from './enum.ts'
import { compareFile } from './file.ts'
import { articled, compareMessage } from './message.ts'
import { compareService } from './service.ts'

/** How two versions differ. */
export interface Comparison {
  /** Breaking changes by file and place in the older version; per declaration in the order of its rules. */
  readonly changes: readonly BreakingChange[]
  /** Changed declarations: those of the older version in order, then the new ones. */
  readonly declarations: readonly DeclarationChange[]
}

/**
 * Compares two linked programs without errors. Files that only the older version imports, and that no entry of it is, may vanish: what
 * they declared is compared where it is used, and where it moved to.
 */
export function compareVersions(before: IrProgram, after: IrProgram): Comparison {
  const pairing = pairPrograms(before, after)
  const changes: BreakingChange[] = []
  const declarations: DeclarationChange[] = []
  const breakOf = messageBreaks((declaration) => pairing.declarations.get(declaration))
  const entries = new Set(before.entries)
  for (const [old, now] of pairing.files) {
    const collect = collector(pairing, breakOf, old)
    if (now !== undefined) compareFile(collect.comparing, old, now)
    else if (entries.has(old)) removedFile(collect.comparing, old, pairing)
    if (collect.changes.length + collect.allowed.length > 0) {
      changes.push(...collect.changes)
      declarations.push(declarationChange(now?.source.logicalPath ?? old.source.logicalPath, 'file', collect, now))
    }
    for (const declaration of old.declarations) {
      const change = compareDeclaration(pairing, breakOf, declaration, now, entries.has(old))
      if (change === undefined) continue
      changes.push(...change.changes)
      declarations.push(change)
    }
  }
  const known = new Set(pairing.declarations.values())
  for (const file of after.files) {
    for (const one of file.declarations) {
      if (known.has(one)) continue
      const { fullName: name } = one
      declarations.push({ name, what: wordFor(one), status: 'added', breaks: undefined, changes: [], compatible: [] })
    }
  }
  return { changes, declarations }
}

type BreakOf = (idl: IrFile['idl'], before: IrMessage, after: IrMessage) => BreakingCategory

/** What is found about one declaration or file. */
interface Collector {
  readonly comparing: Comparing
  readonly changes: BreakingChange[]
  readonly allowed: string[]
}

function collector(pairing: Pairing, breakOf: BreakOf, file: IrFile): Collector {
  const changes: BreakingChange[] = []
  const allowed: string[] = []
  const { idl } = file
  const pairOf = (declaration: IrDeclaration): IrDeclaration | undefined => pairing.declarations.get(declaration)
  const types = { idl, pairOf, messageBreak: (a: IrMessage, b: IrMessage) => breakOf(idl, a, b) }
  const comparing: Comparing = {
    pairOf,
    typeBreak: (a, b) => typeBreak(types, a, b),
    breaks: (rule, subject, message, places) => void changes.push(breakingChange(rule, subject, message, places)),
    allows: (text) => void allowed.push(text),
  }
  return { comparing, changes, allowed }
}

function declarationChange(
  name: string,
  what: string,
  { changes, allowed }: Collector,
  now: unknown,
): DeclarationChange {
  let breaks: BreakingCategory | undefined
  for (const { category } of changes) breaks = graver(breaks, category)
  return { name, what, status: now === undefined ? 'removed' : 'changed', breaks, changes, compatible: allowed }
}

function removedFile(c: Comparing, file: IrFile, pairing: Pairing): void {
  const { source } = file
  const heirs = new Set(
    file.declarations.flatMap((one) => pairing.declarations.get(one)?.file.source.logicalPath ?? []),
  )
  const names = [...heirs].map((path) => `'${path}'`).join(', ')
  const moved = names === '' ? '' : `; what it declared is in ${names}`
  c.breaks('file-removed', source.logicalPath, `'${source.logicalPath}' is gone${moved}`, {
    before: { source, start: 0, end: 0 },
  })
}

const removalRules = {
  message: 'message-removed',
  enum: 'enum-removed',
  typedef: 'typedef-removed',
  const: 'const-removed',
  service: 'service-removed',
  extension: 'extension-removed',
} as const satisfies Record<IrDeclaration['kind'], BreakingRuleId>

function compareDeclaration(
  pairing: Pairing,
  breakOf: BreakOf,
  before: IrDeclaration,
  file: IrFile | undefined,
  isEntry: boolean,
): DeclarationChange | undefined {
  const after = pairing.declarations.get(before)
  // A file that was only imported and is not any more takes what it declared with it.
  if (after === undefined && file === undefined && !isEntry) return undefined
  const collect = collector(pairing, breakOf, before.file)
  const c = collect.comparing
  const word = wordFor(before)
  if (after === undefined) {
    c.breaks(removalRules[before.kind], before.fullName, `${word} '${before.name}' is gone`, {
      before: before.span,
      ...(before.kind === 'service' && { hint: 'keep it until nobody calls it' }),
    })
    return declarationChange(before.fullName, word, collect, undefined)
  }
  if (file !== undefined && after.file !== file) {
    const text = `${word} '${before.name}' is in '${after.file.source.logicalPath}'; it was in '${before.file.source.logicalPath}'`
    c.breaks('declaration-moved', before.fullName, text, { before: before.span, after: after.span })
  }
  if (!compareKinds(c, before, after)) {
    const text = `'${after.name}' is ${articled(wordFor(after))}; it was ${articled(word)}`
    c.breaks('declaration-kind-changed', before.fullName, text, { before: before.span, after: after.span })
  }
  if (collect.changes.length + collect.allowed.length === 0) return undefined
  return declarationChange(after.fullName, wordFor(after), collect, after)
}

/** Compares two declarations of one kind; false when they are of two. */
function compareKinds(c: Comparing, before: IrDeclaration, after: IrDeclaration): boolean {
  if (before.kind === 'message' && after.kind === 'message') compareMessage(c, before, after)
  else if (before.kind === 'enum' && after.kind === 'enum') compareEnum(c, before, after)
  else if (before.kind === 'service' && after.kind === 'service') compareService(c, before, after)
  else if (before.kind === 'typedef' && after.kind === 'typedef') compareTypedef(c, before, after)
  else if (before.kind === 'const' && after.kind === 'const') compareConst(c, before, after)
  else if (before.kind === 'extension' && after.kind === 'extension') compareExtension(c, before, after)
  else return false
  return true
}
