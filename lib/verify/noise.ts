/**
 * The noise of computed values, told from a difference table (Moré and Wild 2011): what is left of equally spaced values
 * after several differences is no smooth function. Needed for functions that iterate to a tolerance, whose values are
 * noisier than their last digit.
 */
import { dot } from './sum.js'

const points = 15

/** The factor `(k!)²/(2k)!` by which a `k`-th difference enlarges the variance of independent noise. */
const gain = (k: number): number => {
  let factor = 1
  for (let j = 1; j <= k; j++) factor *= j / (k + j)
  return factor
}

/**
 * The noise of `⟨w, f⟩` at `points` places of this spacing to the right of 0, where a kink at 0 does not disturb it: the first
 * level on which three columns of the table agree, 0 if none do.
 */
export const noiseOf = (f: (t: number) => Float64Array, w: Float64Array, spacing: number): number => {
  const values = Array.from({ length: points }, (_, i) => f((i + 1) * spacing))
  const middle = values[points >> 1]!
  let column = values.map((y) => dot(w, y.map((yj, j) => yj - middle[j]!)))
  const levels: Array<number> = []
  const mixed: Array<boolean> = []
  for (let k = 1; k <= 8; k++) {
    const next = column.slice(1).map((y, i) => y - column[i]!)
    column = next
    levels.push(Math.sqrt((gain(k) * next.reduce((sum, d) => sum + d * d, 0)) / next.length))
    mixed.push(Math.min(...next) < 0 && Math.max(...next) > 0)
  }
  for (let k = 0; k + 2 < levels.length; k++) {
    const three = levels.slice(k, k + 3)
    if (mixed[k] === true && Math.max(...three) <= 4 * Math.min(...three)) return Math.max(...three)
  }
  return 0
}
