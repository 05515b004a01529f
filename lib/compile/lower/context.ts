/** What the lowering of a node has to work with. */
import type { Node } from '../../core/Node.js'
import type { Builder } from './builder.js'
import type { LaneType, Nest, Statement, Storage } from '../ir.js'
import { convertLane, loadLane } from './lanes.js'
import { accessOf, squeezed, type View } from './view.js'

/** A place that the result of a node must be written to. */
export interface Target {
  readonly node: Node
  readonly view: View
}

/** Lowers a graph, some of whose nodes are given, and writes the targets. Returns where every output can be read. */
export type LowerGraph = (
  builder: Builder,
  outputs: ReadonlyArray<Node>,
  given: ReadonlyMap<Node, View>,
  targets: ReadonlyArray<Target>,
  statements: Array<Statement>,
) => ReadonlyArray<View>

export interface Context {
  readonly builder: Builder
  /** What is emitted, in order. */
  readonly statements: Array<Statement>
  readonly lower: LowerGraph
  /** The array of a node in memory, whatever its strides. */
  readonly read: (node: Node) => View
  /** The same with elements side by side, stored as the dtype of the node. */
  readonly readDense: (node: Node) => View
  /** Where the result of a node is to be written. */
  readonly place: (node: Node) => View
  /** The same, if that was settled before, for the sake of an operand. */
  readonly placed: (node: Node) => View | undefined
  /** Where a part of the result of a control primitive is wanted, if the caller wants it anywhere. */
  readonly partWanted: (node: Node, part: number) => View | undefined
  /** The parts of the result of a loop that only other loops read, row by row. */
  readonly rowwise: (node: Node) => ReadonlySet<number>
  /** Says where the parts of the result of a control primitive are; it has no place of its own. */
  readonly setParts: (node: Node, parts: ReadonlyArray<View>) => void
}

const wider = (a: Storage, b: Storage): LaneType => (a === 'f64' || b === 'f64' ? 'f64' : a === 'f32' || b === 'f32' ? 'f32' : 'i32')

/** Elements copied from one array to another of the same shape, converted if they are stored in another way. */
export const copyNest = (from: View, to: View): Nest => {
  const value = convertLane(loadLane(accessOf(from), from.storage === 'bool'), from.storage, to.storage)
  return { kind: 'nest', lane: wider(from.storage, to.storage), extents: squeezed(from.shape), stores: [{ access: accessOf(to), value }], reductions: [] }
}
