/** Evaluation: the fold that turns a graph into numbers. Shared work is done once, and buffers die with their last reader. */
import * as E from 'fp-ts/Either'
import { allocate, type Buffer } from '../core/DType.js'
import { errorAt, FoldgradException, KernelFailure, refuse, type FoldgradError } from '../core/FoldgradError.js'
import { errorsIn, positionsIn, sort, type Sorted } from '../core/Graph.js'
import type { Node } from '../core/Node.js'
import { sizeOf } from '../core/Shape.js'
import { bufferOf, tensorOf, type NestedArray, type Tensor } from '../core/Tensor.js'
import { leavesOf, rebuild, type TensorTree } from '../core/Tree.js'
import { filled, scalarResult } from '../kernel/elementwise.js'
import { isNumeric } from '../primitive/contribution.js'
import { asNode, heldTensor } from '../primitive/leaf.js'
import { deferredNumbers, forwardNumbers } from './numbers.js'

/** The last reader of each node; results are read by the caller, after the end. */
export const lastReaders = ({ nodes, first, operands }: Sorted, results: ReadonlyArray<number>): Int32Array => {
  const last = new Int32Array(nodes.length)
  for (let i = 0; i < nodes.length; i++) for (let e = first[i]!; e < first[i + 1]!; e++) last[operands[e]!] = i
  for (const i of results) last[i] = nodes.length
  return last
}

/**
 * The buffers of some nodes of a sorted program. Scalars of type f64 live in one flat array, without a buffer each. Nodes at
 * the positions `given` are not computed: their buffers are handed in.
 */
const run = (
  sorted: Sorted,
  results: ReadonlyArray<number>,
  given: ReadonlyMap<number, Buffer> = new Map(),
): ReadonlyArray<Buffer> => {
  const { nodes, ops, first, operands, scalars } = sorted
  const last = lastReaders(sorted, results)
  const numbers = new Float64Array(nodes.length)
  const buffers = new Array<Buffer | undefined>(nodes.length)

  const read = (i: number, uniform: boolean): Buffer => {
    if (scalars[i] === 1) return Float64Array.of(numbers[i]!)
    return uniform ? buffers[i]! : filled(buffers[i]!, nodes[i]!.dtype, sizeOf(nodes[i]!.shape))
  }

  for (let i = 0; i < nodes.length; i++) {
    const op = ops[i]!
    const from = first[i]!
    const to = first[i + 1]!
    if (from === to && given.has(i)) {
      if (scalars[i] === 1) numbers[i] = given.get(i)![0]!
      else buffers[i] = given.get(i)!
      continue
    }
    if (op.scalar !== undefined && scalars[i] === 1 && allScalars(scalars, operands, from, to)) {
      numbers[i] = scalarResult(op.scalar, numbers, operands, from, to)
      continue
    }
    const inputs = new Array<Buffer>(to - from)
    for (let e = from; e < to; e++) inputs[e - from] = read(operands[e]!, op.uniform === true)
    const buffer = guarded(nodes[i]!, inputs)
    if (scalars[i] === 1) numbers[i] = buffer[0]!
    else buffers[i] = buffer
    for (let e = from; e < to; e++) if (last[operands[e]!] === i) buffers[operands[e]!] = undefined
  }
  return results.map((i) => read(i, false))
}

const allScalars = (scalars: Uint8Array, operands: Int32Array, from: number, to: number): boolean => {
  for (let e = from; e < to; e++) if (scalars[operands[e]!] === 0) return false
  return true
}

/**
 * The buffer of a node from those of its operands. That of a leaf is read directly: its kernel, which anybody can call, hands
 * out a copy. A kernel that finds the numbers unfit says so with an error that carries its node.
 */
const guarded = (y: Node, inputs: ReadonlyArray<Buffer>): Buffer => {
  const held = heldTensor(y)
  if (held !== undefined) return bufferOf(held)
  try {
    return y.op.evaluate(inputs, y)
  } catch (failure) {
    if (!(failure instanceof KernelFailure)) throw failure
    throw new FoldgradException([errorAt(y.op.name, y.inputs.map((x) => x.shape), failure.refusal)])
  }
}

/**
 * A program to be run many times: from the buffers of its parameters (nodes without operands) to those of its outputs,
 * which are dense. It is sorted once.
 */
export const program = (
  parameters: ReadonlyArray<Node>,
  outputs: ReadonlyArray<Node>,
): ((inputs: ReadonlyArray<Buffer>) => ReadonlyArray<Buffer>) => {
  const sorted = sort(outputs)
  const results = positionsIn(sorted, outputs)
  const places = positionsIn(sorted, parameters)
  return (inputs) => run(sorted, results, new Map(places.flatMap((at, k) => (at < 0 ? [] : [[at, inputs[k]!] as const]))))
}

type Evaluated = E.Either<ReadonlyArray<FoldgradError>, ReadonlyArray<Tensor>>

/**
 * The tensors of several nodes, computed together; `Left` with every misuse in them. Gradients that are deferred stay so: their
 * numbers are found without their nodes.
 */
export const evaluateAll = (nodes: ReadonlyArray<Node>): Evaluated => {
  const known = deferredNumbers(nodes)
  const rest = nodes.filter((_, k) => known[k] === undefined)
  const others = rest.length === 0 ? E.right([]) : evaluateNodes(rest)
  let next = 0
  return E.map((found: ReadonlyArray<Tensor>) => nodes.map((node, k) => (known[k] === undefined ? found[next++]! : scalarOf(known[k], node))))(others)
}

/** A number as a tensor of the type of a node. */
const scalarOf = (x: number, { shape, dtype }: Node): Tensor => {
  const buffer = allocate(dtype, 1)
  buffer[0] = x
  return tensorOf(buffer, shape, dtype)
}

const evaluateNodes = (nodes: ReadonlyArray<Node>): Evaluated => {
  const sorted = sort(nodes)
  const results = positionsIn(sorted, nodes)
  if (isNumeric(sorted)) {
    const x = forwardNumbers(sorted)
    return E.right(results.map((i, k) => scalarOf(x[i]!, nodes[k]!)))
  }
  const errors = errorsIn(sorted)
  if (errors.length > 0) return Object.freeze(E.left(errors))
  try {
    return E.right(run(sorted, results).map((buffer, k) => tensorOf(buffer, nodes[k]!.shape, nodes[k]!.dtype)))
  } catch (failure) {
    if (failure instanceof FoldgradException) return Object.freeze(E.left(failure.errors))
    throw failure
  }
}

/**
 * The numbers of a node, or of every node in a tree of nodes: work that several of them share is done once.
 * `Left` carries every misuse in the program, each with the operation, the shapes, the rule it broke, the mend and the
 * place of the call.
 *
 * @example
 * const x = variable('x', 2)
 * pipe(evaluate({ y: square(x), z: exp(square(x)) }), E.map(({ y }) => y.toArray())) // right(4)
 */
export const evaluate = <T>(tree: T): E.Either<ReadonlyArray<FoldgradError>, TensorTree<T>> => {
  const nodes = leavesOf(tree).map(([path, leaf]) => asNode(leaf, path))
  return Object.freeze(E.map((tensors: ReadonlyArray<Tensor>) => rebuild(tree, tensors) as TensorTree<T>)(evaluateAll(nodes)))
}

/**
 * The same for scripts and REPLs: the tensors themselves. Throws a {@link FoldgradException} with all errors on misuse.
 *
 * @example
 * value(mul([1, 2, 3], 2)) // [2 4 6]
 */
export const value = <T>(tree: T): TensorTree<T> => {
  const result = evaluate(tree)
  if (E.isLeft(result)) throw new FoldgradException(result.left)
  return result.right
}

/**
 * The number of a node with one element. Throws a {@link FoldgradException} on misuse, also for more elements.
 *
 * @example
 * item(add(2, 3)) // 5
 */
export const item = (node: Node | Tensor | number): number => {
  const t = value(asNode(node, '')) as Tensor
  if (t.size !== 1)
    throw new FoldgradException([errorAt('item', [t.shape], refuse('Shape', 'one element is needed', 'Reduce the node first, or read it with value or toArray'))])
  return bufferOf(t)[0]!
}

/**
 * The numbers of a node as nested arrays. Throws a {@link FoldgradException} on misuse.
 *
 * @example
 * toArray(add([1, 2], 1)) // [2, 3]
 */
export const toArray = (node: Node | Tensor | number): NestedArray => (value(asNode(node, '')) as Tensor).toArray()
