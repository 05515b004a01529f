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
  readonly end: number
  readonly [field: string]: unknown
}

const isSyntax = (x: unknown): x is Syntax => typeof x === 'object' && x !== null && 'type' in x

/** What runs when `node` is evaluated; what stands inside functions runs later. */
const evaluated = (node: unknown): ReadonlyArray<Syntax> => {
  if (Array.isArray(node)) return node.flatMap(evaluated)
  if (!isSyntax(node) || node.type.includes('Function') || node.type.startsWith('Class')) return []
  return [node, ...Object.values(node).flatMap(evaluated)]
}

/** The expressions that define the constants of a module. */
const definitions = (program: { readonly body: ReadonlyArray<unknown> }): ReadonlyArray<unknown> =>
  program.body
    .flatMap((statement) => (isSyntax(statement) && statement.type === 'VariableDeclaration' ? [statement['declarations']] : []))
    .flat()
    .flatMap((declarator) => (isSyntax(declarator) ? [declarator['init']] : []))

type Edit = readonly [at: number, text: string]

const pure = '/* @__PURE__ */ '

/** Calls can be said to be pure. Spreading, arithmetic and reading properties cannot, but calling a function that does them can. */
const unsayable = new Set(['SpreadElement', 'BinaryExpression', 'MemberExpression'])

/** Says of a definition that it does nothing else. */
const purified = (definition: unknown): ReadonlyArray<Edit> => {
  const parts = evaluated(definition)
  const calls = parts.filter(({ type }) => type === 'CallExpression' || type === 'NewExpression').map(({ start }) => start)
  const edits = [...new Set(calls)].map((at): Edit => [at, pure])
  if (!isSyntax(definition) || !parts.some(({ type }) => unsayable.has(type))) return edits
  return [[definition.start, `${pure}(() => (`], ...edits, [definition.end, '))()']]
}

/**
 * Says of each constant that a module defines (`const sin = unary('sin', …)`) that defining it does nothing else, so that
 * bundlers leave out the primitives that a program does not use. True here because modules have no side effects.
 */
const pureConstants: Rolldown.Plugin = {
  name: 'pure-constants',
  generateBundle(_, files) {
    for (const file of Object.values(files)) {
      if (file.type !== 'chunk') continue
      const edits = definitions(this.parse(file.code)).flatMap(purified).toSorted(([a], [b]) => a - b)
      const starts = [0, ...edits.map(([at]) => at)]
      const ends = [...edits.map(([at]) => at), file.code.length]
      file.code = starts.map((start, i) => file.code.slice(start, ends[i]) + (edits[i]?.[1] ?? '')).join('')
    }
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
