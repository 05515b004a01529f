/** Compensated summation (Neumaier 1974): a second number carries what the first one rounds away. */
export const exactSum = (terms: Iterable<number>): number => {
  let sum = 0
  let lost = 0
  for (const term of terms) {
    const next = sum + term
    lost += Math.abs(sum) >= Math.abs(term) ? sum - next + term : term - next + sum
    sum = next
  }
  return sum + lost
}

/** `Σ a[i]·b[i]`, summed without loss. */
export const dot = (a: Float64Array, b: Float64Array): number => exactSum(a.map((x, i) => x * b[i]!))

/** `Σ |a[i]·b[i]|`, the scale that rounding errors of `dot` are measured by. */
export const absoluteDot = (a: Float64Array, b: Float64Array): number => a.reduce((sum, x, i) => sum + Math.abs(x * b[i]!), 0)
