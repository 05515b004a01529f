/** Random programs of scalars: operations of all kinds on what was computed before, some of it long before. */
import { abs, add, atan2, ceil, clip, copysign, cos, div, erf, exp, floor, hypot, isNaN, less, lessEqual, log, logicalAnd, logicalNot, maximum, minimum, mod, mul, neg, notEqual, pow, reciprocal, relu, round, sigmoid, sign, sin, softplus, sqrt, square, sub, tanh, trunc, where, type Node } from '../../lib/index.js'

/** Numbers in [0, 1), the same for the same seed. */
export const numbers = (seed: number): (() => number) => {
  let state = seed >>> 0
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    let x = state ^ (state >>> 16)
    x = Math.imul(x, 0x7feb352d)
    return ((x ^ (x >>> 15)) >>> 0) / 2 ** 32
  }
}

const smooth: ReadonlyArray<(a: Node, b: Node) => Node> = [
  add, sub, mul, div, add, sub, mul,
  (a) => neg(a), (a) => square(a), (a) => sin(a), (a) => cos(a), (a) => tanh(a), (a) => sigmoid(a), (a) => softplus(a),
  (a) => sqrt(abs(a)), (a) => log(add(1, square(a))), (a) => exp(neg(abs(a))), (a) => reciprocal(add(2, sin(a))),
  (a, b) => atan2(a, b), (a, b) => hypot(a, b), (a) => pow(a, 2), (a) => erf(a),
  (a) => mul(a, -0.75), (a) => add(a, 0), (a) => mul(1, a), (a) => div(a, 4), (a) => div(a, 3), (a) => sub(-0, a), (a, b) => mul(neg(a), neg(b)), (a, b) => sub(a, neg(b)),
]

const stepped: ReadonlyArray<(a: Node, b: Node) => Node> = [
  (a, b) => maximum(a, b), (a, b) => minimum(a, b), (a) => relu(a), (a) => abs(a), (a) => clip(a, -1, 1), (a) => sign(a), (a, b) => copysign(a, b), (a, b) => mod(a, add(2, square(b))),
  (a) => round(a), (a) => floor(a), (a) => ceil(a), (a) => trunc(a),
  (a, b) => where(less(a, b), a, mul(2, b)), (a, b) => where(isNaN(a), b, a), (a, b) => where(logicalAnd(lessEqual(a, b), notEqual(a, 0)), sub(a, b), 1), (a, b) => where(logicalNot(less(a, 0)), sqrt(a), b),
]

/** A number of ordinary size, whatever it was. */
const tamed = (x: Node): Node => where(isNaN(x), 0.25, clip(x, -3, 3))

/** A program with about `count` operations: so many of what it computed last. Now and then a number is brought back to ordinary size. */
export const randomScalars =
  (seed: number, count: number, results: number) =>
  (...xs: ReadonlyArray<Node>): ReadonlyArray<Node> => {
    const random = numbers(seed)
    const made = [...xs]
    const pick = (): Node => made[Math.floor(made.length * (random() < 0.2 ? random() : 1 - random() ** 3 * Math.min(1, 40 / made.length)))] ?? made.at(-1)!
    while (made.length < count + xs.length) {
      const family = random() < 0.75 ? smooth : stepped
      const y = family[Math.floor(random() * family.length)]!(pick(), pick())
      made.push(random() < 0.2 ? tamed(y) : y)
    }
    return made.slice(-results)
  }

/** Arguments, among them all that is unusual. */
export const randomArguments = (seed: number, count: number): ReadonlyArray<number> => {
  const random = numbers(seed)
  const unusual = [0, -0, 1, -1, NaN, Infinity, -Infinity, 5e-324, 1e308, 0.5]
  return Array.from({ length: count }, () => (random() < 0.25 ? unusual[Math.floor(random() * unusual.length)]! : 4 * random() - 2))
}
