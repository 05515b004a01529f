/**
 * `Graph`: a topologically sorted node list. Every interpretation of a program is a fold over it, forwards (operands
 * before results) or backwards.
 */
import * as E from 'fp-ts/Either'
import type { FoldgradError } from './FoldgradError.js'
import { arityOf, broken, errorOf, operandOf, positionOf, setPosition, type Node, type Primitive } from './Node.js'

/**
 * Nodes in topological order, operands first. What the folds ask of every node lies beside them in flat arrays, which may be
 * longer than needed: on a large graph, following references is what costs.
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
  /** Whether all nodes are scalars of dtype f64, or truth values. */
  readonly scalar: boolean
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
 * spoil. A node that is deferred is formed when it is found.
 */
export const sort = (outputs: ReadonlyArray<Node>): Sorted => {
  const [found, nodes, ops]: [Array<Node>, Array<Node>, Array<Primitive>] = [[], [], []]
  let rank = new Int32Array(small)
  let first = new Int32Array(small)
  let operands = new Int32Array(small)
  let floats = new Uint8Array(small)
  let scalars = new Uint8Array(small)
  let scalar = true
  // The nodes whose operands are being walked, as places in `found`, each with its arity and with where on the path its
  // operands begin. The path holds those operands that are finished.
  let walked = new Int32Array(small)
  let path = new Int32Array(small)
  let depth = 0
  let height = 0

  for (const output of outputs) {
    let node = output
    for (;;) {
      let at = positionOf(node)
      if (at < found.length && found[at] === node) {
        if (depth === 0) break
        path[height++] = at
      } else {
        at = found.length
        setPosition(node, at)
        found.push(node)
        const arity = arityOf(node)
        if (depth + 3 > walked.length) walked = grown(walked, new Int32Array(4 * depth))
        if (height + arity > path.length) path = grown(path, new Int32Array(4 * (height + arity)))
        walked[depth] = at
        walked[depth + 1] = arity
        walked[depth + 2] = height
        depth += 3
      }
      // On to the next operand of the node that is being walked, after finishing those that have no other.
      for (;;) {
        const top = walked[depth - 3]!
        const arity = walked[depth - 2]!
        const base = walked[depth - 1]!
        const y = found[top]!
        if (height - base < arity) {
          node = operandOf(y, height - base)
          break
        }
        const i = nodes.length
        if (found.length > rank.length) rank = grown(rank, new Int32Array(2 * found.length))
        if (i + 1 >= first.length) {
          first = grown(first, new Int32Array(2 * (i + 1)))
          floats = grown(floats, new Uint8Array(2 * (i + 1)))
          scalars = grown(scalars, new Uint8Array(2 * (i + 1)))
        }
        const edge = first[i]!
        if (edge + arity > operands.length) operands = grown(operands, new Int32Array(2 * (edge + arity)))
        for (let k = 0; k < arity; k++) operands[edge + k] = rank[path[base + k]!]!
        first[i + 1] = edge + arity
        const kind = kindOf(y)
        floats[i] = kind & FLOAT
        scalars[i] = (kind & SCALAR) >> 1
        scalar &&= kind === DOUBLE || kind === TRUTH
        rank[top] = i
        nodes.push(y)
        ops.push(y.op)
        height = base
        depth -= 3
        if (depth === 0) break
        path[height++] = top
      }
      if (depth === 0) break
    }
  }
  return { nodes, ops, first, operands, floats, scalars, scalar, found, rank }
}

/** Room to begin with: most graphs are small, and clearing memory is most of what sorting them would cost. */
const small = 64

const FLOAT = 1
const SCALAR = 2
const DOUBLE = FLOAT | SCALAR
const TRUTH = 4

const kindOf = ({ dtype, shape }: Node): number =>
  dtype === 'f64' ? (shape.length === 0 ? DOUBLE : FLOAT) : dtype === 'f32' ? FLOAT : dtype === 'bool' && shape.length === 0 ? TRUTH : 0

const grown = <A extends Uint8Array<ArrayBuffer> | Int32Array<ArrayBuffer>>(from: A, to: A): A => {
  to.set(from)
  return to
}

/** The positions of nodes in a list that was sorted last; -1 for a node that is not in it. */
export const positionsIn = ({ found, rank }: Sorted, nodes: ReadonlyArray<Node>): ReadonlyArray<number> =>
  nodes.map((node) => {
    const at = positionOf(node)
    return found[at] === node ? rank[at]! : -1
  })
