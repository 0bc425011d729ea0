import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type GitUrl, parseGitUrl, repoName, withoutCredentials } from '../../../src/project/git/url.ts'
import { ProjectError } from '../../../src/project/project-error.ts'

const base = '/work/shop'
const parse = (text: string): GitUrl => parseGitUrl(text, base)

function refusal(text: string): ProjectError {
  try {
    parse(text)
  } catch (error) {
    if (error instanceof ProjectError) return error
    throw error
  }
  throw new Error(`${JSON.stringify(text)} was taken`)
}

describe('addresses', () => {
  test.each([
    ['https://github.com/acme/idl.git', 'https', 'github.com', 'acme/idl', 'github.com/acme/idl'],
    ['https://GitHub.com/acme/idl/', 'https', 'github.com', 'acme/idl', 'github.com/acme/idl'],
    [
      'https://git.example.com:8443/acme/idl',
      'https',
      'git.example.com:8443',
      'acme/idl',
      'git.example.com:8443/acme/idl',
    ],
    ['https://github.com:443/acme/idl', 'https', 'github.com', 'acme/idl', 'github.com/acme/idl'],
    ['ssh://git@example.com:2222/acme/idl.git', 'ssh', 'example.com:2222', 'acme/idl', 'example.com:2222/acme/idl'],
    ['git@github.com:acme/idl.git', 'ssh', 'github.com', 'acme/idl', 'github.com/acme/idl'],
    ['github.com:acme/idl', 'ssh', 'github.com', 'acme/idl', 'github.com/acme/idl'],
    ['git@host:/srv/idl.git', 'ssh', 'host', 'srv/idl', 'host/srv/idl'],
    ['git@[::1]:acme/idl', 'ssh', '[::1]', 'acme/idl', '[::1]/acme/idl'],
    ['git://example.com/idl', 'git', 'example.com', 'idl', 'example.com/idl'],
    ['http://127.0.0.1:8080/idl.git', 'http', '127.0.0.1:8080', 'idl', '127.0.0.1:8080/idl'],
    ['http://localhost/idl', 'http', 'localhost', 'idl', 'localhost/idl'],
    ['http://[::1]:80/idl', 'http', '[::1]', 'idl', '[::1]/idl'],
    ['file:///srv/idl.git', 'file', '', '/srv/idl', 'file:/srv/idl'],
    ['file://localhost/srv/idl', 'file', '', '/srv/idl', 'file:/srv/idl'],
    ['/srv/idl', 'file', '', '/srv/idl', 'file:/srv/idl'],
    ['../idl', 'file', '', '/work/idl', 'file:/work/idl'],
    ['./a:b', 'file', '', '/work/shop/a:b', 'file:/work/shop/a:b'],
    ['idl', 'file', '', '/work/shop/idl', 'file:/work/shop/idl'],
  ])('%s is read', (text, protocol, host, path, key) => {
    expect(parse(text)).toMatchObject({ text, protocol, host, path, key })
  })

  test('a folder reaches git as an absolute file URL, whatever its name', () => {
    expect(parse('../id l%#').address).toBe('file:///work/id%20l%25%23')
    expect(parse('../idl').folder).toBe('/work/idl')
  })

  test.each([
    ['--upload-pack=touch /tmp/owned', "begins with '-'"],
    ['-u', "begins with '-'"],
    ['ext::sh -c "touch /tmp/owned"', 'would run a program'],
    ['EXT::sh', 'would run a program'],
    ['fd::17', 'would run a program'],
    ['https://github.com/acme/idl\nfetch', 'control character'],
    ['https://github.com/acme/idl\0', 'control character'],
    ['https://github.com/acme/\u0007idl', 'control character'],
    ['https://github.com/acme/idl%0aHost:evil', 'control character'],
    ['', 'empty'],
    [' https://github.com/acme/idl', 'space'],
    ['http://github.com/acme/idl', 'over http'],
    ['http://127.0.0.1.evil.com/idl', 'over http'],
    ['ftp://github.com/acme/idl', "protocol 'ftp'"],
    ['git+ssh://git@github.com/acme/idl', "protocol 'git+ssh'"],
    ['https:///acme/idl', 'no host'],
    ['https://host:99999/idl', 'no host'],
    ['https://github.com', 'no repo'],
    ['https://github.com/', 'no repo'],
    ['git@github.com:', 'no repo'],
    ['ssh://-oProxyCommand=touch/idl', 'no host'],
    ['-oProxyCommand=touch:idl', "begins with '-'"],
    ['ssh://-l@host/idl', 'user name'],
    ['-l@host:idl', "begins with '-'"],
    ['git@-host:idl', 'no host'],
    ['git@host:-idl', 'misread'],
    ['https://host/a/../../b', 'misread'],
    ['file://server/share', 'no folder'],
  ])('%j is refused', (text, why) => {
    const error = refusal(text)
    expect(error.message).toContain(why)
    expect(error.usage).toBe(true)
    expect(error.hint).toBeTruthy()
  })

  test.each([
    'https://ada:s3cret@github.com/acme/idl',
    'https://s3cret@github.com/acme/idl',
    'https://x-access-token:s3cret@github.com/acme/idl',
    'ssh://git:s3cret@github.com/acme/idl',
    'git://s3cret@github.com/acme/idl',
    'https://github.com/acme/idl?private_token=s3cret',
    'http://a:s3cret@example.com/acme/idl',
    'ftp://a:s3cret@example.com/acme/idl',
    'https://a:s3cret@',
    'git:s3cret@github.com:acme/idl',
  ])('the credential in %s is refused, and not repeated', (text) => {
    const { message, hint } = refusal(text)
    expect(`${message} ${hint}`).not.toContain('s3cret')
    expect(hint).toMatch(/credential\.helper|ssh uses|https:\/\//)
  })

  test('whatever the text, it is an address for git or refused with a sentence', () => {
    const part = fc.constantFrom(
      '-',
      '::',
      ':',
      '/',
      '@',
      '//',
      'ssh',
      'https://',
      'ext',
      '..',
      'a',
      '.git',
      '\n',
      '[',
      ']',
      '%00',
      '?',
      '~',
    )
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.array(part).map((parts) => parts.join('')),
        ),
        (text) => {
          let url: GitUrl
          try {
            url = parse(text)
          } catch (error) {
            expect(error).toBeInstanceOf(ProjectError)
            return
          }
          expect(url.address).not.toMatch(/^-|^[a-z+]+::|[\n\0]/)
          expect(['https', 'http', 'ssh', 'git', 'file']).toContain(url.protocol)
        },
      ),
      { numRuns: 2000 },
    )
  })
})

test('the name of a repo is the last part of its path, with more in front while it is taken', () => {
  const url = parse('https://github.com/acme/idl.git')
  expect(repoName(url, [])).toBe('idl')
  expect(repoName(url, ['IDL'])).toBe('acme-idl')
  expect(repoName(url, ['idl', 'acme-idl'])).toBe('github.com-acme-idl')
  expect(repoName(url, ['idl', 'acme-idl', 'github.com-acme-idl'])).toBe('idl-2')
  expect(repoName(parse('git@host:so me/x y.git'), [])).toBe('x-y')
})

test('text loses its credentials', () => {
  expect(withoutCredentials("fatal: unable to access 'https://ada:tok@host/x/': no")).toBe(
    "fatal: unable to access 'https://***@host/x/': no",
  )
  expect(withoutCredentials('see https://host/a?access_token=abc&x=1')).toBe('see https://host/a?access_token=***&x=1')
})

test('what a server says to be slow about is masked as fast as anything', () => {
  const open = (text: string): string => withoutCredentials(text.repeat(200_000))
  for (const text of ['a', '?', '?key', '&token', 'a://', '@:', 'key']) expect(open(text)).toBe(text.repeat(200_000))
  expect(withoutCredentials('?a=b?my_token=c&x=?key=d')).toBe('?a=b?my_token=***&x=?key=***')
  expect(withoutCredentials('SSH://ada@host://x@y')).toBe('SSH://***@host://***@y')
})
