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
 * A node carries its position as scratch, and is known to be visited when the list holds it at that position (the sparse
 * set of Briggs and Torczon, 1993): no hash table, nothing to clear, nothing that another sort could spoil. Each node is
 * touched once, on discovery; the rest is arithmetic on flat arrays.
 */
export const sort = (outputs: ReadonlyArray<Node>): Sorted => {
  const found: Array<Node> = []
  const walk = new Walk()

  /** The place of a node in the list of those found, where it is entered on its first visit. */
  const visit = (node: Node): number => {
    const at = positionOf(node)
    if (at < found.length && found[at] === node) return at
    setPosition(node, found.length)
    walk.enter(found.length, arityOf(node))
    return found.push(node) - 1
  }

  for (const output of outputs) {
    visit(output)
    while (walk.depth > 0) {
      const at = walk.top()
      const k = walk.next()
      if (k < 0) walk.leave()
      else walk.connect(at, k, visit(operandOf(found[at]!, k)))
    }
  }
  return walk.sorted(found)
}

/** The state of the walk, all of it in flat arrays indexed by the order of discovery. */
class Walk {
  depth = 0
  #stack = new Int32Array(256)
  #finished = 0
  #rank = new Int32Array(256)
  #order = new Int32Array(256)
  #cursor = new Int32Array(256)
  #first = new Int32Array(257)
  #edges = new Int32Array(512)

  enter(at: number, operands: number): void {
    if (at >= this.#order.length) {
      this.#rank = grown(this.#rank)
      this.#order = grown(this.#order)
      this.#cursor = grown(this.#cursor)
      this.#first = grown(this.#first)
    }
    if (this.depth === this.#stack.length) this.#stack = grown(this.#stack)
    const end = this.#first[at]! + operands
    while (end > this.#edges.length) this.#edges = grown(this.#edges)
    this.#first[at + 1] = end
    this.#cursor[at] = 0
    this.#stack[this.depth++] = at
  }

  /** The node being walked. */
  top(): number {
    return this.#stack[this.depth - 1]!
  }

  /** Its next operand, or -1 after the last. */
  next(): number {
    const at = this.top()
    const k = this.#cursor[at]!
    if (this.#first[at]! + k === this.#first[at + 1]!) return -1
    this.#cursor[at] = k + 1
    return k
  }

  connect(at: number, k: number, operand: number): void {
    this.#edges[this.#first[at]! + k] = operand
  }

  /** All operands of the node on top are finished, so it is next in topological order. */
  leave(): void {
    const at = this.#stack[--this.depth]!
    this.#rank[at] = this.#finished
    this.#order[this.#finished++] = at
  }

  /** The nodes in topological order, with what the folds ask of them. */
  sorted(found: ReadonlyArray<Node>): Sorted {
    const size = found.length
    const nodes = new Array<Node>(size)
    const ops = new Array<Primitive>(size)
    const floats = new Uint8Array(size)
    const scalars = new Uint8Array(size)
    const first = new Int32Array(size + 1)
    const operands = new Int32Array(this.#first[size]!)
    for (let i = 0, e = 0; i < size; i++) {
      const at = this.#order[i]!
      const node = found[at]!
      nodes[i] = node
      ops[i] = node.op
      floats[i] = isFloat(node.dtype) ? 1 : 0
      scalars[i] = node.dtype === 'f64' && node.shape.length === 0 ? 1 : 0
      setPosition(node, i)
      for (let f = this.#first[at]!; f < this.#first[at + 1]!; f++) operands[e++] = this.#rank[this.#edges[f]!]!
      first[i + 1] = e
    }
    return { nodes, ops, first, operands, floats, scalars }
  }
}

const grown = (a: Int32Array<ArrayBuffer>): Int32Array<ArrayBuffer> => {
  const b = new Int32Array(a.length * 2)
  b.set(a)
  return b
}

/** The positions of nodes in a list that was sorted last; -1 for a node that is not in it. */
export const positionsIn = (sorted: Sorted, nodes: ReadonlyArray<Node>): ReadonlyArray<number> =>
  nodes.map((node) => {
    const at = positionOf(node)
    return sorted.nodes[at] === node ? at : -1
  })
