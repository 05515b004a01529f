import { fc, test } from '@fast-check/vitest'
import { describe, expect } from 'vitest'
import type { Gradients } from '../../lib/core/Gradients.js'
import type { Node } from '../../lib/core/Node.js'
import { add, mul, square } from '../../lib/function/arithmetic.js'
import { variable } from '../../lib/function/leaf.js'
import { gradientsMonoid } from '../../lib/instances/index.js'
import { toArray } from '../../lib/interpret/evaluate.js'
import { backward } from '../../lib/transform/backward.js'

const ids = ['x', 'y', 'z'] as const
const variables: ReadonlyArray<Node> = ids.map((id, k) => variable(id, [k + 1, -k, 0.5]))

/** Polynomials in some of the variables; multiples of 1/2 keep every sum exact. */
const { loss } = fc.letrec<{ loss: Node }>((tie) => ({
  loss: fc.oneof(
    { maxDepth: 4, withCrossShrink: true },
    fc.constantFrom(...variables),
    tie('loss').map((a) => mul(a, 0.5)),
    fc.tuple(tie('loss'), tie('loss')).map(([a, b]) => add(a, b)),
    fc.constantFrom(...variables).map((a) => square(a)),
  ),
}))

const numbers = (gradients: Gradients) => Object.fromEntries([...gradients].map(([id, g]) => [id, toArray(g)]))

const { concat, empty } = gradientsMonoid

describe('gradientsMonoid', () => {
  test.prop([loss, loss])('concat of the gradients of two losses are the gradients of their sum', (a, b) => {
    expect(numbers(concat(backward(a), backward(b)))).toEqual(numbers(backward(add(a, b))))
  })

  test.prop([loss, loss, loss])('is associative', (a, b, c) => {
    const [x, y, z] = [backward(a), backward(b), backward(c)] as const
    expect(numbers(concat(concat(x, y), z))).toEqual(numbers(concat(x, concat(y, z))))
  })

  test.prop([loss])('has the empty map as neutral element', (a) => {
    const g = backward(a)
    expect(concat(empty, g)).toEqual(g)
    expect([...concat(empty, g)]).toEqual([...g])
    expect([...concat(g, empty)]).toEqual([...g])
  })

  test('hands out maps that cannot be written to', () => {
    const g = concat(backward(variables[0]!), backward(variables[1]!))
    expect('set' in g).toBe(false)
    expect(() => Map.prototype.set.call(g, 'x', variables[1])).toThrow(TypeError)
    expect([...g.keys()]).toEqual(['x', 'y'])
  })
})
