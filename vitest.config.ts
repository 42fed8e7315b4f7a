import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    reporters: ['default', './test/support/summary.ts'],
    // Generous: a machine that does other work too must not turn a test red.
    testTimeout: 90_000,
    hookTimeout: 120_000,
  },
})
