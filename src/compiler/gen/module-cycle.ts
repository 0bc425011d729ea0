/** Import cycles between generated modules, which modules of whole namespaces can form: the load order of their members is undefined. */

import type { IrFile, IrImport } from '../ir/ir.ts'

/** The import by which the module of a file leads back to the module of another one; undefined where no way leads back. */
export type WayBack = (from: IrFile, to: IrFile) => IrImport | undefined

/** Looks for ways back among the modules of a program. `moduleOf`: the path of a file's module. */
export function waysBack(files: readonly IrFile[], moduleOf: (file: IrFile) => string): WayBack {
  const modules = new Map<string, IrFile[]>()
  for (const file of files) {
    const own = modules.get(moduleOf(file))
    if (own === undefined) modules.set(moduleOf(file), [file])
    else own.push(file)
  }
  // Files cannot include each other in a cycle, only modules of several files can.
  if (modules.size === files.length) return () => undefined
  const known = new Map<string, IrImport | undefined>()
  const search = (from: string, to: string): IrImport | undefined => {
    const seen = new Set([from])
    for (const at of seen) {
      for (const one of modules.get(at)?.flatMap((file) => file.imports) ?? []) {
        if (one.file === undefined) continue
        const next = moduleOf(one.file)
        if (next === to) return one
        seen.add(next)
      }
    }
    return undefined
  }
  return (from, to) => {
    const [start, end] = [moduleOf(from), moduleOf(to)]
    if (start === end) return undefined
    const key = `${start}\0${end}`
    if (!known.has(key)) known.set(key, search(start, end))
    return known.get(key)
  }
}
