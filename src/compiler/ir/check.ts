/** The checks of a linked program: what no single file shows, and what is true of both IDLs. */

import type { Report } from '../diagnostic.ts'
import { checkCycles } from './check-cycle.ts'
import { checkImports } from './check-import.ts'
import { checkNames } from './check-name.ts'
import { checkShapes } from './check-shape.ts'
import { checkSizes } from './check-size.ts'
import { checkValues } from './check-value.ts'
import type { IrProgram } from './ir.ts'

/** Runs every check over a linked program. */
export function checkProgram(program: IrProgram, report: Report): void {
  checkNames(program, report)
  checkShapes(program, report)
  checkCycles(program, report)
  checkValues(program, report)
  checkSizes(program, report)
  checkImports(program, report)
}
