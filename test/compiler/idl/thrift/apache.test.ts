/**
 * Apache's own compiler as oracle: what it reads from an IDL, we read too. It is `thrift` on the PATH or `THRIFT_COMPILER`; without it these tests are
 * skipped. `THRIFT_CORPUS` names a folder of real IDLs: whatever Apache accepts there must compile.
 */

import { execFileSync, spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { check, compile, hasErrors } from '../../../../src/compiler/compile.ts'
import type { IrField, IrFile } from '../../../../src/compiler/ir/ir.ts'
import { renderDiagnostic } from '../../../../src/compiler/text/render-diagnostic.ts'

const compiler = process.env['THRIFT_COMPILER'] ?? 'thrift'
const isInstalled = spawnSync(compiler, ['--version'], { timeout: 5_000 }).status === 0
const corpus = process.env['THRIFT_CORPUS']
if (!isInstalled)
  console.warn('skipped: no Apache Thrift compiler (apt install thrift-compiler, or set THRIFT_COMPILER)')

const folder = mkdtempSync(join(tmpdir(), 'volo-apache-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const host = {
  read: (path: string) => (existsSync(path) && statSync(path).isFile() ? readFileSync(path, 'utf8') : undefined),
}

interface Outline {
  readonly enums: unknown
  readonly structs: unknown
  readonly services: unknown
  readonly typedefs: unknown
  readonly constants: unknown
}

interface ApacheField {
  readonly key: number
  readonly name: string
  readonly required?: string
}

/** What Apache's JSON generator says of a file. */
function apacheOutline(path: string): Outline {
  execFileSync(compiler, ['--gen', 'json', '-o', folder, path], { timeout: 10_000, stdio: 'pipe' })
  const stem = path.slice(path.lastIndexOf('/') + 1).replace(/\.thrift$/, '')
  const json = JSON.parse(readFileSync(join(folder, 'gen-json', `${stem}.json`), 'utf8'))
  const fields = (list: ApacheField[]) => list.map((field) => [field.key, field.name])
  return {
    enums: json.enums.map((e: { name: string; members: { name: string; value: number }[] }) => [
      e.name,
      e.members.map((m) => [m.name, m.value]),
    ]),
    structs: json.structs.map((s: { name: string; isUnion: boolean; isException: boolean; fields: ApacheField[] }) => [
      s.name,
      s.isUnion ? 'union' : s.isException ? 'exception' : 'struct',
      s.fields.map((field) => [field.key, field.name, field.required === 'required']),
    ]),
    services: json.services.map(
      (s: {
        name: string
        functions: { name: string; oneway: boolean; arguments: ApacheField[]; exceptions: ApacheField[] }[]
      }) => [s.name, s.functions.map((f) => [f.name, f.oneway, fields(f.arguments), fields(f.exceptions)])],
    ),
    typedefs: json.typedefs.map((t: { name: string }) => t.name),
    constants: json.constants.map((c: { name: string }) => c.name),
  }
}

function ourOutline(path: string): Outline {
  const { program, diagnostics } = check({ entries: [path], host })
  expect(diagnostics.filter((d) => d.severity === 'error').map((d) => renderDiagnostic(d))).toEqual([])
  const file: IrFile = program.entries[0]!
  const fields = (list: readonly IrField[]) => list.map((field) => [field.id, field.name])
  const ordered = { enums: [], structs: [], services: [], typedefs: [], constants: [] } as {
    [K in keyof Outline]: unknown[]
  }
  for (const d of file.declarations) {
    if (d.kind === 'enum') ordered.enums.push([d.name, d.values.map((v) => [v.name, v.number])])
    else if (d.kind === 'message')
      ordered.structs.push([
        d.name,
        d.shape,
        d.fields.map((field) => [field.id, field.name, field.presence === 'required']),
      ])
    else if (d.kind === 'typedef') ordered.typedefs.push(d.name)
    else if (d.kind === 'const') ordered.constants.push(d.name)
    else if (d.kind === 'service')
      ordered.services.push([
        d.name,
        d.methods.map((m) => [m.name, m.kind === 'oneway', fields(m.args), fields(m.throws)]),
      ])
  }
  return ordered
}

const dialect = `
/** Doc. */
namespace * a.b
namespace java com.example (x = "y")
const i32 A = 0x10, const i64 B = -9 ; const double C = 1e3
const map<string, list<i32>> D = {'a': [1, 2; 3], "b": []}
typedef list<map<i32, set<string>>> (x = "1") Deep
typedef i64 T (deprecated)
enum E { X, Y = 5 Z; W = 0x10, V, }
enum Negative { A = -5, B, C }
struct Implicit { i32 a; string b, 7: bool c double d }
struct Every {
  1: required bool a = true, 2: optional byte b 3: i16 c = 7; 4: i32 d; 5: i64 e (k = "v")
  6: double f = .5, 7: string g = "x\\n\\"y\\"", 8: binary h, 9: list<E> i = [E.X, E.Y]
  # comment
  10: map<string, Every> & j // trailing
  /* block */ 32767: set<i32> k
}
union U { 1: i32 a, 2: string b }
exception Oops { 1: string message, 2: i32 code } (o = "p")
service Base { void ping() }
service S extends Base {
  i32 add(1: i32 a, 2: i32 b = 5),
  oneway void fire(1: string what);
  Every fail() throws (1: Oops oops)
  void nothing(i32 x, string y) throws ()
  list<U> (cpp = "x") many(1: optional T t) (q)
}
`

describe.skipIf(!isInstalled)("Apache's compiler", () => {
  it('reads the same declarations, ids, numbers and requiredness', () => {
    const path = join(folder, 'dialect.thrift')
    writeFileSync(path, dialect)
    expect(ourOutline(path)).toEqual(apacheOutline(path))
  })

  it.skipIf(corpus === undefined)('accepts nothing in the corpus that we refuse', { timeout: 300_000 }, () => {
    const names = readdirSync(corpus!, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.thrift'))
    expect(names.length).toBeGreaterThan(0)
    for (const name of names) {
      const path = join(corpus!, name)
      const { diagnostics } = compile({ entries: [path], includes: [dirname(path)], host })
      if (!hasErrors(diagnostics)) continue
      const theirs = spawnSync(compiler, ['-I', dirname(path), '--gen', 'json', '-o', folder, path], { timeout: 5_000 })
      const said = diagnostics.map((d) => renderDiagnostic(d)).join('\n')
      expect(theirs.status === 0 ? `${name} is accepted by Apache:\n${said}` : '').toBe('')
    }
  })
})
