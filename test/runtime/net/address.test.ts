import { describe, expect, it } from 'vitest'
import { formatAddress, parseAddress } from '../../../src/runtime/net/address.ts'

describe('parseAddress', () => {
  it('reads every form', () => {
    const tcp = (host: string | undefined, port: number): object => ({ kind: 'tcp', host, port })
    expect(parseAddress('127.0.0.1:8080')).toEqual(tcp('127.0.0.1', 8080))
    expect(parseAddress('shop.internal:0')).toEqual(tcp('shop.internal', 0))
    expect(parseAddress('[::1]:443')).toEqual(tcp('::1', 443))
    expect(parseAddress('[fe80::1%eth0]:443')).toEqual(tcp('fe80::1%eth0', 443))
    expect(parseAddress(':8080')).toEqual(tcp(undefined, 8080))
    expect(parseAddress('8080')).toEqual(tcp(undefined, 8080))
    expect(parseAddress(8080)).toEqual(tcp(undefined, 8080))
    expect(parseAddress({ port: 80 })).toEqual(tcp(undefined, 80))
    expect(parseAddress({ host: '::', port: 80 })).toEqual(tcp('::', 80))
    expect(parseAddress('unix:/run/a.sock')).toEqual({ kind: 'unix', path: '/run/a.sock' })
    expect(parseAddress('unix:///run/a.sock')).toEqual({ kind: 'unix', path: '/run/a.sock' })
    expect(parseAddress({ path: 'a.sock' })).toEqual({ kind: 'unix', path: 'a.sock' })
    expect(parseAddress({ fd: 3 })).toEqual({ kind: 'fd', fd: 3 })
  })

  it('refuses paths of Unix sockets that the kernel would cut', () => {
    const path = `/run/${'a'.repeat(102)}`
    expect(parseAddress({ path })).toEqual({ kind: 'unix', path })
    for (const long of [`unix:${path}b`, { path: `${path}b` }]) {
      expect(() => parseAddress(long)).toThrow('the path of a Unix socket has 108 bytes and may have 107')
    }
  })

  it('names the address inside a URL', () => {
    expect(() => parseAddress('http://10.0.0.1:80')).toThrow('an address has no scheme: "10.0.0.1:80"')
    expect(() => parseAddress('xds:///shop:8080')).toThrow('an address has no scheme: "shop:8080"')
  })

  it("reads gRPC's names, and says what is wrong with those it does not take", () => {
    const shop = { kind: 'tcp', host: 'shop.internal', port: 8080 }
    for (const text of ['dns:///shop.internal:8080', 'dns:shop.internal:8080', 'DNS:///shop.internal:8080']) {
      expect(parseAddress(text)).toEqual(shop)
    }
    expect(parseAddress('dns:///[::1]:80')).toEqual({ kind: 'tcp', host: '::1', port: 80 })
    expect(parseAddress('dns:8080')).toEqual({ kind: 'tcp', host: 'dns', port: 8080 })
    const hints = [
      ['dns:///shop', /"dns:\/\/\/shop".*; name the port: "dns:\/\/\/shop:443"$/],
      ['dns:///[::1]', /; name the port: "dns:\/\/\/\[::1\]:443"$/],
      ['dns://8.8.8.8/shop:80', /; a name server cannot be chosen: "dns:\/\/\/shop:80"$/],
      ['dns:///shop:http', /invalid address "dns:\/\/\/shop:http"/],
      ['dns:///', /invalid address "dns:\/\/\/"/],
      ['dns://shop:80', /an address has no scheme: "shop:80"/],
    ] as const
    for (const [text, hint] of hints) expect(() => parseAddress(text), text).toThrow(hint)
  })

  it('refuses everything else and shows the forms', () => {
    for (const bad of [
      '',
      'localhost',
      '::1:80',
      '[zz]:80',
      'a:65536',
      'a:-1',
      'a b:80',
      'unix:',
      'http://a:80',
      '1:2:3',
    ]) {
      expect(() => parseAddress(bad), bad).toThrow(/invalid address ".*": write "host:port"/)
    }
    for (const bad of [-1, 1.5, 70_000, Number.NaN]) expect(() => parseAddress(bad)).toThrow(/invalid address/)
    for (const bad of [{ fd: -1 }, { path: '' }, {}, null])
      expect(() => parseAddress(bad as never)).toThrow(/invalid address/)
  })

  it('is undone by formatAddress', () => {
    for (const text of ['127.0.0.1:80', '[::1]:80', ':80', 'unix:/a/b', 'host:0']) {
      expect(formatAddress(parseAddress(text))).toBe(text)
    }
  })
})
