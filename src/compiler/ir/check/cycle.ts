/** Check: declarations that need themselves: typedefs, constants, `extends`, messages without a finite value. */

import type { DiagnosticCode, Report, Span } from '../../diagnostic.ts'
import { type Cycle, findCycles, type Step } from '../cycle.ts'
import type { IrConst, IrDeclaration, IrMessage, IrProgram, IrService, IrType, IrTypedef, IrValue } from '../ir.ts'
import { declarationOf, underlying } from '../underlying.ts'

/** Reports each cycle at its first step, with the other steps as related places. */
export function checkCycles(program: IrProgram, report: Report): void {
  const typedefs: IrTypedef[] = []
  const constants: IrConst[] = []
  const services: IrService[] = []
  const messages: IrMessage[] = []
  for (const file of program.files) {
    if (file.idl !== 'thrift') continue
    for (const declaration of file.declarations) {
      if (declaration.kind === 'typedef') typedefs.push(declaration)
      else if (declaration.kind === 'const') constants.push(declaration)
      else if (declaration.kind === 'service') services.push(declaration)
      else if (declaration.kind === 'message') messages.push(declaration)
    }
  }
  const say = (code: DiagnosticCode, cycle: Cycle<IrDeclaration>, what: string, verb: string, hint: string): void => {
    const [head, ...rest] = cycle
    const through = rest.map((step) => `'${step.node.name}'`).join(', ')
    report({
      code,
      message: `${what} '${head!.node.name}' ${verb} itself${through === '' ? '' : ` through ${through}`}`,
      span: head!.span,
      related: rest.map((step) => ({ message: `'${step.node.name}' leads on from here`, span: step.span })),
      hint,
    })
  }
  for (const cycle of findCycles(typedefs, typedefSteps)) {
    say('typedef-cycle', cycle, 'typedef', 'stands for', 'a type that holds itself is a struct')
  }
  for (const cycle of findCycles(constants, constantSteps)) {
    say('const-cycle', cycle, 'constant', 'is defined by', 'write one of the values out')
  }
  for (const cycle of findCycles(services, serviceSteps)) {
    say('extends-cycle', cycle, 'service', 'extends', "drop one 'extends'")
  }
  for (const cycle of findCycles(messages, requiredSteps)) {
    say('infinite-message', cycle, cycle[0]!.node.shape, 'requires', 'make one of the fields optional')
  }
  for (const cycle of findCycles(messages, defaultSteps)) {
    say('infinite-default', cycle, cycle[0]!.node.shape, 'has a default that holds', 'drop one of the defaults')
  }
}

function typedefSteps(typedef: IrTypedef): Step<IrTypedef>[] {
  const steps: Step<IrTypedef>[] = []
  const visit = (type: IrType): void => {
    if (type.kind === 'reference') {
      const { target, span } = type.reference
      if (target?.kind === 'typedef') steps.push({ to: target, span })
    } else if (type.kind === 'map') {
      visit(type.key)
      visit(type.value)
    } else if (type.kind !== 'scalar') {
      visit(type.element)
    }
  }
  visit(typedef.type)
  return steps
}

function constantSteps(constant: IrConst): Step<IrConst>[] {
  const steps: Step<IrConst>[] = []
  visitNames(constant.value, (target, span) => {
    if (target.kind === 'const') steps.push({ to: target, span })
  })
  return steps
}

function visitNames(value: IrValue, visit: (target: IrDeclaration, span: Span) => void): void {
  if (value.kind === 'name') {
    if (value.reference.target !== undefined) visit(value.reference.target, value.span)
  } else if (value.kind === 'list') {
    for (const element of value.elements) visitNames(element, visit)
  } else if (value.kind === 'map') {
    for (const entry of value.entries) {
      visitNames(entry.key, visit)
      visitNames(entry.value, visit)
    }
  }
}

function serviceSteps(service: IrService): Step<IrService>[] {
  const target = service.extends?.target
  return target?.kind === 'service' ? [{ to: target, span: service.extends!.span }] : []
}

function requiredSteps(message: IrMessage): Step<IrMessage>[] {
  const steps: Step<IrMessage>[] = []
  for (const field of message.fields) {
    if (field.presence !== 'required' || message.shape === 'union') continue
    const target = declarationOf(field.type)
    if (target?.kind === 'message') steps.push({ to: target, span: field.typeSpan })
  }
  return steps
}

/** A struct literal takes the defaults of the fields that it leaves out. */
function defaultSteps(message: IrMessage): Step<IrMessage>[] {
  const steps: Step<IrMessage>[] = []
  const visit = (value: IrValue, type: IrType, span: Span): void => {
    const at = underlying(type)
    if (value.kind === 'map' && at.kind === 'reference' && at.reference.target?.kind === 'message') {
      const target = at.reference.target
      steps.push({ to: target, span })
      for (const entry of value.entries) {
        const { key } = entry
        const field = key.kind === 'string' ? target.fields.find((each) => each.name === key.value) : undefined
        if (field !== undefined) visit(entry.value, field.type, span)
      }
    } else if (value.kind === 'map' && at.kind === 'map') {
      for (const entry of value.entries) visit(entry.value, at.value, span)
    } else if (value.kind === 'list' && (at.kind === 'list' || at.kind === 'set')) {
      for (const element of value.elements) visit(element, at.element, span)
    }
  }
  for (const field of message.fields)
    if (field.default !== undefined) visit(field.default, field.type, field.default.span)
  return steps
}
