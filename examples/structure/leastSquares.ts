/** Nonlinear least squares by the method of Levenberg and Marquardt, for any function that can be differentiated. */
import { constant, item, jacobian, matmul, square, sum, transpose, value, type Node } from '../../lib/index.js'

type Vector = ReadonlyArray<number>
type Matrix = ReadonlyArray<Vector>

/** What was found, and how well. */
export interface Fit {
  readonly parameters: Vector
  /** The standard errors of the parameters, if the residuals are independent noise of one size. */
  readonly errors: Vector
  /** The size of that noise, estimated from what the fit leaves over. */
  readonly noise: number
  /** How many steps were tried. */
  readonly steps: number
}

/** The inverse of a positive definite matrix, by the elimination of Gauss and Jordan. */
export const inverse = (matrix: Matrix): Matrix => {
  const wide: Matrix = matrix.map((row, i) => [...row, ...row.map((_, j) => (i === j ? 1 : 0))])
  const reduced = wide.reduce((rows, _, k) => {
    const pivot = rows[k]!.map((x) => x / rows[k]![k]!)
    return rows.map((row, i) => (i === k ? pivot : row.map((x, j) => x - row[k]! * pivot[j]!)))
  }, wide)
  return reduced.map((row) => row.slice(matrix.length))
}

const times = (matrix: Matrix, v: Vector): Vector => matrix.map((row) => row.reduce((s, x, j) => s + x * v[j]!, 0))

/**
 * The parameters that make the sum of the squared residuals least, from a start that is near enough. A step that makes it
 * smaller is taken and the next one is bolder, down to those of Gauss and Newton; any other is tried again, more timidly.
 */
export const leastSquares = (residuals: (p: Node) => Node, start: Vector): Fit => {
  const squares = (p: Vector): number => item(sum(square(residuals(constant(p)))))
  const curvatureAndSlope = (p: Vector) => {
    const j = jacobian(residuals)(constant(p))
    const { curvature, slope } = value({ curvature: matmul(transpose(j), j), slope: matmul(residuals(constant(p)), j) })
    return { curvature: curvature.toArray() as Matrix, slope: slope.toArray() as Vector }
  }
  const search = (p: Vector, before: number, timidity: number, steps: number): Fit => {
    const { curvature, slope } = curvatureAndSlope(p)
    const timid = curvature.map((row, i) => row.map((x, j) => (i === j ? x * (1 + timidity) : x)))
    const next = times(inverse(timid), slope).map((dx, i) => p[i]! - dx)
    const after = squares(next)
    if (after < before * (1 - 1e-12) && steps < 100) return search(next, after, timidity / 10, steps + 1)
    if (timidity < 1e6 && Math.abs(after - before) > 1e-12 * before && steps < 100) return search(p, before, timidity * 10, steps + 1)
    const variance = before / (residuals(constant(p)).shape[0]! - p.length)
    const errors = inverse(curvature).map((row, i) => Math.sqrt(row[i]! * variance))
    return { parameters: p, errors, noise: Math.sqrt(variance), steps }
  }
  return search(start, squares(start), 1e-2, 0)
}
