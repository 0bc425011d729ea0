/** Compares what two versions of a file say of themselves: package, namespaces, syntax, options of other languages. */

import type { Span } from '../../diagnostic.ts'
import type { IrFile } from '../../ir/ir.ts'
import type { Comparing } from '../change.ts'
import { optionChange, optionText } from '../option-text.ts'

/** The options of a file by which other languages name or shape what they generate. */
const fileOptions = [
  'cc_enable_arenas',
  'cc_generic_services',
  'csharp_namespace',
  'go_package',
  'java_generic_services',
  'java_multiple_files',
  'java_outer_classname',
  'java_package',
  'java_string_check_utf8',
  'objc_class_prefix',
  'optimize_for',
  'php_class_prefix',
  'php_generic_services',
  'php_metadata_namespace',
  'php_namespace',
  'py_generic_services',
  'ruby_package',
  'swift_prefix',
] as const

/** Compares two versions of a file without its declarations. */
export function compareFile(c: Comparing, before: IrFile, after: IrFile): void {
  const subject = before.source.logicalPath
  const places = { before: headOf(before, 'package'), after: headOf(after, 'package') }
  if (before.idl === 'thrift') {
    compareNamespaces(c, before, after)
    return
  }
  if (before.package !== after.package) {
    const text = (name: string): string => (name === '' ? 'no package' : `package '${name}'`)
    c.breaks('package-changed', subject, `the file has ${text(after.package)}; it had ${text(before.package)}`, {
      ...places,
      hint: 'add the new package in a file of its own and keep the old one until nobody uses it',
    })
  }
  if (before.syntax !== after.syntax) {
    c.breaks('syntax-changed', subject, `the file is ${syntaxText(after)}; it was ${syntaxText(before)}`, {
      before: headOf(before, '(?:syntax|edition)'),
      after: headOf(after, '(?:syntax|edition)'),
    })
  }
  for (const name of fileOptions) {
    const was = optionText(before.annotations, name)
    const is = optionText(after.annotations, name)
    if (was === is) continue
    c.breaks('file-option-changed', subject, `option '${name}' ${optionChange(was, is)}`, {
      before: optionSpan(before, name),
      after: optionSpan(after, name),
    })
  }
}

function compareNamespaces(c: Comparing, before: IrFile, after: IrFile): void {
  for (const [scope, name] of before.namespaces) {
    const now = after.namespaces.get(scope)
    if (now === name) continue
    const text = now === undefined ? 'gone' : `'${now}'`
    const message = `the namespace of '${scope}' is ${text}; it was '${name}'`
    const statement = `namespace\\s+${scope.replace(/[^\w]/g, '\\$&')}(?!\\w)`
    c.breaks('namespace-changed', before.source.logicalPath, message, {
      before: headOf(before, statement),
      after: headOf(after, statement),
    })
  }
  for (const scope of after.namespaces.keys()) {
    if (!before.namespaces.has(scope)) c.allows(`it has a namespace of '${scope}'`)
  }
}

function syntaxText({ syntax }: IrFile): string {
  return syntax.startsWith('proto') ? syntax : `edition ${syntax}`
}

/** The first line that begins so, or the head of the file: the IR holds no places of these statements. */
function headOf({ source }: IrFile, start: string): Span {
  const match = new RegExp(`^[ \\t]*(${start}[^\\n;]*)`, 'm').exec(source.text)
  if (match === null) return { source, start: 0, end: 0 }
  const from = match.index + match[0].length - match[1]!.length
  return { source, start: from, end: from + match[1]!.trimEnd().length }
}

function optionSpan(file: IrFile, name: string): Span {
  return file.annotations.findLast((annotation) => annotation.name === name)?.span ?? headOf(file, 'package')
}
