/**
 * `Graph`: a topologically sorted node list. Every interpretation of a program is a fold over it, forwards (operands
 * before results) or backwards.
 */
import * as E from 'fp-ts/Either'
import type { FoldgradError } from './FoldgradError.js'
import { errorOf, isInvalid, positionOf, setPosition, type Node } from './Node.js'

/** Nodes in topological order, operands first, with the operands of each as positions in that order. */
export interface Sorted {
  readonly nodes: ReadonlyArray<Node>
  /** The operands of node `i` are at `operands[first[i]] … operands[first[i + 1] - 1]`. */
  readonly first: Int32Array
  readonly operands: Int32Array
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
  const { nodes } = sort(outputs)
  const errors = errorsIn(nodes)
  return errors.length > 0
    ? E.left(errors)
    : E.right(Object.freeze({ nodes: Object.freeze(nodes), outputs: Object.freeze([...outputs]) }))
}

/** The misuses recorded in these nodes. */
export const errorsIn = (nodes: ReadonlyArray<Node>): ReadonlyArray<FoldgradError> => {
  const errors: Array<FoldgradError> = []
  for (const node of nodes) {
    const error = isInvalid(node) ? errorOf(node) : undefined
    if (error !== undefined) errors.push(error)
  }
  return Object.freeze(errors)
}

/**
 * Everything that the outputs depend on, in the order of a depth-first walk that finishes operands first: deterministic,
 * iterative (a chain of a million nodes is fine) and linear.
 *
 * A node carries its position as scratch, and is known to be visited when the list holds it at that position (the sparse
 * set of Briggs and Torczon, 1993): no hash table, nothing to clear, nothing that another sort could spoil.
 */
export const sort = (outputs: ReadonlyArray<Node>): Sorted => {
  const found: Array<Node> = []
  const order: Array<Node> = []
  let stack = new Int32Array(256)
  let cursor = new Int32Array(256)
  let depth = 0
  let edges = 0

  const visit = (node: Node): void => {
    const at = positionOf(node)
    if (at < found.length && found[at] === node) return
    setPosition(node, found.length)
    if (depth === stack.length) {
      stack = grown(stack)
      cursor = grown(cursor)
    }
    stack[depth] = found.length
    cursor[depth] = 0
    depth++
    found.push(node)
  }

  for (const output of outputs) {
    visit(output)
    while (depth > 0) {
      const node = found[stack[depth - 1]!]!
      const k = cursor[depth - 1]!
      if (k < node.inputs.length) {
        cursor[depth - 1] = k + 1
        visit(node.inputs[k]!)
      } else {
        order.push(node)
        edges += k
        depth--
      }
    }
  }
  return indexed(order, edges)
}

const grown = (a: Int32Array<ArrayBuffer>): Int32Array<ArrayBuffer> => {
  const b = new Int32Array(a.length * 2)
  b.set(a)
  return b
}

const indexed = (nodes: ReadonlyArray<Node>, edges: number): Sorted => {
  const first = new Int32Array(nodes.length + 1)
  const operands = new Int32Array(edges)
  for (let i = 0; i < nodes.length; i++) setPosition(nodes[i]!, i)
  let e = 0
  for (let i = 0; i < nodes.length; i++) {
    const inputs = nodes[i]!.inputs
    for (let k = 0; k < inputs.length; k++) operands[e++] = positionOf(inputs[k]!)
    first[i + 1] = e
  }
  return { nodes, first, operands }
}

/** The positions of nodes in a list that was sorted last; -1 for a node that is not in it. */
export const positionsIn = (sorted: Sorted, nodes: ReadonlyArray<Node>): ReadonlyArray<number> =>
  nodes.map((node) => {
    const at = positionOf(node)
    return sorted.nodes[at] === node ? at : -1
  })
