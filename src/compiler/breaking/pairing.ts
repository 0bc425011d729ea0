/** Which file and declaration of a newer version is which of the older one. */

import type { IrDeclaration, IrFile, IrProgram } from '../ir/ir.ts'

/** Two versions of a program laid side by side. */
export interface Pairing {
  /** The older files in order, each with the newer one. */
  readonly files: readonly (readonly [IrFile, IrFile | undefined])[]
  /** The newer declaration of each older one that has one. */
  readonly declarations: ReadonlyMap<IrDeclaration, IrDeclaration>
}

/** Pairs files by their place below the root, then by their name alone; declarations by their name in the file, then wherever they went. */
export function pairPrograms(before: IrProgram, after: IrProgram): Pairing {
  const files = pairFiles(before.files, after.files)
  const declarations = new Map<IrDeclaration, IrDeclaration>()
  const taken = new Set<IrDeclaration>()
  for (const [old, now] of files) {
    if (now === undefined) continue
    const byName = new Map(now.declarations.map((one) => [one.name, one]))
    for (const declaration of old.declarations) {
      const same = byName.get(declaration.name)
      if (same === undefined || taken.has(same)) continue
      declarations.set(declaration, same)
      taken.add(same)
    }
  }
  pairMoved(before, after, declarations, taken)
  return { files, declarations }
}

function pairFiles(before: readonly IrFile[], after: readonly IrFile[]): (readonly [IrFile, IrFile | undefined])[] {
  const pairs = new Map<IrFile, IrFile>()
  const taken = new Set<IrFile>()
  for (const keyOf of [placeOf, baseOf]) {
    const open = unambiguous(
      before.filter((file) => !pairs.has(file)),
      keyOf,
    )
    const rest = unambiguous(
      after.filter((file) => !taken.has(file)),
      keyOf,
    )
    for (const [key, old] of open) {
      const same = rest.get(key)
      if (same === undefined) continue
      pairs.set(old, same)
      taken.add(same)
    }
  }
  return before.map((file) => [file, pairs.get(file)] as const)
}

/** Files by a key that only one of them has: of two, nothing tells which is meant. */
function unambiguous(files: readonly IrFile[], keyOf: (file: IrFile) => string): Map<string, IrFile> {
  const found = new Map<string, IrFile>()
  const several = new Set<string>()
  for (const file of files) {
    const key = keyOf(file)
    if (found.has(key)) several.add(key)
    found.set(key, file)
  }
  for (const key of several) found.delete(key)
  return found
}

function placeOf({ source }: IrFile): string {
  return source.logicalPath
}

function baseOf({ source }: IrFile): string {
  return source.logicalPath.slice(source.logicalPath.lastIndexOf('/') + 1)
}

/** Declarations that went to another file: protobuf knows them by full name, Thrift by their name where only one has it. */
function pairMoved(
  before: IrProgram,
  after: IrProgram,
  declarations: Map<IrDeclaration, IrDeclaration>,
  taken: ReadonlySet<IrDeclaration>,
): void {
  const free = new Map<string, IrDeclaration[]>()
  for (const file of after.files) {
    for (const one of file.declarations) {
      if (taken.has(one)) continue
      const key = moveKey(one)
      const same = free.get(key)
      if (same === undefined) free.set(key, [one])
      else same.push(one)
    }
  }
  if (free.size === 0) return
  for (const file of before.files) {
    for (const one of file.declarations) {
      if (declarations.has(one)) continue
      const found = free.get(moveKey(one))
      if (found?.length === 1) {
        declarations.set(one, found[0]!)
        free.delete(moveKey(one))
      }
    }
  }
}

function moveKey(declaration: IrDeclaration): string {
  const { kind, file, name, fullName } = declaration
  return `${file.idl} ${kind} ${file.idl === 'thrift' ? name : fullName}`
}
