/** What extensions are by their description, and whether those that a message holds can be read. */

import {
  entriesOf,
  extensionPlan,
  type FieldPlan,
  type MessagePlan,
  type TypePlan,
} from '../core/message/message-plan.ts'
import type { Extension } from './extension.ts'

/** An extension of any message. */
export type AnyExtension = Extension<object, unknown, unknown>

const plans = new WeakMap<AnyExtension, FieldPlan>()

/** The resolved field of an extension. */
export function extensionPlanOf(extension: AnyExtension): FieldPlan {
  let plan = plans.get(extension)
  if (plan === undefined) {
    const { file, name } = extension
    const schema = file.extensions?.find((one) => one.name === name)
    if (schema === undefined) throw new Error(`${file.path} does not describe the extension ${name}`)
    plan = extensionPlan(schema.field, file)
    plans.set(extension, plan)
  }
  return plan
}

/** Reads each of these extensions wherever it stands in a message, those in extensions included. Throws as `Extension.get` does. */
export function readExtensions(plan: MessagePlan, message: object, extensions: readonly AnyExtension[]): void {
  for (const extension of extensions) {
    if (extension.extendee !== plan.schema.name || !extension.has(message)) continue
    readIn(extensionPlanOf(extension).type, extension.get(message), extensions)
  }
  const members = message as Readonly<Record<string, unknown>>
  for (const member of plan.members) {
    const held = members[member.name]
    if (held == null) continue
    if (member.kind === 'field') readIn(member.field.type, held, extensions)
    else {
      const choice = held as { readonly case: string; readonly value: unknown }
      const field = member.cases.get(choice.case)
      if (field !== undefined) readIn(field.type, choice.value, extensions)
    }
  }
}

function readIn(type: TypePlan, value: unknown, extensions: readonly AnyExtension[]): void {
  if (type.kind === 'message') readExtensions(type.message, value as object, extensions)
  else if (type.kind === 'list' && type.element.kind === 'message') {
    for (const one of value as readonly object[]) readExtensions(type.element.message, one, extensions)
  } else if (type.kind === 'map' && type.value.kind === 'message') {
    for (const [, one] of entriesOf(type, value)) readExtensions(type.value.message, one as object, extensions)
  }
}
