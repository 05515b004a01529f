/** Numbers of the library against numbers of a file. */
import type { Tensor } from '../../lib/index.js'
import type { Datum, TensorData } from './schema.js'

/** How far a number may be from the expected one. */
export interface Tolerance {
  readonly rtol: number
  /** The absolute part, for the datum at this position. */
  readonly atol: (index: number, expected: Datum) => number
  /** An expected infinity (an overflow at an extreme point) is not compared. */
  readonly skipInfinite?: boolean
}

export const tolerance = (rtol: number, atol: number): Tolerance => ({ rtol, atol: () => atol })

/** Equal (NaN to NaN, 0 to -0), or close enough. */
const agrees = (a: number, b: number, atol: number, { rtol, skipInfinite }: Tolerance): boolean =>
  a === b ||
  (Number.isNaN(a) && Number.isNaN(b)) ||
  (Number.isFinite(b) ? Math.abs(a - b) <= rtol * Math.abs(b) + atol + 1e-300 : skipInfinite === true && !Number.isNaN(b))

/** What is wrong with a tensor, in words that hold both values; nothing if it agrees. */
export const mismatches = (what: string, got: Tensor, expected: TensorData, tol: Tolerance): ReadonlyArray<string> => {
  if (got.shape.length !== expected.shape.length || got.shape.some((n, i) => n !== expected.shape[i]))
    return [`${what}: shape [${got.shape.join(', ')}], expected [${expected.shape.join(', ')}]`]
  const data = got.toTypedArray()
  const wrong = expected.data.flatMap((datum, i) => {
    const [a, b] = [data[i]!, Number(datum)]
    return agrees(a, b, tol.atol(i, datum), tol) ? [] : [`${what}[${i}]: ${a}, expected ${b}${distance(a, b)}`]
  })
  return wrong.length > 4 ? [...wrong.slice(0, 4), `${what}: and ${wrong.length - 4} more`] : wrong
}

const distance = (a: number, b: number): string => {
  const gap = Math.abs(a - b)
  return Number.isFinite(gap) ? ` (off by ${gap.toExponential(1)})` : ''
}

/** The same for one number. */
export const mismatch = (what: string, got: number, expected: number, tol: Tolerance): ReadonlyArray<string> =>
  agrees(got, expected, tol.atol(0, expected), tol) ? [] : [`${what}: ${got}, expected ${expected}${distance(got, expected)}`]

/** The same for figures, names and lists that must be equal. */
export const difference = (what: string, got: unknown, expected: unknown): ReadonlyArray<string> => {
  const [a, b] = [JSON.stringify(got), JSON.stringify(expected)]
  return a === b ? [] : [`${what}: ${a}, expected ${b}`]
}
