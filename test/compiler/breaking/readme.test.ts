import { readFileSync, writeFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { changeDiagnostic } from '../../../src/compiler/breaking/change-diagnostic.ts'
import { compareVersions } from '../../../src/compiler/breaking/compare/compare.ts'
import { type BreakingRuleId, breakingRule, breakingRules } from '../../../src/compiler/breaking/rule.ts'
import { ruleTable } from '../../../src/compiler/breaking/rule-table.ts'
import { check } from '../../../src/compiler/compile.ts'
import { memoryHost } from '../../../src/compiler/host.ts'
import { renderDiagnostic } from '../../../src/compiler/text/render-diagnostic.ts'
import { parseConfig } from '../../../src/project/config/config.ts'

const path = 'src/compiler/breaking/README.md'
const region = /(?<=<!-- rules: .*-->\n)[\s\S]*?(?=<!-- end of rules -->)/
if (process.env['UPDATE_DIAGNOSTICS'] === '1') {
  writeFileSync(
    path,
    readFileSync(path, 'utf8').replace(region, () => `\n${ruleTable()}\n\n`),
  )
}
const readme = readFileSync(path, 'utf8')

/** Every breaking rule of buf 1.75: the v2 configuration, then those that it has deprecated. */
const bufRules = `
ENUM_NO_DELETE EXTENSION_NO_DELETE FILE_NO_DELETE MESSAGE_NO_DELETE SERVICE_NO_DELETE ENUM_SAME_TYPE ENUM_VALUE_NO_DELETE EXTENSION_MESSAGE_NO_DELETE
FIELD_NO_DELETE FIELD_SAME_CARDINALITY FIELD_SAME_CPP_STRING_TYPE FIELD_SAME_JAVA_UTF8_VALIDATION FIELD_SAME_JSTYPE FIELD_SAME_TYPE
FIELD_SAME_UTF8_VALIDATION FILE_SAME_CC_ENABLE_ARENAS FILE_SAME_CC_GENERIC_SERVICES FILE_SAME_CSHARP_NAMESPACE FILE_SAME_GO_PACKAGE
FILE_SAME_JAVA_GENERIC_SERVICES FILE_SAME_JAVA_MULTIPLE_FILES FILE_SAME_JAVA_OUTER_CLASSNAME FILE_SAME_JAVA_PACKAGE FILE_SAME_OBJC_CLASS_PREFIX
FILE_SAME_OPTIMIZE_FOR FILE_SAME_PHP_CLASS_PREFIX FILE_SAME_PHP_METADATA_NAMESPACE FILE_SAME_PHP_NAMESPACE FILE_SAME_PY_GENERIC_SERVICES
FILE_SAME_RUBY_PACKAGE FILE_SAME_SWIFT_PREFIX FILE_SAME_SYNTAX MESSAGE_NO_REMOVE_STANDARD_DESCRIPTOR_ACCESSOR ONEOF_NO_DELETE RPC_NO_DELETE
ENUM_SAME_JSON_FORMAT ENUM_VALUE_SAME_NAME FIELD_SAME_JSON_NAME FIELD_SAME_NAME MESSAGE_SAME_JSON_FORMAT FIELD_SAME_DEFAULT FIELD_SAME_ONEOF
FILE_SAME_PACKAGE MESSAGE_SAME_REQUIRED_FIELDS RESERVED_ENUM_NO_DELETE RESERVED_MESSAGE_NO_DELETE RPC_SAME_CLIENT_STREAMING
RPC_SAME_IDEMPOTENCY_LEVEL RPC_SAME_REQUEST_TYPE RPC_SAME_RESPONSE_TYPE RPC_SAME_SERVER_STREAMING PACKAGE_ENUM_NO_DELETE
PACKAGE_EXTENSION_NO_DELETE PACKAGE_MESSAGE_NO_DELETE PACKAGE_NO_DELETE PACKAGE_SERVICE_NO_DELETE ENUM_VALUE_NO_DELETE_UNLESS_NAME_RESERVED
FIELD_NO_DELETE_UNLESS_NAME_RESERVED FIELD_WIRE_JSON_COMPATIBLE_CARDINALITY FIELD_WIRE_JSON_COMPATIBLE_TYPE
ENUM_VALUE_NO_DELETE_UNLESS_NUMBER_RESERVED FIELD_NO_DELETE_UNLESS_NUMBER_RESERVED FIELD_WIRE_COMPATIBLE_CARDINALITY
FIELD_WIRE_COMPATIBLE_TYPE MESSAGE_SAME_MESSAGE_SET_WIRE_FORMAT
FIELD_SAME_CTYPE FIELD_SAME_LABEL FILE_SAME_JAVA_STRING_CHECK_UTF8 FILE_SAME_PHP_GENERIC_SERVICES
`
  .trim()
  .split(/\s+/)

describe('the README of breaking changes', () => {
  it('holds the table of rules as the code has it', () => {
    expect(region.exec(readme)?.[0].trim()).toBe(ruleTable())
  })

  it('covers every rule of buf', () => {
    const covered = new Set(
      (Object.keys(breakingRules) as BreakingRuleId[]).flatMap((id) => breakingRule(id).buf ?? []),
    )
    expect(bufRules.filter((rule) => !covered.has(rule))).toEqual([])
    expect([...covered].filter((rule) => !bufRules.includes(rule))).toEqual([])
  })
})

describe('its examples', () => {
  const blocks = [...readme.matchAll(/```(\w*)\n([\s\S]*?)```/g)].map(([, kind, text]) => ({ kind, text: text! }))

  it('is a volo.yml that is accepted', () => {
    const yaml = blocks.find(({ kind }) => kind === 'yaml')?.text ?? ''
    expect(parseConfig(yaml, '/p/volo.yml', 'volo.yml').diagnostics).toEqual([])
    expect(yaml).toContain('reason:')
  })

  it('prints what volo breaking prints', () => {
    const versions = ['', '  3: required string note\n'].map((line) => {
      const text = `struct Cart {\n  1: i64 id\n  2: i64 total\n${line}}\n`
      return check({ entries: ['idl/shop.thrift'], host: memoryHost({ 'idl/shop.thrift': text }) }).program
    })
    const { changes } = compareVersions(versions[0]!, versions[1]!)
    const printed = changes.map((change) => renderDiagnostic(changeDiagnostic(change))).join('\n')
    expect(blocks[0]?.text).toContain(printed)
  })
})
