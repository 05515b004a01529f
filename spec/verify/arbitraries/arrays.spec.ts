/** Shapes, numbers, tensors and trees lie where they say, shrink to simple ones, and are equal for equal seeds. */
import * as fc from 'fast-check'
import { describe, expect, expectTypeOf, it } from 'vitest'
import { sameShape, sizeOf, broadcastShapes as common } from '../../../lib/core/Shape.js'
import { bufferOf, tensor, type Tensor } from '../../../lib/core/Tensor.js'
import { add, ones } from '../../../lib/function/index.js'
import { value } from '../../../lib/interpret/evaluate.js'
import { constant } from '../../../lib/primitive/index.js'
import {
  booleans, broadcastShapes, contains, families, indices, integers, interval, nonzero, numbers, positive, reals, shapes, tensors, trees, withHoles, withKinks,
  type Domain,
} from '../../../lib/verify/arbitraries/index.js'
import { fractionBits, simplerNumbers } from '../../../lib/verify/arbitraries/simpler.js'

const sample = <T>(arbitrary: fc.Arbitrary<T>, numRuns = 500, seed = 1): ReadonlyArray<T> => fc.sample(arbitrary, { numRuns, seed })

/** What shrinking leads to when everything that obeys fails. */
const smallest = <T>(arbitrary: fc.Arbitrary<T>, isWrong: (x: T) => boolean, seed = 1): T => fc.check(fc.property(arbitrary, (x) => !isWrong(x)), { seed, numRuns: 2000 }).counterexample![0]

describe('shapes', () => {
  it('have ranks and sizes within bounds, 0 and 1 among them', () => {
    const drawn = sample(shapes({ maxRank: 3, maxSize: 20, maxLength: 5 }))
    expect(drawn.every((s) => s.length <= 3 && sizeOf(s) <= 20)).toBe(true)
    expect(new Set(drawn.map((s) => s.length))).toEqual(new Set([0, 1, 2, 3]))
    const sizes = new Set(drawn.map(sizeOf))
    expect([0, 1, 2, 3, 4, 5, 6].every((n) => sizes.has(n))).toBe(true)
    expect(drawn.filter((s) => sizeOf(s) === 0).length).toBeLessThan(100)
    expect(sample(shapes({ minRank: 2, maxRank: 2, minLength: 2, maxLength: 2 }), 3)).toEqual([[2, 2], [2, 2], [2, 2]])
  })

  it('shrink to scalars', () => expect(smallest(shapes(), () => true)).toEqual([]))

  it('broadcast with each other to the common one', () => {
    const drawn = sample(broadcastShapes(3))
    for (const { shapes: three, common: all } of drawn) {
      expect(common(...three)).toEqual(all)
      expect(value(three.map((s) => ones(s)).reduce((a, b) => add(a, b))).shape).toEqual(all)
    }
    expect(drawn.filter(({ shapes: three }) => three.some((s) => !sameShape(s, three[0]!))).length).toBeGreaterThan(200)
  })
})

/** Domains of every kind. */
const domains: Readonly<Record<string, Domain>> = {
  reals,
  positive,
  nonzero,
  unit: interval(0, 1),
  'a short interval': interval(-1e-3, 2e-3),
  'an interval between grid points': interval(0.5001, 0.5002),
  'far from zero': interval(1000, 1003),
  'half a line': interval(-Infinity, -10),
  'with kinks': withKinks(reals, 0, 6),
  'with a kink inside an interval': withKinks(interval(-1, 1), 0.25),
  'with holes': withHoles(reals, -1, 1),
}

const table = Object.entries(domains)
const barriersOf = ({ low, high, kinks, holes }: Domain): ReadonlyArray<number> => [low, high, ...kinks, ...holes].filter(Number.isFinite)

describe.each(table)('numbers of the domain: %s', (_, domain) => {
  it('belong to it, whatever their family', () => {
    for (const family of families) for (const dtype of ['f64', 'f32'] as const) expect(sample(numbers(domain, { family, dtype })).every((x) => contains(domain, x))).toBe(true)
  })

  it('keep away from barriers, on a dyadic grid', () => {
    const width = Math.min(...barriersOf(domain).flatMap((a) => barriersOf(domain).filter((b) => b > a).map((b) => b - a)), Infinity)
    for (const x of sample(numbers(domain))) {
      expect(fractionBits(x)).toBeLessThanOrEqual(width < 0.5 ? 20 : 6)
      for (const barrier of barriersOf(domain)) expect(Math.abs(x - barrier)).toBeGreaterThanOrEqual(Math.min(2 ** -6 * Math.max(0.5, Math.abs(barrier)), width / 4))
    }
    expect(new Set(sample(numbers(domain))).size).toBeGreaterThan(10)
  })

  it('come close to barriers without reaching them', () => {
    const walls = barriersOf(domain).length === 0 ? [0] : barriersOf(domain)
    const drawn = sample(numbers(domain, { family: 'near' }))
    expect(drawn.every((x) => walls.some((wall) => x !== wall && Math.abs(x - wall) <= 2 ** -7 * (Math.abs(wall) || 1) * (1 + 1e-12)))).toBe(true)
  })

  it('hit ends and kinks exactly', () => {
    const drawn = new Set(sample(numbers(domain, { family: 'at' })))
    for (const edge of [...barriersOf(domain), 0, 1, -1].filter((x) => contains(domain, x))) expect(drawn.has(edge)).toBe(true)
    expect([...drawn].every((x) => [...barriersOf(domain), 0, 1, -1].includes(x))).toBe(true)
  })
})

describe('numbers', () => {
  it('have both zeros among the edges, and the limits of the format among the extremes', () => {
    const edges = sample(numbers(reals, { family: 'at' }))
    expect(edges.some((x) => Object.is(x, -0)) && edges.some((x) => Object.is(x, 0))).toBe(true)
    const extremes = new Set(sample(numbers(reals, { family: 'extreme', infinities: true })))
    for (const x of [Number.MAX_VALUE, Number.MIN_VALUE, 2 ** -1022, Infinity]) expect(extremes.has(x) && extremes.has(-x)).toBe(true)
    expect(sample(numbers(reals, { family: 'extreme' })).every(Number.isFinite)).toBe(true)
    expect(sample(numbers(reals, { family: 'extreme', dtype: 'f32' })).every((x) => Math.fround(x) === x && Math.abs(x) < 3.5e38)).toBe(true)
  })

  it('are representable in f32 where asked', () => {
    for (const family of families) expect(sample(numbers(withKinks(reals, 0, 1), { family, dtype: 'f32' })).every((x) => Math.fround(x) === x)).toBe(true)
  })

  it('shrink to small integers, or to the simplest of the domain', () => {
    expect(smallest(numbers(reals), () => true)).toBe(0)
    expect(smallest(numbers(positive), () => true)).toBe(1)
    expect(smallest(numbers(reals), (x) => x > 1.3)).toBe(2)
    expect(smallest(numbers(interval(0.25, 0.75)), () => true)).toBe(0.5)
    expect(smallest(numbers(reals, { family: 'extreme' }), (x) => x > 1e300)).toBeGreaterThan(1e300)
  })

  it('shrink in a well-founded order', () => {
    for (const x of [0.3, 1e15 + 0.5, -0.5, 1e-300, -7, 5e-324, 1e300, -0, NaN, Infinity]) {
      const seen = new Set<number>()
      for (let y: number | undefined = x; y !== undefined; y = simplerNumbers(y).at(-1)) {
        expect(seen.has(y) && !Object.is(y, 0)).toBe(false)
        seen.add(y)
        if (seen.size > 9000) break
      }
      expect(seen.size).toBeLessThan(9000)
    }
  })
})

const dataOf = (t: Tensor): ReadonlyArray<number> => [...bufferOf(t)]

describe('tensors', () => {
  it('have the shape, the dtype and elements of the domain', () => {
    for (const dtype of ['f64', 'f32'] as const) {
      const drawn = sample(tensors([2, 3], positive, { dtype }))
      expect(drawn.every((t) => t.dtype === dtype && sameShape(t.shape, [2, 3]) && dataOf(t).every((x) => x > 0))).toBe(true)
    }
    const any = sample(tensors())
    expect(new Set(any.map((t) => t.shape.length))).toEqual(new Set([0, 1, 2, 3]))
    expect(any.some((t) => t.size === 0) && any.some((t) => t.size === 1)).toBe(true)
  })

  it('have distinct elements where asked', () => {
    for (const t of sample(tensors([4, 3], interval(-1, 1), { distinct: true }), 100)) {
      const sorted = dataOf(t).toSorted((a, b) => a - b)
      expect(sorted.slice(1).every((x, i) => x - sorted[i]! >= 2 ** -4)).toBe(true)
    }
  })

  it('have exact sums', () => {
    for (const t of sample(tensors([8], withKinks(reals, 0)), 100)) {
      const forward = dataOf(t).reduce((a, b) => a + b, 0)
      expect(dataOf(t).toReversed().reduce((a, b) => a + b, 0)).toBe(forward)
    }
  })

  it('shrink to zeros, element by element', () => {
    expect(smallest(tensors([3]), () => true).toArray()).toEqual([0, 0, 0])
    expect(smallest(tensors([3]), (t) => t.at(1) > 2).toArray()).toEqual([0, 3, 0])
  })

  it('of integers, truth values and indices are in range', () => {
    const whole = sample(integers([5], { max: 3 })).flatMap(dataOf)
    expect(new Set(whole)).toEqual(new Set([-3, -2, -1, 0, 1, 2, 3]))
    expect(sample(integers([2], { dtype: 'i32' }), 1)[0]!.dtype).toBe('i32')
    expect(sample(booleans([2, 2]), 5).every((t) => t.dtype === 'bool')).toBe(true)
    const places = sample(indices([4], 3, { negative: true }))
    expect(places.every((t) => t.dtype === 'i32')).toBe(true)
    expect(new Set(places.flatMap(dataOf))).toEqual(new Set([-3, -2, -1, 0, 1, 2]))
    expect(new Set(sample(indices([4], 3)).flatMap(dataOf))).toEqual(new Set([0, 1, 2]))
  })

  it('do not keep the shape that they were given', () => {
    const mine = [2, 2]
    const arbitrary = tensors(mine)
    mine[0] = 9
    expect(sample(arbitrary, 1)[0]!.shape).toEqual([2, 2])
  })
})

describe('trees', () => {
  it('have the structure and the type of what they are like', () => {
    const layers = trees({ layers: [{ w: [2, 3], b: [3] }, { w: [3, 1], b: [1] }], rate: tensors([], positive), seed: fc.nat(5), like: tensor([1, 2]) })
    const [drawn] = sample(layers, 1)
    expectTypeOf(drawn!.layers[0].w).toEqualTypeOf<Tensor>()
    expectTypeOf(drawn!.seed).toEqualTypeOf<number>()
    expect(Object.keys(drawn!)).toEqual(['layers', 'rate', 'seed', 'like'])
    expect([drawn!.layers[0].w.shape, drawn!.layers[1].b.shape, drawn!.rate.shape, drawn!.like.shape]).toEqual([[2, 3], [1], [], [2]])
    expect(drawn!.rate.at()).toBeGreaterThan(0)
    expect(Object.isFrozen(drawn) && Object.isFrozen(drawn!.layers)).toBe(true)
  })

  it('take nodes and numbers as examples', () => {
    const [drawn] = sample(trees([constant(tensor([[1, 2]])), { a: 0.5 }], interval(1, 2)), 1)
    expect([drawn![0].shape, drawn![1].a.shape]).toEqual([[1, 2], []])
    expect(drawn![1].a.at()).toBeGreaterThanOrEqual(1)
  })

  it('shrink leaf by leaf', () => {
    const found = smallest(trees({ a: [2], b: [2] }), ({ a }) => a.at(0) > 1)
    expect([found.a.toArray(), found.b.toArray()]).toEqual([[2, 0], [0, 0]])
  })
})

it('everything is equal for equal seeds', () => {
  const text = (seed: number): string => JSON.stringify([sample(shapes(), 20, seed), sample(broadcastShapes(2), 20, seed), sample(tensors(), 20, seed), sample(trees({ a: [2] }), 5, seed)])
  expect(text(3)).toBe(text(3))
  expect(text(3)).not.toBe(text(4))
})
