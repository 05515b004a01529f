/**
 * The build of the JavaScript; `tsc -p lib` writes the declarations.
 *
 * fp-ts is copied in from its ES modules, because plain Node cannot import it by its documented names. Declarations still
 * name the fp-ts of whoever installs the package, so that its types and ours are the same.
 */
import { defineConfig, type Rolldown } from 'tsdown'

interface Syntax {
  readonly type: string
  readonly start: number
  readonly [field: string]: unknown
}

const isSyntax = (x: unknown): x is Syntax => typeof x === 'object' && x !== null && 'type' in x

/** Where the calls start that run when `node` is evaluated; those inside functions run later. */
const calls = (node: unknown): ReadonlyArray<number> => {
  if (Array.isArray(node)) return node.flatMap(calls)
  if (!isSyntax(node) || node.type.includes('Function') || node.type.startsWith('Class')) return []
  const here = node.type === 'CallExpression' || node.type === 'NewExpression' ? [node.start] : []
  return [...here, ...Object.values(node).flatMap(calls)]
}

/** The constants that a module defines at its top level. */
const initializers = (program: { readonly body: ReadonlyArray<unknown> }): ReadonlyArray<unknown> =>
  program.body.flatMap((statement) => (isSyntax(statement) && statement.type === 'VariableDeclaration' ? [statement['declarations']] : []))

/**
 * Says of each call by which a module defines a constant (`const sin = unary('sin', …)`) that it does nothing else, so that
 * bundlers leave out the primitives that a program does not use. True here because modules have no side effects.
 */
const pureConstants: Rolldown.Plugin = {
  name: 'pure-constants',
  renderChunk(code) {
    const starts = new Set(initializers(this.parse(code)).flatMap(calls))
    const cuts = [0, ...[...starts].sort((a, b) => a - b), code.length]
    return cuts.slice(1).map((to, i) => code.slice(cuts[i], to)).join('/* @__PURE__ */ ')
  },
}

export default defineConfig({
  entry: '{index,verify/index}.ts',
  outDir: '../dist',
  tsconfig: 'tsconfig.json',
  format: 'esm',
  platform: 'neutral',
  target: 'es2022',
  dts: false,
  sourcemap: false,
  deps: { alwaysBundle: [/^fp-ts/], onlyBundle: ['fp-ts'] },
  inputOptions: { resolve: { mainFields: ['module', 'main'] } },
  plugins: [pureConstants],
})
