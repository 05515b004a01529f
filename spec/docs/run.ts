/** Runs examples, and compares what their lines give with what the comments beside them say. */
import * as E from 'fp-ts/Either'
import * as O from 'fp-ts/Option'
import ts from 'typescript'
import { isNode, isTensor, toArray, value } from '../../lib/index.js'
import type { Example } from './extract.js'

/** Names an example may use. */
export type Scope = Readonly<Record<string, unknown>>

/** Modules an example may import, by the name users write. */
export type Modules = Readonly<Record<string, unknown>>

/** What a line of an example gave, and what was said of it. */
interface Finding {
  readonly line: number
  readonly expected: string
  readonly actual: unknown
  readonly threw: boolean
}

/** Everything an example did. */
export interface Report {
  /** How many lines were compared with their comments. */
  readonly checked: number
  /** What is wrong, each with file and line. */
  readonly faults: ReadonlyArray<string>
}

const expectedOf = (text: string, end: number): string | undefined => {
  const [comment] = ts.getTrailingCommentRanges(text, end) ?? []
  return comment?.kind === ts.SyntaxKind.SingleLineCommentTrivia ? text.slice(comment.pos + 2, comment.end).trim() : undefined
}

/** An import as the destructuring of a module that is at hand; one of types alone is nothing. */
const imported = (statement: ts.ImportDeclaration): string => {
  const clause = statement.importClause
  const from = `await $import(${statement.moduleSpecifier.getText()})`
  if (clause === undefined) return from
  if (clause.phaseModifier === ts.SyntaxKind.TypeKeyword) return ''
  const bindings = clause.namedBindings
  if (bindings === undefined) return `const ${clause.name!.text} = (${from}).default`
  if (ts.isNamespaceImport(bindings)) return `const ${bindings.name.text} = ${from}`
  const names = bindings.elements.filter((e) => !e.isTypeOnly).map((e) => (e.propertyName ? `${e.propertyName.text}: ${e.name.text}` : e.name.text))
  return `const { ${names.join(', ')} } = ${from}`
}

/** The example with each statement announcing its line, and each commented expression handing over its value. */
const instrumented = ({ line: first, code }: Example): string => {
  const file = ts.createSourceFile('example.ts', code, ts.ScriptTarget.Latest, true)
  return file.statements
    .map((statement) => {
      const line = first + file.getLineAndCharacterOfPosition(statement.getStart()).line
      const expected = expectedOf(code, statement.end)
      const here = `$at(${line});`
      if (ts.isImportDeclaration(statement)) return `${here} ${imported(statement)};`
      if (!ts.isExpressionStatement(statement) || expected === undefined) return `${here} ${statement.getText().replace(/^export /, '')};`
      return `${here} await $check(async () => (${statement.expression.getText()}), ${JSON.stringify(expected)}, ${line});`
    })
    .join('\n')
}

const toJavaScript = (code: string): string =>
  ts.transpileModule(code, { compilerOptions: { target: ts.ScriptTarget.ES2022, module: ts.ModuleKind.ESNext, verbatimModuleSyntax: false } }).outputText

type Program = (...values: ReadonlyArray<unknown>) => Promise<void>

const compile = (names: ReadonlyArray<string>, body: string): Program => {
  const AsyncFunction = (async () => {}).constructor as new (...parts: ReadonlyArray<string>) => Program
  return new AsyncFunction(...names, body)
}

/** Whether a name can be bound: `var` can be exported, but not declared. */
const isBindable = (name: string): boolean => {
  try {
    compile([name], '')
    return true
  } catch {
    return false
  }
}

const bindable = (scope: Scope): Scope => Object.fromEntries(Object.entries(scope).filter(([name]) => isBindable(name)))

/** Nodes and tensors as numbers and nested arrays, also deep inside. */
const plain = (x: unknown): unknown => {
  if (isNode(x) || isTensor(x)) return toArray(x)
  if (x instanceof Float64Array || x instanceof Float32Array || x instanceof Int32Array || x instanceof Uint8Array) return [...x]
  if (Array.isArray(x)) return x.map(plain)
  if (typeof x !== 'object' || x === null) return x
  if (typeof (x as Iterable<unknown>)[Symbol.iterator] === 'function') return new Map([...(x as Iterable<[unknown, unknown]>)].map(([k, v]) => [k, plain(v)]))
  return Object.fromEntries(Object.entries(x).map(([k, v]) => [k, plain(v)]))
}

/** Numbers agree to twelve digits, or to the printed ones where three decimals or more are printed. */
const agree = (a: unknown, e: unknown, tolerance: number): boolean => {
  if (typeof a === 'number' && typeof e === 'number') return Object.is(a, e) || a === e || Math.abs(a - e) <= Math.max(1e-12 * Math.abs(e), tolerance)
  if (Array.isArray(a) && Array.isArray(e)) return a.length === e.length && a.every((x, i) => agree(x, e[i], tolerance))
  if (a instanceof Map && e instanceof Map) return a.size === e.size && [...e].every(([k, x]) => a.has(k) && agree(a.get(k), x, tolerance))
  if (typeof a !== 'object' || typeof e !== 'object' || a === null || e === null) return a === e
  if (Array.isArray(a) !== Array.isArray(e) || a instanceof Map !== e instanceof Map) return false
  const [left, right] = [Object.entries(a), new Map<string, unknown>(Object.entries(e))]
  return left.length === right.size && left.every(([k, x]) => right.has(k) && agree(x, right.get(k), tolerance))
}

const printedTolerance = (text: string): number => {
  const decimals = [...text.matchAll(/\d\.(\d{3,})(?!\d|e)/g)].map(([, digits]) => digits!.length)
  return decimals.length === 0 ? 0 : 0.5000001 * 10 ** -Math.min(...decimals)
}

const words = { some: O.some, none: O.none, left: E.left, right: E.right }

/** The comment as a value, if it is one. */
const evaluated = async (text: string, scope: Scope): Promise<O.Option<unknown>> => {
  const names = { ...bindable(scope), ...words }
  const box: Array<unknown> = []
  try {
    await compile([...Object.keys(names), '$keep'], `$keep(${text}\n)`)(...Object.values(names), (x: unknown) => box.push(x))
  } catch {
    return O.none
  }
  return box.length === 1 ? O.some(box[0]) : O.none
}

const printed = (x: unknown): ReadonlyArray<string> => {
  if (isNode(x)) return [String(x), String(value(x))]
  const isRecord = typeof x === 'object' && x !== null && x.toString === Object.prototype.toString
  return [isRecord ? JSON.stringify(x) : [x].join('')]
}

const unspaced = (text: string): string => text.replace(/\s+/g, ' ').trim()

/** What is wrong with a line, if anything. */
const faultOf = async ({ actual, expected, threw }: Finding, scope: Scope): Promise<string | undefined> => {
  const message = threw ? (actual as Error).message : ''
  if (expected.startsWith('throws')) {
    const part = expected.slice('throws'.length).trim()
    return threw && message.includes(part) ? undefined : threw ? `it threw '${message}', not '${part}'` : `it should throw '${part}'`
  }
  if (threw) return `it threw ${message}`
  const meant = await evaluated(expected, scope)
  if (O.isSome(meant) && agree(plain(actual), plain(meant.value), printedTolerance(expected))) return undefined
  const texts = printed(actual)
  return texts.map(unspaced).includes(unspaced(expected)) ? undefined : `expected ${expected}, got ${texts.join(' or ')}`
}

/** What a block printed, against what the Markdown after it says that it does. */
const misprint = ({ file, output }: Example, printedLines: ReadonlyArray<string>): ReadonlyArray<string> => {
  if (output === undefined) return []
  const [found, expected] = [printedLines.join('\n').split('\n'), output.text.split('\n')]
  const at = expected.findIndex((line, i) => line.trimEnd() !== found[i]?.trimEnd())
  if (at >= 0) return [`${file}:${output.line + at}: it should print '${expected[at]!}', not '${found[at] ?? ''}'`]
  return found.length > expected.length ? [`${file}:${output.line + expected.length}: it prints '${found[expected.length]!}' as well`] : []
}

/** Runs examples one inside the scope of another, so that later ones see (and may redefine) the names of earlier ones. */
export const run = async (examples: ReadonlyArray<Example>, scope: Scope, modules: Modules): Promise<Report> => {
  const { file } = examples[0]!
  const findings: Array<Finding> = []
  const names = {
    ...bindable(scope),
    $at: (line: number) => {
      at = line
    },
    $check: async (f: () => Promise<unknown>, expected: string, line: number) => {
      await f().then(
        (actual) => findings.push({ line, expected, actual, threw: false }),
        (actual: unknown) => findings.push({ line, expected, actual, threw: true }),
      )
    },
    $import: (name: string) => modules[name] ?? import(/* @vite-ignore */ name),
    $block: (k: number) => {
      block = k
    },
    console: { log: (...xs: ReadonlyArray<unknown>) => prints[block]!.push(xs.map(String).join(' ')) },
  }
  const prints = examples.map((): Array<string> => [])
  let block = 0
  let at = examples[0]!.line
  const body = examples.map((example, k) => `{\n$block(${k});\n${instrumented(example)}\n`).join('') + '}'.repeat(examples.length)
  const faults: Array<string> = []
  try {
    await compile(Object.keys(names), toJavaScript(body))(...Object.values(names))
  } catch (e) {
    faults.push(`${file}:${at}: it threw ${String(e)}`)
  }
  const found = await Promise.all(findings.map((finding) => faultOf(finding, scope)))
  const wrong = found.flatMap((fault, i) => (fault === undefined ? [] : [`${file}:${findings[i]!.line}: ${fault}`]))
  const misprints = faults.length > 0 ? [] : examples.flatMap((example, k) => misprint(example, prints[k]!))
  return { checked: findings.length + examples.filter(({ output }) => output !== undefined).length, faults: [...faults, ...wrong, ...misprints] }
}
