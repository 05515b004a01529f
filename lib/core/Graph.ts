/**
 * `Graph`: a topologically sorted node list. Every interpretation of a program is a fold over it, forwards (operands
 * before results) or backwards.
 */
import * as E from 'fp-ts/Either'
import { isFloat } from './DType.js'
import type { FoldgradError } from './FoldgradError.js'
import { arityOf, broken, errorOf, operandOf, positionOf, setPosition, type Node, type Primitive } from './Node.js'

/**
 * Nodes in topological order, operands first. What the folds ask of every node lies beside them in flat arrays: on a large
 * graph, following references is what costs.
 */
export interface Sorted {
  readonly nodes: ReadonlyArray<Node>
  readonly ops: ReadonlyArray<Primitive>
  /** The operands of node `i` are at `operands[first[i]] … operands[first[i + 1] - 1]`, as positions in the list. */
  readonly first: Int32Array
  readonly operands: Int32Array
  /** 1 for a node that has derivatives. */
  readonly floats: Uint8Array
  /** 1 for a scalar of dtype f64. */
  readonly scalars: Uint8Array
  /** The nodes as the walk found them, and the position of each. */
  readonly found: ReadonlyArray<Node>
  readonly rank: Int32Array
}

/** An immutable program: its nodes in topological order and which of them are its results. */
export interface Graph {
  readonly nodes: ReadonlyArray<Node>
  readonly outputs: ReadonlyArray<Node>
}

/**
 * The sorted program without misuse, or all the misuses in it.
 *
 * @example
 * const x = variable('x', 2)
 * pipe(graph([mul(x, sin(x))]), E.map((g) => g.nodes.length)) // right(3)
 */
export const graph = (outputs: ReadonlyArray<Node>): E.Either<ReadonlyArray<FoldgradError>, Graph> => {
  const sorted = sort(outputs)
  const errors = errorsIn(sorted)
  return errors.length > 0
    ? Object.freeze(E.left(errors))
    : Object.freeze(E.right(Object.freeze({ nodes: Object.freeze(sorted.nodes), outputs: Object.freeze([...outputs]) })))
}

/** The misuses recorded in a program. */
export const errorsIn = ({ nodes, ops }: Sorted): ReadonlyArray<FoldgradError> => {
  const errors: Array<FoldgradError> = []
  for (let i = 0; i < ops.length; i++) {
    const error = ops[i] === broken ? errorOf(nodes[i]!) : undefined
    if (error !== undefined) errors.push(error)
  }
  return Object.freeze(errors)
}

/**
 * Everything that the outputs depend on, in the order of a depth-first walk that finishes operands first: deterministic,
 * iterative (a chain of a million nodes is fine) and linear.
 *
 * A node carries the place where it was found as scratch, and is known to be visited when the list of those found holds it
 * there (the sparse set of Briggs and Torczon, 1993): no hash table, nothing to clear, nothing that another sort could
 * spoil. Each node is touched once, when it is found; the rest is arithmetic on flat arrays.
 */
export const sort = (outputs: ReadonlyArray<Node>): Sorted => {
  const found: Array<Node> = []
  const ops: Array<Primitive> = []
  let kinds = new Uint8Array(1024)
  // The operands of the node found at `i`, as places in `found`, are at `edges[start[i]] … edges[start[i + 1] - 1]`; those
  // before `edges[walked[i]]` are walked.
  let start = new Int32Array(1025)
  let walked = new Int32Array(1024)
  let edges = new Int32Array(2048)
  // The nodes whose operands are being walked, and the nodes in the order in which they are finished.
  let stack = new Int32Array(1024)
  let order = new Int32Array(1024)
  let depth = 0
  let finished = 0

  for (const output of outputs) {
    let node = output
    let edge = -1
    for (;;) {
      let at = positionOf(node)
      if (at >= found.length || found[at] !== node) {
        at = found.length
        if (at === order.length) {
          kinds = grown(kinds, new Uint8Array(2 * at))
          start = grown(start, new Int32Array(2 * at + 1))
          walked = grown(walked, new Int32Array(2 * at))
          stack = grown(stack, new Int32Array(2 * at))
          order = grown(order, new Int32Array(2 * at))
        }
        setPosition(node, at)
        found.push(node)
        ops.push(node.op)
        kinds[at] = (isFloat(node.dtype) ? FLOAT : 0) | (node.dtype === 'f64' && node.shape.length === 0 ? SCALAR : 0)
        walked[at] = start[at]!
        start[at + 1] = start[at]! + arityOf(node)
        if (start[at + 1]! > edges.length) edges = grown(edges, new Int32Array(2 * start[at + 1]!))
        stack[depth++] = at
      }
      if (edge >= 0) edges[edge] = at
      // On to the next operand of the node on top of the stack, after finishing those that have no other.
      while (depth > 0 && walked[stack[depth - 1]!] === start[stack[depth - 1]! + 1]) order[finished++] = stack[--depth]!
      if (depth === 0) break
      const top = stack[depth - 1]!
      edge = walked[top]!
      walked[top] = edge + 1
      node = operandOf(found[top]!, edge - start[top]!)
    }
  }
  return inOrder({ found, ops, kinds, start, edges, order })
}

const FLOAT = 1
const SCALAR = 2

const grown = <A extends Uint8Array<ArrayBuffer> | Int32Array<ArrayBuffer>>(from: A, to: A): A => {
  to.set(from)
  return to
}

/** What a walk found, in the order in which it found it, and the order in which it finished. */
interface Walk {
  readonly found: ReadonlyArray<Node>
  readonly ops: ReadonlyArray<Primitive>
  readonly kinds: Uint8Array
  readonly start: Int32Array
  readonly edges: Int32Array
  readonly order: Int32Array
}

/** The same in topological order. */
const inOrder = ({ found, ops, kinds, start, edges, order }: Walk): Sorted => {
  const size = found.length
  const rank = new Int32Array(size)
  for (let i = 0; i < size; i++) rank[order[i]!] = i
  const sorted = {
    nodes: new Array<Node>(size),
    ops: new Array<Primitive>(size),
    first: new Int32Array(size + 1),
    operands: new Int32Array(start[size]!),
    floats: new Uint8Array(size),
    scalars: new Uint8Array(size),
    found,
    rank,
  }
  for (let i = 0, e = 0; i < size; i++) {
    const at = order[i]!
    sorted.nodes[i] = found[at]!
    sorted.ops[i] = ops[at]!
    sorted.floats[i] = kinds[at]! & FLOAT
    sorted.scalars[i] = (kinds[at]! & SCALAR) >> 1
    for (let edge = start[at]!; edge < start[at + 1]!; edge++) sorted.operands[e++] = rank[edges[edge]!]!
    sorted.first[i + 1] = e
  }
  return sorted
}

/** The positions of nodes in a list that was sorted last; -1 for a node that is not in it. */
export const positionsIn = ({ found, rank }: Sorted, nodes: ReadonlyArray<Node>): ReadonlyArray<number> =>
  nodes.map((node) => {
    const at = positionOf(node)
    return found[at] === node ? rank[at]! : -1
  })
