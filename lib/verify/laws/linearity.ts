/** Laws of derivatives as linear maps: the two modes are transposes, and each respects sums and multiples. */
import { bufferOf, type Tensor } from '../../core/Tensor.js'
import { add, mul } from '../../function/index.js'
import { pack, tensorsOf } from '../numeric.js'
import { split } from '../random.js'
import { absoluteDot, dot } from '../sum.js'
import { agree, identical, roundoff } from './agreement.js'
import { measured, stated } from './Law.js'
import { claim, every, inconclusive, type Outcome } from './Outcome.js'
import { drawn, elementsOf, inner, mapElements, pulled, pushed, valuesAt, type Call, type Leaves, type Nodes, type Trial } from './Trial.js'

/** Factors by which multiplying is exact. */
const powers = [-1, 2 ** 10, -(2 ** -7)]

/** Whether scaling by a power of two is exact, which it is not where numbers leave the normal range. */
const isNormal = (t: Tensor): boolean => {
  const [low, high] = t.dtype === 'f32' ? [1e-30, 1e30] : [1e-290, 1e290]
  return bufferOf(t).every((x) => x === 0 || !Number.isFinite(x) || (Math.abs(x) > low && Math.abs(x) < high))
}

const scaled = (xs: ReadonlyArray<Tensor>, factor: number): ReadonlyArray<Tensor> => mapElements(xs, (x) => factor * x)

/** That a map of arrays respects multiples, exactly, and sums, to rounding. */
const linearMap = (t: Trial, what: string, map: (w: Leaves) => Nodes, like: ReadonlyArray<Tensor>): Outcome => {
  const [w1, w2] = [drawn(like, split(t.seed, 1)), drawn(like, split(t.seed, 2))]
  const image = tensorsOf(map(w1))
  const a = 0.75
  const combined = w1.map((w, k) => add(mul(w, a), w2[k]!))
  return every(
    ...powers.map((factor) => () =>
      image.every(isNormal)
        ? identical(`${what} of ${factor} times as much`, tensorsOf(map(scaled(w1, factor))), scaled(image, factor))
        : inconclusive(`${what} has elements outside the normal range`)),
    () => {
      const [one, two] = [map(w1), map(w2)]
      return agree(`${what} of a sum`, map(combined), one.map((g, k) => add(mul(g, a), two[k]!)), t)
    },
  )
}

const zeroAtZero = (what: string, map: (w: Leaves) => Nodes, like: ReadonlyArray<Tensor>): Outcome => {
  const image = tensorsOf(map(scaled(drawn(like, 0), 0)))
  return claim(
    image.every((t) => bufferOf(t).every((x) => x === 0 || Number.isNaN(x))),
    () => `${what} of zero is ${image.map(String).join(' and ')}`,
  )
}

const back = (t: Trial): ((w: Leaves) => Nodes) => (w) => pulled(t, t.f, t.x, w)
const forth = (t: Trial): ((v: Leaves) => Nodes) => (v) => pushed(t, t.f, t.x, v)

/** `⟨w, J v⟩ = ⟨Jᵀ w, v⟩` for a function at a point. */
export const transposed = (t: Trial, f: Call, x: ReadonlyArray<Tensor>, seed: number): Outcome => {
  const y = valuesAt(f, x)
  const [w, v] = [drawn(y, split(seed, 1)), drawn(x, split(seed, 2))]
  const [tangent, gradient] = [pushed(t, f, x, v), pulled(t, f, x, w)]
  const [ws, jv, jw, vs] = [w, tensorsOf(tangent), tensorsOf(gradient), v].map(pack) as [Float64Array, Float64Array, Float64Array, Float64Array]
  const eps = Math.max(...[...x, ...y].map(({ dtype }) => roundoff(dtype)))
  const scale = absoluteDot(ws, jv) + absoluteDot(jw, vs)
  const [left, right] = [dot(ws, jv), dot(jw, vs)]
  return Math.abs(left - right) <= 16 * (elementsOf(x) + elementsOf(y)) * eps * scale
    ? claim(true, () => '')
    : agree('⟨w, J v⟩ and ⟨Jᵀ w, v⟩', [inner(tangent, w)], [inner(gradient, v)], t, { scale: scale / 2 })
}

export const L2 = stated({
  id: 'L2',
  name: 'The modes are transposes of each other',
  family: 'linearity',
  formula: '⟨w, J v⟩ = ⟨Jᵀ w, v⟩',
  tolerance: '16 n ε (Σ|wᵢ (J v)ᵢ| + Σ|vⱼ (Jᵀ w)ⱼ|), n elements; for long programs 16 times the rounding error, measured',
  check: (t) => transposed(t, t.f, t.x, t.seed),
})

export const L3 = stated({
  id: 'L3',
  name: 'Pullbacks are linear',
  family: 'linearity',
  formula: 'Jᵀ(2ᵏ w) = 2ᵏ Jᵀ w, Jᵀ(-w) = -Jᵀ w, Jᵀ(a w₁ + w₂) = a Jᵀ w₁ + Jᵀ w₂',
  tolerance: `none for powers of two and the sign; else ${measured}`,
  check: (t) => linearMap(t, 'the pullback', back(t), valuesAt(t.f, t.x)),
})

export const L4 = stated({
  id: 'L4',
  name: 'Nothing pulls back to nothing',
  family: 'linearity',
  formula: 'Jᵀ 0 = 0',
  tolerance: 'none, where derivatives are finite',
  check: (t) => zeroAtZero('the pullback', back(t), valuesAt(t.f, t.x)),
})

export const L5 = stated({
  id: 'L5',
  name: 'Pushforwards are linear',
  family: 'linearity',
  formula: 'J(2ᵏ v) = 2ᵏ J v, J(-v) = -J v, J(a v₁ + v₂) = a J v₁ + J v₂, J 0 = 0',
  tolerance: 'as for L3 and L4',
  check: (t) => every(
    () => linearMap(t, 'the pushforward', forth(t), t.x),
    () => zeroAtZero('the pushforward', forth(t), t.x),
  ),
})
