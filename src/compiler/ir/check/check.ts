/** The checks of a linked program: what no single file shows, and what is true of both IDLs. */

import type { Report } from '../../diagnostic.ts'
import type { IrProgram } from '../ir.ts'
import { checkCycles } from './cycle.ts'
import { checkImports } from './import.ts'
import { checkNames } from './name.ts'
import { checkShapes } from './shape.ts'
import { checkSizes, checkTypeSizes } from './size.ts'
import { checkValues } from './value.ts'

/** Runs every check over a linked program. */
export function checkProgram(program: IrProgram, report: Report): void {
  if (!checkTypeSizes(program, report)) return
  checkNames(program, report)
  checkShapes(program, report)
  checkCycles(program, report)
  checkValues(program, report)
  checkSizes(program, report)
  checkImports(program, report)
}
