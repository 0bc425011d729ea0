import { join } from 'node:path'
import protobuf from 'protobufjs'
import { describe, expect, test } from 'vitest'
import { check } from '../../../../src/compiler/compile.ts'
import { bundledProtos } from '../../../../src/compiler/idl/proto/bundled.ts'
import type { IrFile, IrType } from '../../../../src/compiler/ir/ir.ts'
import { corpusFiles, corpusHost, corpusRoot, corpusText } from './corpus.ts'
import { readProto, shown } from './read-proto.ts'
import { validProtos } from './valid-table.ts'

const scalars: Readonly<Record<string, string>> = {
  ...{ double: 'f64', float: 'f32', int32: 'i32', int64: 'i64', uint32: 'u32', uint64: 'u64', sint32: 's32' },
  ...{ sint64: 's64', fixed32: 'fixed32', fixed64: 'fixed64', sfixed32: 'sfixed32', sfixed64: 'sfixed64' },
  ...{ bool: 'bool', string: 'string', bytes: 'bytes' },
}

/** What both parsers say about messages, enums and services. */
function theirFacts(text: string): string[] {
  const { root } = protobuf.parse(text, new protobuf.Root(), { keepCase: true })
  const lines: string[] = []
  const visit = (parent: protobuf.NamespaceBase): void => {
    for (const one of parent.nestedArray) {
      const name = one.fullName.slice(1)
      if (one instanceof protobuf.Type) {
        lines.push(`message ${name}`)
        for (const field of one.fieldsArray) {
          const label =
            field instanceof protobuf.MapField ? `map<${scalars[field.keyType]},` : field.repeated ? 'list<' : ''
          const oneof = field.partOf === null || field.options?.['proto3_optional'] === true ? '' : field.partOf.name
          lines.push(`field ${name}.${field.name} ${field.id} ${label}${scalars[field.type] ?? field.type} ${oneof}`)
        }
      } else if (one instanceof protobuf.Enum) {
        for (const [value, number] of Object.entries(one.values)) lines.push(`value ${name}.${value} ${number}`)
      } else if (one instanceof protobuf.Service) {
        for (const method of one.methodsArray) {
          const streams = `${method.requestStream === true} ${method.responseStream === true}`
          lines.push(`method ${name}.${method.name} ${method.requestType} ${method.responseType} ${streams}`)
        }
      }
      if (one instanceof protobuf.Namespace) visit(one)
    }
  }
  visit(root)
  return lines.sort()
}

function ourFacts(file: IrFile): string[] {
  const lines: string[] = []
  const type = (one: IrType): string => {
    if (one.kind === 'scalar') return one.scalar
    if (one.kind === 'reference') return one.reference.text
    return one.kind === 'map' ? `map<${type(one.key)},${type(one.value)}` : `list<${type(one.element)}`
  }
  for (const one of file.declarations) {
    if (one.kind === 'message') {
      lines.push(`message ${one.fullName}`)
      for (const field of one.fields) {
        lines.push(`field ${one.fullName}.${field.name} ${field.id} ${type(field.type)} ${field.oneof?.name ?? ''}`)
      }
    } else if (one.kind === 'enum') {
      for (const value of one.values) lines.push(`value ${one.fullName}.${value.name} ${value.number}`)
    } else if (one.kind === 'service') {
      for (const { name, kind, request, result } of one.methods) {
        const streams = `${/^(client|bidi)/.test(kind)} ${/^(server|bidi)/.test(kind)}`
        lines.push(`method ${one.fullName}.${name} ${type(request!)} ${type(result!)} ${streams}`)
      }
    }
  }
  return lines.sort()
}

describe('real files', () => {
  const names = corpusFiles(16)

  test('there are about five hundred of them, and each parses and lowers without a finding', () => {
    expect(names.length).toBeGreaterThan(450)
    const findings = names.flatMap((name) =>
      readProto(corpusText(name), name).findings.map((finding) => `${name}:${finding}`),
    )
    expect(findings).toEqual([])
  })

  test('they link and check without an error', () => {
    const entries = names.filter((name) => !name.startsWith('google/protobuf/')).map((name) => join(corpusRoot, name))
    const { diagnostics } = check({ entries, includes: [corpusRoot], host: corpusHost })
    expect(diagnostics.filter((one) => one.severity === 'error').map(shown)).toEqual([])
  }, 60_000)

  test('protobufjs reads the same messages, fields, numbers, types and services from them', () => {
    let compared = 0
    for (const name of names.filter((_, i) => i % 3 === 0)) {
      const text = corpusText(name)
      let theirs: string[]
      try {
        theirs = theirFacts(text)
      } catch {
        continue
      }
      expect(ourFacts(readProto(text, name).file), name).toEqual(theirs)
      compared++
    }
    expect(compared).toBeGreaterThan(150)
  }, 60_000)
})

describe('the valid table', () => {
  test.each(Object.entries(validProtos))('protobufjs reads the same from %s', (name, written) => {
    // It has no groups in oneofs and no aggregates in angle brackets.
    const text = written.replace(/group Og .*/, '').replace(/<( i: 2; sub: \{ \} )>/, '{$1}')
    const ours = ourFacts(readProto(text, name).file)
    // protobufjs keeps no absolute names, and declares extensions and groups in its own way.
    const comparable = (lines: readonly string[]): string[] =>
      lines
        .filter((line) => !/group|Grp|Og|ExtGroup|inner|\.\./i.test(line))
        .map((line) => line.replace(/([ <,])\./g, '$1'))
    expect(comparable(ours)).toEqual(comparable(theirFacts(text)))
  })
})

describe('bundled protos', () => {
  test('all parse, link and check without an error, and keep their licence', () => {
    const names = Object.keys(bundledProtos)
    expect(names).toHaveLength(27)
    const { diagnostics, program } = check({ entries: names, host: { read: (path) => bundledProtos[path] } })
    expect(diagnostics.filter((one) => one.severity === 'error').map(shown)).toEqual([])
    expect(program.files.map((file) => file.source.logicalPath).sort()).toEqual([...names].sort())
    for (const [name, text] of Object.entries(bundledProtos)) {
      expect(text, name).toMatch(/Copyright/)
    }
  })
})
