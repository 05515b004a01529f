/** How specs run: those of `spec/`, in two processes, against the sources. */
import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vitest/config'

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
    pool: 'forks',
    maxWorkers: 2,
    testTimeout: 60_000,
    hookTimeout: 180_000,
  },
})
