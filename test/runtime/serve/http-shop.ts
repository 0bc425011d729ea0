/** The service of the tests of HTTP: its types as our compiler prints them, and the same for connect-es. */

import { create, createFileRegistry, type DescService, fromBinary } from '@bufbuild/protobuf'
import { FileDescriptorProtoSchema, FileDescriptorSetSchema } from '@bufbuild/protobuf/wkt'
import type { CallOptions } from '../../../src/runtime/core/client/call-options.ts'
import type { Context } from '../../../src/runtime/core/context/context.ts'
import type { ServiceType } from '../../../src/runtime/core/service-type.ts'
import { toFileDescriptors } from '../../../src/runtime/protobuf/file-descriptor.ts'
import { generated } from '../../support/generated.ts'

const proto = `syntax = "proto3";
package web.v1;
message Item { string name = 1; int64 count = 2; bytes data = 3; repeated string tags = 4; }
service Shop {
  rpc Get(Item) returns (Item);
  rpc List(Item) returns (stream Item);
  rpc Collect(stream Item) returns (Item);
}`

export interface Item {
  name: string
  count: bigint
  data: Uint8Array
  tags: string[]
}
export type ItemInput = Partial<Item>

export interface ShopClient {
  get(request: ItemInput, options?: CallOptions): Promise<Item>
  list(request: ItemInput, options?: CallOptions): AsyncIterable<Item>
  collect(request: Iterable<ItemInput>, options?: CallOptions): Promise<Item>
}
export interface ShopHandler {
  get(request: Item, cx: Context): Promise<ItemInput> | ItemInput
  list(request: Item, cx: Context): AsyncIterable<ItemInput>
  collect(request: AsyncIterable<Item>, cx: Context): Promise<ItemInput> | ItemInput
}

const module = await generated({ 'web.proto': proto })

/** The service. */
export const Shop: ServiceType<ShopClient, ShopHandler> = module['Shop']

/** The service as connect-es knows it. */
export const ConnectShop: DescService = createFileRegistry(
  create(FileDescriptorSetSchema, {
    file: toFileDescriptors(module['$file']).map((bytes) => fromBinary(FileDescriptorProtoSchema, bytes)),
  }),
).getService('web.v1.Shop')!

/** Handlers that answer what was asked. */
export const shopHandler: ShopHandler = {
  get: (item) => item,
  async *list({ name, count }) {
    for (let i = 0n; i < count; i++) yield { name, count: i }
  },
  async collect(items) {
    let count = 0n
    for await (const _ of items) count++
    return { count }
  },
}
