import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type ConfigEntry, parseConfig } from '../../../src/project/config/config.ts'
import { addIdl } from '../../../src/project/config/config-edit.ts'
import { addRepo, removeRepo, setRepo } from '../../../src/project/registry/repo-edit.ts'

const a = 'a'.repeat(40)
const digits = '1234567890123456789012345678901234567890'

const sample = `# Our services.
entries:
    default: # the main one
        protocol: "thrift"   # quoted on purpose
        filename: volo_gen.rs
        repos:
            # The shared one.
            shared:
                url: 'https://example.org/acme/idl.git' # never move
                ref: "main"
                lock: 0123456

        services:
            # The shop.
            - idl:
                source: git
                repo: shared
                path: shop.thrift
        touch_all: false
    # proto things
    grpc:
        protocol: protobuf
        services: [{ idl: { source: local, path: a.proto } }]
`

const entriesOf = (text: string): Readonly<Record<string, ConfigEntry>> => {
  const config = parseConfig(text, '/p/volo.yml', 'volo.yml')
  expect(config.diagnostics).toEqual([])
  return config.entries
}

const common = { name: 'common', url: 'git@example.org:acme/common.git', ref: 'v1.0', lock: a }

describe('adding a repo', () => {
  test('only its lines are new, in the style of their neighbours', () => {
    expect(addRepo(sample, 'default', 'thrift', common)).toBe(
      sample.replace(
        `lock: 0123456\n`,
        `lock: 0123456
            common:
              url: git@example.org:acme/common.git
              ref: v1.0
              lock: ${a}
`,
      ),
    )
  })

  test('an entry without repos gets them before its services', () => {
    const after = addRepo(
      `entries:
  default:
    protocol: thrift # one
    # What we serve.
    services:
      - idl: { source: local, path: a.thrift }
`,
      'default',
      'thrift',
      common,
    )
    expect(after).toBe(`entries:
  default:
    protocol: thrift # one
    repos:
      common:
        url: git@example.org:acme/common.git
        ref: v1.0
        lock: ${a}
    # What we serve.
    services:
      - idl: { source: local, path: a.thrift }
`)
  })

  test('an entry that is not there is made, also in a file that has none', () => {
    const empty = ['entries:\n  idls:\n  other: # kept\n']
    for (const text of [sample, '# mine\nentries:\n', '', 'entries: {}\n', ...empty]) {
      const after = addRepo(text, 'idls', 'protobuf', common)
      const { name, ...data } = common
      expect(entriesOf(after)['idls']).toEqual({ protocol: 'protobuf', repos: { [name]: data } })
      for (const line of text.split('\n')) if (!line.endsWith('{}')) expect(after).toContain(line)
    }
  })

  test('in flow style it is added in flow style', () => {
    const after = addRepo('entries: { default: { protocol: thrift } }\n', 'default', 'thrift', common)
    expect(entriesOf(after)['default']?.repos?.['common']?.lock).toBe(a)
  })

  test('a lock that another reader takes for a number is quoted, and others stay as they are', () => {
    const after = addRepo(sample, 'default', 'thrift', { ...common, lock: digits })
    expect(after).toContain(`lock: "${digits}"`)
    expect(after).toContain('lock: 0123456\n')
    const printed = addRepo(
      'entries: { default: { protocol: thrift, repos: { x: { url: u, ref: r, lock: 0123456 } } } }',
      'default',
      'thrift',
      {
        ...common,
        lock: digits,
      },
    )
    expect(printed).toContain(`"${digits}"`)
    expect(printed).toContain('lock: 0123456 }')
  })

  test('an IDL of it is listed with its source', () => {
    const after = addIdl(sample, 'default', 'thrift', { repo: 'shared', path: 'user.thrift', includes: ['idl'] })
    expect(after).toBe(
      sample.replace(
        'path: shop.thrift\n',
        `path: shop.thrift
            - idl:
                source: git
                repo: shared
                path: user.thrift
                includes:
                  - idl
`,
      ),
    )
  })
})

describe('moving a repo', () => {
  test('only the values change, in their quotes, with their comments', () => {
    expect(setRepo(sample, 'default', 'shared', { ref: 'v2', lock: a })).toBe(
      sample.replace('"main"', '"v2"').replace('0123456', a),
    )
  })

  test('a repo without a lock gets one', () => {
    const text = sample.replace('                lock: 0123456\n', '')
    expect(setRepo(text, 'default', 'shared', { lock: digits })).toBe(sample.replace('0123456', `"${digits}"`))
    const empty = sample.replace('lock: 0123456', 'lock:')
    expect(entriesOf(setRepo(empty, 'default', 'shared', { lock: digits }))['default']?.repos?.['shared']?.lock).toBe(
      digits,
    )
  })

  test('the same values change nothing, byte by byte', () => {
    expect(setRepo(sample, 'default', 'shared', { ref: 'main', lock: '0123456' })).toBe(sample)
  })

  test('any ref survives', () => {
    fc.assert(
      fc.property(
        fc.stringMatching(/^[!-~]([ -~]*[!-~])?$/),
        fc.constantFrom('"main"', "'main'", 'main'),
        (ref, old) => {
          const text = setRepo(sample.replace('"main"', old), 'default', 'shared', { ref })
          expect(entriesOf(text)['default']?.repos?.['shared']).toMatchObject({ ref, lock: '0123456' })
        },
      ),
    )
  })
})

describe('removing a repo', () => {
  test('its lines go; the last one takes the key along', () => {
    const two = addRepo(sample, 'default', 'thrift', common)
    expect(removeRepo(two, 'default', 'common')).toBe(sample)
    const none = removeRepo(sample.replace(/services:[\s\S]*?touch_all/, 'touch_all'), 'default', 'shared')
    expect(none).not.toContain('repos')
    expect(none).toContain('filename: volo_gen.rs\n\n        touch_all: false')
  })

  test('in flow style too', () => {
    const text = 'entries: { default: { protocol: thrift, repos: { x: { url: u, ref: r } }, services: [] } }\n'
    expect(entriesOf(removeRepo(text, 'default', 'x'))['default']).toEqual({ protocol: 'thrift', services: [] })
  })
})
