import { availableParallelism } from 'node:os'
import { defineConfig } from 'vitest/config'

/** Tests of code that keeps no state of its process: their files share one, with its modules loaded once. */
const stateless = ['test/{cli,compiler,diagnostics,project,wire}/**/*.test.ts']

export default defineConfig({
  test: {
    exclude: ['test/**/*.e2e.test.ts', 'test/e2e/**', 'test/interop/**', '**/node_modules/**'],
    testTimeout: 20_000,
    // A loaded machine is slow, not wrong.
    expect: { poll: { timeout: 10_000 } },
    pool: 'forks',
    maxWorkers: Math.max(2, availableParallelism() - 1),
    // Tests over real sockets and threads share two cores with whatever else runs there; what fails twice is red.
    retry: process.env['CI'] === undefined ? 0 : 1,
    projects: [
      { extends: true, test: { name: 'stateless', include: stateless, isolate: false } },
      { extends: true, test: { name: 'isolated', include: ['test/**/*.test.ts'], exclude: stateless } },
    ],
  },
})
