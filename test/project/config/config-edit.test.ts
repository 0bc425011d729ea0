import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { parseConfig } from '../../../src/project/config/config.ts'
import { addIdl, removeIdl, setIncludes } from '../../../src/project/config/config-edit.ts'
import { newConfig } from '../../../src/project/config/config-text.ts'
import { parseYaml } from '../../../src/project/config/config-yaml.ts'

const sample = `# Our services.
entries:
    default: # the main one
        protocol: "thrift"   # quoted on purpose
        services:
            # The shop.
            - idl:
                source: local
                path: 'idl/shop.thrift'

            - idl: # users
                source: local
                path: idl/user.thrift
                includes:
                - idl
        touch_all: false
    # proto things
    grpc:
        protocol: protobuf
        services: [{ idl: { source: local, path: a.proto } }]
`

const idls = (text: string, entry: string): unknown[] => {
  const config = parseConfig(text, '/p/volo.yml', 'volo.yml')
  expect(config.diagnostics).toEqual([])
  return (config.entries[entry]?.services ?? []).map(({ idl }) => idl)
}

/** The lines of `after` that `before` has not, and the other way round. */
function difference(before: string, after: string): { readonly added: string[]; readonly removed: string[] } {
  const [a, b] = [before.split('\n'), after.split('\n')]
  return { added: b.filter((line) => !a.includes(line)), removed: a.filter((line) => !b.includes(line)) }
}

describe('adding an IDL', () => {
  test('only the new lines are new, in the style of their neighbours', () => {
    const after = addIdl(sample, 'default', 'thrift', { path: 'idl/stock.thrift', includes: ['idl', 'more'] })
    expect(after).toBe(
      sample.replace(
        '                - idl\n        touch_all',
        `                - idl
            - idl:
                source: local
                path: idl/stock.thrift
                includes:
                  - idl
                  - more
        touch_all`,
      ),
    )
  })

  test('a new entry goes to the end', () => {
    const after = addIdl(sample, 'second', 'thrift', { path: 'x.thrift', includes: [] })
    expect(after.startsWith(sample)).toBe(true)
    expect(idls(after, 'second')).toEqual([{ source: 'local', path: 'x.thrift' }])
  })

  test('a list in braces is edited too, and comments stay', () => {
    const after = addIdl(sample, 'grpc', 'protobuf', { path: 'b.proto', includes: ['.'] })
    expect(idls(after, 'grpc')).toEqual([
      { source: 'local', path: 'a.proto' },
      { source: 'local', path: 'b.proto', includes: ['.'] },
    ])
    for (const comment of sample.match(/#.*/g)!) expect(after).toContain(comment)
  })

  test('an empty file, an empty list and a file without a line break at its end work', () => {
    for (const text of [
      '',
      'entries:\n',
      'entries: {}\n',
      'entries:\n  default:\n    protocol: thrift',
      'entries:\n  default:\n    protocol: thrift\n    services: []\n',
    ]) {
      expect(idls(addIdl(text, 'default', 'thrift', { path: 'x.thrift', includes: ['idl'] }), 'default')).toEqual([
        { source: 'local', path: 'x.thrift', includes: ['idl'] },
      ])
    }
  })

  test('odd paths are quoted', () => {
    for (const path of ['0123', 'true', 'a: b.thrift', '#x.thrift', "it's.thrift", '- x.thrift', '*x']) {
      const after = addIdl(sample, 'default', 'thrift', { path, includes: [path] })
      expect(idls(after, 'default').at(-1)).toEqual({ source: 'local', path, includes: [path] })
    }
  })

  test('Windows line breaks stay', () => {
    const after = addIdl(sample.replaceAll('\n', '\r\n'), 'default', 'thrift', { path: 'x.thrift', includes: [] })
    expect(after.replaceAll('\r\n', '')).not.toContain('\n')
  })
})

describe('other edits', () => {
  test('taking one IDL out leaves all other lines', () => {
    const after = removeIdl(sample, 'default', 1)
    expect(idls(after, 'default')).toEqual([{ source: 'local', path: 'idl/shop.thrift' }])
    expect(difference(sample, after).added).toEqual([])
    expect(after).toContain('# The shop.')
  })

  test('taking the last one out leaves an empty list', () => {
    const after = removeIdl(removeIdl(sample, 'default', 0), 'default', 0)
    expect(idls(after, 'default')).toEqual([])
    expect(after).toContain('# quoted on purpose')
  })

  test('includes are added beside the old ones', () => {
    const after = setIncludes(sample, 'default', 1, ['idl', 'proto'])
    expect(difference(sample, after)).toEqual({ added: ['                - proto'], removed: [] })
    expect(idls(setIncludes(sample, 'default', 0, ['idl']), 'default')[0]).toMatchObject({ includes: ['idl'] })
  })

  test('add and remove in any order give what a list would give', () => {
    const name = fc.constantFrom('a.thrift', 'b/c.thrift', 'd e.thrift', "f'g.thrift", '7', '../x.thrift')
    const step = fc.oneof(
      fc.record({ add: name, includes: fc.array(name, { maxLength: 2 }) }),
      fc.record({ remove: fc.nat(5) }),
    )
    fc.assert(
      fc.property(fc.array(step, { maxLength: 8 }), (steps) => {
        let text = sample
        const expected = idls(text, 'default')
        for (const one of steps) {
          if ('add' in one) {
            text = addIdl(text, 'default', 'thrift', { path: one.add, includes: one.includes })
            expected.push({
              source: 'local',
              path: one.add,
              ...(one.includes.length > 0 ? { includes: one.includes } : {}),
            })
          } else if (expected.length > 0) {
            const index = one.remove % expected.length
            text = removeIdl(text, 'default', index)
            expected.splice(index, 1)
          }
          expect(idls(text, 'default')).toEqual(expected)
          expect(idls(text, 'grpc')).toEqual([{ source: 'local', path: 'a.proto' }])
        }
      }),
      { numRuns: 60 },
    )
  })
})

describe('a new volo.yml', () => {
  test('holds its entries and nothing that needs a diagnostic', () => {
    const text = newConfig([
      {
        name: 'default',
        protocol: 'thrift',
        idls: [{ path: 'idl/a.thrift', includes: ['idl'] }],
        typescript: { handlers: false },
      },
      { name: 'grpc', protocol: 'protobuf', idls: [{ path: 'idl/a.proto', includes: [] }] },
    ])
    expect(parseYaml(text).errors).toEqual([])
    const config = parseConfig(text, '/p/volo.yml', 'volo.yml')
    expect(config.diagnostics).toEqual([])
    expect(config.entries['default']?.typescript?.handlers).toBe(false)
    expect(text.split('\n')[1]).toContain('yaml-language-server')
  })
})
