/** Compares two versions of a typedef, a constant, or an extension. */

import type { IrConst, IrExtension, IrTypedef } from '../../ir/ir.ts'
import { typeText } from '../../ir/underlying.ts'
import type { Comparing } from '../change.ts'
import { valueText } from '../value-text.ts'
import { compareField } from './field.ts'

/** Compares two versions of a typedef. */
export function compareTypedef(c: Comparing, before: IrTypedef, after: IrTypedef): void {
  if (c.typeBreak(before.type, after.type) === undefined) return
  const [was, is] = [typeText(before.type), typeText(after.type)]
  const text = was === is ? `'${is}', which is another one now` : `'${is}'; it was '${was}'`
  c.breaks('typedef-changed', before.fullName, `typedef '${after.name}' is ${text}`, {
    before: before.span,
    after: after.span,
  })
}

/** Compares two versions of a constant. */
export function compareConst(c: Comparing, before: IrConst, after: IrConst): void {
  if (c.typeBreak(before.type, after.type) !== undefined) {
    const text = `constant '${after.name}' has type '${typeText(after.type)}'; it was '${typeText(before.type)}'`
    c.breaks('const-changed', before.fullName, text, { before: before.span, after: after.span })
  } else if (valueText(before.value, before.type) !== valueText(after.value, after.type)) {
    c.breaks('const-changed', before.fullName, `constant '${after.name}' has another value`, {
      before: before.value.span,
      after: after.value.span,
    })
  }
}

/** Compares two versions of an extension. */
export function compareExtension(c: Comparing, before: IrExtension, after: IrExtension): void {
  const places = { before: before.span, after: after.span }
  const from = before.extendee.target
  const to = after.extendee.target
  if (from !== undefined && to !== undefined && c.pairOf(from) !== to) {
    const text = `extension '${after.name}' extends '${after.extendee.text}'; it extended '${before.extendee.text}'`
    c.breaks('extension-target-changed', before.fullName, text, {
      before: before.extendee.span,
      after: after.extendee.span,
    })
  }
  const label = `extension '${after.name}'`
  if (before.field.id !== after.field.id) {
    const text = `${label} has number ${after.field.id}; it had ${before.field.id}`
    c.breaks('field-id-changed', before.fullName, text, places)
  }
  const pair = { idl: 'protobuf', label, subject: before.fullName, before: before.field, after: after.field } as const
  compareField(c, pair, true)
}
