/** The names of what declarations hold: members of messages, cases of unions and oneofs, enum members, methods. */

import type { Report } from '../../diagnostic.ts'
import type {
  IrDeclaration,
  IrEnum,
  IrEnumValue,
  IrField,
  IrMessage,
  IrMethod,
  IrOneof,
  IrService,
} from '../../ir/ir.ts'
import { isString } from '../type-shape.ts'
import type { Naming } from './naming.ts'
import type { Renames } from './rename.ts'
import { errorMembers, isReservedMember, isReservedMethod } from './reserved-words.ts'
import { type Named, scopeNames, type Wish } from './scope-names.ts'

/** What decides names, and where clashes are reported. */
export interface Spelling {
  readonly naming: Naming
  readonly renames: Renames
  readonly report: Report
}

type Member = IrField | IrOneof
type IsReserved<T> = (name: string, one?: T) => boolean

/** Members in the order of their numbers, a oneof in that of its lowest; the cases of a union or oneof share a scope of their own. */
export function memberNames(message: IrMessage, spelling: Spelling): Map<Member, string> {
  const spell = (name: string): string => spelling.naming.member(message.file.idl, name)
  const take = (members: readonly Member[], isReserved: IsReserved<Member>): Map<Member, string> =>
    namesWithin(message, members, spell, isReserved, new Set(), spelling)
  const cases = (fields: readonly IrField[]): Map<Member, string> =>
    take(
      [...fields].sort((a, b) => a.id - b.id),
      () => false,
    )
  if (message.shape === 'union') return cases(message.fields)
  const order = new Map<Member, number>()
  for (const field of message.fields) {
    const member = field.oneof ?? field
    order.set(member, Math.min(field.id, order.get(member) ?? Number.POSITIVE_INFINITY))
  }
  for (const oneof of message.oneofs) if (!order.has(oneof)) order.set(oneof, Number.POSITIVE_INFINITY)
  const inOrder = [...order].sort(([, a], [, b]) => a - b).map(([member]) => member)
  const isReserved = (name: string, one?: Member): boolean => {
    if (isReservedMember(name)) return true
    if (message.shape !== 'exception' || !errorMembers.has(name)) return false
    return !(name === 'message' && one !== undefined && 'type' in one && isString(one.type))
  }
  const names = take(inOrder, isReserved)
  for (const oneof of message.oneofs) {
    for (const [field, name] of cases(message.fields.filter((one) => one.oneof === oneof))) names.set(field, name)
  }
  return names
}

/** Enum members stay as written, but for the prefix that all have where it is stripped; one name would set the prototype of the object instead. */
export function valueNames(type: IrEnum, strips: boolean, spelling: Spelling): Map<IrEnumValue, string> {
  const isReserved = (name: string): boolean => name === '__proto__'
  const start = strips ? sharedPrefix(type).length : 0
  return namesWithin(type, type.values, (name) => name.slice(start), isReserved, new Set(), spelling)
}

/** `PAYMENT_KIND_` of enum PaymentKind, where every value begins with it, in any case, and has a name without it; else empty. */
function sharedPrefix({ name, values }: IrEnum): string {
  const own = name.slice(name.lastIndexOf('.') + 1)
  const words = own.replace(/([a-z0-9])([A-Z])|([A-Z])(?=[A-Z][a-z])/g, '$1$3_$2')
  const prefix = `${words.toLowerCase()}_`
  const isShared = values.every(
    (value) => value.name.toLowerCase().startsWith(prefix) && /^[A-Za-z_]/.test(value.name.slice(prefix.length)),
  )
  return isShared ? prefix : ''
}

/** Methods in the order of the IDL, besides the `inherited` names of the services that are extended. */
export function methodNames(
  service: IrService,
  inherited: ReadonlySet<string>,
  spelling: Spelling,
): Map<IrMethod, string> {
  const spell = (name: string): string => spelling.naming.method(service.file.idl, name)
  return namesWithin(service, service.methods, spell, isReservedMethod, inherited, spelling)
}

function namesWithin<T extends Named>(
  holder: Pick<IrDeclaration, 'fullName' | 'name'>,
  parts: readonly T[],
  spell: (name: string) => string,
  isReserved: IsReserved<T>,
  taken: ReadonlySet<string>,
  { renames, report }: Spelling,
): Map<T, string> {
  const wishes = parts.map((one): Wish<T> => {
    const wanted = spell(one.name)
    const key = `${holder.fullName}.${one.name}`
    const chosen = renames.find([key, `${holder.name}.${one.name}`], (name) => isReserved(name, one))
    return { one, wanted, chosen, key, isReserved: isReserved(wanted, one) }
  })
  return scopeNames(wishes, taken, isReserved, report)
}
