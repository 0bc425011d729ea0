/** The names that edition 2024 asks for: `features.enforce_naming_style`, which older language levels leave off. */

import type { Report } from '../../../diagnostic.ts'
import type { ProtoDocument, ProtoEnum, ProtoField, ProtoMessage, ProtoName, ProtoOption } from '../ast.ts'
import { defaultFeatures, type Features, resolveFeatures } from '../feature.ts'

type Style = 'TitleCase' | 'lower_snake_case' | 'UPPER_SNAKE_CASE'

/** Reports names of another style wherever the style is enforced. */
export function checkStyle(document: ProtoDocument, report: Report): void {
  const { syntax } = document
  if (syntax === 'proto2' || syntax === 'proto3' || syntax === '2023') return
  const features = resolveFeatures(defaultFeatures[syntax], document.options)
  const name = (
    one: ProtoName,
    what: string,
    style: Style,
    around: Features,
    options: readonly ProtoOption[],
  ): void => {
    if (resolveFeatures(around, options).enforceNamingStyle === 'STYLE_LEGACY' || fits(one.text, style)) return
    report({
      code: 'naming-style',
      message: `the name of ${what} is written in ${style}`,
      span: one.span,
      hint: `write '${rewritten(one.text, style)}', or set features.enforce_naming_style = STYLE_LEGACY`,
    })
  }
  if (document.package !== undefined && features.enforceNamingStyle !== 'STYLE_LEGACY') {
    const { text, span } = document.package.name
    for (const part of text.split('.')) {
      if (fits(part, 'lower_snake_case')) continue
      name({ text: part, span }, 'a package', 'lower_snake_case', features, [])
      break
    }
  }
  const fieldName = (field: ProtoField, around: Features): void => {
    if (field.group === undefined) name(field.name, 'a field', 'lower_snake_case', around, field.options)
  }
  const enumNames = (one: ProtoEnum, around: Features): void => {
    name(one.name, 'an enum', 'TitleCase', around, one.options)
    const inner = resolveFeatures(around, one.options)
    for (const value of one.values) name(value.name, 'an enum value', 'UPPER_SNAKE_CASE', inner, value.options)
  }
  const messageNames = (message: ProtoMessage, around: Features): void => {
    const options = message.members.filter((member) => member.kind === 'option')
    const inner = resolveFeatures(around, options)
    name(message.name, 'a message', 'TitleCase', around, options)
    for (const member of message.members) {
      if (member.kind === 'field') fieldName(member, inner)
      else if (member.kind === 'message') messageNames(member, inner)
      else if (member.kind === 'enum') enumNames(member, inner)
      else if (member.kind === 'extend') for (const field of member.fields) fieldName(field, inner)
      else if (member.kind === 'oneof') {
        name(member.name, 'a oneof', 'lower_snake_case', inner, member.options)
        for (const field of member.fields) fieldName(field, resolveFeatures(inner, member.options))
      }
    }
  }
  for (const declaration of document.declarations) {
    if (declaration.kind === 'message') messageNames(declaration, features)
    else if (declaration.kind === 'enum') enumNames(declaration, features)
    else if (declaration.kind === 'extend') for (const field of declaration.fields) fieldName(field, features)
    else {
      name(declaration.name, 'a service', 'TitleCase', features, declaration.options)
      const inner = resolveFeatures(features, declaration.options)
      for (const method of declaration.methods) name(method.name, 'a method', 'TitleCase', inner, method.options)
    }
  }
}

function fits(text: string, style: Style): boolean {
  if (style === 'TitleCase') return /^[A-Z][A-Za-z0-9]*$/.test(text)
  const part = style === 'lower_snake_case' ? 'a-z' : 'A-Z'
  // An underscore stands between parts, and what follows it is a letter.
  return new RegExp(`^[${part}][${part}0-9]*(_[${part}][${part}0-9]*)*$`).test(text)
}

function rewritten(text: string, style: Style): string {
  const words = text
    .replace(/([a-z0-9])([A-Z])/g, '$1_$2')
    .split('_')
    .filter((word) => word !== '')
  if (style === 'TitleCase')
    return words.map((word) => word.charAt(0).toUpperCase() + word.slice(1).toLowerCase()).join('')
  const joined = words.reduce((done, word) => done + (done === '' || /^[0-9]/.test(word) ? '' : '_') + word, '')
  return style === 'lower_snake_case' ? joined.toLowerCase() : joined.toUpperCase()
}
