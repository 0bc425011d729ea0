import { join } from 'node:path'
import ts from 'typescript'
import { describe, expect, test } from 'vitest'
import { compile } from '../../../src/compiler/compile.ts'
import { nameProgram } from '../../../src/compiler/gen/name/names.ts'
import { memoryHost } from '../../../src/compiler/host.ts'
import { serviceModels } from '../../../src/project/generate/service-model.ts'
import { type Completion, completeHandler, handlesService } from '../../../src/project/handler/handler-completion.ts'

const idl = `
enum Size { SMALL = 1, LARGE = 2 }
struct Box { 1: required Size size }
union Choice { 1: Box box, 2: string text }
service Shop {
  string version(),
  Box pack(1: string what, 2: Size how),
  void drop(1: Box box),
  Choice choose(1: list<Choice> from),
  i64 count(),
}
service Store { void open() }
`
const program = compile({
  entries: ['idl/shop.thrift'],
  includes: ['idl'],
  host: memoryHost({ 'idl/shop.thrift': idl }),
})
const named = { program: program.program, names: nameProgram(program.program, () => {}) }
const [shop, store] = serviceModels([{ named, files: program.program.entries }])

const path = join('/p', 'src/handlers/shop.ts')
const out = join('/p', 'src/gen')

function complete(text: string): Completion {
  const completion = completeHandler({ service: shop!, path, text, out, extension: '.js' })
  const { diagnostics = [] } = ts.transpileModule(completion.text, { reportDiagnostics: true })
  expect(diagnostics.map(({ messageText }) => messageText)).toEqual([])
  return completion
}

const most = `
  async version() { return '1' },
  async choose(from) { return from[0]! },
  async drop() {},
  async count() { return 0n },`

describe('completing a handler file', () => {
  test('a complete one stays as it is, byte by byte', () => {
    const text = `import type {ShopHandler} from '../gen/shop.js'\nexport const h:ShopHandler={async version(){return 'x'},async pack(){return {size:1}},drop(){},choose:async(from)=>from[0]!,'count':()=>1n}\n`
    expect(complete(text)).toEqual({ text, added: [], vanished: [], unplaced: undefined })
  })

  test('missing methods follow the last one, with their imports; the rest is untouched', () => {
    const text = `import type { ShopHandler } from '../gen/shop.js'

// mine
export const shopHandler: ShopHandler = {
  async version() {
    return '1' // one
  },

  async drop(box)   { /* keep   me */ },
  // the end
}

export const after = 1
`
    const { text: next, added } = complete(text)
    expect(added).toEqual(['pack', 'choose', 'count'])
    expect(next).toBe(`import type { ShopHandler } from '../gen/shop.js'
import { RpcError } from 'volo-ts'

// mine
export const shopHandler: ShopHandler = {
  async version() {
    return '1' // one
  },

  async drop(box)   { /* keep   me */ },
  // the end

  async pack(what, how) {
    throw new RpcError('UNIMPLEMENTED', 'Shop.pack is not written yet')
  },

  async choose(from) {
    throw new RpcError('UNIMPLEMENTED', 'Shop.choose is not written yet')
  },

  async count() {
    throw new RpcError('UNIMPLEMENTED', 'Shop.count is not written yet')
  },
}

export const after = 1
`)
  })

  test('a second run adds nothing', () => {
    const once = complete(`import type { ShopHandler } from '../gen/shop.js'\nexport const h: ShopHandler = {}\n`)
    expect(once.added).toHaveLength(5)
    expect(complete(once.text)).toEqual({ text: once.text, added: [], vanished: [], unplaced: undefined })
  })

  test('semicolons, double quotes, tabs and Windows line breaks are followed', () => {
    const text = `import { type ShopHandler } from "../gen/shop.js";\r\n\r\nconst h: ShopHandler = {\r\n\tasync version() {\r\n\t\treturn "1";\r\n\t},\r\n\tasync drop() {},\r\n\tasync pack() { return { size: 1 }; },\r\n\tasync count() { return 0n; }\r\n};\r\nexport { h };\r\n`
    const { text: next } = complete(text)
    expect(next).toContain('import { RpcError } from "volo-ts";')
    expect(next).toContain(
      '\tasync count() { return 0n; },\r\n\r\n\tasync choose(from) {\r\n\t\tthrow new RpcError("UNIMPLEMENTED", "Shop.choose is not written yet");\r\n\t},\r\n};\r\n',
    )
    expect(next.replaceAll('\r\n', '')).not.toContain('\n')
  })

  test('RpcError that is imported already is used by its local name; a taken name gets an alias', () => {
    const imported = complete(
      `import { RpcError as E } from 'volo-ts'\nimport type { ShopHandler } from '../gen/shop.js'\nexport const h: ShopHandler = {${most}\n}\n`,
    )
    expect(imported.text).toContain("throw new E('UNIMPLEMENTED'")
    const taken = complete(
      `import type { ShopHandler } from '../gen/shop.js'\nconst RpcError = 1\nexport const h: ShopHandler = {${most}\n}\n`,
    )
    expect(taken.text).toContain("import { RpcError as RpcError2 } from 'volo-ts'")
    expect(taken.text).toContain("throw new RpcError2('UNIMPLEMENTED'")
    const whole = complete(
      `import * as volo from 'volo-ts'\nimport * as gen from '../gen/shop.js'\nexport const h: gen.ShopHandler = {${most}\n}\n`,
    )
    expect(whole.text).toContain("throw new volo.RpcError('UNIMPLEMENTED'")
  })

  test('satisfies, default exports, functions and classes are found', () => {
    const head = `import { RpcError } from 'volo-ts'\nimport { type ShopHandler as H } from '../gen/shop.js'\n`
    for (const text of [
      `export default {${most}\n} satisfies H`,
      `export const h = ({${most}\n}) as H`,
      `export function make(db: unknown): H {\n  function other() { return {} }\n  return {${most.replaceAll('\n', '\n  ')}\n  }\n}`,
      `export const make = async (): Promise<H> => ({${most}\n})`,
    ]) {
      const { added, text: next } = complete(head + text)
      expect(added).toEqual(['pack'])
      expect(next).toMatch(/async pack\(what, how\) \{\n\s+throw new RpcError\(.+\)\n\s+\},\n\s*\}/)
    }
    const {
      text: next,
      added,
      vanished,
    } = complete(
      `${head}export class Shop implements H {\n  #db = 1\n  constructor(db: number) {\n    this.#db = db\n  }\n  async version() {\n    return '1'\n  }\n  async drop() {}\n  choose: H['choose'] = (from) => from[0]!\n  async count() {\n    return 0n\n  }\n  gone() {}\n  private helper() {}\n}\n`,
    )
    expect(added).toEqual(['pack'])
    expect(vanished).toEqual(['gone'])
    expect(next).toContain(`  private helper() {}

  readonly pack: H['pack'] = async (what, how) => {
    throw new RpcError('UNIMPLEMENTED', 'Shop.pack is not written yet')
  }
}`)
  })

  test('methods that the IDL has not are named and left', () => {
    const text = `import type { ShopHandler } from '../gen/shop.js'\nexport const h: ShopHandler = {${most}\n  async pack() { return { size: 1 } },\n  async old() {},\n  _own() {},\n  limit: 3,\n}\n`
    expect(complete(text)).toEqual({ text, added: [], vanished: ['old'], unplaced: undefined })
  })

  test('a file that gives no place is left alone, with what to paste', () => {
    const spread = complete(
      `import type { ShopHandler } from '../gen/shop.js'\nimport { base } from './base.js'\nexport const h: ShopHandler = { ...base, async count() { return 1n } }\n`,
    )
    expect(spread.unplaced?.reason).toContain("'...base'")
    expect(spread.unplaced?.methods).toEqual(['version', 'pack', 'drop', 'choose'])
    expect(spread.unplaced?.stub).toContain("import { RpcError } from 'volo-ts'")
    expect(spread.unplaced?.stub).toContain(
      "async pack(what, how) {\n  throw new RpcError('UNIMPLEMENTED', 'Shop.pack is not written yet')\n},",
    )
    expect(complete('export const h = {}\n').unplaced?.reason).toBe('nothing in it is declared as ShopHandler')
    const twice = `import type { ShopHandler } from '../gen/shop.js'\nexport const a: ShopHandler = {}\nexport const b: ShopHandler = {}\n`
    expect(complete(twice).unplaced?.reason).toBe('more than one thing in it is declared as ShopHandler')
    const broken = completeHandler({
      service: shop!,
      path,
      text: 'const = {',
      out,
      extension: '.js',
    })
    expect(broken.unplaced?.reason).toMatch(/^it does not parse: .*\(1:6\)/)
    expect(broken.text).toBe('const = {')
  })

  test('odd layouts stay valid', () => {
    const head = `import type { ShopHandler } from '../gen/shop.js'\n`
    for (const body of [
      '{}',
      '{ }',
      '{\n}',
      '{\n  // nothing yet\n}',
      '{ async version() { return "" } }',
      '{ async version() { return "" }, }',
      '{\n  async version() { return "" } // no comma\n}',
      '{\n  async version() { return "" } /* , */\n  /* last */ }',
      '{ /* only */ }',
    ]) {
      const { text, added } = complete(`${head}export const h: ShopHandler = ${body}\n`)
      expect(added.length).toBeGreaterThan(3)
      expect(complete(text).added).toEqual([])
    }
  })

  test('a handler of another service, or of a service of that name elsewhere, is not taken', () => {
    const of = (service: typeof shop, text: string): boolean => handlesService({ service: service!, path, text, out })
    const text = `import type { ShopHandler } from '../gen/shop.js'\nexport const h: ShopHandler = {}\n`
    expect(of(shop, text)).toBe(true)
    expect(of(store, text)).toBe(false)
    expect(of(shop, text.replace('../gen/shop.js', '../gen/v2/shop.js'))).toBe(false)
    expect(of(shop, text.replace('../gen/shop.js', '#gen/shop'))).toBe(true)
  })
})
