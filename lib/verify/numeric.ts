/** Functions of trees of nodes, seen as functions from vectors of numbers to vectors of numbers. */
import * as E from 'fp-ts/Either'
import { isFloat } from '../core/DType.js'
import { FoldgradException, type FoldgradError } from '../core/FoldgradError.js'
import type { Node } from '../core/Node.js'
import { sizeOf } from '../core/Shape.js'
import { bufferOf, tensorOf, type Tensor } from '../core/Tensor.js'
import { leavesOf, rebuild } from '../core/Tree.js'
import { evaluateAll } from '../interpret/evaluate.js'
import { pretty } from '../interpret/pretty.js'
import { asNode, leafNodes, variable } from '../primitive/leaf.js'
import { jvp } from '../transform/jvp.js'
import { vjp } from '../transform/vjp.js'

/**
 * A function of the float leaves of its arguments, at a point; other leaves are held fixed. The point is `f64` throughout,
 * since differencing in 32 bits says little about a derivative.
 */
export interface Numeric {
  readonly point: ReadonlyArray<Tensor>
  readonly call: (xs: ReadonlyArray<Node>) => ReadonlyArray<Node>
}

/** The tensors of some nodes. Throws a {@link FoldgradException} on misuse; {@link attempt} catches it. */
export const tensorsOf = (nodes: ReadonlyArray<Node>): ReadonlyArray<Tensor> => {
  const result = evaluateAll(nodes)
  if (E.isLeft(result)) throw new FoldgradException(result.left)
  return result.right
}

/** The result of a computation, or the misuses it met. */
export const attempt = <T>(compute: () => T): E.Either<ReadonlyArray<FoldgradError>, T> =>
  E.tryCatch(compute, (e) => {
    if (e instanceof FoldgradException) return e.errors
    throw e
  })

/** All elements, one tensor after another. */
export const pack = (tensors: ReadonlyArray<Tensor>): Float64Array => Float64Array.from(tensors.flatMap((t) => [...bufferOf(t)]))

/** Tensors of the shapes of these, that hold the elements of a vector. */
export const unpack = (like: ReadonlyArray<Tensor>, vector: Float64Array): ReadonlyArray<Tensor> => {
  let next = 0
  return like.map(({ shape }) => tensorOf(vector.slice(next, (next += sizeOf(shape))), shape, 'f64'))
}

/** A function of trees at some arguments. */
export const numeric = (f: (...args: ReadonlyArray<never>) => unknown, args: ReadonlyArray<unknown>): Numeric => {
  const leaves = tensorsOf(leavesOf(args).map(([path, leaf]) => asNode(leaf, path)))
  const point = leaves.filter((t) => isFloat(t.dtype)).map((t) => tensorOf(Float64Array.from(bufferOf(t)), t.shape, 'f64'))
  const call = (xs: ReadonlyArray<Node>): ReadonlyArray<Node> => {
    let next = 0
    const nodes = leaves.map((t) => (isFloat(t.dtype) ? xs[next++]! : asNode(t, '')))
    const result = f(...(rebuild(args, nodes) as ReadonlyArray<never>))
    return leafNodes(result).filter((y) => isFloat(y.dtype))
  }
  return { point, call }
}

/** The program of a function, on variables `x0`, `x1`, … that hold the point. */
export const listingOf = ({ point, call }: Numeric): string => pretty(call(point.map((t, i) => variable(`x${i}`, t))))

const nodesOf = (tensors: ReadonlyArray<Tensor>): ReadonlyArray<Node> => tensors.map((t) => asNode(t, ''))

/** The results at the point. */
export const results = ({ point, call }: Numeric): ReadonlyArray<Tensor> => tensorsOf(call(nodesOf(point)))

/** The results along a line through the point, `t ↦ f(x + t v)`. */
export const along = ({ point, call }: Numeric, v: Float64Array): ((t: number) => Float64Array) => {
  const x = pack(point)
  return (t) => pack(tensorsOf(call(nodesOf(unpack(point, x.map((xj, j) => xj + t * v[j]!))))))
}

/** Reverse mode as a function of its own: `(x, w) ↦ Jᵀ(x) w`. */
export const pullback = ({ point, call }: Numeric, w: ReadonlyArray<Tensor>): Numeric => ({
  point: [...point, ...w],
  call: (nodes) => vjp(call)(nodes.slice(0, point.length))[1](nodes.slice(point.length))[0]!,
})

/** Forward mode as a function of its own: `(x, v) ↦ J(x) v`. */
export const pushforward = ({ point, call }: Numeric, v: ReadonlyArray<Tensor>): Numeric => ({
  point: [...point, ...v],
  call: (nodes) => jvp(call)([nodes.slice(0, point.length)], [nodes.slice(point.length)])[1],
})
