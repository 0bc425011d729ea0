/** A protobuf service by hand, in the shape of generated code, with all four kinds of calls. */

import type { CallOptions } from '../../src/runtime/core/client/call-options.ts'
import type { Context } from '../../src/runtime/core/context/context.ts'
import { type ServiceType, serviceType } from '../../src/runtime/core/service-type.ts'
import { messageType } from './message.ts'
import { shopFile } from './shop.ts'

export interface Vehicle {
  id: string
  capacity: number
}
export interface VehicleInput {
  readonly id?: string | undefined
  readonly capacity?: number | undefined
}
export interface Summary {
  count: number
}
export interface SummaryInput {
  readonly count?: number | undefined
}

export const Vehicle = messageType<Vehicle, VehicleInput>('fleet.Vehicle', {
  id: { fill: () => '' },
  capacity: { fill: () => 0 },
})
export const Summary = messageType<Summary, SummaryInput>('fleet.Summary', { count: { fill: () => 0 } })

type Many<T> = AsyncIterable<T> | Iterable<T>

export interface FleetClient {
  getVehicle(request: VehicleInput, options?: CallOptions): Promise<Vehicle>
  listVehicles(request: VehicleInput, options?: CallOptions): AsyncIterable<Vehicle>
  recordTrack(request: Many<VehicleInput>, options?: CallOptions): Promise<Summary>
  dispatching(request: Many<VehicleInput>, options?: CallOptions): AsyncIterable<Vehicle>
}
export interface FleetHandler {
  getVehicle(request: Vehicle, cx: Context): Promise<VehicleInput> | VehicleInput
  listVehicles(request: Vehicle, cx: Context): AsyncIterable<VehicleInput>
  recordTrack(request: AsyncIterable<Vehicle>, cx: Context): Promise<SummaryInput> | SummaryInput
  dispatching(request: AsyncIterable<Vehicle>, cx: Context): AsyncIterable<VehicleInput>
}

export const Fleet: ServiceType<FleetClient, FleetHandler> = serviceType({
  name: 'Fleet',
  fullName: 'fleet.v1.Fleet',
  idl: 'protobuf',
  file: () => ({ ...shopFile, path: 'fleet.proto', idl: 'protobuf' }),
  methods: () => [
    { name: 'GetVehicle', localName: 'getVehicle', kind: 'unary', request: Vehicle, response: Vehicle },
    { name: 'ListVehicles', localName: 'listVehicles', kind: 'server_streaming', request: Vehicle, response: Vehicle },
    { name: 'RecordTrack', localName: 'recordTrack', kind: 'client_streaming', request: Vehicle, response: Summary },
    { name: 'Dispatching', localName: 'dispatching', kind: 'bidi_streaming', request: Vehicle, response: Vehicle },
  ],
})

/** A handler that answers everything at once: it lists `capacity` vehicles and echoes dispatches. */
export function fleetHandler(overrides: Partial<FleetHandler> = {}): FleetHandler {
  return {
    getVehicle: ({ id }) => ({ id }),
    async *listVehicles({ capacity }) {
      for (let i = 0; i < capacity; i++) yield { id: `v${i}` }
    },
    async recordTrack(request) {
      let count = 0
      for await (const _ of request) count++
      return { count }
    },
    async *dispatching(request) {
      for await (const { id } of request) yield { id: `${id}!` }
    },
    ...overrides,
  }
}
