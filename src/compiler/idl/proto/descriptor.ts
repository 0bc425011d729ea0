/** The description of options for programs that do not import it. */

import type { IrFile } from '../../ir/ir.ts'
import { bundledProtos } from './bundled.ts'
import { lowerProto } from './lower.ts'
import { parseProto } from './parser.ts'

const path = 'google/protobuf/descriptor.proto'
let lowered: IrFile | undefined

/** The bundled google/protobuf/descriptor.proto, lowered once per process. */
export function bundledDescriptor(): IrFile {
  if (lowered === undefined) {
    const source = { path, logicalPath: path, text: bundledProtos[path]! }
    lowered = lowerProto(
      parseProto(source, () => {}),
      () => {},
    )
  }
  return lowered
}
