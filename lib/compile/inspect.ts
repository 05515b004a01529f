/** What a compiled function is made of, as data and in words. */
import { sort } from '../core/Graph.js'
import type { Node } from '../core/Node.js'
import type { LoopProgram, Nest, Statement } from './ir.js'
import type { Recall } from './Memo.js'
import { passes } from './pass/index.js'
import type { Planned } from './plan.js'
import { bodiesOf } from './touch.js'

/** Where a compiled function keeps what it is made of. */
export const details = Symbol('foldgrad.compiled')

/** How a compiled function runs: as generated JavaScript, as WebAssembly, or by interpreting the graph. */
export type Engine = 'script' | 'wasm' | 'slots'

/** What compiling leaves behind. */
export interface Details {
  readonly engine: Engine
  readonly outputs: ReadonlyArray<Node>
  /** By what it is found again, if it is. */
  readonly recall?: Recall
  readonly text?: string
  /** The number of operations, for a program that runs as one on single numbers; and whether the passes made it so. */
  readonly scalars?: { readonly operations: number; readonly rewritten: boolean }
  readonly program?: LoopProgram
  readonly plan?: Planned
  readonly bytes?: number
}

/** What a compiled function is made of. */
export interface Inspection {
  readonly engine: Engine
  /** The number of nodes as traced, and after each pass. */
  readonly passes: ReadonlyArray<readonly [name: string, nodes: number]>
  /** What runs, a line for each statement; the bodies of loops are indented. For a script, its text. */
  readonly program: string
  /** How many statements of each kind there are. */
  readonly kernels: Readonly<Record<string, number>>
  /** Bytes of memory: arguments, constants and results; temporaries as planned; and the least that any plan needs for those. */
  readonly memory: { readonly held: number; readonly temporaries: number; readonly least: number }
  /** Bytes of machine code, before the engine optimises it. */
  readonly bytes: number
  readonly toString: () => string
}

const counts = ({ outputs, scalars }: Details): ReadonlyArray<readonly [string, number]> => {
  let graph = outputs
  if (scalars !== undefined) {
    const { operations, rewritten } = scalars
    return [...(rewritten ? counts({ engine: 'slots', outputs }) : [['traced', sort(outputs).nodes.length] as const]), ['scalars', operations]]
  }
  return [['traced', sort(outputs).nodes.length] as const, ...passes.map(([name, pass]) => [name, sort((graph = pass(graph))).nodes.length] as const)]
}

const times = (...lengths: ReadonlyArray<number>): string => lengths.join('×')

/** The operations in the body of a nest, with how often each occurs. */
const operations = ({ stores, reductions }: Nest): string => {
  const seen = new Set<unknown>()
  const found = new Map<string, number>()
  const stack = [...stores, ...reductions].map(({ value }) => value)
  while (stack.length > 0) {
    const lane = stack.pop()!
    if (seen.has(lane)) continue
    seen.add(lane)
    if (lane.op !== 'load' && lane.op !== 'constant') found.set(lane.op, (found.get(lane.op) ?? 0) + 1)
    stack.push(...lane.args)
  }
  return found.size === 0 ? 'copy' : [...found].map(([op, n]) => (n === 1 ? op : `${n} ${op}`)).join(', ')
}

const line = (statement: Statement): string => {
  switch (statement.kind) {
    case 'nest': {
      const { extents, lane, reductions } = statement
      const ends = reductions.length === 0 ? '' : `; ${reductions.map(({ op }) => op).join(', ')}`
      return `loop ${extents.length === 0 ? 'once' : times(...extents)} ${lane}: ${operations(statement)}${ends}`
    }
    case 'gemm': {
      const { batch, m, k, n, lane, accumulate } = statement
      return `product ${batch === 1 ? '' : `${batch} of `}${times(m, k)} by ${times(k, n)} ${lane}${accumulate ? ', added' : ''}`
    }
    case 'conv':
      return `convolution ${statement.lane}, ${statement.result}`
    case 'gather':
    case 'scatter':
      return `${statement.kind} ${statement.count} rows of ${statement.inner} ${statement.storage}`
    case 'windows':
    case 'unwindows':
    case 'argMaxPool':
    case 'pick':
    case 'unpick':
      return `${statement.kind} ${times(statement.channels, ...statement.size)}`
    case 'fill':
      return `fill ${statement.size}`
    case 'host':
      return `call ${statement.node.op.name}`
    case 'repeat':
      return `repeat ${statement.count}${statement.reverse ? ' backwards' : ''}`
    case 'while':
      return 'while'
    case 'if':
      return 'if'
    case 'stop':
      return 'stop'
  }
}

const listing = (statements: ReadonlyArray<Statement>, indent = ''): ReadonlyArray<string> =>
  statements.flatMap((statement) => [
    `${indent}${line(statement)}`,
    ...bodiesOf(statement).flatMap(([name, body]) => [...(name === '' ? [] : [`${indent} ${name}`]), ...listing(body, `${indent}  `)]),
  ])

const kinds = (statements: ReadonlyArray<Statement>, into: Record<string, number> = {}): Record<string, number> => {
  for (const statement of statements) {
    const name = statement.kind === 'host' ? `host ${statement.node.op.name}` : statement.kind
    into[name] = (into[name] ?? 0) + 1
    for (const [, body] of bodiesOf(statement)) kinds(body, into)
  }
  return into
}

const bytesOf = (n: number): string => (n < 2048 ? `${n} B` : n < 2 << 20 ? `${(n / 1024).toFixed(1)} KiB` : `${(n / 2 ** 20).toFixed(1)} MiB`)

const engines: Readonly<Record<Engine, string>> = { script: 'generated JavaScript', wasm: 'WebAssembly', slots: 'interpreted graph' }

/**
 * What a compiled function is made of: the number of nodes before and after each pass, what runs, and the memory it takes.
 * Its `toString` is a readable report. `undefined` for a function that {@link compile} did not make.
 *
 * @example
 * const f = compile((x: Node) => add(mul(x, 1), mul(x, 1)), [shaped([])])
 * const report = E.isRight(f) ? inspect(f.right) : undefined
 * report?.engine         // 'script'
 * report?.passes.at(0)   // ['traced', 6]
 */
export const inspect = (compiled: object): Inspection | undefined => {
  const found = (compiled as { readonly [details]?: Details })[details]
  if (found === undefined) return undefined
  const { engine, text, program, plan, bytes = 0 } = found
  const statements = program?.statements ?? []
  const report = {
    engine,
    passes: Object.freeze(counts(found)),
    program: text ?? listing(statements).join('\n'),
    kernels: Object.freeze(kinds(statements)),
    memory: Object.freeze({ held: plan?.held ?? 0, temporaries: plan === undefined ? 0 : plan.size - plan.held, least: plan?.alive ?? 0 }),
    bytes,
  }
  const { held, temporaries, least } = report.memory
  const words = [
    `${engines[engine]}${bytes > 0 ? `, ${bytesOf(bytes)} of code` : ''}`,
    `nodes: ${report.passes.map(([name, n]) => `${n} ${name}`).join(', ')}`,
    `memory: ${bytesOf(held)} held, ${bytesOf(temporaries)} of temporaries (at least ${bytesOf(least)})`,
    report.program,
  ]
  return Object.freeze({ ...report, toString: () => words.join('\n') })
}
