/**
 * JavaScript for small programs: one function with an expression for each element, which engines turn into machine code as
 * good as that of a loop written by hand. Operations are those of evaluation, so results are the same to the last bit.
 */
import type { DType } from '../core/DType.js'
import type { Lane } from './ir.js'
import type { Cells } from './scalarize.js'

/** The text of a function body, and the functions that it calls by the names `s0`, `s1`, … */
export interface Script {
  readonly lines: ReadonlyArray<string>
  readonly scalars: ReadonlyArray<(...elements: ReadonlyArray<number>) => number>
  /** The expression for each element asked for. */
  readonly values: ReadonlyArray<ReadonlyArray<string>>
}

type Write = (...args: ReadonlyArray<string>) => string

const infix =
  (sign: string): Write =>
  (a, b) =>
    `(${a}${sign}${b})`

const test =
  (sign: string): Write =>
  (a, b) =>
    `(${a}${sign}${b}?1:0)`

const call =
  (name: string): Write =>
  (...args) =>
    `Math.${name}(${args.join(',')})`

/** Operations that JavaScript has words for. They say exactly what the primitives of these names compute. */
const written: ReadonlyMap<string, Write> = new Map<string, Write>([
  ...([['add', '+'], ['sub', '-'], ['mul', '*'], ['div', '/']] as const).map(([op, sign]) => [op, infix(sign)] as const),
  ...([['lt', '<'], ['le', '<='], ['gt', '>'], ['ge', '>='], ['eq', '==='], ['ne', '!==']] as const).map(([op, sign]) => [op, test(sign)] as const),
  ...['exp', 'expm1', 'log', 'log1p', 'log2', 'log10', 'sin', 'cos', 'tan', 'asin', 'acos', 'atan', 'sinh', 'cosh', 'tanh', 'sqrt', 'cbrt', 'abs', 'floor', 'ceil', 'trunc', 'fround'].map((op) => [op, call(op)] as const),
  ['maximum', call('max')],
  ['minimum', call('min')],
  ['neg', (x) => `(-${x})`],
  ['reciprocal', (x) => `(1/${x})`],
  ['where', (c, a, b) => `(${c}!==0?${a}:${b})`],
])

/** How deep expressions are nested before they get a name. */
const depthLimit = 16

/** Writes out elements; `element` reads those of the arguments. */
export const scriptOf = (outputs: ReadonlyArray<Cells>, dtype: DType, element: (buffer: number, offset: number) => string): Script => {
  const lines: Array<string> = []
  const scalars: Array<(...elements: ReadonlyArray<number>) => number> = []
  const numbers = new Map<(...elements: ReadonlyArray<number>) => number, number>()
  const uses = usesOf(outputs)
  const texts = new Map<Lane, readonly [text: string, depth: number]>()

  const scalarName = (f: (...elements: ReadonlyArray<number>) => number): string => {
    const known = numbers.get(f) ?? scalars.push(f) - 1
    numbers.set(f, known)
    return `s${known}`
  }
  const named = (text: string): readonly [string, number] => {
    const name = `v${lines.length}`
    lines.push(`const ${name}=${text}`)
    return [name, 0]
  }
  const rounded = (text: string): string => (dtype === 'f32' ? `Math.fround(${text})` : text)
  const write = (lane: Lane): readonly [string, number] => {
    if (lane.op === 'constant') return [literal(lane.value!), 0]
    if (lane.op === 'load') return named(element(lane.access!.buffer, lane.access!.offset))
    const args = lane.args.map((x) => texts.get(x)!)
    const names = args.map(([text]) => text)
    const text = lane.op === 'square' ? infix('*')(...twice(lane.args[0]!)) : (written.get(lane.op) ?? ((...xs) => `${scalarName(lane.scalar!)}(${xs.join(',')})`))(...names)
    const depth = 1 + Math.max(0, ...args.map(([, d]) => d))
    const exact = lane.truth ? text : rounded(text)
    return uses.get(lane)! > 1 || depth > depthLimit ? named(exact) : [exact, depth]
  }
  const twice = (x: Lane): readonly [string, string] => {
    const [text, depth] = texts.get(x)!
    if (depth === 0) return [text, text]
    const [name] = named(text)
    texts.set(x, [name, 0])
    return [name, name]
  }
  for (const lane of inOrder(outputs)) texts.set(lane, write(lane))
  return { lines, scalars, values: outputs.map((cells) => cells.map((lane) => texts.get(lane)![0])) }
}

/** A number as it stands in a program. */
const literal = (x: number): string => (Object.is(x, -0) ? '(-0)' : x < 0 ? `(${x})` : String(x))

/** The lanes that some depend on, operands first. */
const inOrder = (outputs: ReadonlyArray<Cells>): ReadonlyArray<Lane> => {
  const order: Array<Lane> = []
  const seen = new Set<Lane>()
  const stack: Array<readonly [Lane, boolean]> = []
  for (const lane of outputs.flat()) {
    stack.push([lane, false])
    while (stack.length > 0) {
      const [top, ready] = stack.pop()!
      if (ready) order.push(top)
      else if (!seen.has(top)) {
        seen.add(top)
        stack.push([top, true])
        for (let k = top.args.length - 1; k >= 0; k--) stack.push([top.args[k]!, false])
      }
    }
  }
  return order
}

const usesOf = (outputs: ReadonlyArray<Cells>): ReadonlyMap<Lane, number> => {
  const uses = new Map<Lane, number>()
  const use = (lane: Lane): void => void uses.set(lane, (uses.get(lane) ?? 0) + 1)
  for (const lane of inOrder(outputs)) lane.args.forEach(use)
  outputs.flat().forEach(use)
  return uses
}
