/**
 * Closed functions: immutable graphs from parameters to outputs, which control primitives carry as attributes. A function
 * is traced once; what it captures from outside becomes an operand by itself.
 */
import { closedOf } from '../core/Closed.js'
import { isFloat } from '../core/DType.js'
import { positionsIn, sort } from '../core/Graph.js'
import { apply, invalid, isInvalid, masks, type Attrs, type Closed, type Node, type Primitive } from '../core/Node.js'
import { alignedLeaves, mapLeaves } from '../core/Tree.js'
import { asNode, full, fullValue, heldTensor, leafNodes, parameter, variableId } from '../primitive/leaf.js'
import { adjointsOfAll } from '../transform/backward.js'
import { batchNodes, withBatch } from '../transform/batch.js'
import { tangentsOf } from '../transform/forward.js'
import { unpack, type Layout } from './flat.js'

export { closedOf, type Closed }

/** A traced function, with the nodes it captured: they are the values of its last parameters. */
export interface Capture {
  readonly closed: Closed
  readonly captured: ReadonlyArray<Node>
}

/** Constants stay inside a closed function; everything else that does not depend on its parameters is captured. */
const staysInside = (node: Node): boolean =>
  fullValue(node) !== undefined || (heldTensor(node) !== undefined && variableId(node) === undefined)

/**
 * Closes a graph over its parameters. The largest parts that do not depend on them are captured: they are computed once,
 * outside, however often the function runs.
 */
export const close = (parameters: ReadonlyArray<Node>, outputs: ReadonlyArray<Node>): Capture => {
  const inside = new Map<Node, Node>(parameters.map((p) => [p, p]))
  const own = new Set<Node>(parameters)
  const captured: Array<Node> = []

  const enter = (node: Node): Node => {
    const known = inside.get(node)
    if (known !== undefined) return known
    if (staysInside(node)) return node
    const p = parameter(node)
    captured.push(node)
    inside.set(node, p)
    return p
  }

  for (const node of sort(outputs).nodes) {
    if (own.has(node) || !node.inputs.some((x) => own.has(x))) continue
    own.add(node)
    inside.set(node, apply(node.op, node.inputs.map(enter), node.attrs))
  }
  const results = outputs.map(enter)
  return { closed: closedOf([...parameters, ...captured.map((node) => inside.get(node)!)], results), captured }
}

/**
 * The parts of the result of a primitive that runs closed functions. A misuse in one of them makes them invalid, so that it is
 * reported by the graph that runs it.
 */
export const applied = (op: Primitive, functions: ReadonlyArray<Closed>, operands: ReadonlyArray<Node>, attrs: Attrs, layout: Layout): ReadonlyArray<Node> => {
  const wrong = functions.flatMap(({ outputs }) => outputs).filter(isInvalid)
  return wrong.length > 0 ? layout.map(() => invalid(op.name, wrong)) : unpack(apply(op, operands, attrs), layout)
}

/** The outputs of a closed function on some nodes, written out in place. */
export const instantiate = ({ parameters, outputs }: Closed, args: ReadonlyArray<Node>): ReadonlyArray<Node> => {
  const image = new Map<Node, Node>(parameters.map((p, k) => [p, args[k]!]))
  for (const node of sort(outputs).nodes)
    if (node.inputs.some((x) => image.has(x))) image.set(node, apply(node.op, node.inputs.map((x) => image.get(x) ?? x), node.attrs))
  return outputs.map((y) => image.get(y) ?? y)
}

/** A function of trees, traced on parameters of the given signatures; the result is flattened to its leaves. */
export interface TracedFunction extends Capture {
  /** The tree that the function returned. */
  readonly result: unknown
}

/**
 * Traces a function of trees whose leaves have the signatures of those of `args`. Outputs are in the order of the leaves of
 * `like`, if the result has the same.
 */
export const trace = (f: (...args: ReadonlyArray<never>) => unknown, args: ReadonlyArray<unknown>, like?: unknown): TracedFunction => {
  const parameters: Array<Node> = []
  const trees = args.map((tree) =>
    mapLeaves(tree, (leaf, path) => {
      const p = parameter(asNode(leaf, path))
      parameters.push(p)
      return p
    }),
  )
  const result = f(...(trees as unknown as ReadonlyArray<never>))
  const outputs = (like === undefined ? undefined : alignedLeaves(like, result)?.map(([path, leaf]) => asNode(leaf, path))) ?? leafNodes(result)
  return { result, ...close(parameters, outputs) }
}

/** Whether entries are hidden behind a mask somewhere in a function, or in one that it calls. */
export const masksIn = ({ outputs }: Closed): boolean => sort(outputs).nodes.some(masks)

/** The float parameters that an adjoint is wanted of, by position. */
export type Wanted = ReadonlyArray<boolean>

/** Stand-ins for the cotangents of the float outputs of a function; `undefined` for an output without derivatives. */
export const cotangentParameters = ({ outputs }: Closed): ReadonlyArray<Node | undefined> =>
  outputs.map((y) => (isFloat(y.dtype) ? parameter(y) : undefined))

/** Which parameters anything in a function depends on. */
export const reachedIn = ({ parameters, outputs }: Closed): ReadonlyArray<boolean> => positionsIn(sort(outputs), parameters).map((at) => at >= 0)

/** The adjoints of some parameters of a function, given cotangents of its outputs; zeros where nothing depends on them. */
export const adjointsIn = (
  { parameters, outputs }: Closed,
  cotangents: ReadonlyArray<Node | undefined>,
  wanted: Wanted,
  masked: boolean,
): ReadonlyArray<Node | null> => {
  const xs = parameters.filter((_, k) => wanted[k])
  const seeds = outputs.flatMap((y, i) => (cotangents[i] === undefined ? [] : [[y, cotangents[i]] as const]))
  const found = seeds.length === 0 ? [] : adjointsOfAll(seeds, xs, 'pullback', masked)
  let next = 0
  return parameters.map((x, k) => (wanted[k] ? (found[next++] ?? full(0, x)) : null))
}

/** Stand-ins for the tangents of those parameters that move. */
export const tangentParameters = ({ parameters }: Closed, moving: Wanted): ReadonlyArray<Node | null> =>
  parameters.map((x, k) => (moving[k] ? parameter(x) : null))

/** The tangents of the outputs of a function, given those of its parameters; zeros where nothing moves. */
export const tangentsIn = ({ parameters, outputs }: Closed, tangents: ReadonlyArray<Node | null>): ReadonlyArray<Node> => {
  const found = tangentsOf(outputs, parameters, tangents)
  return outputs.map((y, i) => found[i] ?? full(0, y))
}

/** The function on a whole batch: the parameters that are mapped have it as their leading axis, and so has every output. */
export const batchClosed = ({ parameters, outputs }: Closed, mapped: ReadonlyArray<boolean>, size: number): Closed => {
  const batched = parameters.map((p, k) => (mapped[k] ? parameter({ shape: [size, ...p.shape], dtype: p.dtype }) : p))
  const elements = batched.map((node, k) => ({ node, mapped: mapped[k] === true }))
  return closedOf(batched, batchNodes(outputs, parameters, elements, size).map((y) => withBatch(y, size)))
}
