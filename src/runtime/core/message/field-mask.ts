/** Field masks: which fields of a message are meant, as paths of IDL names; over the descriptions of both IDLs. */

import { RpcError } from '../error.ts'
import type { MessageType } from './message.ts'
import { type FieldPlan, type MessagePlan, messagePlan, type TypePlan } from './message-plan.ts'

/** Paths such as `cart.lines.sku`: what google.protobuf.FieldMask holds. */
export interface FieldPaths {
  readonly paths: readonly string[]
}

type Members = Readonly<Record<string, unknown>>
/** Fields by IDL name; one that is meant whole has an empty map. */
type Tree = Map<string, Tree>

/**
 * A mask of paths, checked against a type: each step is a field by its IDL name; a path goes on through messages, and through the elements of
 * lists and the values of maps (`lines.sku`). Paths that another one covers are left out. Throws RpcError INVALID_ARGUMENT for a path that the
 * type does not have.
 */
export function fieldMaskFromPaths(type: MessageType, paths: readonly string[]): { paths: string[] } {
  const tree = treeOf(type, paths)
  const found: string[] = []
  const walk = (at: Tree, prefix: string): void => {
    for (const [name, below] of at) {
      if (below.size === 0) found.push(prefix + name)
      else walk(below, `${prefix}${name}.`)
    }
  }
  walk(tree, '')
  return { paths: found }
}

/**
 * A copy of a message with the fields that the mask means; all others are absent or have their defaults. Required members stay. An empty mask means
 * nothing is kept. Throws RpcError INVALID_ARGUMENT for a path that the type does not have.
 */
export function applyFieldMask<T, I>(type: MessageType<T, I>, value: NoInfer<I>, mask: FieldPaths): T {
  const kept = keep(messagePlan(type.schema), type.complete(value) as Members, treeOf(type, mask.paths))
  return type.complete(kept as I)
}

/**
 * A copy of `target` in which the fields that the mask means have the values of `source`: what an update method does with its `update_mask`.
 * Messages are merged where a path leads into them, all else is replaced; a field absent in the source becomes absent. Throws RpcError
 * INVALID_ARGUMENT for a path that the type does not have.
 */
export function mergeFieldMask<T, I>(
  type: MessageType<T, I>,
  target: NoInfer<I>,
  source: NoInfer<I>,
  mask: FieldPaths,
): T {
  const [into, from] = [type.complete(target) as Members, type.complete(source) as Members]
  return type.complete(merge(messagePlan(type.schema), into, from, treeOf(type, mask.paths)) as I)
}

function treeOf(type: MessageType, paths: readonly string[]): Tree {
  const root: Tree = new Map()
  for (const path of paths) {
    let at = root
    let plan: MessagePlan | undefined = messagePlan(type.schema)
    let isCovered = false
    const steps = path.split('.')
    steps.forEach((step, i) => {
      const field: FieldPlan | undefined = plan?.fields.find((one) => one.schema.name === step)
      if (field === undefined)
        throw new RpcError('INVALID_ARGUMENT', `${type.typeName} has no field ${JSON.stringify(path)}`)
      plan = messageIn(field.type)
      if (isCovered) return
      const below = at.get(step)
      if (i === steps.length - 1) at.set(step, new Map())
      else if (below === undefined) {
        const next: Tree = new Map()
        at.set(step, next)
        at = next
      } else if (below.size === 0) isCovered = true
      else at = below
    })
  }
  return root
}

/** The message that a path goes on in, through containers too. */
function messageIn(type: TypePlan): MessagePlan | undefined {
  switch (type.kind) {
    case 'message':
      return type.message
    case 'list':
    case 'set':
      return messageIn(type.element)
    case 'map':
      return messageIn(type.value)
    default:
      return undefined
  }
}

function keep(plan: MessagePlan, value: Members, tree: Tree): unknown {
  if (plan.schema.kind === 'union') {
    const kept = keepCase(plan.byName, value, tree)
    if (kept === undefined)
      throw new RpcError('INVALID_ARGUMENT', `the mask leaves nothing of the union ${plan.schema.name}`)
    return kept
  }
  const kept: Record<string, unknown> = {}
  for (const member of plan.members) {
    const held = value[member.name]
    if (held == null) continue
    if (member.kind === 'oneof') {
      kept[member.name] = keepCase(member.cases, held as Members, tree)
      continue
    }
    const below = tree.get(member.field.schema.name)
    if (below !== undefined) kept[member.name] = below.size === 0 ? held : keepIn(member.field.type, held, below)
    else if (member.field.presence === 'required') kept[member.name] = held
  }
  return kept
}

function keepCase(cases: ReadonlyMap<string, FieldPlan>, choice: Members, tree: Tree): unknown {
  const field = cases.get(choice['case'] as string)
  const below = field && tree.get(field.schema.name)
  if (field === undefined || below === undefined) return undefined
  return below.size === 0 ? choice : { case: field.name, value: keepIn(field.type, choice['value'], below) }
}

function keepIn(type: TypePlan, value: unknown, tree: Tree): unknown {
  switch (type.kind) {
    case 'message':
      return keep(type.message, value as Members, tree)
    case 'list':
      return (value as readonly unknown[]).map((one) => keepIn(type.element, one, tree))
    case 'set':
      return type.shape === 'set' ? value : (value as readonly unknown[]).map((one) => keepIn(type.element, one, tree))
    case 'map': {
      if (type.shape === 'pairs')
        return (value as readonly [unknown, unknown][]).map(([key, one]) => [key, keepIn(type.value, one, tree)])
      if (type.shape === 'map')
        return new Map([...(value as Map<unknown, unknown>)].map(([key, one]) => [key, keepIn(type.value, one, tree)]))
      const kept = Object.create(null) as Record<string, unknown>
      for (const [key, one] of Object.entries(value as Members)) kept[key] = keepIn(type.value, one, tree)
      return kept
    }
    default:
      return value
  }
}

function merge(plan: MessagePlan, target: Members, source: Members, tree: Tree): unknown {
  if (plan.schema.kind === 'union') return mergeCase(plan.byName, target, source, tree)
  const merged: Record<string, unknown> = {}
  for (const member of plan.members) {
    const [into, from] = [target[member.name], source[member.name]]
    if (member.kind === 'oneof') {
      merged[member.name] = mergeCase(member.cases, into as Members | undefined, from as Members | undefined, tree)
      continue
    }
    const { type, schema } = member.field
    const below = tree.get(schema.name)
    if (below === undefined) merged[member.name] = into
    else if (below.size > 0 && type.kind === 'message' && into != null && from != null)
      merged[member.name] = merge(type.message, into as Members, from as Members, below)
    else if (below.size > 0 && type.kind === 'message' && from != null)
      merged[member.name] = keep(type.message, from as Members, below)
    else if (below.size === 0) merged[member.name] = from
    else if (type.kind === 'message') merged[member.name] = into
    else throw new RpcError('INVALID_ARGUMENT', `${schema.name}: a path into a container cannot be merged`)
  }
  if (target['$unknown'] !== undefined) merged['$unknown'] = target['$unknown']
  return merged
}

/** The target's case, unless a path means the source's, or the one that is there and gone from the source. */
function mergeCase(
  cases: ReadonlyMap<string, FieldPlan>,
  target: Members | undefined,
  source: Members | undefined,
  tree: Tree,
): unknown {
  const chosen = source && cases.get(source['case'] as string)
  const below = chosen && tree.get(chosen.schema.name)
  if (source !== undefined && chosen !== undefined && below !== undefined) {
    const isDeep = below.size > 0 && chosen.type.kind === 'message'
    if (!isDeep) return source
    const message = messageIn(chosen.type) as MessagePlan
    const before = target?.['case'] === source['case'] ? target?.['value'] : undefined
    const value =
      before === undefined
        ? keep(message, source['value'] as Members, below)
        : merge(message, before as Members, source['value'] as Members, below)
    return { case: source['case'], value }
  }
  const held = target && cases.get(target['case'] as string)
  return held !== undefined && tree.get(held.schema.name)?.size === 0 ? undefined : target
}
