/** What is wrong with one .proto file as far as no other file is needed to know: the rules that protoc applies beyond the grammar. */

import type { Report } from '../../../diagnostic.ts'
import type { ProtoDocument } from '../ast.ts'
import { defaultFeatures, isSince, resolveFeatures } from '../feature.ts'
import { checkEnum } from './enum.ts'
import { checkExtend } from './extend.ts'
import { checkFeatureUse } from './feature.ts'
import { checkField } from './field.ts'
import { checkFile } from './file.ts'
import { checkMessage } from './message.ts'
import { checkStyle } from './style.ts'

/** Reports every broken rule of the file. */
export function checkDocument(document: ProtoDocument, report: Report): void {
  const { syntax } = document
  checkFile(document, report)
  checkImports(document, report)
  checkStyle(document, report)
  checkFeatureUse(document.options, syntax, report)
  const features = resolveFeatures(defaultFeatures[syntax], document.options)
  for (const declaration of document.declarations) {
    switch (declaration.kind) {
      case 'message':
        checkMessage(declaration, syntax, features, report)
        break
      case 'enum':
        checkEnum(declaration, syntax, features, report)
        break
      case 'extend':
        checkExtend(declaration, report)
        for (const field of declaration.fields) {
          checkField(field, { syntax, features, place: 'extension' }, report)
          if (field.group !== undefined) checkMessage(field.group, syntax, features, report)
        }
        break
      case 'service':
        checkFeatureUse(declaration.options, syntax, report)
        for (const method of declaration.methods) checkFeatureUse(method.options, syntax, report)
        break
    }
  }
}

function checkImports({ imports, syntax }: ProtoDocument, report: Report): void {
  const seen = new Map<string, ProtoDocument['imports'][number]>()
  let firstOption: ProtoDocument['imports'][number] | undefined
  for (const one of imports) {
    const before = seen.get(one.path)
    if (before === undefined) {
      seen.set(one.path, one)
    } else {
      report({
        code: 'duplicate-import',
        message: `"${one.path}" is imported twice`,
        span: one.span,
        related: [{ message: 'it is already imported here', span: before.span }],
        hint: 'remove one of them',
      })
    }
    if (one.kind === 'option') {
      firstOption ??= one
      if (!isSince(syntax, '2024')) {
        report({
          code: 'import-kind',
          message: "'import option' needs edition 2024",
          span: one.span,
          hint: 'write a plain import',
        })
      }
    } else if (firstOption !== undefined) {
      report({
        code: 'import-kind',
        message: "imports stand before every 'import option'",
        span: one.span,
        related: [{ message: "the first 'import option' is here", span: firstOption.span }],
        hint: 'move it up',
      })
    }
    if (one.kind === 'weak' && isSince(syntax, '2024')) {
      report({
        code: 'import-kind',
        message: `edition ${syntax} has no 'import weak'`,
        span: one.span,
        hint: "write a plain import or 'import option'",
      })
    }
  }
}
