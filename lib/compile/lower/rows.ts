/**
 * Loops over rows that do not depend on one another, with a small body: one nest whose lanes are the elements of the body, so
 * that a vector register holds a step of several rows. What the steps add up is a reduction.
 */
import type { Node } from '../../core/Node.js'
import { isFloat } from '../../core/DType.js'
import { sort } from '../../core/Graph.js'
import type { Scan } from '../../control/runScan.js'
import type { Access, Nest, Reduction, Store } from '../ir.js'
import { loadLane } from './lanes.js'
import { scalarized, type Cells } from './scalarize.js'
import type { View } from './view.js'

/** The most operations in such a body, and the most sums. */
const bodyLimit = 2000
const sumLimit = 128

/** Where the operands and the results of the steps are. */
export interface RowViews {
  readonly scanned: ReadonlyArray<View>
  readonly constants: ReadonlyArray<View>
  readonly sums: ReadonlyArray<View>
  readonly stacks: ReadonlyArray<View>
}

/** An access for each element: of a row, or (`still`) of an array that is the same for every row. */
const elements = ({ buffer, offset, rounds, shape, strides }: View, still: boolean): ReadonlyArray<Access> => {
  let places = [offset]
  const inner = still ? shape : shape.slice(1)
  const steps = still ? strides : strides.slice(1)
  inner.forEach((length, axis) => {
    places = places.flatMap((at) => Array.from({ length }, (_, i) => at + i * steps[axis]!))
  })
  return places.map((at) => ({ buffer, offset: at, rounds, strides: [still ? 0 : strides[0]!] }))
}

const loads = (view: View, still: boolean): Cells => elements(view, still).map((access) => loadLane(access, view.storage === 'bool'))

/**
 * The nest for a scan whose carry is nothing but sums: of `addends`, one for each. `undefined` if the body is too large, or has
 * more in it than elements.
 */
export const nestOfRows = (scan: Scan, addends: ReadonlyArray<Node>, views: RowViews): Nest | undefined => {
  const { step, carry, length } = scan
  const outputs = [...addends, ...step.outputs.slice(carry)]
  const types = new Set(sort(outputs).nodes.flatMap(({ dtype }) => (isFloat(dtype) ? [dtype] : [])))
  const [lane] = types
  if (types.size !== 1 || length < 2) return undefined
  if (views.constants.reduce((n, { shape }) => n + shape.reduce((a, b) => a * b, 1), 0) > bodyLimit) return undefined
  const given = new Map<Node, Cells>()
  views.scanned.forEach((view, k) => given.set(step.parameters[carry + k]!, loads(view, false)))
  views.constants.forEach((view, k) => given.set(step.parameters[carry + scan.scanned + k]!, loads(view, true)))
  const cells = scalarized(outputs, given, bodyLimit)
  if (cells === undefined || cells.slice(0, carry).flat().length > sumLimit) return undefined
  const pairs = (view: View, values: Cells, still: boolean) => elements(view, still).map((access, i) => ({ access, value: values[i]! }))
  const reductions = views.sums.flatMap((view, k) => pairs(view, cells[k]!, true).map((pair): Reduction => ({ op: 'sum', accumulate: true, ...pair })))
  const stores = views.stacks.flatMap((view, k): ReadonlyArray<Store> => pairs(view, cells[carry + k]!, false))
  return { kind: 'nest', lane: lane === 'f32' ? 'f32' : 'f64', extents: [length], stores, reductions }
}

