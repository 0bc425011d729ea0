/** Thrift messages of the binary protocol as bytes, and a socket to send them by: for what no client would send. */

import { connect as netConnect, type Socket } from 'node:net'
import { onCleanup } from './cleanup.ts'

export const CALL = 1
export const REPLY = 2
export const ONEWAY = 4

const hex32 = (value: number): string => value.toString(16).padStart(8, '0')

export const bytesOf = (hex: string): Buffer => Buffer.from(hex, 'hex')

/** A string with its length. */
export const named = (text: string): string => hex32(text.length) + Buffer.from(text).toString('hex')

/** A struct of which field 1 is a string. */
export const textArgs = (text: string): string => `0b0001${named(text)}00`

/** A message: envelope and struct. */
export const message = (method: string, sequence: number, args: string, kind = CALL): string =>
  `8001000${kind}${named(method)}${hex32(sequence)}${args}`

/** With its length in front. */
export const framed = (hex: string): string => hex32(hex.length / 2) + hex

/** What is around a message. */
export type Form = (hex: string, sequence: number) => Buffer

/** A TTHeader without keys; `flags` of 1: replies may come in any order. */
export const ttheader =
  (flags: number): Form =>
  (hex, sequence) =>
    bytesOf(framed(`1000${flags.toString(16).padStart(4, '0')}${hex32(sequence)}000100000000${framed(hex)}`))

export const forms: Readonly<Record<'framed' | 'buffered' | 'TTHeader', Form>> = {
  framed: (hex) => bytesOf(framed(hex)),
  buffered: (hex) => bytesOf(hex),
  TTHeader: ttheader(0),
}

/** A connection that collects what it receives, one character per byte. */
export interface RawConnection {
  readonly socket: Socket
  readonly received: () => string
  readonly closed: Promise<void>
}

/** Connects to a server on loopback. */
export function rawConnection(port: number): RawConnection {
  const socket = netConnect(port, '127.0.0.1')
  let received = ''
  socket.on('data', (chunk) => {
    received += chunk.toString('latin1')
  })
  socket.on('error', () => {})
  onCleanup(() => socket.destroy())
  return { socket, received: () => received, closed: new Promise((resolve) => socket.on('close', () => resolve())) }
}
