/** addChannelz(): the channelz service of gRPC, v1, for a server, its connections and the channels of the process (https://github.com/grpc/proposal/blob/master/A14-channelz.md). */

import type { Peer } from '../../core/context/context.ts'
import { RpcError } from '../../core/error.ts'
import type { ServerRouter } from '../../core/server/router.ts'
import type { ConnectionStats, ServerStats } from '../../core/server/server-stats.ts'
import { timestampFromDate } from '../../protobuf/well-known.ts'
import type { ChannelConnectionStats, ChannelStats } from '../client/channel-stats.ts'
import {
  type AddressInput,
  ChannelConnectivityState_State,
  type ChannelInput,
  Channelz,
  type ServerInput,
  type SocketInput,
  type SocketRefInput,
} from '../gen/grpc/channelz/v1/channelz.ts'
import { countCalls } from '../server/counters.ts'

/** How many entries an answer has at most, and by default. */
const mostResults = 100

/** Options of {@link addChannelz}. */
export interface ChannelzOptions {
  /** The transports of the process's own calls that it tells of, too. Default: none. */
  readonly channels?: readonly { stats(): ChannelStats }[] | undefined
}

/**
 * Adds `grpc.channelz.v1.Channelz` to a server, and counts its calls from now on: add it before `listen`. It tells of
 * this server and its connections, and of the transports that it is given. Whether the calls of a transport went well
 * is not counted.
 */
export function addChannelz(
  server: { readonly router: ServerRouter; stats(): ServerStats },
  { channels = [] }: ChannelzOptions = {},
): void {
  countCalls(server)
  const describeChannels = (): ChannelStats[] => channels.map((channel) => channel.stats())
  server.router.add(Channelz, {
    getTopChannels({ startChannelId, maxResults }) {
      const { page, end } = pageOf(describeChannels(), startChannelId, maxResults)
      return { channel: page.map(describeChannel), end }
    },
    getChannel({ channelId }) {
      const found = describeChannels().find(({ id }) => BigInt(id) === channelId)
      if (found === undefined) throw notFound('channel', channelId)
      return { channel: describeChannel(found) }
    },
    getSubchannel({ subchannelId }) {
      throw notFound('subchannel', subchannelId)
    },
    getServers({ startServerId }) {
      const { page, end } = pageOf([server.stats()], startServerId, 0n)
      return { server: page.map(describeServer), end }
    },
    getServer({ serverId }) {
      return { server: describeServer(statsOf(server, serverId)) }
    },
    getServerSockets({ serverId, startSocketId, maxResults }) {
      const { page, end } = pageOf(statsOf(server, serverId).connections, startSocketId, maxResults)
      return { socketRef: page.map(({ id, peer, wire }) => refOf(id, wire, peer)), end }
    },
    getSocket({ socketId }) {
      const accepted = server.stats().connections.find(({ id }) => BigInt(id) === socketId)
      if (accepted !== undefined) return { socket: describeSocket(accepted) }
      const made = describeChannels().flatMap(({ connections }) => connections)
      const found = made.find(({ id }) => BigInt(id) === socketId)
      if (found === undefined) throw notFound('socket', socketId)
      return { socket: describeOwnSocket(found) }
    },
  })
}

function statsOf(server: { stats(): ServerStats }, id: bigint): ServerStats {
  const stats = server.stats()
  if (BigInt(stats.id) !== id) throw notFound('server', id)
  return stats
}

/** The entries from an id on, in its order, and whether they are the last. */
function pageOf<T extends { readonly id: number }>(
  all: readonly T[],
  start: bigint,
  max: bigint,
): { readonly page: readonly T[]; readonly end: boolean } {
  const rest = all.filter(({ id }) => BigInt(id) >= start).sort((a, b) => a.id - b.id)
  const page = rest.slice(0, max > 0n && max < mostResults ? Number(max) : mostResults)
  return { page, end: page.length === rest.length }
}

function notFound(what: string, id: bigint): RpcError {
  return new RpcError('NOT_FOUND', `there is no ${what} ${id}`, { stack: false })
}

function refOf(id: number, wire: string, { address }: Peer): SocketRefInput {
  return { socketId: BigInt(id), name: `${wire} ${address}` }
}

function describeChannel({ id, target, state, started, connections }: ChannelStats): ChannelInput {
  return {
    ref: { channelId: BigInt(id), name: target },
    data: { target, state: { state: ChannelConnectivityState_State[state] }, callsStarted: BigInt(started) },
    socketRef: connections.map((one) => refOf(one.id, 'grpc', one.peer)),
  }
}

function describeOwnSocket({ id, peer, started }: ChannelConnectionStats): SocketInput {
  return {
    ref: refOf(id, 'grpc', peer),
    remote: addressOf(peer.address),
    data: { streamsStarted: BigInt(started) },
  }
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
    ref: refOf(connection.id, connection.wire, peer),
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
