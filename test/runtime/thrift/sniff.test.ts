import { describe, expect, it } from 'vitest'
import { matchThrift, sniffFraming } from '../../../src/runtime/thrift/sniff.ts'

const bytes = (hex: string): Uint8Array => Buffer.from(hex, 'hex')

describe('sniffing Thrift', () => {
  it('tells every form by its first six bytes', () => {
    for (const [hex, framing] of [
      ['000000af1000', 'ttheader'],
      ['0000002180010001', 'framed'],
      ['000000218221', 'framed'],
      ['000000210000', 'framed'],
      ['800100010000', 'buffered'],
      ['822101046563', 'buffered'],
      ['000000046563', 'buffered'],
    ] as const) {
      expect(sniffFraming(bytes(hex), 0), hex).toBe(framing)
      expect(matchThrift(bytes(hex)), hex).toBe('yes')
      expect(matchThrift(bytes(hex.slice(0, 2))), hex).not.toBe('no')
    }
  })

  it('waits for what can still become Thrift and refuses the rest', () => {
    for (const hex of ['', '00', '80', '0000002180']) expect(matchThrift(bytes(hex)), hex).toBe('more')
    for (const text of ['GET / HTTP/1.1', 'PRI * HTTP/2.0', 'SSH-2.0', '\x16\x03\x01\x02\x00\x01']) {
      expect(matchThrift(Buffer.from(text, 'latin1')), text).toBe('no')
    }
    for (const hex of ['8002', '000000211001', '00000021ff00', '000000212000'])
      expect(matchThrift(bytes(hex)), hex).toBe('no')
  })
})
