/** `volo idl`: the IDLs that volo.yml lists. */

import type { CommandRegistry } from '../../run.ts'
import { addIdlAdd } from './idl-add.ts'
import { addIdlList } from './idl-list.ts'
import { addIdlRemove } from './idl-remove.ts'

/** Adds the command and its sub-commands. */
export function addIdl(registry: CommandRegistry): void {
  const command = registry.program
    .command('idl')
    .description('The IDLs that volo.yml lists.')
    .addHelpText(
      'after',
      `
Examples:
  volo idl add idl/stock.thrift
  volo idl list
  volo idl remove idl/stock.thrift`,
    )
  for (const add of [addIdlAdd, addIdlList, addIdlRemove]) add({ ...registry, program: command })
}
