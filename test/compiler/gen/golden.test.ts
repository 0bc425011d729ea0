import { spawnSync } from 'node:child_process'
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import ts from 'typescript'
import { describe, expect, test } from 'vitest'
import { compile, type GenerateOptions } from '../../../src/compiler/compile.ts'
import { renderDiagnostic } from '../../../src/compiler/text/render-diagnostic.ts'

// Each folder of test/golden is a case: case.json, the IDL in idl/ (or at `root`), and what must come out in expected/.
// `UPDATE_GOLDEN=1 npx vitest run test/compiler/gen/golden.test.ts` writes what comes out now.

interface Case {
  readonly root?: string
  readonly entries: readonly string[]
  readonly options?: GenerateOptions
}

const update = process.env['UPDATE_GOLDEN'] === '1'
const repository = fileURLToPath(new URL('../../..', import.meta.url))
const golden = join(repository, 'test/golden')
const names = readdirSync(golden, { withFileTypes: true })
  .filter((one) => one.isDirectory())
  .map((one) => one.name)
  .sort()

const host = {
  read: (path: string): string | undefined => (existsSync(path) ? readFileSync(path, 'utf8') : undefined),
}

function filesBelow(folder: string): string[] {
  if (!existsSync(folder)) return []
  return readdirSync(folder, { withFileTypes: true, recursive: true })
    .filter((one) => one.isFile())
    .map((one) => relative(folder, join(one.parentPath, one.name)).replaceAll('\\', '/'))
    .sort()
}

function run(name: string): ReturnType<typeof compile> {
  const given = JSON.parse(readFileSync(join(golden, name, 'case.json'), 'utf8')) as Case
  const root = relative(process.cwd(), join(golden, name, given.root ?? 'idl')).replaceAll('\\', '/')
  const entries = given.entries.map((entry) => `${root}/${entry}`)
  return compile({ entries, includes: [root], host, options: given.options ?? {} })
}

describe.each(names)('golden %s', (name) => {
  test('the generated modules are as they were', () => {
    const { files, diagnostics } = run(name)
    expect(diagnostics.filter((one) => one.severity === 'error').map((one) => renderDiagnostic(one))).toEqual([])
    const expected = join(golden, name, 'expected')
    if (update) {
      rmSync(expected, { recursive: true, force: true })
      for (const file of files) {
        mkdirSync(dirname(join(expected, file.path)), { recursive: true })
        writeFileSync(join(expected, file.path), file.text)
      }
    }
    expect(files.map((file) => file.path).sort()).toEqual(filesBelow(expected))
    for (const file of files) expect(file.text).toBe(readFileSync(join(expected, file.path), 'utf8'))
  })

  test('the same IDL gives the same text', () => {
    expect(run(name).files).toEqual(run(name).files)
  })
})

/** What people write against generated code; each `@ts-expect-error` must be one. */
const usage = `
import type { Context } from '../../src/runtime/core/context/context.ts'
import { createClient } from '../../src/runtime/core/client/client.ts'
import type { Transport } from '../../src/runtime/core/transport.ts'
import { Timestamp } from 'volo-ts/gen'
import { Fleet, type FleetHandler, type Position, type Vehicle } from './fleet/expected/fleet/v1/fleet.ts'
import { Currency, Money } from './shop/expected/common/money.ts'
import { Category, MAX_PAGE_SIZE, OutOfStock, Payment, Shop, type ShopHandler } from './shop/expected/shop.ts'
import { isEnumName, enumName } from '../../src/runtime/core/message/enum-name.ts'
import { Carrier, CarrierNumbers, Choice } from './option-enum/expected/part.ts'
import { Defaults } from './thrift-types/expected/types.ts'
import { Thing, weight, words } from './proto-types/expected/golden/extended.ts'

export async function buy(transport: Transport): Promise<string> {
  const shop = createClient(Shop, transport, { timeoutMs: 500 })
  const page = await shop.listProducts(Category.BOOKS, MAX_PAGE_SIZE)
  const sku = page.products[0]?.sku ?? 'none'
  const cart = { customerId: 7n, lines: [{ sku }] }
  const order = await shop.checkout(cart, { case: 'voucher', value: { amount: 500n } }, { timeoutMs: 200 })
  const currency: Currency = order.total.currency
  await shop.viewed(7n, sku)
  const orders = await shop.ordersById(new Set([order.id]))
  // @ts-expect-error a required field is missing
  await shop.checkout({ lines: [] }, { case: 'transfer', value: { iban: 'DE00' } })
  // @ts-expect-error the case and its value do not belong together
  await shop.checkout(cart, { case: 'card', value: { iban: 'DE00' } })
  return currency === Currency.EUR ? await shop.version() : String(orders.get(order.id)?.express)
}

export function pay(payment: Payment): string {
  switch (payment.case) {
    case 'card':
      return payment.value.number
    case 'transfer':
      return payment.value.iban
    case 'voucher':
      return String(payment.value.amount)
  }
}

export const paid: { case: 'transfer'; value: { iban: string } } = Payment.of('transfer', { iban: 'DE00' })
// @ts-expect-error a value of another case
Payment.of('transfer', { number: '1' })
// @ts-expect-error no such case
Payment.of('cash', {})

export function named(text: string): Category | undefined {
  const name: keyof typeof Category | undefined = enumName(Category, 99)
  return isEnumName(Category, text) ? Category[text] : name && Category[name]
}

export function carry(choice: Choice): Carrier | bigint | number {
  switch (choice.case) {
    case 'carrier':
      return choice.value === 'CART' || typeof choice.value === 'number' ? choice.value : CarrierNumbers.of(choice.value)
    case 'part':
      return choice.value.part_id
    case 'more':
    case '$unknown':
      return 0
  }
}
// @ts-expect-error a name that the enum does not have
export const ship: Carrier = 'SHIP'

export const yes: boolean = Defaults.defaults.yes
export const numbers: readonly number[] = Defaults.defaults.numbers
// @ts-expect-error no default is written for the member
Timestamp.defaults
// @ts-expect-error defaults cannot be changed
Defaults.defaults.yes = false

export function weigh(thing: Thing): bigint {
  words.set(thing, ['a'])
  // @ts-expect-error the extension holds an integer
  weight.set(thing, 'heavy')
  // @ts-expect-error the extension is of another message
  weight.get(paid)
  return weight.get(thing) ?? 0n
}

export const shop: ShopHandler = {
  version: () => '1',
  listProducts: (_category, pageSize, after) => ({ products: [{ sku: String(pageSize), title: after ?? '' }] }),
  getProduct(sku) {
    throw new OutOfStock({ message: 'gone', skus: [sku] })
  },
  async checkout(cart, _payment, cx: Context) {
    return { id: 1n, cart, total: { amount: BigInt(cx.remainingMs) }, placedAt: 0n }
  },
  ordersById: (ids) => new Map([...ids].map((id) => [id, { id, cart: { customerId: 1n, lines: [] }, total: Money.create({ amount: 1n }) }])),
  rate() {},
  async viewed() {},
}

export const fleet: FleetHandler = {
  getVehicle: (request): Partial<Vehicle> => ({ id: request.id, activity: { case: 'brokenBecause', value: 'tyre' } }),
  putVehicle: () => ({}),
  async *listVehicles() {
    yield { id: 'a', inServiceSince: { seconds: 1n } }
  },
  async recordTrack(positions) {
    let count = 0
    for await (const position of positions) if (position.at !== undefined) count++
    return { positions: count }
  },
  async *dispatching(messages) {
    for await (const { vehicleId, body } of messages) yield { vehicleId, body }
  },
}

export async function track(transport: Transport, points: readonly Position[]): Promise<Timestamp | undefined> {
  const client = createClient(Fleet, transport)
  const { positions } = await client.recordTrack(points)
  for await (const vehicle of client.listVehicles({})) {
    // @ts-expect-error the value is only known after its case
    vehicle.activity?.value.since
    if (vehicle.activity?.case === 'tour' && vehicle.activity.value.done > positions) return vehicle.inServiceSince
  }
  return Timestamp.create({ seconds: 5n })
}

// @ts-expect-error a method is missing
export const half: FleetHandler = { putVehicle: () => ({}) }
`

const options: ts.CompilerOptions = {
  target: ts.ScriptTarget.ES2022,
  lib: ['lib.es2023.d.ts', 'lib.esnext.disposable.d.ts'],
  module: ts.ModuleKind.ESNext,
  moduleResolution: ts.ModuleResolutionKind.Bundler,
  moduleDetection: ts.ModuleDetectionKind.Force,
  types: ['node'],
  typeRoots: [join(repository, 'node_modules/@types')],
  paths: { 'volo-ts/gen': [join(repository, 'src/gen.ts')] },
  noEmit: true,
  declaration: true,
  allowImportingTsExtensions: true,
  skipLibCheck: true,
  strict: true,
  exactOptionalPropertyTypes: true,
  noUncheckedIndexedAccess: true,
  noImplicitOverride: true,
  noImplicitReturns: true,
  noFallthroughCasesInSwitch: true,
  noPropertyAccessFromIndexSignature: true,
  noUnusedLocals: true,
  noUnusedParameters: true,
  allowUnreachableCode: false,
  verbatimModuleSyntax: true,
  isolatedModules: true,
  isolatedDeclarations: true,
  erasableSyntaxOnly: true,
}

test('the generated modules, and code that uses them, are clean under the strictest options of TypeScript', {
  timeout: 120_000,
}, () => {
  const usagePath = join(golden, 'usage.ts')
  const rootNames = names.flatMap((name) => {
    const expected = join(golden, name, 'expected')
    return filesBelow(expected).map((file) => join(expected, file))
  })
  rootNames.push(usagePath)
  const files = ts.createCompilerHost(options)
  const program = ts.createProgram(rootNames, options, {
    ...files,
    fileExists: (path) => path === usagePath || files.fileExists(path),
    readFile: (path) => (path === usagePath ? usage : files.readFile(path)),
    getSourceFile: (path, ...rest) =>
      path === usagePath
        ? ts.createSourceFile(path, usage, ts.ScriptTarget.ES2022)
        : files.getSourceFile(path, ...rest),
  })
  const found = rootNames.flatMap((path) => {
    const file = program.getSourceFile(path)
    return [
      ...program.getSyntacticDiagnostics(file),
      ...program.getSemanticDiagnostics(file),
      ...program.getDeclarationDiagnostics(file),
    ]
  })
  const text = found.map((one) => {
    const place = one.file?.getLineAndCharacterOfPosition(one.start ?? 0)
    const path = one.file === undefined ? '' : relative(golden, one.file.fileName)
    return `${path}:${(place?.line ?? 0) + 1} ${ts.flattenDiagnosticMessageText(one.messageText, '\n')}`
  })
  expect(text).toEqual([])
})

test('the generated modules are formatted as a formatter would', () => {
  const folder = mkdtempSync(join(tmpdir(), 'volo-golden-'))
  try {
    for (const name of names) cpSync(join(golden, name, 'expected'), join(folder, name), { recursive: true })
    const config = {
      formatter: { indentStyle: 'space', indentWidth: 2, lineWidth: 120 },
      javascript: { formatter: { quoteStyle: 'single', semicolons: 'asNeeded' } },
    }
    writeFileSync(join(folder, 'biome.json'), `${JSON.stringify(config, undefined, 2)}\n`)
    const biome = join(repository, 'node_modules/@biomejs/biome/bin/biome')
    const { status, stdout, stderr } = spawnSync(
      process.execPath,
      [biome, 'format', '--max-diagnostics=100', ...names],
      {
        cwd: folder,
        encoding: 'utf8',
      },
    )
    expect(status, stdout + stderr).toBe(0)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
})
