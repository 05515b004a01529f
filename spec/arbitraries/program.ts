/**
 * Random programs. An instruction names its operands by numbers that count among the earlier values that fit, modulo how
 * many there are. So every list of instructions is a well-typed program, whatever fast-check removes or shrinks, and the
 * smallest failing one is printed as code.
 */
import fc from 'fast-check'
import type { Node } from '../../lib/core/Node.js'
import { broadcastShapes, sizeOf, showShape, type Shape } from '../../lib/core/Shape.js'
import type { Tensor } from '../../lib/core/Tensor.js'
import {
  add, concat, div, expandDims, flip, matmul, maximum, mean, mul, neg, relu,
  reshape, sigmoid, sin, slice, softplus, square, sub, sum, tanh, transpose, where,
} from '../../lib/function/index.js'
import { gt } from '../../lib/primitive/index.js'
import { array } from './array.js'

/** An operation of programs: which operands fit, what it does, how it reads. `pick` chooses among its options. */
interface Operation {
  readonly fits: (a: Shape, b: Shape) => boolean
  readonly apply: (a: Node, b: Node, pick: number) => Node
  readonly print: (a: string, b: string, pick: number, shape: Shape) => string
  /** It has kinks, where derivatives exist on either side only. */
  readonly kinked?: boolean
}

const anything = (): boolean => true
const hasAxes = (a: Shape): boolean => a.length > 0
const broadcast = (a: Shape, b: Shape): boolean => broadcastShapes(a, b) !== undefined
const together = (a: Shape, b: Shape): boolean => a.length > 0 && a.length === b.length && a.every((n, i) => i === 0 || n === b[i])

const elementwise = (name: string, f: (a: Node) => Node): Operation => ({ fits: anything, apply: f, print: (a) => `${name}(${a})` })
const axisOf = (shape: Shape, pick: number): number => pick % shape.length

/** Values stay of moderate size through all of them, so that derivatives can be told from noise. */
const operations: Readonly<Record<string, Operation>> = {
  tanh: elementwise('tanh', tanh),
  sin: elementwise('sin', sin),
  sigmoid: elementwise('sigmoid', sigmoid),
  softplus: elementwise('softplus', softplus),
  neg: elementwise('neg', neg),
  squareOfTanh: { fits: anything, apply: (a) => square(tanh(a)), print: (a) => `square(tanh(${a}))` },
  mean2: { fits: broadcast, apply: (a, b) => mul(0.5, add(a, b)), print: (a, b) => `mul(0.5, add(${a}, ${b}))` },
  sub: { fits: broadcast, apply: (a, b) => sub(a, b), print: (a, b) => `sub(${a}, ${b})` },
  mul: { fits: broadcast, apply: (a, b) => mul(tanh(a), b), print: (a, b) => `mul(tanh(${a}), ${b})` },
  div: { fits: broadcast, apply: (a, b) => div(a, add(2, square(b))), print: (a, b) => `div(${a}, add(2, square(${b})))` },
  sum: {
    fits: hasAxes,
    apply: (a, _, pick) => tanh(sum(a, { axis: axisOf(a.shape, pick) })),
    print: (a, _, pick, shape) => `tanh(sum(${a}, { axis: ${axisOf(shape, pick)} }))`,
  },
  mean: {
    fits: hasAxes,
    apply: (a, _, pick) => mean(a, { axis: axisOf(a.shape, pick), keepDims: true }),
    print: (a, _, pick, shape) => `mean(${a}, { axis: ${axisOf(shape, pick)}, keepDims: true })`,
  },
  reshape: { fits: anything, apply: (a) => reshape(a, [sizeOf(a.shape)]), print: (a, _, __, shape) => `reshape(${a}, [${sizeOf(shape)}])` },
  transpose: { fits: anything, apply: (a) => transpose(a), print: (a) => `transpose(${a})` },
  flip: { fits: anything, apply: (a) => flip(a), print: (a) => `flip(${a})` },
  expandDims: {
    fits: (a) => a.length < 2,
    apply: (a, _, pick) => expandDims(a, pick % (a.shape.length + 1)),
    print: (a, _, pick, shape) => `expandDims(${a}, ${pick % (shape.length + 1)})`,
  },
  slice: { fits: (a) => (a[0] ?? 0) > 1, apply: (a) => slice(a, [[1, null]]), print: (a) => `slice(${a}, [[1, null]])` },
  concat: { fits: (a, b) => together(a, b) && a[0]! + b[0]! < 7, apply: (a, b) => concat([a, b]), print: (a, b) => `concat([${a}, ${b}])` },
  matmul: {
    fits: (a, b) => a.length === 2 && b.length === 2 && a[1] === b[0],
    apply: (a, b) => mul(0.5, matmul(tanh(a), b)),
    print: (a, b) => `mul(0.5, matmul(tanh(${a}), ${b}))`,
  },
  maximum: { fits: broadcast, apply: (a, b) => maximum(a, b), print: (a, b) => `maximum(${a}, ${b})`, kinked: true },
  relu: { ...elementwise('relu', relu), kinked: true },
  where: { fits: broadcast, apply: (a, b) => where(gt(a, 0), a, b), print: (a, b) => `where(gt(${a}, 0), ${a}, ${b})`, kinked: true },
}

interface Instruction {
  readonly op: string
  readonly a: number
  readonly b: number
  readonly pick: number
}

/** A program: inputs, and what it does with them. */
export interface Program {
  readonly inputs: ReadonlyArray<Tensor>
  /** All values, inputs first; the last is the result. */
  readonly run: (...inputs: ReadonlyArray<Node>) => ReadonlyArray<Node>
  /** The result alone. */
  readonly f: (...inputs: ReadonlyArray<Node>) => Node
  /** The program as code; fast-check prints it. */
  readonly toString: () => string
}

/** One instruction on some values: the result, and how it reads. Without operands that fit, it is `tanh` of some value. */
const step = (values: ReadonlyArray<Node>, { op, a, b, pick }: Instruction): readonly [Node, string] => {
  const { fits, apply, print } = operations[op]!
  const numbers = values.map((_, i) => i)
  const firsts = numbers.filter((i) => values.some((other) => fits(values[i]!.shape, other.shape)))
  if (firsts.length === 0) return [tanh(values[a % values.length]!), `tanh(v${a % values.length})`]
  const first = firsts[a % firsts.length]!
  const x = values[first]!
  const seconds = numbers.filter((i) => fits(x.shape, values[i]!.shape))
  const second = seconds[b % seconds.length]!
  return [apply(x, values[second]!, pick), print(`v${first}`, `v${second}`, pick, x.shape)]
}

const programOf = (inputs: ReadonlyArray<Tensor>, instructions: ReadonlyArray<Instruction>): Program => {
  const walk = (nodes: ReadonlyArray<Node>): readonly [ReadonlyArray<Node>, ReadonlyArray<string>] => {
    const values = [...nodes]
    const lines: Array<string> = []
    for (const instruction of instructions) {
      const [y, code] = step(values, instruction)
      lines.push(`const v${values.length} = ${code} // ${showShape(y.shape)}`)
      values.push(y)
    }
    return [values, lines]
  }
  const run: Program['run'] = (...nodes) => walk(nodes)[0]
  return {
    inputs,
    run,
    f: (...nodes) => run(...nodes).at(-1)!,
    toString: () => {
      const data = inputs.map((t, i) => `const v${i} = variable('x${i}', ${JSON.stringify(t)})`)
      return `\n${[...data, ...walk(inputs.map(held))[1]].join('\n')}\n`
    },
  }
}

const held = (t: Tensor): Node => reshape(t, t.shape)

const inputShapes: ReadonlyArray<Shape> = [[], [3], [2, 3], [3, 2], [2, 1], [1]]

const instructionOf = (ops: ReadonlyArray<string>): fc.Arbitrary<Instruction> =>
  fc.record({ op: fc.constantFrom(...ops), a: fc.nat(30), b: fc.nat(30), pick: fc.nat(5) })

const programsOf = (ops: ReadonlyArray<string>, size: number): fc.Arbitrary<Program> =>
  fc
    .tuple(
      fc.array(fc.constantFrom(...inputShapes).chain((shape) => array(shape, [-2, 2])), { minLength: 1, maxLength: 3 }),
      fc.array(instructionOf(ops), { minLength: 1, maxLength: size }),
    )
    .map(([inputs, instructions]) => programOf(inputs, instructions))

const names = Object.keys(operations)

/** Programs of smooth operations, which can be compared with numerical differentiation anywhere. */
export const smoothPrograms: fc.Arbitrary<Program> = programsOf(names.filter((name) => operations[name]!.kinked !== true), 10)

/** Programs of all operations, with kinks and masks. */
export const programs: fc.Arbitrary<Program> = programsOf(names, 16)
