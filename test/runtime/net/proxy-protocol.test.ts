import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { matchProxyHeader, maxProxyHeaderBytes, readProxyHeader } from '../../../src/runtime/net/proxy-protocol.ts'

const v1 = (line: string): Buffer => Buffer.from(`${line}\r\n`, 'latin1')
const signature = '0d0a0d0a000d0a515549540a'

/** Version 2: `head` is version with command, and family. */
function v2(head: string, body: string, length = body.length / 2): Buffer {
  return Buffer.from(`${signature}${head}${length.toString(16).padStart(4, '0')}${body}`, 'hex')
}
const tcp4 = 'c0000201c0000209' + '9c4001bb'
const tcp6 = `${'20010db8000000000000000000000001'.repeat(2)}9c4001bb`

describe('the header of the PROXY protocol', () => {
  it.each([
    ['PROXY TCP4 192.0.2.1 192.0.2.9 40000 443', '192.0.2.1:40000'],
    ['PROXY TCP6 2001:db8:0::1 2001:db8::9 40000 443', '[2001:db8::1]:40000'],
    ['PROXY TCP6 ::ffff:192.0.2.1 ::ffff:192.0.2.9 0 65535', '192.0.2.1:0'],
    ['PROXY UNKNOWN', undefined],
    ['PROXY UNKNOWN ffff:f...f:ffff ffff:f...f:ffff 65535 65535', undefined],
  ])('is read in version 1: %s', (line, source) => {
    const bytes = v1(line)
    const header = { kind: 'header', length: bytes.length, source }
    expect(readProxyHeader(bytes)).toEqual(header)
    expect(readProxyHeader(Buffer.concat([bytes, Buffer.from('PRI * HTTP/2.0')]))).toEqual(header)
    for (let i = 0; i < bytes.length; i++) expect(readProxyHeader(bytes.subarray(0, i))).toEqual({ kind: 'more' })
  })

  it.each([
    ['TCP over IPv4', v2('2111', tcp4), '192.0.2.1:40000'],
    ['TCP over IPv6', v2('2121', tcp6), '[2001:db8::1]:40000'],
    ['IPv4 inside IPv6', v2('2121', `${`${'0'.repeat(20)}ffffc0000201`.repeat(2)}9c4001bb`), '192.0.2.1:40000'],
    ['with TLV behind the addresses', v2('2111', `${tcp4}04000400000000ea000301aabb`), '192.0.2.1:40000'],
    ['LOCAL without addresses', v2('2000', ''), undefined],
    ['LOCAL with addresses that mean nothing', v2('2011', tcp4), undefined],
    ['UDP', v2('2112', tcp4), undefined],
    ['a Unix socket', v2('2131', '00'.repeat(216)), undefined],
    ['a family that nobody knows', v2('21f3', 'abcdef'), undefined],
    ['an unspecified family', v2('2100', ''), undefined],
  ])('is read in version 2: %s', (_what, bytes, source) => {
    const header = { kind: 'header', length: bytes.length, source }
    expect(readProxyHeader(bytes)).toEqual(header)
    expect(readProxyHeader(Buffer.concat([bytes, Buffer.alloc(50)]))).toEqual(header)
    for (let i = 0; i < bytes.length; i++) expect(readProxyHeader(bytes.subarray(0, i))).toEqual({ kind: 'more' })
  })

  it.each([
    [v1('PROXY TCP4 192.0.2.1 192.0.2.9 40000'), /addresses or ports/],
    [v1('PROXY TCP4 192.0.2.1 192.0.2.9 40000 443 1'), /addresses or ports/],
    [v1('PROXY TCP4 192.0.2.1 192.0.2.9 040000 443'), /addresses or ports/],
    [v1('PROXY TCP4 192.0.2.1 192.0.2.9 65536 443'), /addresses or ports/],
    [v1('PROXY TCP4 2001:db8::1 192.0.2.9 1 2'), /addresses or ports/],
    [v1('PROXY TCP6 192.0.2.1 192.0.2.9 1 2'), /addresses or ports/],
    [v1('PROXY TCP4  192.0.2.1 192.0.2.9 1 2'), /addresses or ports/],
    [v1('PROXY UDP4 192.0.2.1 192.0.2.9 1 2'), /family/],
    [v1('PROXY '), /family/],
    [v1(`PROXY UNKNOWN ${'x'.repeat(92)}`), /longer than 107 bytes/],
    [v2('1111', tcp4), /version is 1/],
    [v2('2211', tcp4), /command is 2/],
    [v2('2111', tcp4.slice(0, -2)), /too short/],
    [v2('2121', tcp4), /too short/],
    [v2('2111', tcp4, maxProxyHeaderBytes - 15), /longer than 4096 bytes/],
    [v2('2100', '', 65_535), /longer than 4096 bytes/],
  ])('is refused when it breaks the rules: %s', (bytes, why) => {
    expect(readProxyHeader(bytes)).toEqual({ kind: 'malformed', why: expect.stringMatching(why) })
  })

  it('is not seen in other protocols', () => {
    for (const text of ['PRI * HTTP/2.0', 'POST / HTTP/1.1', 'PROPFIND / HTTP/1.1', 'proxy TCP4', '\x16\x03\x01']) {
      expect(readProxyHeader(Buffer.from(text, 'latin1'))).toEqual({ kind: 'none' })
    }
    expect(matchProxyHeader(Buffer.from('PRO'))).toBe('more')
  })

  it('never takes more than its limit, nor throws, whatever the bytes are', () => {
    const start = fc.constantFrom('', signature, '50524f585920', `${signature}21`, `${signature}2111`)
    fc.assert(
      fc.property(start, fc.uint8Array({ maxLength: 300 }), (begin, rest) => {
        const bytes = Buffer.concat([Buffer.from(begin, 'hex'), rest])
        const header = readProxyHeader(bytes)
        if (header.kind === 'header') {
          expect(header.length).toBeLessThanOrEqual(Math.min(bytes.length, maxProxyHeaderBytes))
          expect(header.source ?? '[::1]:1').toMatch(/^(?:[\d.]+|\[[0-9a-f:]+\]):\d{1,5}$/)
        }
        if (header.kind === 'more') expect(bytes.length).toBeLessThan(maxProxyHeaderBytes)
      }),
    )
  })
})
