/** How specs run: those of `spec/`, in two processes, against the sources. */
import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vitest/config'

/** A file for the results as JSON, for whoever counts them. */
const report = process.env['TEST_REPORT']

const root = fileURLToPath(new URL('..', import.meta.url))

export default defineConfig({
  root,
  resolve: {
    alias: [
      { find: /^foldgrad\/verify$/, replacement: `${root}lib/verify/index.ts` },
      { find: /^foldgrad$/, replacement: `${root}lib/index.ts` },
    ],
  },
  test: {
    include: ['spec/**/*.spec.ts'],
    setupFiles: [`${root}spec/seed.ts`],
    reporters: report === undefined ? ['default'] : ['default', ['json', { outputFile: report }]],
    pool: 'forks',
    maxWorkers: 2,
    testTimeout: 60_000,
    hookTimeout: 180_000,
  },
})
