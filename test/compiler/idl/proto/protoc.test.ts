import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fromBinary } from '@bufbuild/protobuf'
import { FileDescriptorSetSchema } from '@bufbuild/protobuf/wkt'
import { describe, expect, test } from 'vitest'
import { check } from '../../../../src/compiler/compile.ts'
import { memoryHost } from '../../../../src/compiler/host.ts'
import { bundledProtos } from '../../../../src/compiler/idl/proto/bundled.ts'
import { corpusFiles, corpusHost, corpusRoot } from './corpus.ts'
import { factsOfDescriptor, factsOfIr } from './descriptor-fact.ts'
import { protoc, protocInclude, protocMissing } from './protoc.ts'
import { shown } from './read-proto.ts'
import { validProtos } from './valid-table.ts'

function descriptorsOf(root: string, names: readonly string[], folder: string): ReturnType<typeof fromFile> {
  const out = join(folder, 'set.bin')
  const args = ['-I', root, '-I', protocInclude, '--include_source_info', '-o', out, ...names]
  const { status, stderr } = protoc(args)
  expect(status, stderr).toBe(0)
  return fromFile(out)
}

function fromFile(path: string) {
  return fromBinary(FileDescriptorSetSchema, readFileSync(path)).file
}

describe.skipIf(protocMissing)('descriptors of protoc', () => {
  test('the valid table means the same, comments and defaults included', () => {
    const folder = mkdtempSync(join(tmpdir(), 'volo-protoc-'))
    try {
      for (const [name, text] of Object.entries(validProtos)) writeFileSync(join(folder, name), text)
      writeFileSync(join(folder, 'pilota.proto'), bundledProtos['pilota.proto']!)
      const google = mkdtempSync(join(folder, 'google-'))
      const names = Object.keys(validProtos)
      const files = { ...validProtos, ...bundledProtos }
      const { program, diagnostics } = check({ entries: names, host: memoryHost(files) })
      expect(diagnostics.filter((one) => one.severity === 'error').map(shown)).toEqual([])
      const out = join(google, 'set.bin')
      const args = ['-I', folder, '-I', protocInclude, '-I', corpusRoot, '--include_source_info', '-o', out, ...names]
      const { status, stderr } = protoc(args)
      expect(status, stderr).toBe(0)
      for (const descriptor of fromFile(out)) {
        const file = program.files.find((one) => one.source.logicalPath === descriptor.name)!
        expect(factsOfIr(file, true), descriptor.name).toEqual(factsOfDescriptor(descriptor, true))
      }
    } finally {
      rmSync(folder, { recursive: true, force: true })
    }
  }, 60_000)

  test('real files mean the same, comments included', () => {
    const folder = mkdtempSync(join(tmpdir(), 'volo-protoc-'))
    try {
      const names = corpusFiles(200).filter((name) => !name.startsWith('google/protobuf/'))
      const { program, diagnostics } = check({
        entries: names.map((name) => join(corpusRoot, name)),
        includes: [corpusRoot],
        host: corpusHost,
      })
      expect(diagnostics.filter((one) => one.severity === 'error').map(shown)).toEqual([])
      for (const descriptor of descriptorsOf(corpusRoot, names, folder)) {
        const file = program.files.find((one) => one.source.logicalPath === descriptor.name)!
        expect(factsOfIr(file, true), descriptor.name).toEqual(factsOfDescriptor(descriptor, true))
      }
    } finally {
      rmSync(folder, { recursive: true, force: true })
    }
  }, 60_000)
})
