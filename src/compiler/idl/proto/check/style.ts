/** The names that editions 2024 and 2026 ask for: `features.enforce_naming_style`, which older language levels leave off. */

import type { Report } from '../../../diagnostic.ts'
import type { ProtoDocument, ProtoEnum, ProtoField, ProtoMessage, ProtoName, ProtoOption } from '../ast.ts'
import { defaultFeatures, type Features, isSince, resolveFeatures } from '../feature.ts'

type Names = ReadonlySet<string>
type Style = 'TitleCase' | 'lower_snake_case' | 'UPPER_SNAKE_CASE'

/** Reports names of another style wherever the style is enforced. */
export function checkStyle(document: ProtoDocument, report: Report): void {
  const { syntax } = document
  if (!isSince(syntax, '2024')) return
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
  const clash = (one: ProtoName, around: Features, options: readonly ProtoOption[], others: Names): void => {
    if (resolveFeatures(around, options).enforceNamingStyle !== 'STYLE2026') return
    const message = accessorOf(one.text, others)
    if (message === undefined) return
    const hint = 'rename one of them, or set features.enforce_naming_style = STYLE2024'
    report({ code: 'naming-style', message, span: one.span, hint })
  }
  const fieldName = (field: ProtoField, around: Features, others: Names): void => {
    if (field.group !== undefined) return
    name(field.name, 'a field', 'lower_snake_case', around, field.options)
    clash(field.name, around, field.options, others)
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
    const others = new Set<string>()
    for (const member of message.members) {
      if (member.kind === 'field') others.add(member.name.text)
      else if (member.kind === 'oneof') for (const field of member.fields) others.add(field.name.text)
    }
    for (const member of message.members) {
      if (member.kind === 'field') fieldName(member, inner, others)
      else if (member.kind === 'message') messageNames(member, inner)
      else if (member.kind === 'enum') enumNames(member, inner)
      else if (member.kind === 'extend') for (const field of member.fields) fieldName(field, inner, others)
      else if (member.kind === 'oneof') {
        name(member.name, 'a oneof', 'lower_snake_case', inner, member.options)
        clash(member.name, inner, member.options, others)
        for (const field of member.fields) fieldName(field, resolveFeatures(inner, member.options), others)
      }
    }
  }
  for (const declaration of document.declarations) {
    if (declaration.kind === 'message') messageNames(declaration, features)
    else if (declaration.kind === 'enum') enumNames(declaration, features)
    else if (declaration.kind === 'extend')
      for (const field of declaration.fields) fieldName(field, features, new Set())
    else {
      name(declaration.name, 'a service', 'TitleCase', features, declaration.options)
      const inner = resolveFeatures(features, declaration.options)
      for (const method of declaration.methods) name(method.name, 'a method', 'TitleCase', inner, method.options)
    }
  }
}

/** What is wrong with a name that generated code of other languages would use for an accessor of another field; undefined when it is none. */
function accessorOf(name: string, others: Names): string | undefined {
  if (name === 'descriptor') return "no field may be named 'descriptor'"
  const of = /^(?:has|get|set|clear)_(.+)$/.exec(name)?.[1]
  const value = /^(.+)_value$/.exec(name)?.[1]
  const field = [of, value].find((one) => one !== undefined && others.has(one))
  return field === undefined ? undefined : `'${name}' is also the name of an accessor of field '${field}'`
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
