/** A subject at one point, as a function of the arrays of floats among its arguments: what the checks of laws work with. */
import { bufferFrom, isFloat } from '../../core/DType.js'
import type { Node, Signature } from '../../core/Node.js'
import { sizeOf } from '../../core/Shape.js'
import { bufferOf, tensorOf, type Tensor } from '../../core/Tensor.js'
import { leavesOf, rebuild, type Leaf } from '../../core/Tree.js'
import { add, mul, sum } from '../../function/index.js'
import { asNode, full, leafNodes } from '../../primitive/leaf.js'
import { pack, tensorsOf } from '../numeric.js'
import { signed, split } from '../random.js'
import { absoluteDot } from '../sum.js'
import type { Case, Declarations, Subject, TreeFunction } from './Subject.js'
import type { Transforms } from './Transforms.js'

export type Nodes = ReadonlyArray<Node>
export type Leaves = ReadonlyArray<Leaf>

/** A function of arrays of floats. */
export type Call = (xs: Nodes) => Nodes

export interface Trial {
  readonly seed: number
  readonly args: ReadonlyArray<unknown>
  readonly declared: Declarations
  readonly use: Transforms
  /** The arrays of floats among the arguments. */
  readonly x: ReadonlyArray<Tensor>
  /** The results that are floats. */
  readonly f: Call
  /** Another function of the same arguments. */
  readonly sibling: (g: TreeFunction) => Call
  /** The size of the largest result. */
  readonly size: () => number
  /** The case, as reports show it. */
  readonly at: Case
}

const isFloatLeaf = (t: Tensor): boolean => isFloat(t.dtype)

/** The arrays of floats in a tree. */
export const floatsOf = (tree: unknown): Nodes => leafNodes(tree).filter((y) => isFloat(y.dtype))

/** The arguments as trees of nodes, with others for the arrays of floats. */
export const argumentsWith = (args: ReadonlyArray<unknown>, xs: Nodes): ReadonlyArray<unknown> => {
  let next = 0
  return rebuild(args, leafNodes(args).map((leaf) => (isFloat(leaf.dtype) ? xs[next++]! : leaf))) as ReadonlyArray<unknown>
}

export const trialOf = ({ declared, transforms }: Subject, at: Case, seed: number): Trial => {
  const { args } = at
  const sibling = (g: TreeFunction): Call => (xs) => floatsOf(g(...(argumentsWith(args, xs) as ReadonlyArray<never>)))
  const x = tensorsOf(leavesOf(args).map(([path, leaf]) => asNode(leaf, path))).filter(isFloatLeaf)
  const f = sibling(at.f)
  const size = (): number => pack(valuesAt(f, x)).reduce((most, y) => (Number.isFinite(y) ? Math.max(most, Math.abs(y)) : most), 0)
  return { seed, args, declared, use: transforms, x, f, sibling, size, at }
}

/** Nodes of their own for some tensors. */
export const nodesOf = (xs: Leaves): Nodes => xs.map((x) => asNode(x, ''))

/** The values of a function at some arrays. */
export const valuesAt = (f: Call, xs: Leaves): ReadonlyArray<Tensor> => tensorsOf(f(nodesOf(xs)))

/** An array like another with numbers of both signs, of size ½ to 1½. */
export const drawnLike = ({ shape, dtype }: Signature, seed: number): Tensor =>
  tensorOf(bufferFrom(dtype, Array.from({ length: sizeOf(shape) }, (_, i) => signed(seed, i))), shape, dtype)

/** Cotangents or tangents for several arrays. */
export const drawn = (like: ReadonlyArray<Signature>, seed: number): ReadonlyArray<Tensor> => like.map((x, i) => drawnLike(x, split(seed, i)))

/** Each array with its elements changed. */
export const mapElements = (xs: ReadonlyArray<Tensor>, f: (element: number, i: number, k: number) => number): ReadonlyArray<Tensor> =>
  xs.map((x, k) => tensorOf(bufferFrom(x.dtype, Array.from(bufferOf(x), (element, i) => f(element, i, k))), x.shape, x.dtype))

/** Tangents of the size of the arrays themselves, element by element. */
export const tangentsAt = (xs: ReadonlyArray<Tensor>, seed: number): ReadonlyArray<Tensor> => {
  const v = drawn(xs, seed)
  return mapElements(xs, (element, i, k) => Math.max(Math.abs(element), 2 ** -10) * bufferOf(v[k]!)[i]!)
}

/** Another point of the same shapes, a little nearer to zero. */
export const variant = (xs: ReadonlyArray<Tensor>, seed: number): ReadonlyArray<Tensor> =>
  mapElements(xs, (element, i, k) => element * (1 - Math.abs(signed(split(seed, k), i)) / 64))

/** The value and the pullback, on lists of arrays. */
export const reverse = ({ use }: Pick<Trial, 'use'>, f: Call, xs: Leaves): readonly [value: Nodes, pull: (w: Leaves) => Nodes] => {
  const [value, pull] = use.vjp((nodes: Nodes) => f(nodes))(xs)
  return [value, (w) => pull(w)[0]]
}

/** The value and the tangent. */
export const forward = ({ use }: Pick<Trial, 'use'>, f: Call, xs: Leaves, v: Leaves): readonly [value: Nodes, tangent: Nodes] =>
  use.jvp((nodes: Nodes) => f(nodes))([xs], [v])

/** The value and the pushforward that is kept. */
export const linear = ({ use }: Pick<Trial, 'use'>, f: Call, xs: Leaves): readonly [value: Nodes, push: (v: Leaves) => Nodes] =>
  use.linearize((nodes: Nodes) => f(nodes))(xs)

/** `Jᵀ w` and `J v`. */
export const pulled = (t: Pick<Trial, 'use'>, f: Call, xs: Leaves, w: Leaves): Nodes => reverse(t, f, xs)[1](w)
export const pushed = (t: Pick<Trial, 'use'>, f: Call, xs: Leaves, v: Leaves): Nodes => forward(t, f, xs, v)[1]

const zero: Signature = { shape: [], dtype: 'f64' }

/** `⟨a, b⟩`, summed over all arrays. */
export const inner = (a: Leaves, b: Leaves): Node =>
  a.map((x, k) => sum(mul(x, b[k]!))).reduce<Node | undefined>((total, term) => (total === undefined ? term : add(total, term)), undefined) ?? full(0, zero)

/** `⟨w, f⟩`, a scalar function that depends on every element of the result. */
export const weighted =
  (f: Call, w: Leaves) =>
  (xs: Nodes): Node =>
    inner(f(xs), w)

/** The number of elements. */
export const elementsOf = (xs: ReadonlyArray<Signature>): number => xs.reduce((n, x) => n + sizeOf(x.shape), 0)

/** `Σ |a b|`: the size of the terms that `⟨a, b⟩` is the sum of. */
export const termsOf = (a: Leaves, b: Leaves): number => {
  const [x, y] = [pack(tensorsOf(nodesOf(a))), pack(tensorsOf(nodesOf(b)))]
  return absoluteDot(x, y)
}
