/** Options of protobuf as text, to compare them. */

import type { IrAnnotation, IrAnnotationValue } from '../ir/ir.ts'

/** The value of the last option of this dotted name, also where it is a member of an aggregate; undefined when it is not set. */
export function optionText(annotations: readonly IrAnnotation[], name: string): string | undefined {
  let found: IrAnnotationValue | undefined
  for (const annotation of annotations) {
    if (annotation.name === name) found = annotation.value
    else if (name.startsWith(`${annotation.name}.`)) {
      found = memberOf(annotation.value, name.slice(annotation.name.length + 1)) ?? found
    }
  }
  return found === undefined || typeof found === 'string' ? found : JSON.stringify(found)
}

/** Two values of an option, for people. */
export function optionChange(was: string | undefined, is: string | undefined): string {
  const shown = (value: string | undefined): string => (value === undefined ? 'not set' : `'${value}'`)
  return `is ${shown(is)}; it was ${shown(was)}`
}

/** The member of an aggregate; the keys of extensions are `[pkg.name]`. */
function memberOf(value: IrAnnotationValue, path: string): IrAnnotationValue | undefined {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined
  for (const [key, inner] of Object.entries(value)) {
    const name = key.replace(/^\[(.*)\]$/, '$1')
    if (name === path) return inner
    if (path.startsWith(`${name}.`)) return memberOf(inner, path.slice(name.length + 1))
  }
  return undefined
}
