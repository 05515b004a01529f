import { fc, test } from '@fast-check/vitest'
import type { Field } from 'fp-ts/Field'
import { describe, expect } from 'vitest'
import type { Node } from '../../lib/core/Node.js'
import { variable } from '../../lib/function/leaf.js'
import { nodeField, nodeRing, nodeShow } from '../../lib/instances/index.js'
import { item, toArray } from '../../lib/interpret/evaluate.js'
import { grad } from '../../lib/transform/grad.js'

/** Multiples of 1/8 below 32: sums and products of three are exact. */
const dyadic = fc.integer({ min: -255, max: 255 }).map((n) => n / 8)
const node = fc.tuple(dyadic, dyadic).map((data) => variable('x', data))

/** Division is exact by powers of two. */
const divisor = fc.tuple(fc.integer({ min: -4, max: 4 }), fc.constantFrom(1, -1)).map(([k, sign]) => variable('d', [sign * 2 ** k, 1]))

const same = (a: Node, b: Node): void => expect(plain(a)).toEqual(plain(b))

/** The values, with one zero. */
const plain = (x: Node) => toArray(nodeRing.add(x, variable('o', [0, 0])))

const { add, mul, sub, div, mod, degree, zero, one } = nodeField

describe('nodeField', () => {
  test.prop([node, node, node])('addition is an abelian group', (a, b, c) => {
    same(add(add(a, b), c), add(a, add(b, c)))
    same(add(a, b), add(b, a))
    same(add(a, zero), a)
    same(add(a, sub(zero, a)), zero)
    same(sub(a, b), add(a, sub(zero, b)))
  })

  test.prop([node, node, node])('multiplication is a commutative monoid that distributes over addition', (a, b, c) => {
    same(mul(mul(a, b), c), mul(a, mul(b, c)))
    same(mul(a, b), mul(b, a))
    same(mul(a, one), a)
    same(mul(one, a), a)
    same(mul(a, add(b, c)), add(mul(a, b), mul(a, c)))
  })

  test.prop([node, divisor])('division is Euclidean without remainder', (a, d) => {
    same(a, add(mul(div(a, d), d), mod(a, d)))
    same(div(d, d), one)
    expect(degree(d)).toBeGreaterThanOrEqual(0)
  })

  test('makes code that is generic over fields differentiable', () => {
    const f = <A>(F: Field<A>) => (x: A): A => F.div(F.one, F.add(F.one, F.mul(x, x)))
    expect(item(f(nodeField)(variable('x', 1)))).toBe(0.5)
    expect(item(grad(f(nodeField))(1))).toBe(-0.5)
  })
})

test('nodeShow tells operation, dtype and shape', () => {
  expect(nodeShow.show(mul(one, variable('x', [1, 2])))).toBe('mul: f64[2]')
  expect(nodeShow.show(add(variable('x', [1, 2]), variable('y', [1, 2, 3])))).toBe('add: invalid')
})
