import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    reporters: ['default', './test/support/summary.ts'],
    // Much of the time is waiting: for servers that start, pages that load, seconds that pass.
    maxWorkers: 2,
    // Generous: a machine that does other work too must not turn a test red.
    testTimeout: 90_000,
    hookTimeout: 120_000,
  },
})
