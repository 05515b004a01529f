/**
 * `ChainRulesTestUtils.test_rrule`: the whole Jacobian by differences of five points, one cotangent with entries from -9 to
 * 9, and for each argument `‖a - b‖ ≤ max(1e-9, 1e-9 max(‖a‖, ‖b‖))`.
 */
import { hundredths } from './draw.js'
import { derivativeAtZero } from './finiteDifferences.js'
import { inner, moved, parts, unit, type Peer } from './Subject.js'

const tolerance = 1e-9

const norm = (x: Float64Array): number => Math.hypot(...x)

export const chainRules: Peer = {
  name: 'ChainRulesTestUtils',
  passes: ({ x, sizes, results, f, vjp }, seed) => {
    const cotangent = hundredths(results, seed)
    const found = vjp(cotangent)
    const expected = x.map((_, j) => inner(cotangent, derivativeAtZero((t) => f(moved(x, t, unit(x.length, j))))))
    return parts(sizes).every(([from, to]) => {
      const [a, b] = [found.subarray(from, to), expected.subarray(from, to)]
      return norm(a.map((ai, i) => ai - b[i]!)) <= Math.max(tolerance, tolerance * Math.max(norm(a), norm(b)))
    })
  },
}
