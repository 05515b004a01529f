/** The program that a function builds at a point, and the numbers of all its nodes along a line through the point. */
import { sort } from '../core/Graph.js'
import type { Node } from '../core/Node.js'
import { bufferOf, tensorOf, type Tensor } from '../core/Tensor.js'
import { program } from '../interpret/evaluate.js'
import { pack, unpack, variablesOf, type Numeric } from './numeric.js'
import { climb, oneSided, type Ladder } from './numerical.js'
import { signed } from './random.js'

/** A program on variables that hold the point, operands before results. */
export interface Program {
  readonly variables: ReadonlyArray<Node>
  readonly outputs: ReadonlyArray<Node>
  readonly nodes: ReadonlyArray<Node>
}

/** The numbers of every node at every step of a ladder. */
export interface Course {
  readonly here: ReadonlyArray<Tensor>
  readonly steps: ReadonlyArray<number>
  readonly after: ReadonlyArray<ReadonlyArray<Tensor>>
  readonly before: ReadonlyArray<ReadonlyArray<Tensor>>
}

export const programOf = (g: Numeric): Program => {
  const variables = variablesOf(g)
  const outputs = g.call(variables)
  return { variables, outputs, nodes: sort(outputs).nodes }
}

/** All nodes along `t ↦ x + t v`. The program stays the one that was built at the point. */
export const courseOf = ({ point }: Numeric, { variables, nodes }: Program, v: Float64Array, step: number): Course => {
  const run = program(variables, nodes)
  const x = pack(point)
  const at = (t: number): ReadonlyArray<Tensor> => {
    const inputs = unpack(point, x.map((xj, j) => xj + t * v[j]!))
    return run(inputs.map(bufferOf)).map((buffer, i) => tensorOf(buffer, nodes[i]!.shape, nodes[i]!.dtype))
  }
  const ladder = climb(() => new Float64Array(0), step)
  return { steps: ladder.steps, here: at(0), after: ladder.steps.map(at), before: ladder.steps.map((h) => at(-h)) }
}

/** The ladder of some nodes, by their positions, side by side. */
export const ladderOf = ({ here, steps, after, before }: Course, positions: ReadonlyArray<number>): Ladder => {
  const pick = (values: ReadonlyArray<Tensor>): Float64Array => pack(positions.map((i) => values[i]!))
  return { steps, here: pick(here), after: after.map(pick), before: before.map(pick) }
}

/** Whether the one-sided derivatives of a node along the line differ. */
export const hasKink = (course: Course, position: number): boolean => {
  const ladder = ladderOf(course, [position])
  const [left, right] = oneSided(ladder, ladder.here.map((_, i) => signed(position, i)), { scale: 0 })
  return Math.abs(right.value - left.value) > 10 * (left.error + right.error)
}

/** The first node with a kink, by its position: its operands have none. */
export const firstKink = (course: Course, { nodes }: Program): number | undefined => {
  const at = nodes.findIndex((node, i) => (node.dtype === 'f64' || node.dtype === 'f32') && hasKink(course, i))
  return at < 0 ? undefined : at
}
