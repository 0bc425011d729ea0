import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    include: ['test/e2e/**/*.test.ts', 'test/**/*.e2e.test.ts'],
    testTimeout: 300_000,
    hookTimeout: 300_000,
    // A loaded machine is slow, not wrong.
    expect: { poll: { timeout: 10_000 } },
    pool: 'forks',
    // One file at a time: some build the package, which others run.
    fileParallelism: false,
    retry: process.env['CI'] === undefined ? 0 : 1,
  },
})
