/** completeMessage: what a printed `complete` does, done by the description alone. */

import { processWide } from '../copies/process-wide.ts'
import { DeclaredException } from '../error.ts'
import { completeList, completeMap, completePairs, completeRecord, keptCase, missing } from './complete.ts'
import type { MemberPlan, MessagePlan, TypePlan } from './message-plan.ts'

type Members = Readonly<Record<string, unknown>>

/**
 * The same object when it is complete, else a copy with the defaults filled in, nested messages included. Throws RpcError
 * INVALID_ARGUMENT when a required member is missing. An exception becomes one of {@link exceptionClass} unless it is an
 * Error already.
 */
export function completeMessage(plan: MessagePlan, input: unknown): unknown {
  const given = input as Members
  if (plan.schema.kind === 'union') return completeUnion(plan, given)
  if (input instanceof DeclaredException) return input
  if (plan.schema.kind === 'exception') return new (exceptionClass(plan))(given)
  const done: Record<string, unknown> = {}
  let changed = false
  for (const member of plan.members) {
    const before = given[member.name]
    const after = completeMember(plan, member, before)
    if (!Object.is(after, before) && !(after === undefined && before == null)) changed = true
    done[member.name] = after
  }
  if (!changed) return input
  if (plan.keepsUnknown && given['$unknown'] !== undefined) done['$unknown'] = given['$unknown']
  return done
}

/** The class of an exception of which only the description is there; what it is made from is completed. */
export type InterpretedException = new (init?: Members) => DeclaredException

const classes = processWide('exception classes', () => new WeakMap<MessagePlan, InterpretedException>())

/** The class of the exceptions of a description: one per description, so that `instanceof` tells them apart. */
export function exceptionClass(plan: MessagePlan): InterpretedException {
  const known = classes.get(plan)
  if (known !== undefined) return known
  const title = plan.schema.name.slice(plan.schema.name.lastIndexOf('.') + 1)
  const text = plan.members.find(({ name }) => name === 'message')
  const members = plan.members.filter((member) => member !== text)
  const made = class extends DeclaredException {
    constructor(init: Members = {}) {
      super(text === undefined ? '' : (completeMember(plan, text, init['message']) as string))
      const own = this as unknown as Record<string, unknown>
      for (const member of members) own[member.name] = completeMember(plan, member, init[member.name])
      if (plan.keepsUnknown) own['$unknown'] = init['$unknown']
    }

    override get name(): string {
      return title
    }
  }
  classes.set(plan, made)
  return made
}

function completeMember(plan: MessagePlan, member: MemberPlan, given: unknown): unknown {
  if (member.kind === 'oneof') {
    const choice = given as { readonly case: string; readonly value: unknown } | null | undefined
    if (choice == null) return given
    const field = member.cases.get(choice.case)
    if (field === undefined) return given
    const value = complete(field.type, choice.value)
    return value === choice.value ? given : { case: choice.case, value }
  }
  const { field } = member
  if (given != null) return complete(field.type, given)
  if (field.presence === 'required') return missing(`${plan.schema.name}.${field.schema.name}`)
  return field.filled ? field.fallback() : undefined
}

function completeUnion(plan: MessagePlan, given: Members): unknown {
  if (plan.fields.length === 0) return given
  const field = plan.byName.get(given['case'] as string)
  if (field === undefined) return keptCase(plan.schema.name, given as { case: unknown })
  const value = complete(field.type, given['value'])
  return value === given['value'] ? given : { case: field.name, value }
}

function complete(type: TypePlan, given: unknown): unknown {
  switch (type.kind) {
    case 'message':
      return completeMessage(type.message, given)
    case 'list':
      return completeList(given as unknown[], (one) => complete(type.element, one))
    case 'set':
      return type.shape === 'set' ? given : completeList(given as unknown[], (one) => complete(type.element, one))
    case 'map': {
      const value = (one: unknown): unknown => complete(type.value, one)
      if (type.shape === 'record') return completeRecord(given as Members, value)
      if (type.shape === 'map') return completeMap(given as Map<unknown, unknown>, value)
      return completePairs(given as [unknown, unknown][], (one) => complete(type.key, one), value)
    }
    default:
      return given
  }
}
