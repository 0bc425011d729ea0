/** Whether protobuf vouches that a message or enum has a JSON form: `features.json_format`, or what the syntax says. */

import type { IrEnum, IrMessage } from '../ir/ir.ts'
import type { Comparing } from './change.ts'
import { optionText } from './option-text.ts'

/** Reports the loss of a sure JSON form. */
export function compareJsonFormat(c: Comparing, before: IrMessage | IrEnum, after: IrMessage | IrEnum): void {
  if (!hasJson(before) || hasJson(after)) return
  const what = after.kind === 'enum' ? 'enum' : 'message'
  c.breaks('json-format-changed', before.fullName, `${what} '${after.name}' has its JSON form at best effort only`, {
    before: before.span,
    after: after.span,
  })
}

function hasJson(declaration: IrMessage | IrEnum): boolean {
  for (let at: IrMessage | IrEnum | undefined = declaration; at !== undefined; at = at.parent) {
    const own = optionText(at.annotations, 'features.json_format')
    if (own !== undefined) return own === 'ALLOW'
  }
  const { annotations, syntax } = declaration.file
  const preset = optionText(annotations, 'features.json_format')
  return preset === undefined ? syntax !== 'proto2' : preset === 'ALLOW'
}
