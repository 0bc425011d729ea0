/** A Thrift service by hand, in the shape of generated code. */

import type { CallOptions } from '../../src/runtime/core/client/call-options.ts'
import type { Context } from '../../src/runtime/core/context/context.ts'
import { DeclaredException } from '../../src/runtime/core/error.ts'
import type { FileSchema } from '../../src/runtime/core/message/schema.ts'
import { type ServiceType, serviceType } from '../../src/runtime/core/service-type.ts'
import { messageType } from './message.ts'

export interface Product {
  sku: string
  title: string
  rating: number
  tags: string[]
}
export interface ProductInput {
  readonly sku: string
  readonly title: string
  readonly rating?: number | undefined
  readonly tags?: readonly string[] | undefined
}
export interface Filter {
  limit: number
  tag?: string | undefined
}
export interface FilterInput {
  readonly limit?: number | undefined
  readonly tag?: string | undefined
}

export class OutOfStock extends DeclaredException {
  readonly skus: string[]

  constructor(init: { readonly message?: string; readonly skus: string[] }) {
    super(init.message ?? '')
    this.skus = init.skus
  }
}

/** An exception that no method of the service declares. */
export class Undeclared extends DeclaredException {}

export const Product = messageType<Product, ProductInput>('shop.Product', {
  sku: { required: true },
  title: { required: true },
  rating: { fill: () => 0 },
  tags: { fill: () => [] },
})
const Filter = messageType<Filter, FilterInput>('shop.Filter', { limit: { fill: () => 20 } })

export interface ShopClient {
  version(options?: CallOptions): Promise<string>
  getProduct(sku: string, options?: CallOptions): Promise<Product>
  find(filter: FilterInput, after?: string | undefined, options?: CallOptions): Promise<Product[]>
  move(from: string, to: string, count?: number | undefined, options?: CallOptions): Promise<string>
  rate(sku: string, stars: number, options?: CallOptions): Promise<void>
  viewed(customer: bigint, sku: string, options?: CallOptions): Promise<void>
}
export interface ShopHandler {
  version(cx: Context): Promise<string> | string
  getProduct(sku: string, cx: Context): Promise<ProductInput> | ProductInput
  find(
    filter: Filter,
    after: string | undefined,
    cx: Context,
  ): Promise<readonly ProductInput[]> | readonly ProductInput[]
  move(from: string, to: string, count: number, cx: Context): Promise<string> | string
  rate(sku: string, stars: number, cx: Context): Promise<void> | void
  viewed(customer: bigint, sku: string, cx: Context): Promise<void> | void
}

const productList = {
  ...messageType<Product[], readonly ProductInput[]>('list', {}),
  complete: (list: readonly ProductInput[]): Product[] => list.map((one) => Product.complete(one)),
}
const result = (name: string, success: object = {}) => messageType(`shop.Shop_${name}_result`, { success })

export const shopFile: FileSchema = {
  path: 'shop.thrift',
  idl: 'thrift',
  syntax: '',
  package: '',
  imports: [],
  messages: [],
  enums: [],
  services: [],
}

export const Shop: ServiceType<ShopClient, ShopHandler> = serviceType({
  name: 'Shop',
  fullName: 'Shop',
  idl: 'thrift',
  file: () => shopFile,
  methods: () => [
    {
      name: 'version',
      localName: 'version',
      kind: 'unary',
      request: messageType('shop.version_args', {}),
      response: result('version'),
      args: [],
    },
    {
      name: 'getProduct',
      localName: 'getProduct',
      kind: 'unary',
      request: messageType('shop.getProduct_args', { sku: { fill: () => '' } }),
      response: result('getProduct', { type: Product }),
      args: ['sku'],
      throws: [{ member: 'gone', type: OutOfStock }],
    },
    {
      name: 'find',
      localName: 'find',
      kind: 'unary',
      request: messageType('shop.find_args', { filter: { type: Filter } }),
      response: result('find', { type: productList }),
      args: ['filter', 'after'],
    },
    {
      name: 'move',
      localName: 'move',
      kind: 'unary',
      request: messageType('shop.move_args', { count: { fill: () => 1 } }),
      response: result('move'),
      args: ['from', 'to', 'count'],
    },
    {
      name: 'rate',
      localName: 'rate',
      kind: 'unary',
      request: messageType('shop.rate_args', {}),
      response: result('rate'),
      args: ['sku', 'stars'],
      isVoid: true,
    },
    {
      name: 'viewed',
      localName: 'viewed',
      kind: 'oneway',
      request: messageType('shop.viewed_args', {}),
      response: result('viewed'),
      args: ['customer', 'sku'],
    },
  ],
})

/** A handler that answers everything at once. */
export function shopHandler(overrides: Partial<ShopHandler> = {}): ShopHandler {
  return {
    version: () => '1',
    getProduct: (sku) => ({ sku, title: `the ${sku}` }),
    find: () => [],
    move: (from, to, count) => `${count} from ${from} to ${to}`,
    rate: () => {},
    viewed: () => {},
    ...overrides,
  }
}
