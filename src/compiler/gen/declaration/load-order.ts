/** checkLoadOrder: whether the modules that a declaration needs at load time are loaded before its own. */

import type { IrConst, IrDeclaration, IrTypedef } from '../../ir/ir.ts'
import { visitDeclarationTypes } from '../../ir/walk.ts'
import type { ModuleContext } from '../context.ts'

/** Reports what a typedef or constant needs while its module is loaded, out of a module that may be loaded later. */
export function checkLoadOrder(
  one: IrConst | IrTypedef,
  needed: readonly IrDeclaration[],
  context: ModuleContext,
): void {
  const all = new Set(needed)
  for (const each of all) {
    const back = needed.includes(each) || each.kind === 'message' ? context.wayBack(each) : undefined
    if (back !== undefined) {
      context.report({
        code: 'module-cycle',
        message: `'${one.name}' needs '${each.name}' while its module is loaded, and the module of '${each.name}' imports that one in turn`,
        span: one.span,
        related: [
          { message: `'${each.name}' is declared here`, span: each.span },
          { message: 'the way back leads through here', span: back.span },
        ],
        hint: "set 'modules' of this entry to file, or declare both in one namespace",
      })
      return
    }
    // The constructor of an exception completes the structs that it holds.
    if (one.kind !== 'const') continue
    visitDeclarationTypes(each, { reference: ({ target }) => target !== undefined && all.add(target) })
  }
}
