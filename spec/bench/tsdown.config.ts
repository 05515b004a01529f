/** The benchmark as a bundle: what is measured is the library as users load it, not as a TypeScript runner instruments it. */
import { defineConfig } from 'tsdown'

export default defineConfig({
  cwd: import.meta.dirname,
  entry: { bench: 'main.ts', peers: 'peers/main.ts' },
  outDir: '../../out',
  platform: 'node',
  format: 'esm',
  clean: false,
  dts: false,
  logLevel: 'error',
  outputOptions: { chunkFileNames: 'bench-[name].mjs' },
  deps: { alwaysBundle: [/^fp-ts/] },
  inputOptions: { resolve: { mainFields: ['module', 'main'] } },
})
