/** Richardson extrapolation of difference quotients to step zero, with an error bound that counts the rounding noise. */

/** A number and a bound on its error. */
export interface Estimate {
  readonly value: number
  readonly error: number
}

/** An estimate, and how much of its error is rounding; the rest is how far it has moved, which tells of the function. */
export interface Limit extends Estimate {
  readonly rounding: number
}

/**
 * The limit of `column[j]`, quotients at steps that halve from each to the next, whose error is a series in powers of
 * `step^order`; `noise[j]` is the rounding error of each. Neville's scheme removes one power after another; the entry is
 * taken that moved least from its two parents, noise included, and that movement is its error bound. Quotients that are
 * not finite take no part; without a limit the error is infinite.
 */
export const extrapolate = (column: ReadonlyArray<number>, noise: ReadonlyArray<number>, order: 1 | 2): Limit => {
  let best: Limit = { value: NaN, error: Infinity, rounding: 0 }
  let values = column
  let widths = noise
  for (let k = 1; k < column.length; k++) {
    const r = 2 ** (order * k)
    const nextValues: Array<number> = []
    const nextWidths: Array<number> = []
    for (let j = 1; j < values.length; j++) {
      const value = values[j]! + (values[j]! - values[j - 1]!) / (r - 1)
      const width = (r * widths[j]! + widths[j - 1]!) / (r - 1)
      const error = Math.max(Math.abs(value - values[j]!), Math.abs(value - values[j - 1]!)) + width
      if (error < best.error) best = { value, error, rounding: width }
      nextValues.push(value)
      nextWidths.push(width)
    }
    values = nextValues
    widths = nextWidths
  }
  return best
}
