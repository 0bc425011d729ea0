import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    exclude: ['test/e2e/**', 'test/interop/**', '**/node_modules/**'],
    testTimeout: 20_000,
    // A loaded machine is slow, not wrong.
    expect: { poll: { timeout: 10_000 } },
    pool: 'forks',
    // Tests over real sockets and threads share two cores with whatever else runs there; what fails twice is red.
    retry: process.env['CI'] === undefined ? 0 : 1,
  },
})
