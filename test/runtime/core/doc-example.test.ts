import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import ts from 'typescript'
import { expect, test } from 'vitest'

const root = join(import.meta.dirname, '../../..')
const folders = ['src/runtime/core', 'src/runtime/middleware', 'src/runtime/inproc', 'src/runtime/serve']

/** The code of every `@example` of a file; the text on the tag's own line is its title. */
function examples(text: string): string[] {
  return [...text.matchAll(/\/\*\*[\s\S]*?\*\//g)].flatMap(([comment]) => {
    const lines = comment
      .replace(/^\/\*\*|\*\/$/g, '')
      .split('\n')
      .map((line) => line.replace(/^\s*\* ?/, ''))
    return lines
      .join('\n')
      .split(/^@example.*$/m)
      .slice(1)
      .map((example) => example.split(/^@/m)[0]!.trim())
  })
}

test('the examples in doc comments compile', () => {
  const found = folders.flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
      .filter((path) => path.endsWith('.ts'))
      .flatMap((path) =>
        examples(readFileSync(join(root, folder, path), 'utf8')).map((code) => ({ name: basename(path), code })),
      ),
  )
  expect(found.map(({ name }) => name)).toEqual(
    expect.arrayContaining(['service.ts', 'layer.ts', 'timeout.ts', 'mock-service.ts']),
  )
  const folder = mkdtempSync(join(tmpdir(), 'volo-doc-'))
  try {
    const files = found.map(({ name, code }, i) => {
      const file = join(folder, `${i}-${name.replace(/ts$/, 'mts')}`)
      const prelude = `
        import { createClient } from '${root}/src/runtime/core/client/client.ts'
        import { RpcError } from '${root}/src/runtime/core/error.ts'
        import { observe } from '${root}/src/runtime/core/observe.ts'
        import { mapStream } from '${root}/src/runtime/core/stream/map-stream.ts'
        import type { Layer } from '${root}/src/runtime/core/layer.ts'
        import type { Service } from '${root}/src/runtime/core/context/service.ts'
        import type { Transport } from '${root}/src/runtime/core/transport.ts'
        import { createRouter } from '${root}/src/runtime/core/server/router.ts'
        import { mockService } from '${root}/src/runtime/inproc/mock-service.ts'
        import { serveThread } from '${root}/src/runtime/inproc/thread/server.ts'
        import { threads } from '${root}/src/runtime/inproc/thread/threads.ts'
        import { transfer } from '${root}/src/runtime/inproc/transfer.ts'
        import { adaptiveLimit } from '${root}/src/runtime/middleware/adaptive-limit.ts'
        import { circuitBreaker } from '${root}/src/runtime/middleware/circuit-breaker.ts'
        import { fallback } from '${root}/src/runtime/middleware/fallback.ts'
        import { concurrencyLimit } from '${root}/src/runtime/middleware/concurrency-limit.ts'
        import { rateLimit } from '${root}/src/runtime/middleware/rate-limit.ts'
        import { retry } from '${root}/src/runtime/middleware/retry.ts'
        import { timeout } from '${root}/src/runtime/middleware/timeout.ts'
        import { trace } from '${root}/src/runtime/middleware/trace.ts'
        import { runWorkers } from '${root}/src/runtime/serve/workers.ts'
        import { Server } from '${root}/src/runtime/serve/server.ts'
        import { Shop, shopHandler } from '${root}/test/support/shop.ts'
        declare const transport: Transport
        void [createClient, RpcError, mockService, timeout, retry, trace, concurrencyLimit, rateLimit, runWorkers, Server, Shop, transport]
        void [adaptiveLimit, circuitBreaker, fallback, observe, mapStream, createRouter, serveThread, threads, transfer, shopHandler]
        export type Used = [Layer, Service]
      `
      writeFileSync(file, `${prelude}\n${code}\nexport {}\n`)
      return file
    })
    const { config } = ts.readConfigFile(join(root, 'tsconfig.json'), ts.sys.readFile)
    const { options } = ts.convertCompilerOptionsFromJson(config.compilerOptions, root)
    const program = ts.createProgram(files, {
      ...options,
      noUnusedLocals: false,
      isolatedDeclarations: false,
      declaration: false,
    })
    const problems = files.flatMap((file) => {
      const source = program.getSourceFile(file)!
      return [...program.getSyntacticDiagnostics(source), ...program.getSemanticDiagnostics(source)].map(
        ({ messageText }) => `${file}: ${ts.flattenDiagnosticMessageText(messageText, ' ')}`,
      )
    })
    expect(problems).toEqual([])
  } finally {
    rmSync(folder, { recursive: true })
  }
}, 60_000)
