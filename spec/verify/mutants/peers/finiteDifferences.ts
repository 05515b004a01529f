/**
 * The method of FiniteDifferences.jl that ChainRulesTestUtils uses, `central_fdm(5, 1; max_range=1e-2)`: five points, whose
 * spacing comes from the size of the fifth derivative nearby, which seven points estimate at a default spacing.
 */

/** Weights of values at the points of a grid that give the `q`-th derivative at 0 of every polynomial through them. */
const weightsOf = (grid: ReadonlyArray<number>, q: number): ReadonlyArray<number> => {
  const n = grid.length
  const rows = grid.map((_, i) => [...grid.map((g) => g ** i), i === q ? factorial(q) : 0])
  for (let c = 0; c < n; c++) {
    const pivot = rows.slice(c).reduce((best, row, i) => (Math.abs(row[c]!) > Math.abs(rows[best]![c]!) ? c + i : best), c)
    ;[rows[c], rows[pivot]] = [rows[pivot]!, rows[c]!]
    for (let r = 0; r < n; r++) {
      const factor = rows[r]![c]! / rows[c]![c]!
      if (r !== c && factor !== 0) rows[r] = rows[r]!.map((x, k) => x - factor * rows[c]![k]!)
    }
  }
  return rows.map((row, i) => row[n]! / row[i]!)
}

const factorial = (n: number): number => (n < 2 ? 1 : n * factorial(n - 1))

const total = (xs: ReadonlyArray<number>): number => xs.reduce((sum, x) => sum + Math.abs(x), 0)

/** The spacing of floating-point numbers at `x`. */
const ulp = (x: number): number => 2 ** (Math.max(-1022, Math.floor(Math.log2(Math.abs(x)))) - 52)

const condition = 10
const range = 1e-2

interface Method {
  readonly grid: ReadonlyArray<number>
  readonly order: number
  readonly weights: ReadonlyArray<number>
  /** The same derivative at the neighbouring points of the grid. */
  readonly nearby: ReadonlyArray<ReadonlyArray<number>>
}

const method = (points: number, order: number): Method => {
  const grid = Array.from({ length: points }, (_, i) => i - (points - 1) / 2)
  return { grid, order, weights: weightsOf(grid, order), nearby: [-1, 0, 1].map((to) => weightsOf(grid.map((g) => g + to), order)) }
}

const first = method(5, 1)
const fifth = method(7, 5)

/** The step that makes a bound on truncation and rounding error least. */
const bestStep = ({ grid, order, weights }: Method, derivative: number, rounding: number): number => {
  const p = grid.length
  const truncation = derivative * (total(weights.map((c, i) => c * grid[i]! ** p)) / factorial(p))
  return ((order / (p - order)) * ((rounding * total(weights)) / truncation)) ** (1 / p)
}

const defaultStep = (m: Method): number => bestStep(m, condition, Number.EPSILON)

const limited = (m: Method, step: number): number => Math.min(step, range / Math.max(...m.grid), 1000 * defaultStep(m))

type Line = (t: number) => Float64Array

const estimate = (values: ReadonlyArray<Float64Array>, weights: ReadonlyArray<number>, scale: number): Float64Array =>
  values[0]!.map((_, i) => values.reduce((sum, y, k) => sum + weights[k]! * y[i]!, 0) / scale)

const largest = (arrays: ReadonlyArray<Float64Array>): number => arrays.reduce((m, y) => y.reduce((n, v) => (Number.isNaN(v) ? v : Math.max(n, Math.abs(v))), m), 0)

/** The derivative of `f` at 0. */
export const derivativeAtZero = (f: Line): Float64Array => {
  const wide = limited(fifth, defaultStep(fifth))
  const values = fifth.grid.map((g) => f(g * wide))
  const derivative = largest(fifth.nearby.map((weights) => estimate(values, weights, wide ** fifth.order)))
  const magnitude = largest(values)
  const step = limited(first, derivative === 0 || magnitude === 0 ? defaultStep(first) : bestStep(first, derivative, ulp(magnitude)))
  return estimate(first.grid.map((g) => f(g * step)), first.weights, step)
}
