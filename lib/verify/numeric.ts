/** Functions of trees of nodes, seen as functions from vectors of numbers to vectors of numbers. */
import * as E from 'fp-ts/Either'
import { bufferFrom, filledWith, isFloat, type Buffer } from '../core/DType.js'
import { FoldgradException, type FoldgradError } from '../core/FoldgradError.js'
import { errorsIn, sort } from '../core/Graph.js'
import type { Node } from '../core/Node.js'
import { sizeOf } from '../core/Shape.js'
import { bufferOf, tensorOf, type Tensor } from '../core/Tensor.js'
import { leavesOf, rebuild } from '../core/Tree.js'
import { evaluateAll, program } from '../interpret/evaluate.js'
import { astype } from '../primitive/arithmetic.js'
import { asNode, leafNodes, variable } from '../primitive/leaf.js'
import { jvp } from '../transform/jvp.js'
import { vjp } from '../transform/vjp.js'
import { computesInSingle, promote, widened } from './promote.js'
import { sameNumbers } from './sum.js'

/** A function of the float leaves of its arguments, at a point; other leaves are held fixed. */
export interface Numeric {
  readonly point: ReadonlyArray<Tensor>
  /** What the arguments are called: `args[0].layers.0.w`. */
  readonly names: ReadonlyArray<string>
  readonly call: (xs: ReadonlyArray<Node>) => ReadonlyArray<Node>
  /** What the results are called: `result.loss`. */
  readonly resultNames: () => ReadonlyArray<string>
  /**
   * The function as it is written, if that computes in single precision. The function itself is the same program in double
   * precision, since differencing in 32 bits says little about a derivative.
   */
  readonly single?: Numeric
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

/** All elements, one buffer after another. */
const packed = (buffers: ReadonlyArray<Buffer>): Float64Array =>
  filledWith(new Float64Array(buffers.reduce((n, { length }) => n + length, 0)), buffers)

/** All elements, one tensor after another. */
export const pack = (tensors: ReadonlyArray<Tensor>): Float64Array => packed(tensors.map(bufferOf))

/** Tensors of the types of these, that hold the elements of a vector. */
export const unpack = (like: ReadonlyArray<Tensor>, vector: Float64Array): ReadonlyArray<Tensor> => {
  let next = 0
  return like.map(({ shape, dtype }) => tensorOf(bufferFrom(dtype, vector.subarray(next, (next += sizeOf(shape)))), shape, dtype))
}

/** In which tensor an element of such a vector lies, and its place there. */
export const located = (tensors: ReadonlyArray<Tensor>, element: number): readonly [tensor: number, at: number] => {
  let tensor = 0
  let at = element
  while (at >= tensors[tensor]!.size) at -= tensors[tensor++]!.size
  return [tensor, at]
}

/** `args[0].layers.0.w` for the path `0.layers.0.w`. */
const argumentName = (path: string): string => path.replace(/^\d+/, (i) => `args[${i}]`)

/** A function of trees at some arguments. */
export const numeric = (f: (...args: ReadonlyArray<never>) => unknown, args: ReadonlyArray<unknown>): Numeric => {
  const paths = leavesOf(args)
  const leaves = tensorsOf(paths.map(([path, leaf]) => asNode(leaf, path)))
  const floats = leaves.filter((t) => isFloat(t.dtype))
  const resultOf = (xs: ReadonlyArray<Node>): unknown => {
    let next = 0
    return f(...(rebuild(args, leaves.map((t) => (isFloat(t.dtype) ? astype(xs[next++]!, t.dtype) : asNode(t, '')))) as ReadonlyArray<never>))
  }
  const call = (xs: ReadonlyArray<Node>): ReadonlyArray<Node> => leafNodes(resultOf(xs)).filter((y) => isFloat(y.dtype))
  const names = paths.flatMap(([path], k) => (isFloat(leaves[k]!.dtype) ? [argumentName(path)] : []))
  const resultNames = (): ReadonlyArray<string> =>
    leavesOf(resultOf(nodesOf(floats))).flatMap(([path, y]) => (isFloat(asNode(y, path).dtype) ? [path === '' ? 'result' : `result.${path}`] : []))
  const written = { point: floats, names, call, resultNames }
  return computesInSingle(call(nodesOf(floats)))
    ? { point: floats.map(widened), names, call: (xs) => promote(call(xs)), resultNames, single: written }
    : { ...written, point: floats.map(widened) }
}

/** The variables that stand for the arguments, at the point. */
export const variablesOf = ({ point, names }: Numeric): ReadonlyArray<Node> => point.map((t, i) => variable(names[i]!, t))

const nodesOf = (tensors: ReadonlyArray<Tensor>): ReadonlyArray<Node> => tensors.map((t) => asNode(t, ''))

/** The results at the point. */
export const results = ({ point, call }: Numeric): ReadonlyArray<Tensor> => tensorsOf(call(nodesOf(point)))

/**
 * The results along a line through the point, `t ↦ f(x + t v)`. The program that `f` builds at the point is run again and
 * again, unless `f` builds another one elsewhere, as a function does that reads numbers of its arguments.
 */
export const along = (g: Numeric, v: Float64Array): ((t: number) => Float64Array) => {
  const { point, call } = g
  const x = pack(point)
  const at = (t: number): ReadonlyArray<Tensor> => unpack(point, x.map((xj, j) => xj + t * v[j]!))
  const built = (t: number): Float64Array => pack(tensorsOf(call(nodesOf(at(t)))))
  const variables = variablesOf(g)
  const outputs = call(variables)
  if (errorsIn(sort(outputs)).length > 0) return built
  const compute = program(variables, outputs)
  const run = (t: number): Float64Array => packed(compute(at(t).map(bufferOf)))
  const [once, again] = [run(probe), built(probe)]
  return sameNumbers(once, again) ? run : built
}

/** Some way along a line, as far as the first step of a ladder goes. */
const probe = 2 ** -6

/** Reverse mode as a function of its own: `(x, w) ↦ Jᵀ(x) w`. */
export const pullback = (g: Numeric, w: Float64Array): Numeric => {
  const { point, names, call, resultNames } = g
  const outputs = results(g)
  return {
    point: [...point, ...unpack(outputs, w)],
    names: [...names, ...outputs.map((_, i) => `cotangent${i}`)],
    call: (nodes) => vjp(call)(nodes.slice(0, point.length))[1](nodes.slice(point.length))[0]!,
    resultNames: () => names.map((name) => `∂(${resultNames().join(', ')})/∂${name}`),
    ...(g.single === undefined ? {} : { single: pullback(g.single, w) }),
  }
}

/** Forward mode as a function of its own: `(x, v) ↦ J(x) v`. */
export const pushforward = (g: Numeric, v: Float64Array): Numeric => {
  const { point, names, call, resultNames } = g
  return {
    point: [...point, ...unpack(point, v)],
    names: [...names, ...names.map((name) => `tangent of ${name}`)],
    call: (nodes) => jvp(call)([nodes.slice(0, point.length)], [nodes.slice(point.length)])[1],
    resultNames: () => resultNames().map((name) => `∂${name}`),
    ...(g.single === undefined ? {} : { single: pushforward(g.single, v) }),
  }
}
