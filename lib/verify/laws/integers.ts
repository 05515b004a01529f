/** The law for which integers leave no room: sums and products of small ones are exact. */
import type { Tensor } from '../../core/Tensor.js'
import { add, mul } from '../../function/index.js'
import { pack, tensorsOf } from '../numeric.js'
import { split, uniform } from '../random.js'
import { stated } from './Law.js'
import { claim, every, holds, inconclusive, type Outcome } from './Outcome.js'
import { floatsOf, mapElements, pulled, valuesAt, type Call, type Leaves, type Trial } from './Trial.js'

/** Integers of both signs below a bound, of the shapes of some arrays. */
const integers = (like: ReadonlyArray<Tensor>, bound: number, seed: number): ReadonlyArray<Tensor> =>
  mapElements(like, (_, i, k) => Math.floor((2 * uniform(split(seed, k), i) - 1) * bound) || 1)

/** Denominators up to this are exact: windows and factors that are powers of two. */
const unit = 2n ** 16n

/** The number in units of 2⁻¹⁶; `undefined` if it is no multiple, or so large that it may have been rounded. */
const exact = (x: number): bigint | undefined => {
  const scaled = x * Number(unit)
  return Number.isInteger(scaled) && Math.abs(x) < 2 ** 52 ? BigInt(scaled) : undefined
}

const sum = (xs: ReadonlyArray<bigint>): bigint => xs.reduce((a, b) => a + b, 0n)

/** `⟨a, b⟩`, exactly. */
const dot = (a: ReadonlyArray<Tensor>, b: ReadonlyArray<Tensor>): bigint | undefined => {
  const [x, y] = [[...pack(a)].map(exact), [...pack(b)].map(exact)]
  return x.some((n) => n === undefined) || y.some((n) => n === undefined) ? undefined : sum(x.map((n, i) => n! * y[i]!))
}

const equal = (what: string, left: bigint | undefined, right: bigint | undefined): Outcome =>
  left === undefined
    ? inconclusive(`${what}: the values are no small multiples of 2⁻¹⁶, so they may be rounded`)
    : claim(left === right, () => `${what}: ${Number(left)} and ${right === undefined ? 'a rounded number' : Number(right)} in units of 2⁻³² differ`)

const isDouble = (t: Trial): boolean => t.x.every((x) => x.dtype === 'f64')

/** `⟨w, f(x)⟩ = ⟨x, Jᵀ w⟩` in the chosen arrays, in which `f` is linear. */
const linearIn = (t: Trial, chosen: (k: number) => boolean, large: number, small: number, seed: number): Outcome => {
  const x = integers(t.x, large, split(seed, 1)).map((a, k) => (chosen(k) ? a : integers([t.x[k]!], 4, split(seed, 3))[0]!))
  const y = valuesAt(t.f, x)
  const w = integers(y, small, split(seed, 2))
  const part = (xs: ReadonlyArray<Tensor>): ReadonlyArray<Tensor> => xs.filter((_, k) => chosen(k))
  return equal('⟨w, f(x)⟩ and ⟨x, Jᵀ w⟩', dot(w, y), dot(part(x), part(tensorsOf(pulled(t, t.f, x, w)))))
}

/** Both ways to use up the exact range: integers beyond single precision on one side, then on the other. */
const linearInAll = (t: Trial, chosen: (k: number) => boolean): Outcome =>
  every(
    () => linearIn(t, chosen, 2 ** 26, 2 ** 8, t.seed),
    () => linearIn(t, chosen, 2 ** 8, 2 ** 26, split(t.seed, 1)),
  )

/** For each array of floats, which argument it is of. */
const owners = (t: Trial): ReadonlyArray<number> => t.args.flatMap((arg, k) => floatsOf(arg).map(() => k))

const gcd = (a: bigint, b: bigint): bigint => (b === 0n ? a : gcd(b, a % b))
const multiple = (n: number): bigint => Array.from({ length: n }, (_, k) => BigInt(k + 1)).reduce((a, b) => (a * b) / gcd(a, b), 1n)

/**
 * The derivative at 0 of a polynomial of degree `d` from its values at 0 … d, times `lcm(1 … d)`, by forward differences:
 * `p'(0) = Σ (-1)ᵏ⁺¹ Δᵏp(0) / k`.
 */
const slope = (values: ReadonlyArray<bigint>): bigint => {
  const scale = multiple(values.length - 1)
  let differences = values
  let total = 0n
  for (let k = 1; k < values.length; k++) {
    differences = differences.slice(1).map((x, i) => x - differences[i]!)
    total += ((k % 2 === 1 ? scale : -scale) / BigInt(k)) * differences[0]!
  }
  return total
}

const polynomial = (t: Trial, degree: number): Outcome => {
  const bound = Math.max(2, Math.floor(2 ** (30 / Math.max(1, degree)) / (degree + 1)))
  const [x, v] = [integers(t.x, bound, split(t.seed, 1)), integers(t.x, bound, split(t.seed, 2))]
  const w = integers(valuesAt(t.f, x), 16, split(t.seed, 3))
  const along = (f: Call, s: number): ReadonlyArray<Tensor> => tensorsOf(f((x as Leaves).map((a, k) => add(a, mul(s, v[k]!)))))
  const values = Array.from({ length: degree + 1 }, (_, s) => dot(w, along(t.f, s)))
  const gradient = dot(v, tensorsOf(pulled(t, t.f, x, w)))
  return equal(
    `the derivative of a polynomial of degree ${degree}`,
    values.some((y) => y === undefined) ? undefined : slope(values as ReadonlyArray<bigint>),
    gradient === undefined ? undefined : gradient * multiple(degree),
  )
}

export const L7 = stated({
  id: 'L7',
  name: 'Integers are exact',
  family: 'integers',
  formula: 'linear: ⟨w, f(x)⟩ = ⟨x, Jᵀ w⟩; multilinear: the same in each argument; degree d: d+1 values give ⟨w, J v⟩',
  tolerance: 'none: integers up to 2²⁶, added and multiplied without rounding',
  applies: ({ linear, multilinear, degree }) =>
    linear === true || multilinear === true || degree !== undefined ? true : 'declare it linear, multilinear or of a degree',
  check: (t) => {
    if (!isDouble(t)) return inconclusive('the arguments are not f64')
    const { linear, multilinear, degree } = t.declared
    const of = owners(t)
    return every(
      () => (linear === true ? linearInAll(t, () => true) : holds),
      ...(multilinear === true ? t.args.map((_, argument) => () => (of.includes(argument) ? linearInAll(t, (k) => of[k] === argument) : holds)) : []),
      () => (degree === undefined ? holds : polynomial(t, degree)),
    )
  },
})
