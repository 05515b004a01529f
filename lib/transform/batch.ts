/** The batching fold: a program on single elements to one on all elements of a batch at once, by the rules of its primitives. */
import { bytesOf } from '../core/Cost.js'
import { allocate, isFloat } from '../core/DType.js'
import { positionsIn, sort } from '../core/Graph.js'
import { apply, masks, type Attrs, type Node, type Primitive } from '../core/Node.js'
import { sizeOf } from '../core/Shape.js'
import { full, parameter } from '../primitive/leaf.js'
import { repeatedBatch } from '../primitive/batching.js'
import { sum } from '../primitive/shape.js'

/** A node of the batched program, and whether it has the batch as its leading axis or is the same for every element. */
export interface Batched {
  readonly node: Node
  readonly mapped: boolean
}

/** The array with the batch as its leading axis, repeated if it is the same for every element. */
export const withBatch = ({ node, mapped }: Batched, size: number): Node => (mapped ? node : repeatedBatch(node, size))

/**
 * The batched forms of some nodes, given those of the nodes `at` that stand for single elements. Nodes that do not depend on
 * them are shared by the whole batch and computed once.
 */
export const batchNodes = (
  ys: ReadonlyArray<Node>,
  at: ReadonlyArray<Node>,
  elements: ReadonlyArray<Batched>,
  size: number,
): ReadonlyArray<Batched> => {
  const sorted = sort(ys)
  const { nodes, ops, first, operands } = sorted
  const given = new Map(positionsIn(sorted, at).map((i, k) => [i, elements[k]!]))
  const results = positionsIn(sorted, ys)
  const batched: Array<Batched> = []
  for (let i = 0; i < nodes.length; i++) {
    const inputs = Array.from(operands.subarray(first[i]!, first[i + 1]!), (operand) => batched[operand]!)
    batched.push(given.get(i) ?? (inputs.some((x) => x.mapped) ? { node: batchOne(ops[i]!, nodes[i]!, inputs, size), mapped: true } : sharing(nodes[i]!, inputs)))
  }
  return results.map((i) => batched[i]!)
}

/** A node that is the same for the whole batch; made anew only if an operand was replaced by such a node. */
const sharing = (y: Node, inputs: ReadonlyArray<Batched>): Batched => ({
  node: inputs.every(({ node }, k) => node === y.inputs[k]) ? y : apply(y.op, inputs.map(({ node }) => node), y.attrs),
  mapped: false,
})

const batchOne = (op: Primitive, y: Node, inputs: ReadonlyArray<Batched>, size: number): Node => {
  if (size === 0) return full(0, { shape: [0, ...y.shape], dtype: y.dtype })
  if (op.batch === 'leading') return apply(op, inputs.map((x) => withBatch(x, size)), y.attrs)
  const batch = op.batch === 'loop' ? 'loop' : op.batch(inputs.map(({ node }) => node), inputs.map(({ mapped }) => mapped), y, size)
  return batch === 'loop' ? loopOver(y, inputs, size) : batch
}

interface Looped extends Attrs {
  readonly single: Node
  readonly mapped: ReadonlyArray<boolean>
  readonly size: number
}

/**
 * A primitive run once for each element of the batch: one node, whose derivatives are the primitive's own rules, batched.
 */
const loopOver = (y: Node, inputs: ReadonlyArray<Batched>, size: number): Node => {
  const single = apply(y.op, y.inputs.map((x) => parameter(x)), y.attrs)
  return apply(loopOp(y.op.name), inputs.map(({ node }) => node), Object.freeze({ single, mapped: Object.freeze(inputs.map(({ mapped }) => mapped)), size }))
}

const loopedOf = (y: Node): Looped => y.attrs as Looped

export const loopOp = (name: string): Primitive => Object.freeze<Primitive>({
  name: `${name}.loop`,
  infer: (_, attrs) => {
    const { single, size } = attrs as Looped
    return { shape: Object.freeze([size, ...single.shape]), dtype: single.dtype }
  },
  evaluate: (buffers, y) => {
    const { single, mapped, size } = loopedOf(y)
    const length = sizeOf(single.shape)
    const out = allocate(y.dtype, size * length)
    for (let b = 0; b < size; b++) {
      const row = buffers.map((buffer, k) => (mapped[k] ? buffer.subarray((b * buffer.length) / size, ((b + 1) * buffer.length) / size) : buffer))
      const result = single.op.evaluate(row, single)
      out.set(result.length === length ? result : out.subarray(0, length).slice().fill(result[0]!), b * length)
    }
    return out
  },
  cost: (y, costOf) => {
    const { single, size } = loopedOf(y)
    const row = bytesOf(single)
    const once = single.op.cost?.(single, costOf) ?? { nodes: 1, evaluations: 1, peak: row, results: row, exact: true }
    return { ...once, evaluations: size * once.evaluations, peak: bytesOf(y) + once.peak, results: bytesOf(y) }
  },
  vjp: (g, y, k) => {
    const { single, mapped, size } = loopedOf(y)
    if (!isFloat(y.inputs[k]!.dtype)) return null
    const element = parameter(single)
    const contribution = single.op.vjp(element, single, k)
    if (contribution === null) return null
    const [result] = batchNodes([contribution], [element, single, ...single.inputs], [{ node: g, mapped: true }, { node: y, mapped: true }, ...elementsOf(y)], size)
    const batch = withBatch(result!, size)
    return mapped[k] ? batch : sum(batch, [0])
  },
  jvp: (tangents, y) => {
    const { single, mapped, size } = loopedOf(y)
    const elements = tangents.map((t, k) => (t === null ? null : parameter(single.inputs[k]!)))
    const tangent = single.op.jvp(elements, single)
    if (tangent === null) return null
    const moving = tangents.flatMap((t, k) => (t === null ? [] : [{ node: t, mapped: mapped[k]! }]))
    const [result] = batchNodes([tangent], [...elements.filter((e) => e !== null), single, ...single.inputs], [...moving, { node: y, mapped: true }, ...elementsOf(y)], size)
    return withBatch(result!, size)
  },
  batch: 'loop',
  masks: (y) => masks(loopedOf(y).single),
})

/** The operands of a loop, as batched forms of the operands of the single application. */
const elementsOf = (y: Node): ReadonlyArray<Batched> => y.inputs.map((node, k) => ({ node, mapped: loopedOf(y).mapped[k]! }))
