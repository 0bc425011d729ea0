import { existsSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'
import { check } from '../../../src/compiler/compile.ts'
import { runtimeNames, wellKnownFiles } from '../../../src/compiler/gen/name/runtime-names.ts'
import { memoryHost } from '../../../src/compiler/host.ts'

const source = (path: string): string => fileURLToPath(new URL(`../../../src/${path}`, import.meta.url))
const face = readFileSync(source('gen.ts'), 'utf8')

/** Local names that a module re-exports from a path. */
function exportsFrom(path: string): Map<string, string> {
  const found = new Map<string, string>()
  for (const [, allTypes, names, from] of face.matchAll(/export (type )?\{([^}]*)\} from '\.\/([^']+)'/g)) {
    if (from !== path) continue
    for (const one of names!
      .split(',')
      .map((part) => part.trim())
      .filter((part) => part !== '')) {
      const isType = allTypes !== undefined || one.startsWith('type ')
      const [name, exported = name] = one.replace(/^type /, '').split(' as ')
      found.set(exported!, `${isType ? 'type ' : ''}${name}`)
    }
  }
  return found
}

describe('what generated code may import', () => {
  test.each(Object.entries(runtimeNames))(
    '%s is declared where the table says and exported by volo-ts/gen',
    (name, one) => {
      expect(existsSync(source(one.source))).toBe(true)
      const text = readFileSync(source(one.source), 'utf8')
      const declaration = one.typeOnly ? '(?:interface|type|class)' : '(?:function|const|abstract class|class)'
      expect(text).toMatch(new RegExp(`^export ${declaration} ${name}\\b`, 'm'))
      expect(exportsFrom(one.source).get(name)).toBe(one.typeOnly ? `type ${name}` : name)
    },
  )

  test.each(Object.entries(wellKnownFiles))('the types of %s are exported with its description', (path, file) => {
    const exported = exportsFrom(`runtime/protobuf/gen/${path.replace('.proto', '.ts')}`)
    expect(exported.get(file)).toBe('$file')
    const idl = `syntax = "proto3"; import "${path}";`
    const { program } = check({ entries: ['a.proto'], host: memoryHost({ 'a.proto': idl }) })
    const declared = program.files.find((one) => one.source.logicalPath === path)?.declarations ?? []
    for (const one of declared) {
      if (one.kind !== 'message' && one.kind !== 'enum') continue
      const name = one.name.replaceAll('.', '_')
      expect(exported.get(name)).toBe(name)
      if (one.kind === 'message') expect(exported.get(`${name}Input`)).toBe(`type ${name}Input`)
    }
    expect(declared.length).toBeGreaterThan(0)
  })
})
