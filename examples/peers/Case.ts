/** Functions of a vector, each at a point where derivatives go wrong easily: what the gradients of libraries are checked on. */
import type { ValueAndGrad } from '../../lib/verify/index.js'

/** A function in double precision, and a point. */
export interface Case {
  readonly name: string
  readonly at: ReadonlyArray<number>
  readonly value: (x: Float64Array) => number
}

const total = (x: Float64Array): number => x.reduce((sum, a) => sum + a, 0)

const logSumExp = (x: Float64Array): number => {
  const largest = Math.max(...x)
  return largest + Math.log(total(x.map((a) => Math.exp(a - largest))))
}

const deviation = (x: Float64Array): number => {
  const mean = total(x) / x.length
  return Math.sqrt(total(x.map((a) => (a - mean) ** 2)) / x.length)
}

export const cases = {
  square: { name: 'sum x²', at: [1, 2, 3], value: (x) => total(x.map((a) => a * a)) },
  sin: { name: 'sum sin x', at: [0.5, 2, 3.14], value: (x) => total(x.map(Math.sin)) },
  softplus: { name: 'sum log(1 + eˣ)', at: [-30, 2, 40], value: (x) => total(x.map((a) => Math.log1p(Math.exp(-Math.abs(a))) + Math.max(a, 0))) },
  relu: { name: 'sum relu x, at the kink', at: [-1, 0, 2], value: (x) => total(x.map((a) => Math.max(a, 0))) },
  max: { name: 'max x, two of them', at: [1, 3, 3], value: (x) => Math.max(...x) },
  logSumExp: { name: 'log sum eˣ, large x', at: [1000, 999, 998], value: logSumExp },
  // 1 less than the functions themselves: their values, unlike 1, have the digits that the derivatives are in.
  tanh: { name: 'tanh x, far out', at: [10], value: ([x]) => -2 / (1 + Math.exp(2 * x!)) },
  sigmoid: { name: 'sigmoid x, far out', at: [20], value: ([x]) => -1 / (1 + Math.exp(x!)) },
  elu: { name: 'elu x, far out', at: [-20], value: ([x]) => Math.exp(x!) },
  product: { name: 'product of x, one of them 0', at: [2, 0, 3], value: (x) => x.reduce((p, a) => p * a, 1) },
  where: { name: 'sum sqrt x where x > 0', at: [-1, 4], value: (x) => total(x.map((a) => (a > 0 ? Math.sqrt(a) : 0))) },
  norm: { name: 'norm x, at 0', at: [0, 0, 0], value: (x) => Math.hypot(...x) },
  normSquared: { name: 'norm(x)², at 0', at: [0, 0, 0], value: (x) => total(x.map((a) => a * a)) },
  normLarge: { name: 'norm x, large x', at: [3e30, 4e30], value: (x) => Math.hypot(...x) },
  deviation: { name: 'deviation of equal numbers', at: [2, 2, 2], value: deviation },
  atan2: { name: 'atan2(y, x), small', at: [1e-25, 1e-25], value: ([y, x]) => Math.atan2(y!, x!) },
  asinh: { name: 'asinh x, large x', at: [1e20], value: ([x]) => Math.asinh(x!) },
} as const satisfies Readonly<Record<string, Case>>

export type CaseName = keyof typeof cases

/** A library: its gradients of the cases, as far as it has the operations, and the precision that it computes in. */
export interface Peer {
  readonly name: string
  readonly precision: 'f64' | 'f32'
  readonly gradients: { readonly [K in CaseName]?: ValueAndGrad }
}

/** The gradients of some functions of a library, by the way it differentiates a function. */
export const adapted = <F>(functions: { readonly [K in CaseName]?: F }, differentiate: (f: F) => ValueAndGrad): Peer['gradients'] =>
  Object.fromEntries(Object.entries(functions).map(([name, f]) => [name, differentiate(f)]))
