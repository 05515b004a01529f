/** The gate as a bundle: it evaluates millions of small programs, which a TypeScript runner slows down. */
import { defineConfig } from 'tsdown'

export default defineConfig({
  cwd: import.meta.dirname,
  entry: { mutants: 'main.ts' },
  outDir: '../../../out',
  platform: 'node',
  format: 'esm',
  clean: false,
  dts: false,
  logLevel: 'error',
  deps: { alwaysBundle: [/^fp-ts/] },
  inputOptions: { resolve: { mainFields: ['module', 'main'] } },
})
