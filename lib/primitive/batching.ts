/** Batching rules that several primitives share. */
import { apply, type Attrs, type BatchRule, type Node } from '../core/Node.js'
import { full, fullValue } from './leaf.js'
import { broadcastTo, reshape } from './shape.js'

/** An array repeated along a new leading axis; one number repeated stays one number. */
export const repeatedBatch = (x: Node, size: number): Node => {
  const [value, shape] = [fullValue(x), [size, ...x.shape]]
  return value === undefined ? broadcastTo(reshape(x, [1, ...x.shape]), shape) : full(value, { shape, dtype: x.dtype })
}

/** All operands with the batch as their leading axis. */
export const aligned = (inputs: ReadonlyArray<Node>, mapped: ReadonlyArray<boolean>, size: number): ReadonlyArray<Node> =>
  inputs.map((x, k) => (mapped[k] ? x : repeatedBatch(x, size)))

/** Axis numbers in attributes, for operands that have one more axis in front. */
const shifted = (attrs: Attrs): Attrs => ({
  ...attrs,
  ...(typeof attrs['axis'] === 'number' ? { axis: attrs['axis'] + 1 } : {}),
  ...(Array.isArray(attrs['axes']) ? { axes: (attrs['axes'] as ReadonlyArray<number>).map((axis) => axis + 1) } : {}),
})

/** The rule of operations that name the axes they act on: the same operation, one axis further. */
export const alongAxes: BatchRule = (inputs, mapped, y, size) => apply(y.op, aligned(inputs, mapped, size), shifted(y.attrs))
