/** How long compiling takes: for each node of a large program, and for the training step. */
import { add, compile, compileStep, inspect, mul, shaped, sub, tanh, valueAndGrad, type Node } from '../../lib/index.js'
import { sample, typical, type Sample } from './harness.js'
import { must } from './must.js'
import { randomNumbers } from './random.js'
import { firsts, type Outcome, type Row } from './report.js'
import { step, taskOf } from './trainingStep.js'

const leaves = 20

/** A random program of so many scalar operations on a few numbers. */
const scalars = (size: number) => (x: ReadonlyArray<Node>): Node => {
  const random = randomNumbers(size)
  const nodes = [...x]
  for (let i = 0; i < size; i++) {
    const [a, b] = [nodes[nodes.length - 1]!, nodes[Math.floor(random() * nodes.length)]!]
    nodes.push(i % 4 === 0 ? mul(a, b) : i % 4 === 1 ? add(a, b) : i % 4 === 2 ? tanh(a) : sub(a, b))
  }
  return nodes[nodes.length - 1]!
}

const repeated = (times: number, run: () => unknown): Sample => typical(Array.from({ length: times }, () => sample(run)))

const show = ({ clock, processor }: Sample): string => `${clock.toFixed(1)} ms by the clock, ${processor.toFixed(1)} ms of processor time`

const specs = [Array.from({ length: leaves }, () => shaped([]))] as const
const build = (size: number) => () => must(compile((x: ReadonlyArray<Node>) => valueAndGrad(scalars(size))(x), specs))

/** The nodes of a program with its gradient, as traced. */
const nodesOf = (size: number): number => inspect(build(size)())!.passes[0]![1]

export const compileTimePerNode: Row = {
  title: 'Compile time per node',
  measure: () => {
    const sizes = [4_000, 20_000] as const
    const counts = sizes.map(nodesOf)
    const costs = sizes.map((size) => repeated(5, build(size)))
    const each = ((costs[1]!.time - costs[0]!.time) / (counts[1]! - counts[0]!)) * 1e3
    return {
      lines: sizes.map((_, i) => `  ${counts[i]} nodes, value and gradient: ${show(costs[i]!)}`),
      outcomes: [{ title: 'Compile time per node', target: 'at most 1 µs for each further node', measured: `${each.toFixed(2)} µs`, reached: each <= 1 }],
    }
  },
}

const stepToCompile = (): (() => unknown) => {
  const { widths, batch } = taskOf('f32')
  const layers = widths.slice(1).map((n, i) => ({ w: shaped([widths[i]!, n], 'f32'), b: shaped([n], 'f32') }))
  const all = [layers, shaped([batch, widths[0]!], 'f32'), shaped([batch], 'i32')] as const
  return () => must(compileStep((layers: ReadonlyArray<{ readonly w: Node; readonly b: Node }>, x: Node, t: Node) => step(layers, x, t), all))
}

const titleOfStep = 'Compile time of the training step'

export const compileTimeOfStep: Row = {
  title: titleOfStep,
  first: () => sample(stepToCompile()),
  measure: () => {
    const first = typical(firsts(titleOfStep, 15))
    const run = stepToCompile()
    run()
    const later = repeated(15, run)
    const outcome = (title: string, { time }: Sample): Outcome => ({ title, target: 'at most 50 ms', measured: `${time.toFixed(1)} ms`, reached: time <= 50 })
    return {
      lines: [`  the first in a process: ${show(first)}`, `  later ones: ${show(later)}`],
      outcomes: [outcome(`${titleOfStep}, first in a process`, first), outcome(titleOfStep, later)],
    }
  },
}
