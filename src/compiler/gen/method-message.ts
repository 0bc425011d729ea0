/** The two structs that carry a Thrift method on the wire: its arguments, and its result with the declared exceptions. */

import type { IrField, IrMessage, IrMethod, IrService, IrType } from '../ir/ir.ts'
import { messageOf } from './type-shape.ts'

/** The structs of one Thrift method. */
export interface MethodMessages {
  readonly args: IrMessage
  /** `success` (id 0), unless void, and one optional field per declared exception. */
  readonly result: IrMessage
}

/** Makes the structs of a method. */
export function methodMessages(service: IrService, method: IrMethod): MethodMessages {
  const throws = method.throws.map((field): IrField => ({ ...field, presence: 'optional' }))
  return {
    args: struct(service, method, 'args', method.args.map(argumentField)),
    result: struct(
      service,
      method,
      'result',
      method.result === undefined ? throws : [successField(method, method.result), ...throws],
    ),
  }
}

/** Handlers get every struct that is not marked optional: an argument struct must be there, others have a zero value. */
function argumentField(field: IrField): IrField {
  const mustBeThere = field.presence === 'default' && field.default === undefined && messageOf(field.type) !== undefined
  return mustBeThere ? { ...field, presence: 'required' } : { ...field }
}

function successField(method: IrMethod, type: IrType): IrField {
  return {
    id: 0,
    name: 'success',
    jsonName: 'success',
    type,
    presence: 'optional',
    default: undefined,
    oneof: undefined,
    packed: false,
    delimited: false,
    span: method.span,
    typeSpan: method.span,
    doc: undefined,
    annotations: [],
    deprecated: false,
  }
}

function struct(service: IrService, method: IrMethod, suffix: string, fields: readonly IrField[]): IrMessage {
  return {
    kind: 'message',
    shape: 'struct',
    name: `${service.name}.${method.name}_${suffix}`,
    fullName: `${service.fullName}.${method.name}_${suffix}`,
    file: service.file,
    span: method.span,
    doc: undefined,
    annotations: [],
    deprecated: false,
    fields,
    oneofs: [],
    parent: undefined,
  }
}
