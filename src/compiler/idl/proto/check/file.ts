/** The rules of what stands at the top of a file: its package and its options. */

import type { Report } from '../../../diagnostic.ts'
import type { ProtoDocument } from '../ast.ts'
import { isSince } from '../feature.ts'
import { setFeatures } from './feature.ts'

const longestPackage = 511
const deepestPackage = 101

/** Reports a package that is too long, and options of the file that its language level does not have. */
export function checkFile(document: ProtoDocument, report: Report): void {
  const { package: packageNode, options, syntax } = document
  if (packageNode !== undefined) {
    const { text, span } = packageNode.name
    const depth = text.split('.').length
    if (text.length > longestPackage || depth > deepestPackage) {
      report({
        code: 'proto-limit',
        message:
          depth > deepestPackage
            ? `the package has ${depth} parts; protobuf allows ${deepestPackage}`
            : `the name of the package has ${text.length} characters; protobuf allows ${longestPackage}`,
        span,
      })
    }
  }
  if (!isSince(syntax, '2023')) return
  for (const { path, span } of options) {
    if (path.length !== 1 || path[0]!.extension || path[0]!.text !== 'java_string_check_utf8') continue
    report({
      code: 'option-place',
      message: "editions have no option 'java_string_check_utf8'",
      span,
      hint: 'write features.(pb.java).utf8_validation = VERIFY',
    })
  }
  for (const { name, value, span } of setFeatures(options)) {
    if (name !== 'field_presence' || value.kind !== 'name' || value.reference.text !== 'LEGACY_REQUIRED') continue
    report({
      code: 'feature',
      message: 'a file cannot make all of its fields required',
      span,
      hint: 'set it on single fields',
    })
  }
}
