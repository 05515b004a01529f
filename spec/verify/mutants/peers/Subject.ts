/** What a checker of derivatives is shown: a function of numbers, a point, and the pullback that is claimed there. */

export interface Subject {
  /** The arguments, one after another, and how many numbers each of them has. */
  readonly x: Float64Array
  readonly sizes: ReadonlyArray<number>
  /** How many numbers the result has. */
  readonly results: number
  readonly f: (x: Float64Array) => Float64Array
  /** `w ↦ Jᵀ w` at the point. */
  readonly vjp: (w: Float64Array) => Float64Array
}

/** A checker, by its published rule at its default settings: reverse mode, first order. */
export interface Peer {
  readonly name: string
  /** Whether the derivative passes. The seed is for those that draw without one of their own. */
  readonly passes: (subject: Subject, seed: number) => boolean
}

export const inner = (a: Float64Array, b: Float64Array): number => a.reduce((sum, x, i) => sum + x * b[i]!, 0)

/** `x + t v`. */
export const moved = (x: Float64Array, t: number, v: Float64Array): Float64Array => x.map((xi, i) => xi + t * v[i]!)

/** `(a - b) / h`. */
export const quotient = (a: Float64Array, b: Float64Array, h: number): Float64Array => a.map((ai, i) => (ai - b[i]!) / h)

/** `eᵢ`. */
export const unit = (n: number, i: number): Float64Array => {
  const e = new Float64Array(n)
  e[i] = 1
  return e
}

/** Where each argument begins and ends. */
export const parts = (sizes: ReadonlyArray<number>): ReadonlyArray<readonly [from: number, to: number]> => {
  let next = 0
  return sizes.map((size) => [next, (next += size)] as const)
}
