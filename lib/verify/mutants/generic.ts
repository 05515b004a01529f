/** Mistakes that can be made in any rule. */
import { apply, type Node } from '../../core/Node.js'
import { sizeOf } from '../../core/Shape.js'
import { tensorOf } from '../../core/Tensor.js'
import { astype, gt, mul, neg, where } from '../../primitive/arithmetic.js'
import { add } from '../../primitive/declare.js'
import { constant, full } from '../../primitive/leaf.js'
import { abs } from '../../primitive/rounding.js'
import { concat, reshape, slice, transpose } from '../../primitive/shape.js'
import { after, before, contributionOf, fits, inPlaceOf, ofAnother, withRules, type Mistake } from './mistake.js'

const counted = (from: number, to: number): ReadonlyArray<number> => Array.from({ length: to - from + 1 }, (_, i) => from + i)

const scaledBy = (factor: number) => (c: Node): Node => mul(c, full(factor, c))

/** An array as a vector, changed, in its own shape again. */
const flat =
  (change: (v: Node, n: number) => Node) =>
  (c: Node): Node | undefined => {
    const n = sizeOf(c.shape)
    return n < 2 ? undefined : reshape(change(reshape(c, [n]), n), c.shape)
  }

const part = (v: Node, start: number, length: number, step = 1): Node => slice(v, { start: [start], step: [step], shape: [length] })

/** An array of ones but for one entry. */
const onesBut = (at: number, entry: number, like: Node): Node => {
  const factors = new Float64Array(sizeOf(like.shape)).fill(1)
  factors[at] = entry
  return astype(constant(tensorOf(factors, like.shape, 'f64')), like.dtype)
}

/** One entry multiplied: the one in the middle. */
const oneEntry = (factor: number): Mistake =>
  after(`one entry × ${factor}`, (c) => {
    const n = sizeOf(c.shape)
    return n === 0 ? undefined : mul(c, onesBut(n >> 1, factor, c))
  })

/** The last two axes exchanged, and the numbers read into the old shape if that is another one. */
const transposed = (c: Node): Node | undefined => {
  const rank = c.shape.length
  return rank < 2 ? undefined : reshape(transpose(c, [...counted(0, rank - 3), rank - 1, rank - 2]), c.shape)
}

/** Where a result is larger than its operand, several of its entries belong to one entry of that. */
const gathering = (name: string, wrong: (c: Node, g: Node) => Node): Mistake =>
  after(name, (c, g) => (sizeOf(g.shape) > sizeOf(c.shape) && sizeOf(c.shape) > 0 ? wrong(c, g) : undefined))

/** Only the first of the entries that belong together: the others come without a cotangent. */
const firstOnly: Mistake = {
  name: 'the first instead of the sum',
  in: (op) => {
    const masked = (seed: Node, n: number): Node => {
      const size = sizeOf(seed.shape)
      const kept = new Float64Array(size).fill(1, 0, n)
      return mul(seed, astype(constant(tensorOf(kept, seed.shape, 'f64')), seed.dtype))
    }
    return withRules(op, {
      pull: (g, y, k, hidden) => {
        const n = sizeOf(y.inputs[k]!.shape)
        return contributionOf(op, n > 0 && n < sizeOf(g.shape) ? masked(g, n) : g, y, k, hidden)
      },
      push: (tangents, y) => op.jvp(tangents.map((t) => (t !== null && sizeOf(t.shape) > sizeOf(y.shape) ? masked(t, sizeOf(y.shape)) : t)), y),
    })
  },
}

/** The rule of one operand used for another of the same shape. */
const swapped: Mistake = {
  name: 'the operands swapped',
  in: (op) => {
    const partner = (y: Node, k: number): number => {
      const other = y.inputs.length - 1 - k
      return fits(y.inputs[other]!, y.inputs[k]!) ? other : k
    }
    return withRules(op, {
      pull: (g, y, k, masked) => contributionOf(op, g, y, partner(y, k), masked),
      push: (tangents, y) => op.jvp(tangents.map((_, k) => tangents[partner(y, k)]!), y),
    })
  },
}

const unreversed = ofAnother('a scan in the wrong direction', (y) =>
  typeof y.attrs['reverse'] === 'boolean' ? apply(y.op, y.inputs, { ...y.attrs, reverse: !y.attrs['reverse'] }) : undefined)

/** The mistakes that suit every rule. One that a rule leaves no room for changes nothing. */
export const genericMistakes: ReadonlyArray<Mistake> = Object.freeze([
  after('the sign', (c) => neg(c)),
  after('zero', (c) => full(0, c)),
  ...counted(1, 9).map((k) => after(`a factor of 1 + 1e-${k}`, scaledBy(1 + 10 ** -k))),
  swapped,
  after('entries moved on by one', flat((v, n) => concat([part(v, n - 1, 1), part(v, 0, n - 1)], 0))),
  after('entries in reverse', flat((v, n) => part(v, n - 1, n, -1))),
  before('the cotangent ignored', (g) => full(1, g)),
  before('the size of the cotangent', (g) => abs(g)),
  before('the cotangent squared', (g) => mul(g, g)),
  before('negative cotangents lost', (g) => where(gt(g, full(0, g)), g, full(0, g))),
  oneEntry(0),
  oneEntry(1.01),
  oneEntry(1.0001),
  after('rounding to single precision', (c) => astype(astype(c, 'f32'), c.dtype)),
  ...[3, 6, 9].map((k) => inPlaceOf(`1e-${k} added`, (c, _, like) => (c === null ? full(10 ** -k, like) : add(c, full(10 ** -k, c))))),
  gathering('the mean instead of the sum', (c, g) => mul(c, full(sizeOf(c.shape) / sizeOf(g.shape), c))),
  firstOnly,
  after('a matrix transposed', transposed),
  unreversed,
  inPlaceOf('the cotangent handed on', (_, g) => g),
])
