/**
 * `torch.autograd.gradcheck`: step 1e-6, `|a - n| ≤ 1e-5 + 1e-3 |n|`, and a pullback of zero must be zero. The slow mode
 * compares the Jacobian entry by entry, with unit cotangents; the fast mode compares `vᵀ J u` for each argument, with vectors
 * without negative entries that are always the same, and widens the absolute tolerance by the sums of both.
 */
import { nonNegativeUnit } from './draw.js'
import { inner, moved, parts, quotient, unit, type Peer, type Subject } from './Subject.js'

const step = 1e-6
const absolute = 1e-5
const relative = 1e-3

const close = (analytical: number, numerical: number, tolerance = absolute): boolean =>
  Math.abs(analytical - numerical) <= tolerance + relative * Math.abs(numerical)

const derivative = ({ x, f }: Subject, v: Float64Array): Float64Array => quotient(f(moved(x, step, v)), f(moved(x, -step, v)), 2 * step)

const vanishesAtZero = ({ results, vjp }: Subject): boolean => vjp(new Float64Array(results)).every((g) => g === 0)

export const torchSlow: Peer = {
  name: 'torch gradcheck',
  passes: (subject) => {
    const { x, results, vjp } = subject
    const columns = Array.from(x, (_, j) => derivative(subject, unit(x.length, j)))
    const agree = Array.from({ length: results }, (_, i) => vjp(unit(results, i))).every((row, i) => row.every((g, j) => close(g, columns[j]![i]!)))
    return agree && vanishesAtZero(subject)
  },
}

const sum = (xs: Float64Array): number => xs.reduce((a, b) => a + b, 0)

export const torchFast: Peer = {
  name: 'torch gradcheck, fast',
  passes: (subject) => {
    const { x, sizes, results, vjp } = subject
    const v = nonNegativeUnit(results, sizes.length)
    const gradient = vjp(v)
    const agree = parts(sizes).every(([from, to], k) => {
      if (from === to) return true
      const u = nonNegativeUnit(to - from, k)
      const direction = new Float64Array(x.length)
      direction.set(u, from)
      return close(inner(gradient.subarray(from, to), u), inner(v, derivative(subject, direction)), absolute * sum(u) * sum(v))
    })
    return agree && vanishesAtZero(subject)
  },
}
