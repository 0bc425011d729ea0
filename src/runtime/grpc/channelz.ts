/** addChannelz(): the channelz service of gRPC, v1, for a server and its connections (https://github.com/grpc/proposal/blob/master/A14-channelz.md). */

import { RpcError } from '../core/error.ts'
import type { ConnectionStats, ServerStats } from '../core/server-figures.ts'
import type { ServerRouter } from '../core/server-router.ts'
import { timestampFromDate } from '../protobuf/well-known.ts'
import { countCalls } from './counters.ts'
import {
  type AddressInput,
  Channelz,
  type ServerInput,
  type SocketInput,
  type SocketRefInput,
} from './gen/grpc/channelz/v1/channelz.ts'

/** How many entries an answer has at most, and by default. */
const mostResults = 100

/**
 * Adds `grpc.channelz.v1.Channelz` to a server, and counts its calls from now on: add it before `listen`. It tells of
 * this server and its connections; of channels, which belong to clients, there are none.
 */
export function addChannelz(server: { readonly router: ServerRouter; stats(): ServerStats }): void {
  const { router } = server
  countCalls(server)
  const limited = (max: bigint): number => (max > 0n && max < mostResults ? Number(max) : mostResults)
  router.add(Channelz, {
    getTopChannels: () => ({ end: true }),
    getServers({ startServerId }) {
      const stats = server.stats()
      return { server: BigInt(stats.id) < startServerId ? [] : [describeServer(stats)], end: true }
    },
    getServer({ serverId }) {
      const stats = server.stats()
      if (BigInt(stats.id) !== serverId) throw notFound('server', serverId)
      return { server: describeServer(stats) }
    },
    getServerSockets({ serverId, startSocketId, maxResults }) {
      const stats = server.stats()
      if (BigInt(stats.id) !== serverId) throw notFound('server', serverId)
      const all = stats.connections.filter(({ id }) => BigInt(id) >= startSocketId).sort((a, b) => a.id - b.id)
      const some = all.slice(0, limited(maxResults))
      return { socketRef: some.map(refOf), end: some.length === all.length }
    },
    getSocket({ socketId }) {
      const found = server.stats().connections.find(({ id }) => BigInt(id) === socketId)
      if (found === undefined) throw notFound('socket', socketId)
      return { socket: describeSocket(found) }
    },
    getChannel({ channelId }) {
      throw notFound('channel', channelId)
    },
    getSubchannel({ subchannelId }) {
      throw notFound('subchannel', subchannelId)
    },
  })
}

function notFound(what: string, id: bigint): RpcError {
  return new RpcError('NOT_FOUND', `there is no ${what} ${id}`, { stack: false })
}

function refOf({ id, peer, wire }: ConnectionStats): SocketRefInput {
  return { socketId: BigInt(id), name: `${wire} ${peer.address}` }
}

function describeServer({ id, addresses, calls }: ServerStats): ServerInput {
  return {
    ref: { serverId: BigInt(id), name: addresses.join(', ') },
    data: {
      callsStarted: BigInt(calls?.started ?? 0),
      callsSucceeded: BigInt(calls?.succeeded ?? 0),
      callsFailed: BigInt(calls?.failed ?? 0),
      lastCallStartedTimestamp: time(calls?.lastCallAt),
    },
  }
}

function describeSocket(connection: ConnectionStats): SocketInput {
  const { calls, peer } = connection
  return {
    ref: refOf(connection),
    remote: addressOf(peer.address),
    remoteName: peer.tls?.servername ?? '',
    data: {
      streamsStarted: BigInt(calls?.started ?? 0),
      streamsSucceeded: BigInt(calls?.succeeded ?? 0),
      streamsFailed: BigInt(calls?.failed ?? 0),
      messagesReceived: BigInt(calls?.messagesReceived ?? 0),
      messagesSent: BigInt(calls?.messagesSent ?? 0),
      lastRemoteStreamCreatedTimestamp: time(calls?.lastCallAt),
      lastMessageReceivedTimestamp: time(calls?.lastReceivedAt),
      lastMessageSentTimestamp: time(calls?.lastSentAt),
    },
  }
}

function time(ms: number | undefined): ReturnType<typeof timestampFromDate> | undefined {
  return ms === undefined ? undefined : timestampFromDate(new Date(ms))
}

/** `10.0.0.1:80`, `[::1]:80` or `unix:/path`. */
function addressOf(address: string): AddressInput {
  if (address.startsWith('unix:')) return { address: { case: 'udsAddress', value: { filename: address.slice(5) } } }
  const [, v6, v4 = '', port = '0'] = /^(?:\[(.*)\]|([\d.]+)):(\d+)$/.exec(address) ?? []
  const ipAddress = v6 === undefined ? Uint8Array.from(v4.split('.').map(Number)) : bytesOfV6(v6)
  if (ipAddress.length !== 4 && ipAddress.length !== 16) {
    return { address: { case: 'otherAddress', value: { name: address } } }
  }
  return { address: { case: 'tcpipAddress', value: { ipAddress, port: Number(port) } } }
}

function bytesOfV6(text: string): Uint8Array {
  const [head = '', tail] = text.replace(/%.*$/, '').split('::')
  const words = (part: string): number[] =>
    part === '' ? [] : part.split(':').map((word) => Number.parseInt(word, 16))
  const before = words(head)
  const after = words(tail ?? '')
  const all = [...before, ...new Array<number>(Math.max(0, 8 - before.length - after.length)).fill(0), ...after]
  return Uint8Array.from(all.flatMap((word) => [word >> 8, word & 255]))
}
