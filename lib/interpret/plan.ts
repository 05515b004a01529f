/** Planning: what evaluating a graph takes, told from its shapes alone. */
import { bytesOf, widthOf } from '../core/Cost.js'
import { positionsIn, sort, type Graph } from '../core/Graph.js'
import { isNode, type Closed, type Cost, type Node } from '../core/Node.js'
import { sizeOf } from '../core/Shape.js'
import type { Tensor } from '../core/Tensor.js'
import { leavesOf } from '../core/Tree.js'
import { asNode, heldTensor } from '../primitive/leaf.js'
import { lastReaders } from './evaluate.js'

/** What evaluating a graph takes. */
export interface Plan extends Omit<Cost, 'results'> {
  /** The bytes of the tensors in constants and variables; they are there before evaluation and after it. */
  readonly held: number
}

/**
 * What evaluating some nodes (one, a tree of them, or a graph) takes, without evaluating anything: the size of the program,
 * how many kernels run, and the most bytes that are allocated at a time.
 *
 * Memory is counted as evaluation uses it: a buffer dies with its last reader, arrays of one repeated number take one
 * element, `reshape` takes nothing, scalars of type f64 have a place each for the whole run, and a checkpoint, a branch or a
 * loop adds the peak of its body while it runs. What kernels use for themselves is not counted. Where the numbers decide, the
 * most costly branch and a single trip of a `whileLoop` are counted, and `exact` is false.
 *
 * @example
 * const x = variable('x', new Float64Array(1000))
 * const chain = (x: Node) => sin(sin(sin(sin(x))))
 * plan(chain(x)).peak                                   // 16000
 * plan(grad((x: Node) => sum(chain(x)))(x)).peak        // 32016
 */
export const plan = (tree: unknown): Plan => {
  const outputs = isGraph(tree) ? tree.outputs : leavesOf(tree).map(([path, leaf]) => asNode(leaf, path))
  const { results: _, ...cost } = costOf({ parameters: [], outputs })
  const tensors = new Set(sort(outputs).nodes.flatMap((node) => heldTensor(node) ?? []))
  return Object.freeze({ ...cost, held: [...tensors].reduce((bytes, t: Tensor) => bytes + bytesOf(t), 0) })
}

const isGraph = (x: unknown): x is Graph =>
  typeof x === 'object' && x !== null && !isNode(x) && 'nodes' in x && 'outputs' in x && Array.isArray(x.outputs)

/** The buffers of an evaluation as it goes on: who owns each, how long it is, how many nodes still go by it. */
class Memory {
  live: number
  peak: number
  readonly #owner: Int32Array
  readonly #names: Int32Array
  readonly #bytes: Float64Array

  constructor(nodes: number, live: number) {
    this.live = live
    this.peak = this.live
    this.#owner = new Int32Array(nodes).fill(-1)
    this.#names = new Int32Array(nodes)
    this.#bytes = new Float64Array(nodes)
  }

  /** Room that is taken for a moment, beside what is alive. */
  use(bytes: number): void {
    this.peak = Math.max(this.peak, this.live + bytes)
  }

  /** A node gets a buffer of its own. */
  own(i: number, bytes: number): void {
    this.live += bytes
    this.#bytes[i] = bytes
    this.#share(i, i)
  }

  /** A node goes by the buffer of another, which may be one that nobody here owns. */
  view(i: number, of: number): void {
    const owner = this.#owner[of]!
    if (owner >= 0) this.#share(i, owner)
  }

  #share(i: number, owner: number): void {
    this.#owner[i] = owner
    this.#names[owner] = this.#names[owner]! + 1
  }

  /** A node is not read any more. */
  release(i: number): void {
    const owner = this.#owner[i]!
    if (owner < 0) return
    this.#owner[i] = -1
    this.#names[owner] = this.#names[owner]! - 1
    if (this.#names[owner] === 0) this.live -= this.#bytes[owner]!
  }
}

/** The cost of a closed function, whose arguments belong to the caller. Follows `run` of `evaluate.ts` step by step. */
const costOf = ({ parameters, outputs }: Closed): Cost => {
  const sorted = sort(outputs)
  const { nodes, ops, first, operands, scalars } = sorted
  const results = positionsIn(sorted, outputs)
  const given = new Set(positionsIn(sorted, parameters))
  const last = lastReaders(sorted, results)
  /** The length of each buffer: that of the array, or 1 for a uniform one. */
  const lengths = new Float64Array(nodes.length)
  const places = widthOf('f64') * scalars.reduce((sum, is) => sum + is, 0)
  const memory = new Memory(nodes.length, places)
  let total = nodes.length
  let evaluations = 0
  let exact = true

  const inner = (node: Node): Cost | undefined => {
    const cost = node.op.cost?.(node, costOf)
    if (cost === undefined) return undefined
    total += cost.nodes
    evaluations += cost.evaluations
    exact &&= cost.exact
    return cost
  }

  for (let i = 0; i < nodes.length; i++) {
    const [node, op, from, to] = [nodes[i]!, ops[i]!, first[i]!, first[i + 1]!]
    const size = sizeOf(node.shape)
    const width = widthOf(node.dtype)
    lengths[i] = size
    if (given.has(i) || heldTensor(node) !== undefined) continue
    if (to > from) evaluations++
    /** What writing out uniform operands takes, for a kernel that needs them dense. */
    let written = 0
    let uniform = op.uniform === true && (size !== 0 || from === to)
    for (let e = from; e < to; e++) {
      const [x, length] = [nodes[operands[e]!]!, lengths[operands[e]!]!]
      uniform &&= length === 1
      if (op.uniform !== true && length !== sizeOf(x.shape)) written += bytesOf(x)
    }
    const cost = inner(node)
    lengths[i] = uniform ? 1 : size
    const operand = operands[from]!
    if (scalars[i] === 1) memory.use(written + (cost?.peak ?? 0))
    else if (op.view === true && written === 0 && scalars[operand] === 0 && (lengths[operand] === size || uniform)) {
      memory.view(i, operand)
    } else {
      memory.use(written + (cost?.peak ?? lengths[i]! * width))
      memory.own(i, lengths[i]! * width)
    }
    for (let e = from; e < to; e++) if (last[operands[e]!] === i) memory.release(operands[e]!)
  }
  for (const i of results) {
    const { shape, dtype } = nodes[i]!
    if (scalars[i] === 1 || lengths[i] !== sizeOf(shape)) memory.live += sizeOf(shape) * widthOf(dtype)
    memory.use(0)
  }
  return { nodes: total, evaluations, peak: memory.peak, results: memory.live - places, exact }
}
