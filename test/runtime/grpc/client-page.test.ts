/** The tables of client.md name every option, with the default that its doc comment names. */

import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import ts from 'typescript'
import { expect, test } from 'vitest'

const folder = join(import.meta.dirname, '../../../src/runtime/grpc')
const page = readFileSync(join(folder, 'client.md'), 'utf8')

/** The members of an interface, with their doc comments. */
function members(file: string, name: string): Map<string, string> {
  const source = ts.createSourceFile(file, readFileSync(join(folder, file), 'utf8'), ts.ScriptTarget.ES2022, true)
  const found = source.statements.find((one) => ts.isInterfaceDeclaration(one) && one.name.text === name)
  return new Map(
    (found as ts.InterfaceDeclaration).members.map((member) => [
      member.name!.getText(),
      ts
        .getJSDocCommentsAndTags(member)
        .map((doc) => doc.getText().replace(/\s*\*?\n\s*\*\s/g, ' '))
        .join(' '),
    ]),
  )
}

const rows = [...page.matchAll(/^\| (`\w+`(?:, `\w+`)*) \| (.*?) ?\|/gm)].flatMap(([, names, defaults]) => {
  const parts = defaults!.split(/, (?!\d{3})/)
  return [...names!.matchAll(/`(\w+)`/g)].map(([, option], at) => ({ option: option!, value: parts[at] ?? parts[0]! }))
})

test('every option of the transport has its row, in no more rows than there are options', () => {
  expect(rows.map(({ option }) => option).sort()).toEqual(
    [...members('client/grpc-options.ts', 'GrpcOptions').keys()].sort(),
  )
})

test.each(rows.filter(({ value }) => value !== ''))(
  'the default of $option is $value, as its doc comment says',
  (row) => {
    const comment = members('client/grpc-options.ts', 'GrpcOptions').get(row.option) ?? ''
    const [, said = ''] = /Default:? (.*)/i.exec(comment) ?? []
    expect(said).toContain(row.value)
  },
)

test('every option of a call is named', () => {
  for (const option of members('client/call-settings.ts', 'GrpcCallOptions').keys())
    expect(page).toContain(`\`${option}\``)
})
