import { fc, test } from '@fast-check/vitest'
import * as E from 'fp-ts/Either'
import { pipe } from 'fp-ts/function'
import { describe, expect } from 'vitest'
import { sort } from '../../lib/core/Graph.js'
import type { Node } from '../../lib/core/Node.js'
import { tensor, type Tensor } from '../../lib/core/Tensor.js'
import { add, mul } from '../../lib/function/arithmetic.js'
import { conv, convTranspose } from '../../lib/function/convolution.js'
import { constant, variable } from '../../lib/function/leaf.js'
import { evaluate, item, toArray, value } from '../../lib/interpret/evaluate.js'
import { full } from '../../lib/primitive/leaf.js'
import { sum } from '../../lib/primitive/shape.js'
import { adjointsOf } from '../../lib/transform/backward.js'
import { vmap } from '../../lib/transform/vmap.js'
import { indexAt, indicesOf, integers, optionsOf, geometry, type Geometry } from '../arbitraries/windows.js'
import { expectTransposed, innerProduct } from '../laws/transposition.js'

/** A convolution and the numbers for it. */
interface Case {
  readonly where: Geometry
  readonly groups: number
  readonly x: Tensor
  readonly w: Tensor
  readonly y: Tensor
}

const small = fc.integer({ min: 1, max: 2 })

const cases = (spread = true): fc.Arbitrary<Case> =>
  fc.tuple(geometry(spread), small, small, small, fc.integer({ min: 0, max: 2 })).chain(([where, groups, c, o, n]) =>
    fc.record({
      where: fc.constant(where),
      groups: fc.constant(groups),
      x: integers([n, c * groups, ...where.size]),
      w: integers([o * groups, c, ...where.window]),
      y: integers([n, o * groups, ...where.out]),
    }),
  )

/** The definition, summed term by term. */
const byDefinition = ({ where, groups, x, w }: Case): Tensor => {
  const [n, perGroup, filters] = [x.shape[0]!, w.shape[1]!, w.shape[0]!]
  const shape = [n, filters, ...where.out]
  const data = indicesOf(shape).map(([sample, o, ...p]) => {
    const first = Math.floor(o! / (filters / groups)) * perGroup
    let total = 0
    for (const [c, ...k] of indicesOf(w.shape.slice(1))) {
      const at = indexAt(where, k, p)
      if (at !== undefined) total += w.at(o!, c!, ...k) * x.at(sample!, first + c!, ...at)
    }
    return total
  })
  return tensor(data, { shape })
}

const applied = ({ where, groups }: Case) => (x: Node, w: Node) => conv(x, w, { ...optionsOf(where), groups })

const total = (x: Node): Node => sum(x, x.shape.map((_, i) => i))

const ruleOf = (y: Node): string =>
  pipe(evaluate(y), E.match((errors) => errors.map((e) => `${e.op}: ${e.rule}`).join('\n'), () => 'no error'))

const ones = (...shape: ReadonlyArray<number>): Node => full(1, { shape, dtype: 'f64' })

describe('conv', () => {
  test.prop([cases()])('is its definition, for every stride, padding, dilation, group and rank', (c) => {
    const [found, expected] = [value(applied(c)(constant(c.x), constant(c.w))), byDefinition(c)]
    expect(found.shape).toEqual(expected.shape)
    expect(found.toArray()).toEqual(expected.toArray())
  })

  test.prop([cases()])('has transposed derivatives, at first and second order, exactly', (c) => {
    const f = applied(c)
    expectTransposed((x, w) => f(x, w), [c.x, c.w])
    expectTransposed((x, w, g) => adjointsOf(f(x, w), [x], g)[0]!, [c.x, c.w, c.y])
    expectTransposed((x, w, g) => adjointsOf(f(x, w), [w], g)[0]!, [c.x, c.w, c.y])
  })

  test.prop([cases(), fc.infiniteStream(fc.integer({ min: -3, max: 3 }))])(
    'has every order of derivative: those of a polynomial along a line, exactly',
    (c, stream) => {
      const draw = (like: Tensor) => tensor(Array.from({ length: like.size }, () => stream.next().value as number), { shape: like.shape })
      const [u, v] = [draw(c.x), draw(c.w)]
      const along = (t: Node): Node => {
        const y = applied(c)(add(c.x, mul(u, t)), add(c.w, mul(v, t)))
        return total(mul(y, y))
      }
      const p = [0, 1, 2, 3, 4].map((t) => item(along(constant(t)))) as [number, number, number, number, number]
      const t = variable('t', 0)
      const derivatives: Array<number> = []
      for (let y = along(t), order = 1; order <= 4; order++) {
        y = adjointsOf(y, [t])[0] ?? constant(0)
        derivatives.push(item(y))
      }
      expect(12 * derivatives[0]!).toBe(-25 * p[0] + 48 * p[1] - 36 * p[2] + 16 * p[3] - 3 * p[4])
      expect(12 * derivatives[1]!).toBe(35 * p[0] - 104 * p[1] + 114 * p[2] - 56 * p[3] + 11 * p[4])
      expect(2 * derivatives[2]!).toBe(-5 * p[0] + 18 * p[1] - 24 * p[2] + 14 * p[3] - 3 * p[4])
      expect(derivatives[3]!).toBe(p[0] - 4 * p[1] + 6 * p[2] - 4 * p[3] + p[4])
    },
  )

  test.prop([cases(), fc.constantFrom<readonly [boolean, boolean]>([true, true], [true, false], [false, true])])(
    'acts on a batch as on each of its elements, and so do its derivatives',
    (c, [mapX, mapW]) => {
      fc.pre(c.x.size > 0)
      const doubled = (t: Tensor) => value(mul(t, -2)) as Tensor
      const batched = (t: Tensor, mapped: boolean) => (mapped ? tensor([t.toArray(), doubled(t).toArray()]) : t)
      const [xs, ws] = [batched(c.x, mapX), batched(c.w, mapW)]
      const options = { in: [mapX ? 0 : null, mapW ? 0 : null] }
      const maps = [
        (x: Node, w: Node) => applied(c)(x, w),
        (x: Node, w: Node) => adjointsOf(applied(c)(x, w), [x], mul(applied(c)(x, w), c.y))[0]!,
        (x: Node, w: Node) => adjointsOf(applied(c)(x, w), [w], mul(applied(c)(x, w), c.y))[0]!,
      ]
      for (const f of maps) {
        const each = [toArray(f(constant(c.x), constant(c.w))), toArray(f(constant(mapX ? doubled(c.x) : c.x), constant(mapW ? doubled(c.w) : c.w)))]
        expect(toArray(add(vmap(f, options)(xs, ws), 0))).toEqual(toArray(add(each, 0)))
      }
    },
  )

  test('is one node, and so is each of its derivatives', () => {
    const [x, w] = [variable('x', [[[1, 2, 3]]]), variable('w', [[[1, 2]]])]
    const y = conv(x, w)
    const names = sort([y, ...adjointsOf(y, [x, w]).map((g) => g!)]).nodes.map((n) => n.op.name)
    expect(names.filter((name) => !['variable', 'full'].includes(name))).toEqual(['conv', 'convTranspose', 'convFilters'])
  })

  test('pads "same" as JAX does: the odd element after', () => {
    expect(toArray(conv([[[1, 2, 3, 4]]], [[[1, 10]]], { padding: 'same' }))).toEqual([[[21, 32, 43, 4]]])
    expect(toArray(conv([[[1, 2, 3, 4]]], [[[1, 1, 1]]], { padding: 'same', stride: 2 }))).toEqual([[[6, 7]]])
    expect(toArray(conv([[[1, 2]]], [[[5]]], { padding: 'valid' }))).toEqual([[[5, 10]]])
  })

  test('adds a bias per channel, works data-last, and keeps f32', () => {
    expect(toArray(conv([[[1, 2]]], [[[1]], [[2]]], { bias: [10, 20] }))).toEqual([[[11, 12], [22, 24]]])
    expect(pipe([[[1, 2]]], conv([[[3]]], { stride: 2 }), toArray)).toEqual([[[3]]])
    expect(conv(tensor(new Float32Array(3), { shape: [1, 1, 3] }), tensor([[[1]]], { dtype: 'f32' })).dtype).toBe('f32')
    expect(conv(tensor(new Float32Array(3), { shape: [1, 1, 3] }), [[[1]]]).dtype).toBe('f64')
  })

  test('takes empty batches and empty channels', () => {
    expect(toArray(conv(ones(0, 2, 3), ones(4, 2, 3)))).toEqual([])
    expect(toArray(conv(ones(1, 0, 3), ones(2, 0, 3)))).toEqual([[[0], [0]]])
  })

  test('refuses what does not fit, with the numbers', () => {
    expect(ruleOf(conv(ones(1, 1, 7), ones(1, 1, 9)))).toBe('conv: output size (7 + 2·0 − 9) / 1 + 1 = −1 is not positive')
    expect(ruleOf(conv(ones(1, 1, 7), ones(1, 1, 5), { dilation: 2, stride: 2, padding: [[0, 1]] }))).toBe(
      'conv: output size ⌊(7 + 0 + 1 − (2·(5 − 1) + 1)) / 2⌋ + 1 = 0 is not positive',
    )
    expect(ruleOf(conv(ones(1, 3, 7), ones(2, 2, 3)))).toBe('conv: x has 3 channels, the filters take 2')
    expect(ruleOf(conv(ones(1, 4, 7), ones(3, 2, 3), { groups: 2 }))).toBe('conv: 3 filters do not split into 2 groups')
    expect(ruleOf(conv(ones(1, 3, 7), ones(2, 3, 3), { stride: [1, 1] }))).toBe('conv: stride has 2 entries for 1 spatial axis')
    expect(ruleOf(conv(ones(1, 3, 7), ones(2, 3, 3), { padding: [1, 1] }))).toBe('conv: padding has 2 entries for 1 spatial axis')
    expect(ruleOf(conv(ones(1, 3, 7), ones(2, 3, 3), { dilation: 0 }))).toContain('dilation is [0], integers not less than 1')
    expect(ruleOf(conv(ones(1, 3, 7), ones(2, 3, 3), { padding: 0.5 }))).toContain('padding is 0.5, integers are needed')
    expect(ruleOf(conv(ones(1, 3, 7), ones(2, 3, 3), { groups: 0 }))).toContain('groups is 0')
    expect(ruleOf(conv(ones(3, 7), ones(2, 3)))).toContain('need one rank of 3 or more')
    expect(ruleOf(conv(ones(1, 3, 7), ones(2, 3, 3), { bias: [1, 2, 3] }))).toContain('the bias needs the shape [2]')
  })

  test('reports every misuse once, and none of its own for a broken operand', () => {
    const broken = conv(ones(1, 1, 2), ones(1, 1, 3))
    expect(ruleOf(conv(broken, ones(1, 1, 1)))).toBe('conv: output size (2 + 2·0 − 3) / 1 + 1 = 0 is not positive')
  })
})

describe('convTranspose', () => {
  const adjoint = fc
    .record({
      where: geometry(false),
      groups: small,
      c: small,
      o: small,
      extra: fc.nat(2),
      same: fc.boolean(),
    })
    .map(({ where, extra, same, ...rest }) => ({
      ...rest,
      where,
      options: same
        ? { stride: where.stride, dilation: where.dilation, padding: 'same' as const }
        : { ...optionsOf(where), outputPadding: where.stride.map((s) => extra % s) },
    }))

  test.prop([adjoint])('is the exact adjoint of conv with the same options', ({ where, options, groups, c, o }) => {
    const w = full(0, { shape: [o * groups, c, ...where.window], dtype: 'f64' })
    const shape = convTranspose(full(0, { shape: [2, o * groups, ...where.out], dtype: 'f64' }), w, { ...options, groups }).shape
    fc.pre(shape.length > 0) // more padding than there is to leave out
    fc.assert(
      fc.property(integers([2, o * groups, ...where.out]), integers(w.shape), integers(shape), (x, filters, z) => {
        const { outputPadding: _, ...forward } = { outputPadding: 0, ...options }
        const there = value(conv(z, filters, { ...forward, inputDilation: 1, groups }))
        expect(innerProduct(there, x)).toBe(innerProduct(z, value(convTranspose(x, filters, { ...options, groups }))))
      }),
      { numRuns: 3 },
    )
  })

  test.prop([cases(false)])('has transposed derivatives at first and second order, exactly', (c) => {
    const options = { stride: c.where.stride, dilation: c.where.dilation, groups: c.groups }
    const f = (y: Node, w: Node) => convTranspose(y, w, options)
    expectTransposed((y, w) => f(y, w), [c.y, c.w])
    expectTransposed((y, w) => adjointsOf(f(y, w), [y], f(y, w))[0]!, [c.y, c.w])
    expectTransposed((y, w) => adjointsOf(f(y, w), [w], f(y, w))[0]!, [c.y, c.w])
  })

  test('multiplies the length by the stride under "same" padding', () => {
    expect(toArray(convTranspose([[[1, 2]]], [[[5]]], { stride: 3, padding: 'same' }))).toEqual([[[5, 0, 0, 10, 0, 0]]])
    expect(toArray(convTranspose([[[1, 2]]], [[[1, 1, 1, 1]]], { stride: 2, padding: 'same' }))).toEqual([[[1, 3, 3, 2]]])
  })

  test('adds a bias per channel, and works data-last', () => {
    expect(toArray(convTranspose([[[1, 2]]], [[[1], [3]]], { bias: [10, 20] }))).toEqual([[[11, 12], [23, 26]]])
    expect(pipe([[[1, 2]]], convTranspose([[[1, 1]]], { stride: 2 }), toArray)).toEqual([[[1, 1, 2, 2]]])
  })

  test('refuses what does not fit, with the numbers', () => {
    expect(ruleOf(convTranspose(ones(1, 1, 3), ones(1, 1, 2), { padding: 3 }))).toBe(
      'convTranspose: output size (3 − 1)·1 + 2 − 2·3 + 0 = −2 is not positive',
    )
    expect(ruleOf(convTranspose(ones(1, 1, 3), ones(1, 1, 2), { outputPadding: 1 }))).toContain('outputPadding is [1], each must be')
    expect(ruleOf(convTranspose(ones(1, 2, 3), ones(1, 1, 2)))).toBe('convTranspose: x has 2 channels, the filters take 1')
  })
})
