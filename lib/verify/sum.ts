/** Compensated summation (Neumaier 1974): a second number carries what the first one rounds away, unless that is infinite. */
export const exactSum = (terms: Iterable<number>): number => {
  let sum = 0
  let lost = 0
  for (const term of terms) {
    const next = sum + term
    lost += Math.abs(sum) >= Math.abs(term) ? sum - next + term : term - next + sum
    sum = next
  }
  return Number.isFinite(sum) ? sum + lost : sum
}

/** `Σ a[i]·b[i]`, summed without loss. */
export const dot = (a: Float64Array, b: Float64Array): number => {
  const terms = new Float64Array(a.length)
  for (let i = 0; i < a.length; i++) terms[i] = a[i]! * b[i]!
  return exactSum(terms)
}

/** `Σ |a[i]·b[i]|`, the scale that rounding errors of `dot` are measured by. */
export const absoluteDot = (a: ArrayLike<number>, b: ArrayLike<number>): number => {
  let sum = 0
  for (let i = 0; i < a.length; i++) sum += Math.abs(a[i]! * b[i]!)
  return sum
}

/** Whether two vectors are equal to the last bit. */
export const sameNumbers = (a: Float64Array, b: Float64Array): boolean => a.length === b.length && a.every((x, i) => Object.is(x, b[i]))
