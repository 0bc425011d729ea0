/** Compares the oneofs of two versions of a message, and in which of them its fields are. */

import type { IrField, IrMessage, IrOneof } from '../../ir/ir.ts'
import type { Comparing } from '../change.ts'

/** The newer oneof of each older one: the one of the same name, or the one that holds just the same fields. */
export function renamedOneofs(before: IrMessage, after: IrMessage): ReadonlyMap<IrOneof, IrOneof> {
  const pairs = new Map<IrOneof, IrOneof>()
  const byName = new Map(after.oneofs.map((oneof) => [oneof.name, oneof]))
  const oldNames = new Set(before.oneofs.map(({ name }) => name))
  for (const oneof of before.oneofs) {
    const same = byName.get(oneof.name)
    if (same !== undefined) {
      pairs.set(oneof, same)
      continue
    }
    const ids = fieldsOf(before, oneof).map(({ id }) => id)
    const other = after.oneofs.find(
      (one) => !oldNames.has(one.name) && ids.every((id) => after.fields.some((f) => f.id === id && f.oneof === one)),
    )
    if (other !== undefined && ![...pairs.values()].includes(other)) pairs.set(oneof, other)
  }
  return pairs
}

/** Whether a field is in the same oneof, or in none. */
export function isSameOneof(renames: ReadonlyMap<IrOneof, IrOneof>, before: IrField, after: IrField): boolean {
  if (before.oneof === undefined) return after.oneof === undefined
  const now = renames.get(before.oneof)
  return now !== undefined && now === after.oneof
}

/** Compares oneofs and where fields are; fields are known by their numbers. */
export function compareOneofs(c: Comparing, before: IrMessage, after: IrMessage): void {
  const renames = renamedOneofs(before, after)
  for (const oneof of before.oneofs) {
    const now = renames.get(oneof)
    const subject = `${before.fullName}.${oneof.name}`
    if (now === undefined) {
      c.breaks('oneof-removed', subject, `message '${after.name}' no longer has oneof '${oneof.name}'`, {
        before: oneof.span,
        after: after.span,
      })
    } else if (now.name !== oneof.name) {
      c.breaks('oneof-renamed', subject, `oneof '${now.name}' of message '${after.name}' was '${oneof.name}'`, {
        before: oneof.span,
        after: now.span,
      })
    }
  }
  const byId = new Map(after.fields.map((field) => [field.id, field]))
  for (const field of before.fields) {
    const now = byId.get(field.id)
    if (now === undefined || isSameOneof(renames, field, now)) continue
    compareMembership(c, before, after, field, now)
  }
}

function compareMembership(c: Comparing, before: IrMessage, after: IrMessage, field: IrField, now: IrField): void {
  const from = field.oneof === undefined ? [] : fieldsOf(before, field.oneof)
  const to = now.oneof === undefined ? [] : fieldsOf(after, now.oneof)
  // Alone in a oneof is the same as having presence.
  const isAlone = from.length <= 1 && to.length <= 1
  const text = `field '${now.name}' of message '${after.name}' is ${inText(now.oneof)}; it was ${inText(field.oneof)}`
  c.breaks(isAlone ? 'field-oneof-alone' : 'field-oneof-changed', `${before.fullName}.${field.name}`, text, {
    before: field.span,
    after: now.span,
    ...(!isAlone && { hint: 'leave it where it is, and add a new field in the other place' }),
  })
}

function inText(oneof: IrOneof | undefined): string {
  return oneof === undefined ? 'in no oneof' : `in oneof '${oneof.name}'`
}

function fieldsOf(message: IrMessage, oneof: IrOneof): readonly IrField[] {
  return message.fields.filter((field) => field.oneof === oneof)
}
