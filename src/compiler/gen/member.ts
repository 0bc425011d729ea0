/** The members of a generated interface: fields and oneofs, with how each may be absent. */

import type { IrField, IrMessage, IrOneof } from '../ir/ir.ts'
import type { ModuleContext } from './context.ts'
import { isExtensionMessage } from './extension-message.ts'
import type { ProgramNames } from './name/names.ts'
import { isString, messageOf } from './type-shape.ts'

/** A field that is a member of its own. */
export interface FieldMember {
  readonly kind: 'field'
  readonly name: string
  readonly field: IrField
  /** As declared, but what is filled in is `default`: a string `message` of an exception, which is Error's own, and Thrift's optional fields with a default. */
  readonly presence: 'required' | 'optional' | 'default'
  /** The output type always has it. */
  readonly filled: boolean
}

/** A protobuf oneof, a member that holds one of its fields as `{ case, value }`. */
export interface OneofMember {
  readonly kind: 'oneof'
  readonly name: string
  readonly oneof: IrOneof
  readonly fields: readonly IrField[]
}

/** A member of a struct, exception or protobuf message. */
export type Member = FieldMember | OneofMember

/** The members of a message (not of a union) in source order; a oneof stands where its first field does. */
export function membersOf(message: IrMessage, names: ProgramNames): readonly Member[] {
  const members: Member[] = []
  const seen = new Set<IrOneof>()
  for (const field of message.fields) {
    const { oneof } = field
    if (oneof === undefined) {
      members.push(fieldMember(message, field, names))
    } else if (!seen.has(oneof)) {
      seen.add(oneof)
      members.push({
        kind: 'oneof',
        name: names.oneof(oneof),
        oneof,
        fields: message.fields.filter((one) => one.oneof === oneof),
      })
    }
  }
  return members
}

function fieldMember(message: IrMessage, field: IrField, names: ProgramNames): FieldMember {
  const name = names.member(field)
  const isErrorText = message.shape === 'exception' && name === 'message' && isString(field.type)
  const isFilledIn = message.file.idl === 'thrift' && isFilledWhenAbsent(field, names)
  const presence = field.presence === 'optional' && (isErrorText || isFilledIn) ? 'default' : field.presence
  const filled =
    presence === 'required' ||
    (presence === 'default' && (field.default !== undefined || messageOf(field.type) === undefined))
  return { kind: 'field', name, field, presence, filled }
}

/** Whether an optional field of a Thrift struct or argument list is there with its default when it is absent. */
export function isFilledWhenAbsent({ presence, default: given }: IrField, { fillsOptional }: ProgramNames): boolean {
  return presence === 'optional' && given !== undefined && fillsOptional
}

/** The members for which the IDL writes a default. */
export function membersWithDefault(message: IrMessage, names: ProgramNames): readonly FieldMember[] {
  if (message.shape === 'union' || isExtensionMessage(message)) return []
  return membersOf(message, names).filter(
    (member): member is FieldMember => member.kind === 'field' && member.field.default !== undefined,
  )
}

/** Whether the member `$unknown` holds what the reader did not know; unions have a case for it. */
export function keepsUnknown(message: IrMessage, context: ModuleContext): boolean {
  if (message.shape === 'union' || isExtensionMessage(message)) return false
  return context.reach.keepsUnknown(message.file) || context.reach.isExtended(message)
}

/** Whether the type of a union has the case `$unknown`, which a union of a newer IDL always has at run time. */
export function keepsUnknownCase(message: IrMessage, context: ModuleContext): boolean {
  return isOpenUnion(message) && context.reach.keepsUnknown(message.file)
}

/** A Thrift union with cases, which may come with one that the IDL does not know. One without any fields is an empty struct. */
export function isOpenUnion(message: IrMessage): boolean {
  return message.shape === 'union' && message.fields.length > 0
}
