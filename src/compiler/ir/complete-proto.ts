/** What a protobuf field is once its type is known to be a message or an enum: presence, encoding, and the value that a default names. */

import type { Report } from '../diagnostic.ts'
import { boundedDidYouMean } from '../text/suggest.ts'
import type { IrDeclaration, IrField, IrFile } from './ir.ts'
import { declarationOf } from './underlying.ts'
import { fieldListsOf } from './walk.ts'

/** Completes the fields of linked files in place. Reports defaults that name no value of their enum. */
export function completeProto(files: readonly IrFile[], report: Report): void {
  const hint = boundedDidYouMean()
  for (const file of files) {
    for (const declaration of file.declarations) {
      for (const fields of fieldListsOf(declaration)) for (const field of fields) completeField(field, hint, report)
    }
  }
}

type Hint = ReturnType<typeof boundedDidYouMean>

function completeField(field: IrField, hint: Hint, report: Report): void {
  const element = field.type.kind === 'list' ? field.type.element : field.type
  if (element.kind !== 'reference') return
  const target = declarationOf(element)
  if (target?.kind === 'message') {
    field.packed = false
    if (field.type.kind === 'reference' && field.presence === 'default') field.presence = 'optional'
  } else if (target?.kind === 'enum') {
    field.delimited = false
  }
  if (target !== undefined) completeDefault(field, target, hint, report)
}

function completeDefault(field: IrField, target: IrDeclaration, hint: Hint, report: Report): void {
  const value = field.default
  if (value?.kind !== 'name') return
  if (target.kind !== 'enum') {
    report({
      code: 'bad-value',
      message: 'a message field has no default value',
      span: value.span,
      hint: 'remove the default',
    })
    return
  }
  const { text } = value.reference
  value.reference.target = target
  value.enumValue = target.values.find((one) => one.name === text)
  if (value.enumValue !== undefined) return
  report({
    code: 'unknown-value',
    message: `enum '${target.name}' has no value '${text}'`,
    span: value.span,
    related: [{ message: 'the enum is declared here', span: target.span }],
    hint: hint(text, () => target.values.map((one) => one.name)),
  })
}
