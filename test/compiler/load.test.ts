import { describe, expect, it } from 'vitest'
import { compile } from '../../src/compiler/compile.ts'
import { type Diagnostic, reportInto } from '../../src/compiler/diagnostic.ts'
import { type Host, memoryHost } from '../../src/compiler/host.ts'
import { load } from '../../src/compiler/load.ts'
import { positionAt } from '../../src/compiler/text/position.ts'

function run(entries: string[], files: Record<string, string> | Host, includes: string[] = []) {
  const diagnostics: Diagnostic[] = []
  const host = typeof files['read'] === 'function' ? (files as Host) : memoryHost(files as Record<string, string>)
  const loaded = load({ entries, includes, host }, reportInto(diagnostics))
  return {
    ...loaded,
    diagnostics,
    places: Object.fromEntries(loaded.files.map((file) => [file.source.path, file.source.logicalPath])),
    said: diagnostics.map(({ span, message }) => {
      if (span === undefined) return message
      const { line, column } = positionAt(span.source, span.start)
      return `${span.source.path}:${line}:${column} ${message}`
    }),
  }
}

const proto = (text: string): string => `syntax = "proto3";\n${text}`

describe('Thrift includes', () => {
  it('are found beside the including file, then in the include roots', () => {
    const { places, said, program } = run(
      ['idl/shop.thrift'],
      {
        'idl/shop.thrift': 'include "common/money.thrift"\ninclude "shared.thrift"',
        'idl/common/money.thrift': 'include "../base.thrift"\ninclude "currency.thrift"',
        'idl/common/currency.thrift': '',
        'idl/base.thrift': '',
        'lib/currency.thrift': 'is not looked at',
        'lib/shared.thrift': '',
      },
      ['lib'],
    )
    expect(said).toEqual([])
    expect(places).toEqual({
      'idl/base.thrift': 'base.thrift',
      'idl/common/currency.thrift': 'common/currency.thrift',
      'idl/common/money.thrift': 'common/money.thrift',
      'lib/shared.thrift': 'shared.thrift',
      'idl/shop.thrift': 'shop.thrift',
    })
    expect(program.entries.map((file) => file.source.path)).toEqual(['idl/shop.thrift'])
    expect(program.files.at(-1)).toBe(program.entries[0])
  })

  it('count from the folder that all files without a root share', () => {
    expect(
      run(['idl/a/main.thrift'], { 'idl/a/main.thrift': 'include "../b/x.thrift"', 'idl/b/x.thrift': '' }).places,
    ).toEqual({ 'idl/a/main.thrift': 'a/main.thrift', 'idl/b/x.thrift': 'b/x.thrift' })
  })

  it('count from the longest root that holds them', () => {
    const files = { 'idl/a/b.thrift': '' }
    expect(run(['./idl/a/b.thrift'], files, ['idl/']).places).toEqual({ 'idl/a/b.thrift': 'a/b.thrift' })
    expect(run(['idl/a/b.thrift'], files, ['.', 'idl', 'idl/a']).places).toEqual({ 'idl/a/b.thrift': 'b.thrift' })
  })

  it('show their root when they start from a folder above', () => {
    const { places, said } = run(['x/idl/shop/a.thrift', 'x/idl/other/c.thrift'], {
      'x/idl/shop/a.thrift': 'include "base/b.thrift"',
      'x/idl/base/b.thrift': 'include "other/c.thrift"',
      'x/idl/other/c.thrift': '',
    })
    expect(said).toEqual([])
    expect(Object.values(places)).toEqual(['other/c.thrift', 'base/b.thrift', 'shop/a.thrift'])
  })

  it('that cannot be read in a folder that is only guessed are not there', () => {
    const host: Host = {
      read(path) {
        if (path === '/h/idl/a.thrift') return 'include "b/c.thrift"'
        if (!path.startsWith('/h/')) throw new Error('EACCES')
        return undefined
      },
    }
    expect(run(['/h/idl/a.thrift'], host as never).said).toEqual([
      "/h/idl/a.thrift:1:9 cannot find 'b/c.thrift' in /h/idl or the folders above",
    ])
  })

  it('never place a file outside', () => {
    const files = { '../../a.thrift': '', '/b/c.thrift': '', 'd.thrift': 'include "../../a.thrift"' }
    const { places } = run(['d.thrift', '/b/c.thrift'], files)
    expect(places).toEqual({ '../../a.thrift': 'a.thrift', 'd.thrift': 'd.thrift', '/b/c.thrift': 'b/c.thrift' })
  })

  it('that leave their root move the root up, so that they still hold when the files are copied', () => {
    const files = { 'x/idl/a.thrift': 'include "../lib/b.thrift"', 'x/lib/b.thrift': '' }
    expect(run(['x/idl/a.thrift'], files, ['x/idl']).places).toEqual({
      'x/lib/b.thrift': 'lib/b.thrift',
      'x/idl/a.thrift': 'idl/a.thrift',
    })
    const same = {
      'idl/a.thrift': 'include "../b.thrift"\ninclude "c.thrift"',
      'b.thrift': '',
      'one/c.thrift': 'include "b.thrift"',
      'one/b.thrift': '',
    }
    expect(run(['idl/a.thrift'], same, ['one']).said).toEqual([])
  })

  it('are loaded once, however they are written', () => {
    const { files } = run(['a.thrift', './a.thrift'], {
      'a.thrift': 'include "x/b.thrift"\ninclude "./x/../x/b.thrift"',
      'x/b.thrift': 'include "c.thrift"',
      'x/c.thrift': '',
    })
    expect(files.map((file) => file.source.path)).toEqual(['x/c.thrift', 'x/b.thrift', 'a.thrift'])
  })

  it('work with absolute paths', () => {
    expect(
      run(['/home/u/idl/a.thrift'], { '/home/u/idl/a.thrift': 'include "b/c.thrift"', '/home/u/idl/b/c.thrift': '' })
        .places,
    ).toEqual({
      '/home/u/idl/a.thrift': 'a.thrift',
      '/home/u/idl/b/c.thrift': 'b/c.thrift',
    })
  })

  it('keep files of one name in two folders apart', () => {
    const { places, said } = run(['idl/main.thrift'], {
      'idl/main.thrift': 'include "a/common.thrift"\ninclude "b/common.thrift"',
      'idl/a/common.thrift': '',
      'idl/b/common.thrift': '',
    })
    expect(said).toEqual([])
    expect(Object.values(places)).toEqual(['a/common.thrift', 'b/common.thrift', 'main.thrift'])
  })

  it('that are missing are said where they are included, with the folders searched', () => {
    const { said, program } = run(['idl/a.thrift'], { 'idl/a.thrift': '\n  include "b.thrift"' }, ['lib', 'vendor/idl'])
    expect(said).toEqual(["idl/a.thrift:2:11 cannot find 'b.thrift' in idl, lib, vendor/idl or the folders above"])
    expect(program.entries[0]!.imports[0]!.file).toBeUndefined()
  })

  it('in a circle are one error at the include that closes it', () => {
    const { diagnostics, said } = run(['a.thrift'], {
      'a.thrift': 'include "b.thrift"',
      'b.thrift': 'include "c.thrift"\ninclude "d.thrift"',
      'c.thrift': 'include "b.thrift"',
      'd.thrift': '',
    })
    expect(said).toEqual(["c.thrift:1:9 'b.thrift' includes itself through 'c.thrift'"])
    expect(diagnostics[0]!.related.map((place) => place.message)).toEqual(["includes 'c.thrift'"])
  })

  it('can be in chains of any length, and so can what they declare', () => {
    const length = 5_000
    const files: Record<string, string> = {}
    for (let i = 0; i < length; i++) {
      files[`f${i}.thrift`] = `include "f${i + 1}.thrift"\nstruct S { 1: required f${i + 1}.S s }`
    }
    files[`f${length}.thrift`] = 'struct S {}'
    const { program, diagnostics } = compile({ entries: ['f0.thrift'], host: memoryHost(files) })
    expect(diagnostics).toEqual([])
    expect(program.files).toHaveLength(length + 1)
    expect(program.files[0]!.source.path).toBe(`f${length}.thrift`)
  })

  it('of protobuf can be in chains of any length too', () => {
    const length = 5_000
    const files: Record<string, string> = {}
    for (let i = 0; i < length; i++) {
      files[`f${i}.proto`] = proto(`import "f${i + 1}.proto"; message M${i} { M${i + 1} m = 1; }`)
    }
    files[`f${length}.proto`] = proto(`message M${length} {}`)
    expect(compile({ entries: ['f0.proto'], host: memoryHost(files) }).diagnostics).toEqual([])
  })
})

describe('entries', () => {
  it('that are missing, unreadable or of no known kind are said', () => {
    const host: Host = {
      read(path) {
        if (path === 'locked.thrift') throw new Error('EACCES: permission denied')
        return undefined
      },
    }
    const { diagnostics, files } = run(['a.thrift', 'locked.thrift', 'c.txt'], host as never)
    expect(diagnostics.map((d) => [d.code, d.message])).toEqual([
      ['file-not-found', "cannot find 'a.thrift'"],
      ['file-unreadable', "cannot read 'locked.thrift': EACCES: permission denied"],
      ['unsupported-file', "'c.txt' is neither a .thrift nor a .proto file"],
    ])
    expect(files).toEqual([])
  })

  it('can be of both IDLs', () => {
    const { places } = run(['idl/a.thrift', 'idl/v1/b.proto'], {
      'idl/a.thrift': '',
      'idl/v1/b.proto': proto('package v1;'),
    })
    expect(places).toEqual({ 'idl/a.thrift': 'a.thrift', 'idl/v1/b.proto': 'v1/b.proto' })
  })
})

describe('protobuf imports', () => {
  it('are found in the given roots and named by their import path', () => {
    const { places, said } = run(
      ['api/fleet/v1/fleet.proto'],
      {
        'api/fleet/v1/fleet.proto': proto('package fleet.v1; import "fleet/v1/geo.proto"; import "acme/x.proto";'),
        'api/fleet/v1/geo.proto': proto(''),
        'vendor/acme/x.proto': proto(''),
      },
      ['api', 'vendor'],
    )
    expect(said).toEqual([])
    expect(places).toEqual({
      'api/fleet/v1/geo.proto': 'fleet/v1/geo.proto',
      'vendor/acme/x.proto': 'acme/x.proto',
      'api/fleet/v1/fleet.proto': 'fleet/v1/fleet.proto',
    })
  })

  it('show their root when none is given', () => {
    const { places, said } = run(['x/y/fleet/v1/fleet.proto', 'x/y/fleet/other.proto'], {
      'x/y/fleet/v1/fleet.proto': proto('import "fleet/v1/geo.proto";'),
      'x/y/fleet/v1/geo.proto': proto('import "fleet/base.proto";'),
      'x/y/fleet/base.proto': proto(''),
      'x/y/fleet/other.proto': proto(''),
    })
    expect(said).toEqual([])
    expect(Object.values(places).sort()).toEqual([
      'fleet/base.proto',
      'fleet/other.proto',
      'fleet/v1/fleet.proto',
      'fleet/v1/geo.proto',
    ])
  })

  it('take the root from the package when there are none', () => {
    expect(run(['idl/acme/v1/a.proto'], { 'idl/acme/v1/a.proto': proto('package acme.v1;') }).places).toEqual({
      'idl/acme/v1/a.proto': 'acme/v1/a.proto',
    })
    expect(run(['idl/x/a.proto'], { 'idl/x/a.proto': proto('package acme.v1;') }).places).toEqual({
      'idl/x/a.proto': 'a.proto',
    })
  })

  it('find the google protos in the bundle, last', () => {
    const text = proto('import "google/protobuf/timestamp.proto";')
    const { files } = run(['a.proto'], { 'a.proto': text })
    expect(files.map((file) => [file.source.logicalPath, file.entry, file.bundled])).toEqual([
      ['google/protobuf/timestamp.proto', false, true],
      ['a.proto', true, false],
    ])
    const own = run(['a.proto'], { 'a.proto': text, 'lib/google/protobuf/timestamp.proto': proto('') }, ['lib'])
    expect(own.files[0]).toMatchObject({ bundled: false, source: { path: 'lib/google/protobuf/timestamp.proto' } })
  })

  it('that are missing or in a circle are said', () => {
    expect(run(['idl/a.proto'], { 'idl/a.proto': proto('import "b.proto";') }, ['lib']).said).toEqual([
      "idl/a.proto:2:8 cannot find 'b.proto' in lib, idl or the folders above",
    ])
    expect(run(['a.proto'], { 'a.proto': proto('import "a.proto";') }).said).toEqual([
      "a.proto:2:8 'a.proto' imports itself",
    ])
  })

  it('never leave their root', () => {
    expect(
      run(['idl/a.proto'], { 'idl/a.proto': proto('import "../b.proto";'), 'b.proto': proto('') }).said,
    ).toHaveLength(1)
  })
})

describe('a boundary', () => {
  const bounded = (files: Record<string, string>): Host => {
    const asked: string[] = []
    return {
      read(path) {
        asked.push(path)
        if (!path.startsWith('git:') && !Object.hasOwn(files, path)) throw new Error(`${path} was asked for`)
        return files[path]
      },
      boundary: (path) => (path.startsWith('git:/') ? 'git:' : undefined),
    }
  }

  it('keeps Thrift includes inside: no way up, no absolute path, no guess beyond it', () => {
    const escapes = ['../../../../../secret.thrift', '/etc/secret.thrift', '../../../../../../../etc/secret.thrift']
    for (const path of escapes) {
      const { said } = run(
        ['git:/h/acme/shop/a/b.thrift'],
        bounded({
          'git:/h/acme/shop/a/b.thrift': `include "${path}"`,
          'secret.thrift': '',
          '/etc/secret.thrift': '',
        }) as never,
      )
      expect(said).toEqual([
        `git:/h/acme/shop/a/b.thrift:1:9 '${path}' leads out of the files that this one may include, which lie in git:`,
      ])
    }
    const { said } = run(
      ['git:/h/acme/shop/a/b.thrift'],
      bounded({
        'git:/h/acme/shop/a/b.thrift': 'include "secret.thrift"',
        'secret.thrift': '',
      }) as never,
    )
    expect(said[0]).toContain("cannot find 'secret.thrift' in git:/h/acme/shop/a or the folders above")
  })

  it('lets a root, named by the user, be searched and not be left', () => {
    const files = {
      'git:/h/acme/shop/a/b/c/d/e/f.thrift': 'include "../x.thrift"\ninclude "y.thrift"',
      'git:/h/acme/shop/a/b/c/d/e/f.proto': proto('import "z.proto";'),
      'x.thrift': '',
      'lib/y.thrift': '',
      'lib/z.proto': proto(''),
    }
    const host: Host = { read: (path) => files[path as keyof typeof files], boundary: bounded(files).boundary! }
    const { said } = run(['git:/h/acme/shop/a/b/c/d/e/f.thrift', 'git:/h/acme/shop/a/b/c/d/e/f.proto'], host as never, [
      'lib',
    ])
    expect(said).toHaveLength(1)
    expect(said[0]).toContain("cannot find '../x.thrift'")
  })

  it('lets files reach a neighbour inside it, beside them and by the path from a folder above', () => {
    const { said, places } = run(
      ['git:/h/acme/shop/a.thrift'],
      bounded({
        'git:/h/acme/shop/a.thrift': 'include "../common/b.thrift"\ninclude "acme/common/c.thrift"',
        'git:/h/acme/common/b.thrift': '',
        'git:/h/acme/common/c.thrift': '',
      }) as never,
      ['git:/h/acme/shop', 'git:/h/acme/common'],
    )
    expect(said).toEqual([])
    expect(Object.keys(places)).toHaveLength(3)
  })
})
