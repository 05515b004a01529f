/** Jacobians by numerical differentiation alone, entry by entry with error bounds. */
import { rebuild, leavesOf } from '../core/Tree.js'
import { isFloat } from '../core/DType.js'
import { sizeOf, type Shape } from '../core/Shape.js'
import { tensorOf, type Tensor } from '../core/Tensor.js'
import { asNode } from '../primitive/leaf.js'
import type { Nested } from '../transform/jacobian.js'
import type { ArgumentInputs } from '../transform/vjp.js'
import { sizesOf } from './direction.js'
import type { Estimate } from './extrapolate.js'
import { along, numeric, pack, results, type Numeric } from './numeric.js'
import { central, climb, epsilon, firstStep } from './numerical.js'

/** Estimates of the entries of an array, and a bound on the error of each. */
export interface EstimatedTensor {
  readonly value: Tensor
  readonly error: Tensor
}

/** A tree of the structure of `R` with a tree of the structure of `P` at each leaf, and estimates at the leaves of that. */
export type EstimatedJacobian<R, P> = Nested<R, Nested<P, EstimatedTensor>>

/** Steps may be shortened this often, by an eighth each time. */
export const attempts = 6

/** The derivatives of all results in one element, each from the ladder that knows it best. */
const column = (g: Numeric, length: number, j: number, size: number): ReadonlyArray<Estimate> => {
  const f = along(g, Float64Array.from({ length: pack(g.point).length }, (_, i) => (i === j ? size : 0)))
  let best: ReadonlyArray<Estimate> = Array.from({ length }, () => ({ value: NaN, error: Infinity }))
  let step = firstStep
  for (let attempt = 0; attempt <= attempts; attempt++, step /= 8) {
    const ladder = climb(f, step)
    best = best.map((known, i) => {
      const unit = (y: Float64Array): Float64Array => y.subarray(i, i + 1)
      const own = { steps: ladder.steps, here: unit(ladder.here), after: ladder.after.map(unit), before: ladder.before.map(unit) }
      const { value, error } = central(own, Float64Array.of(1), { scale: 0 })
      const found = { value: value / size, error: error / size + epsilon * Math.abs(value / size) }
      return found.error < known.error ? found : known
    })
    if (best.every(({ value, error }) => error <= 1e-9 * Math.abs(value))) break
  }
  return best
}

const tensorFrom = (entries: ReadonlyArray<Estimate>, shape: Shape): EstimatedTensor =>
  Object.freeze({
    value: tensorOf(Float64Array.from(entries, ({ value }) => value), shape, 'f64'),
    error: tensorOf(Float64Array.from(entries, ({ error }) => error), shape, 'f64'),
  })

/** The entries of a matrix as arrays, one for each leaf that its rows belong to and each leaf that its columns belong to. */
export const blocks = (
  rows: ReadonlyArray<Shape>,
  columns: ReadonlyArray<Shape>,
  entry: (i: number, j: number) => Estimate,
): ReadonlyArray<ReadonlyArray<EstimatedTensor>> => {
  let i = 0
  return rows.map((row) => {
    const own = Array.from({ length: sizeOf(row) }, () => i++)
    let j = 0
    return columns.map((column) => {
      const across = Array.from({ length: sizeOf(column) }, () => j++)
      return tensorFrom(own.flatMap((r) => across.map((c) => entry(r, c))), Object.freeze([...row, ...column]))
    })
  })
}

/**
 * The Jacobian of a function of a tree by differencing alone: what `jacobian` computes exactly, as estimates with a bound on the
 * error of each entry. For each leaf `y` of the result and each leaf `x` of the first argument there are two tensors of shape
 * `[...y.shape, ...x.shape]`. Steps are relative to each element and adapt to the function; an entry that has no derivative has
 * an infinite error. Takes about 20 evaluations of `f` for each element of the argument.
 *
 * Integer leaves do not fit here: pass them as further arguments. Throws a `FoldgradException` if `f` misuses an operation.
 *
 * @example
 * const { value, error } = numericalJacobian((x: Node) => mul(x, x), [tensor([1, 2])])
 * value.toArray().map((row) => row.map((x) => Number(x.toFixed(9)))) // [[2, 0], [0, 4]]
 * error.at(1, 1) < 1e-9                                              // true
 */
export const numericalJacobian = <A extends ReadonlyArray<unknown>, R>(f: (...args: A) => R, [first, ...rest]: ArgumentInputs<A>): EstimatedJacobian<R, A[0]> => {
  const of = (x: unknown): R => f(...([x, ...rest] as unknown as A))
  const g = numeric(of as (...args: ReadonlyArray<never>) => unknown, [first])
  const leaves = leavesOf(first)
  if (leaves.length !== g.point.length) throw new TypeError('numericalJacobian: an integer leaf has no derivative; pass it as a further argument')
  const result: unknown = of(rebuild(first, leaves.map(([path, leaf]) => asNode(leaf, path))))
  const ys = results(g)
  const columns = Array.from(sizesOf(g.point), (size, j) => column(g, pack(ys).length, j, size))
  const found = blocks(ys.map((y) => y.shape), g.point.map((x) => x.shape), (i, j) => columns[j]![i]!)
  let next = 0
  const rows = leavesOf(result).map(([path, y]) => rebuild(first, isFloat(asNode(y, path).dtype) ? found[next++]! : leaves.map(() => undefined)))
  return rebuild(result, rows) as EstimatedJacobian<R, A[0]>
}
