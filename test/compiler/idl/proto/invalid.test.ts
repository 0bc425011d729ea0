import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { check } from '../../../../src/compiler/compile.ts'
import { memoryHost } from '../../../../src/compiler/host.ts'
import { positionAt } from '../../../../src/compiler/text/position.ts'
import { type InvalidProto, invalidProtos } from './invalid-table.ts'
import { protoc, protocInclude, protocMissing } from './protoc.ts'

/** The files of a case without the mark, and where it stood. */
function filesOf(one: InvalidProto): { files: Record<string, string>; path: string; at: number } {
  const marked: Record<string, string> = { 'test.proto': one.text, ...one.files }
  const path = Object.keys(marked).find((name) => marked[name]!.includes('§')) ?? 'test.proto'
  const at = marked[path]!.indexOf('§')
  const files = Object.fromEntries(Object.entries(marked).map(([name, text]) => [name, text.replace('§', '')]))
  return { files, path, at }
}

describe('invalid files', () => {
  test.each(invalidProtos.map((one) => [one.code, one.text.trim().split('\n').slice(-1)[0], one] as const))(
    '%s: %s',
    (_code, _text, one) => {
      const { files, path, at } = filesOf(one)
      const { diagnostics } = check({ entries: ['test.proto'], host: memoryHost(files) })
      const found = diagnostics
        .filter((each) => each.code !== 'unused-import')
        .map((each) => {
          const place = each.span === undefined ? '' : positionAt(each.span.source, each.span.start)
          return {
            code: each.code,
            severity: each.severity,
            path: each.span?.source.path,
            place,
            message: each.message,
          }
        })
      const source = { path, logicalPath: path, text: files[path]! }
      expect(found[0]).toMatchObject({
        code: one.code,
        severity: one.warning === true ? 'warning' : 'error',
        path,
        place: positionAt(source, at),
      })
      expect(found, 'one mistake gives one finding').toHaveLength(1)
    },
  )
})

describe('protoc', () => {
  test.skipIf(protocMissing)(
    'refuses what we refuse and accepts what we only warn about',
    () => {
      const folder = mkdtempSync(join(tmpdir(), 'volo-protoc-'))
      try {
        const differing: string[] = []
        for (const [i, one] of invalidProtos.entries()) {
          const root = join(folder, String(i))
          for (const [name, text] of Object.entries(filesOf(one).files)) {
            mkdirSync(dirname(join(root, name)), { recursive: true })
            writeFileSync(join(root, name), text)
          }
          const { status, stderr } = protoc(['-I', root, '-I', protocInclude, '-o', join(root, 'out'), 'test.proto'])
          if ((status === 0) !== (one.warning === true)) differing.push(`${one.code} ${one.text} ${stderr}`)
        }
        expect(differing).toEqual([])
      } finally {
        rmSync(folder, { recursive: true, force: true })
      }
    },
    60_000,
  )
})
