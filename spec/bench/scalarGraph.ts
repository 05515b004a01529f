/** A large graph of scalars: built, differentiated and evaluated by both designs. */
import { add, backward, mul, sub, tanh, value, variable, type Node } from '../../lib/index.js'
import type { Contestant } from './harness.js'
import { Value } from './micrograd.js'
import { randomNumbers } from './random.js'

const operations = ['mul', 'add', 'tanh', 'sub'] as const

/** A program of scalar steps, each on two earlier results: data that both designs run. */
interface Program {
  readonly leaves: ReadonlyArray<number>
  readonly steps: ReadonlyArray<{ readonly op: (typeof operations)[number]; readonly a: number; readonly b: number }>
}

/**
 * A random program of `size` nodes. Each cycle of four steps is `tanh(a · b + c) - d`, where `a` is the cycle before, so
 * that every node takes part, and the others are from anywhere, so that much is shared; `tanh` keeps the numbers in bounds.
 */
export const randomProgram = (size: number, leafCount: number, seed: number): Program => {
  const random = randomNumbers(seed)
  const pick = (from: number, to: number): number => from + Math.floor(random() * (to - from))
  const leaves = Array.from({ length: leafCount }, () => random() - 0.5)
  const steps = Array.from({ length: size - leafCount }, (_, i) => {
    const next = leafCount + i
    return { op: operations[i % 4]!, a: next - 1, b: pick(0, i % 4 === 3 ? leafCount : next) }
  })
  return { leaves, steps }
}

const byFold = ({ leaves, steps }: Program): ArrayLike<number> => {
  const nodes: Array<Node> = leaves.map((x, i) => variable(`x${i}`, x))
  const variables = nodes.slice()
  for (const { op, a, b } of steps) {
    const x = nodes[a]!
    const y = nodes[b]!
    nodes.push(op === 'add' ? add(x, y) : op === 'mul' ? mul(x, y) : op === 'tanh' ? tanh(x) : sub(x, y))
  }
  const y = nodes[nodes.length - 1]!
  const gradients = backward(y)
  const numbers = value([y, ...variables.map((_, i) => gradients.get(`x${i}`) ?? 0)])
  return Object.values(numbers).map((t) => t.at())
}

const byMutation = ({ leaves, steps }: Program): ArrayLike<number> => {
  const nodes = leaves.map((x) => new Value(x))
  const variables = nodes.slice()
  for (const { op, a, b } of steps) {
    const x = nodes[a]!
    const y = nodes[b]!
    nodes.push(op === 'add' ? x.add(y) : op === 'mul' ? x.mul(y) : op === 'tanh' ? x.tanh() : x.sub(y))
  }
  const y = nodes[nodes.length - 1]!
  y.backward()
  return [y.data, ...variables.map((x) => x.grad)]
}

/** Building, backward and evaluation of one program, by the mutable design and by this library. */
export const scalarGraph = (program: Program): ReadonlyArray<Contestant> => [
  { name: 'micrograd-style, mutable', run: () => byMutation(program) },
  { name: 'foldgrad', run: () => byFold(program) },
]

/** The Rosenbrock function of `n` variables, built and differentiated. */
export const rosenbrock = (n: number): ReadonlyArray<Contestant> => {
  const start = Array.from({ length: n }, (_, i) => 1 + 0.1 * Math.sin(i))
  const byNodes = (): ArrayLike<number> => {
    const x = start.map((v, i) => variable(`x${i}`, v))
    const terms = x.slice(1).map((next, i) => {
      const bend = sub(next, mul(x[i]!, x[i]!))
      const gap = sub(x[i]!, 1)
      return add(mul(100, mul(bend, bend)), mul(gap, gap))
    })
    const y = terms.reduce((a, b) => add(a, b))
    const gradients = backward(y)
    return value([y, ...x.map((_, i) => gradients.get(`x${i}`)!)]).map((t) => t.at())
  }
  const byValues = (): ArrayLike<number> => {
    const x = start.map((v) => new Value(v))
    const terms = x.slice(1).map((next, i) => {
      const bend = next.sub(x[i]!.mul(x[i]!))
      const gap = x[i]!.sub(1)
      return bend.mul(bend).mul(100).add(gap.mul(gap))
    })
    const y = terms.reduce((a, b) => a.add(b))
    y.backward()
    return [y.data, ...x.map((v) => v.grad)]
  }
  return [
    { name: 'micrograd-style, mutable', run: byValues },
    { name: 'foldgrad', run: byNodes },
  ]
}
