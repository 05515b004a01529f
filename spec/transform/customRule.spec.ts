/** Rules of the user's own: stated in one mode they hold in the other, and one that returns the wrong thing is named. */
import { describe, expect, it } from 'vitest'
import {
  add, astype, constant, customPrimitive, customRule, evaluate, exp, grad, item, jvp, mul, square, sum, tensor, toArray, vjp, type Node,
} from '../../lib/index.js'
import { checkGradient, checkJvp, checkSecondOrder } from '../../lib/verify/index.js'

const errorsOf = (tree: unknown): string => {
  const result = evaluate(tree)
  return result._tag === 'Left' ? result.left.map((e) => `${e.op}: ${e.rule}`).join('; ') : 'no error'
}

const product = (x: Node, y: Node): Node => mul(square(x), exp(y))
const byPullbacks = customRule((x, y) => product(x!, y!), {
  name: 'product',
  vjp: [(g, _z, x, y) => mul(g, mul(mul(2, x!), exp(y!))), (g, z) => mul(g, z)],
})
const byPushforward = customRule((x, y) => product(x!, y!), {
  name: 'product',
  jvp: ([dx, dy], z, x, y) => add(mul(dx!, mul(mul(2, x!), exp(y!))), mul(dy!, z)),
})
const kernel = customPrimitive({
  name: 'product',
  evaluate: (x, y) => x!.toTypedArray().map((v, i) => v * v * Math.exp(y!.toTypedArray()[i]!)),
  jvp: ([dx, dy], z, x, y) => add(mul(dx!, mul(mul(2, x!), exp(y!))), mul(dy!, z)),
})
const at = [tensor([0.5, -1.25]), tensor([0.25, 0.75])] as const

describe.each([['pullbacks', byPullbacks], ['a pushforward', byPushforward], ['a kernel and a pushforward', kernel]])('a rule given by %s', (_, f) => {
  const total = (x: Node, y: Node): Node => sum(f(x, y))

  it('has the value and both derivatives of what it stands for', () => {
    const plain = (x: Node, y: Node): Node => sum(product(x, y))
    expect(toArray(f(...at))).toEqual(toArray(product(constant(at[0]), constant(at[1]))))
    const [dx, dy] = grad(total, { argnums: [0, 1] })(...at)
    const [ex, ey] = grad(plain, { argnums: [0, 1] })(...at)
    expect([toArray(dx), toArray(dy)]).toEqual([toArray(ex), toArray(ey)])
    const tangents = [tensor([1, 2]), tensor([-1, 3])] as const
    expect(item(jvp(total)([...at], [...tangents])[1])).toBeCloseTo(item(jvp(plain)([...at], [...tangents])[1]), 12)
  })

  it('agrees with numerical differentiation in both modes and at second order', () => {
    for (const check of [checkGradient, checkJvp, checkSecondOrder]) expect(check(total, [...at])).toMatchObject({ _tag: 'Right', right: { verdict: 'consistent' } })
  })
})

describe('a rule that returns the wrong thing', () => {
  const sized = (pullback: (g: Node, y: Node, x: Node) => Node) => customRule((x) => square(x!), { name: 'sized', vjp: [(g, y, x) => pullback(g, y, x!)] })

  it('is named, when the shape is wrong', () => {
    const wrong = sized((g) => sum(g))
    expect(errorsOf(grad((x: Node) => sum(wrong(x)))(tensor([1, 2])))).toContain('sized: the derivative in operand 0 is f64[] where f64[2] is needed')
  })

  it('is named, when the dtype is wrong', () => {
    const wrong = sized((g) => astype(g, 'f64'))
    expect(errorsOf(grad((x: Node) => sum(wrong(x)))(tensor(new Float32Array([1, 2]))))).toContain('is f64[2] where f32[2] is needed')
  })

  it('is named, when a pullback is missing', () => {
    const one = customRule((x, y) => mul(x!, y!), { name: 'one', vjp: [(g, _z, _x, y) => mul(g, y!)] })
    expect(item(grad((x: Node, y: Node) => one(x, y), { argnums: 0 })(2, 3))).toBe(3)
    expect(errorsOf(grad((x: Node, y: Node) => one(x, y), { argnums: 1 })(2, 3))).toContain('one: the rule has 1 pullbacks for 2 operands')
  })

  it('is named, when it has no derivative at all', () => {
    const none = customRule((x) => square(x!), { name: 'none' })
    expect(item(none(3))).toBe(9)
    for (const derivative of [grad((x: Node) => none(x))(3), jvp((x: Node) => none(x))([3], [1])[1]]) expect(errorsOf(derivative)).toContain('none: the rule has neither vjp nor jvp')
  })

  it('is named, when the kernel and the inferred shape differ', () => {
    const short = customPrimitive({ name: 'short', infer: () => ({ shape: [3], dtype: 'f64' }), evaluate: () => [1, 2], vjp: [null] })
    expect(errorsOf(short(tensor([1])))).toContain('short: the kernel returned f64[2] where f64[3] was inferred')
  })
})

describe('a cotangent', () => {
  it('takes the dtype of the result', () => {
    const [, pullback] = vjp((x: Node) => mul(x, x))(tensor(new Float32Array([1, 2])))
    const [dx] = pullback(tensor([1, 10]))
    expect([dx.dtype, toArray(dx)]).toEqual(['f32', [2, 40]])
  })
})
