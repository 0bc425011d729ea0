/** Compares two versions of a service and its methods. */

import type { IrField, IrMethod, IrService, IrType } from '../../ir/ir.ts'
import { typeText } from '../../ir/underlying.ts'
import type { Comparing } from '../change.ts'
import { pairFields } from '../field-pairing.ts'
import { optionText } from '../option-text.ts'
import type { BreakingRuleId } from '../rule.ts'
import { compareField, protoText } from './field.ts'
import { numberWord } from './message.ts'

/** Compares two versions of a service. */
export function compareService(c: Comparing, before: IrService, after: IrService): void {
  const oldBase = baseOf(before)
  const newBase = baseOf(after)
  const isSameBase = oldBase === undefined ? newBase === undefined : c.pairOf(oldBase) === newBase
  if (oldBase !== undefined && !isSameBase) {
    const text = newBase === undefined ? 'extends no service' : `extends '${newBase.name}'`
    c.breaks(
      'service-extends-changed',
      before.fullName,
      `service '${after.name}' ${text}; it extended '${oldBase.name}'`,
      {
        before: before.extends?.span ?? before.span,
        after: after.extends?.span ?? after.span,
      },
    )
  } else if (newBase !== undefined && !isSameBase) c.allows(`it extends '${newBase.name}'`)
  // What a base loses is said there while it stays the base.
  const old = isSameBase ? before.methods : allMethods(before)
  const now = new Map(allMethods(after).map((method) => [method.name, method]))
  for (const method of old) {
    const same = now.get(method.name)
    if (same !== undefined) {
      compareMethod(c, before, method, same)
      continue
    }
    const text = `service '${after.name}' no longer has method '${method.name}'`
    c.breaks('method-removed', `${before.fullName}.${method.name}`, text, {
      before: method.span,
      after: after.span,
      hint: 'keep it until nobody calls it',
    })
  }
  const known = new Set(allMethods(before).map(({ name }) => name))
  for (const { name } of after.methods) if (!known.has(name)) c.allows(`method '${name}' is new`)
}

function baseOf(service: IrService): IrService | undefined {
  const target = service.extends?.target
  return target?.kind === 'service' ? target : undefined
}

/** The methods of a service and of those it extends. */
function allMethods(service: IrService): IrMethod[] {
  const methods: IrMethod[] = []
  const seen = new Set<IrService>()
  for (let at: IrService | undefined = service; at !== undefined && !seen.has(at); at = baseOf(at)) {
    seen.add(at)
    methods.push(...at.methods)
  }
  return methods
}

function compareMethod(c: Comparing, service: IrService, before: IrMethod, after: IrMethod): void {
  const { idl } = service.file
  const subject = `${service.fullName}.${before.name}`
  const places = { before: before.span, after: after.span }
  compareKind(c, subject, before, after)
  if (idl === 'protobuf') {
    compareMethodType(c, subject, after, 'takes', 'took', before.request, after.request, places)
    compareMethodType(c, subject, after, 'gives', 'gave', before.result, after.result, places)
  } else {
    compareResult(c, subject, before, after)
    compareArguments(c, subject, before, after)
    compareExceptions(c, subject, before, after)
  }
  const was = promiseOf(idl, before)
  const is = promiseOf(idl, after)
  if (was !== is) {
    c.breaks('idempotency-changed', subject, `method '${after.name}' is ${is}; it was ${was}`, places)
  }
}

function promiseOf(idl: 'thrift' | 'protobuf', method: IrMethod): string {
  if (idl === 'thrift') return method.idempotent ? 'idempotent' : 'not idempotent'
  return optionText(method.annotations, 'idempotency_level') ?? 'IDEMPOTENCY_UNKNOWN'
}

function compareKind(c: Comparing, subject: string, before: IrMethod, after: IrMethod): void {
  const places = { before: before.span, after: after.span }
  const name = `method '${after.name}'`
  if ((before.kind === 'oneway') !== (after.kind === 'oneway')) {
    const text = after.kind === 'oneway' ? 'is oneway; it answered' : 'answers; it was oneway'
    c.breaks('oneway-changed', subject, `${name} ${text}`, places)
  }
  if (takesStream(before) !== takesStream(after)) {
    const text = takesStream(after) ? 'takes a stream; it took one message' : 'takes one message; it took a stream'
    c.breaks('client-streaming-changed', subject, `${name} ${text}`, places)
  }
  if (givesStream(before) !== givesStream(after)) {
    const text = givesStream(after) ? 'gives a stream; it gave one message' : 'gives one message; it gave a stream'
    c.breaks('server-streaming-changed', subject, `${name} ${text}`, places)
  }
}

function takesStream({ kind }: IrMethod): boolean {
  return kind === 'client_streaming' || kind === 'bidi_streaming'
}

function givesStream({ kind }: IrMethod): boolean {
  return kind === 'server_streaming' || kind === 'bidi_streaming'
}

const typeRules = {
  wire: 'method-wire-type-changed',
  json: 'method-json-type-changed',
  source: 'method-type-changed',
} as const satisfies Record<string, BreakingRuleId>

function compareMethodType(
  c: Comparing,
  subject: string,
  after: IrMethod,
  does: string,
  did: string,
  was: IrType | undefined,
  is: IrType | undefined,
  places: { readonly before: IrMethod['span']; readonly after: IrMethod['span'] },
): void {
  if (was === undefined || is === undefined) return
  const broken = c.typeBreak(was, is)
  if (broken === undefined) return
  const [now, then] = [protoText(typeText(is)), protoText(typeText(was))]
  const text = now === then ? `${does} '${now}', which is another one now` : `${does} '${now}'; it ${did} '${then}'`
  c.breaks(typeRules[broken], subject, `method '${after.name}' ${text}`, {
    before: spanOf(was) ?? places.before,
    after: spanOf(is) ?? places.after,
  })
}

function spanOf(type: IrType): IrMethod['span'] | undefined {
  return type.kind === 'reference' ? type.reference.span : undefined
}

function compareResult(c: Comparing, subject: string, before: IrMethod, after: IrMethod): void {
  // That a oneway method has no result is said already.
  if (before.kind !== after.kind) return
  const was = before.result
  const is = after.result
  if (was === undefined && is === undefined) return
  const broken = was === undefined || is === undefined ? 'wire' : c.typeBreak(was, is)
  if (broken === undefined) return
  const text = (type: IrType | undefined): string => (type === undefined ? 'nothing' : `'${typeText(type)}'`)
  const names =
    text(is) === text(was) ? `${text(is)}, which is another one now` : `${text(is)}; it returned ${text(was)}`
  c.breaks(typeRules[broken], subject, `method '${after.name}' returns ${names}`, {
    before: before.span,
    after: after.span,
  })
}

function compareArguments(c: Comparing, subject: string, before: IrMethod, after: IrMethod): void {
  const { pairs, added } = pairFields(c, before.args, after.args)
  for (const { before: old, after: now, fate } of pairs) {
    const place = `${subject}.${old.name}`
    const label = `argument '${now?.name ?? old.name}' of method '${after.name}'`
    if (now === undefined) {
      const rule = old.presence === 'required' ? 'required-field-removed' : 'argument-removed'
      const was = old.presence === 'required' ? ', which was required' : ''
      c.breaks(rule, place, `method '${after.name}' no longer takes '${old.name}'${was}`, {
        before: old.span,
        after: after.span,
      })
      continue
    }
    if (!compareIds(c, place, label, `the arguments of method '${after.name}'`, old, now, fate)) continue
    if (old.name !== now.name) {
      c.breaks('field-renamed', place, `${label} was '${old.name}'`, { before: old.span, after: now.span })
    }
    compareField(c, { idl: 'thrift', label, subject: place, before: old, after: now }, true)
  }
  const kept = pairs.flatMap(({ after: now, fate }) => (now === undefined || fate === 'reused' ? [] : [now]))
  const order = after.args.filter((field) => kept.includes(field))
  if (order.some((field, i) => field !== kept[i])) {
    const text = `the arguments of method '${after.name}' stand in another order`
    c.breaks('argument-order-changed', subject, text, { before: before.span, after: after.span })
  }
  for (const field of added) addedArgument(c, subject, after, field)
}

/** Reports a changed id. False when the two are different fields. */
function compareIds(
  c: Comparing,
  subject: string,
  label: string,
  what: string,
  before: IrField,
  after: IrField,
  fate: string,
): boolean {
  const places = { before: before.span, after: after.span }
  if (fate === 'reused') {
    const text = `id ${before.id} of ${what} belongs to '${after.name}'; it was that of '${before.name}'`
    c.breaks('field-id-reused', subject, text, { ...places, hint: 'give the new one an id that was never used' })
    return false
  }
  if (fate === 'moved') {
    c.breaks(
      'field-id-changed',
      subject,
      `${label} has ${numberWord('thrift')} ${after.id}; it had ${before.id}`,
      places,
    )
  }
  return true
}

function addedArgument(c: Comparing, subject: string, after: IrMethod, field: IrField): void {
  const place = `${subject}.${field.name}`
  const text = `argument '${field.name}' of method '${after.name}' is new`
  const isLast = after.args.at(-1) === field
  if (field.presence === 'required') {
    c.breaks('required-field-added', place, `${text} and required`, { after: field.span, hint: 'make it optional' })
  } else if (isLast && (field.presence === 'optional' || field.default !== undefined)) {
    c.allows(`argument '${field.name}' of method '${after.name}' is new and may be left out`)
  } else {
    c.breaks('argument-added', place, text, {
      after: field.span,
      hint: "make it the last one, and 'optional' or with a default: callers may then leave it out",
    })
  }
}

function compareExceptions(c: Comparing, subject: string, before: IrMethod, after: IrMethod): void {
  const { pairs, added } = pairFields(c, before.throws, after.throws, 'source')
  // A result tells that nothing was thrown; without one, an answer that holds nothing is success.
  const isVoid = before.result === undefined && after.result === undefined
  for (const { before: old, after: now, fate } of pairs) {
    const place = `${subject}.${old.name}`
    const label = `exception '${now?.name ?? old.name}' of method '${after.name}'`
    if (now === undefined) {
      const text = `method '${after.name}' no longer declares exception '${old.name}'`
      c.breaks(isVoid ? 'void-exception-removed' : 'exception-removed', place, text, {
        before: old.span,
        after: after.span,
      })
      continue
    }
    if (!compareIds(c, place, label, `the exceptions of method '${after.name}'`, old, now, fate)) continue
    if (old.name !== now.name) c.allows(`${label} was '${old.name}'`)
    compareField(c, { idl: 'thrift', label, subject: place, before: old, after: now }, true)
  }
  for (const field of added) {
    const text = `exception '${field.name}' of method '${after.name}' is new`
    c.breaks(isVoid ? 'void-exception-added' : 'exception-added', `${subject}.${field.name}`, text, {
      after: field.span,
      ...(isVoid && { hint: 'update the clients before the servers throw it' }),
    })
  }
}
