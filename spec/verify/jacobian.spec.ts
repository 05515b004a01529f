/** Numerical Jacobians and Hessians: as good as the bounds they carry. */
import { describe, expect, it } from 'vitest'
import { add, constant, div, exp, hessian, jacobian, log, mul, sin, softmax, sqrt, square, sum, tensor, toArray, value, type Node } from '../../lib/index.js'
import { numericalHessian, numericalJacobian, type EstimatedTensor } from '../../lib/verify/index.js'

const within = ({ value: estimate, error }: EstimatedTensor, exact: Node, least: number): void => {
  const [x, e, y] = [estimate.toTypedArray(), error.toTypedArray(), value(exact).toTypedArray()]
  expect(estimate.shape).toEqual(exact.shape)
  x.forEach((xi, i) => {
    expect(Math.abs(xi - y[i]!)).toBeLessThanOrEqual(8 * e[i]! + 4e-16 * Math.abs(y[i]!))
    expect(e[i]!).toBeLessThan(least * (1 + Math.abs(y[i]!)))
  })
}

const v = tensor([0.5, -1.25, 2])

describe('numericalJacobian', () => {
  it.each([
    ['sine', (x: Node) => sin(x), v],
    ['softmax', (x: Node) => softmax(x), v],
    ['a scalar', (x: Node) => sum(exp(x)), v],
    ['a matrix', (x: Node) => square(x), tensor([[1, 2], [3, -4]])],
    ['a logarithm of numbers of all sizes', (x: Node) => log(x), tensor([1e-3, 1, 1e3])],
    ['a high frequency', (x: Node) => sin(mul(300, x)), v],
  ] as const)('is that of %s', (_, f, x) => within(numericalJacobian(f, [x]), jacobian(f)(x), 1e-8))

  it('has the structure of the result, with that of the argument inside', () => {
    const f = ({ a, b }: { readonly a: Node; readonly b: Node }, k: Node) => ({ y: mul(mul(a, b), k), z: [square(b)] })
    const at = { a: v, b: 3 }
    const [estimated, exact] = [numericalJacobian(f, [at, 0.5]), jacobian(f)(at, constant(0.5))]
    within(estimated.y.a, exact.y.a, 1e-9)
    within(estimated.y.b, exact.y.b, 1e-9)
    within(estimated.z[0]!.a, exact.z[0]!.a, 1e-9)
    within(estimated.z[0]!.b, exact.z[0]!.b, 1e-9)
  })

  it('bounds each entry by itself', () => {
    const { error } = numericalJacobian((x: Node) => sqrt(x), [tensor([0, 4])])
    expect(error.at(0, 0)).toBe(Infinity)
    expect(error.at(1, 1)).toBeLessThan(1e-10)
  })

  it('has no place for integers', () => {
    expect(() => numericalJacobian((x: Node) => mul(x, 2), [tensor([1, 2], { dtype: 'i32' })])).toThrow(TypeError)
  })
})

describe('numericalHessian', () => {
  it.each([
    ['a cubic', (x: Node) => sum(mul(x, square(x)))],
    ['a product with an exponential', (x: Node) => mul(sum(sin(x)), sum(exp(x)))],
    ['a quotient', (x: Node) => div(1, add(1, sum(square(x))))],
  ] as const)('is that of %s', (_, f) => within(numericalHessian(f, [v]), hessian(f)(v), 1e-5))

  it('is a tree of trees, and symmetric', () => {
    const f = ({ a, b }: { readonly a: Node; readonly b: Node }): Node => sum(mul(sin(mul(a, b)), exp(a)))
    const at = { a: tensor([0.5, -1.25]), b: 0.75 }
    const [estimated, exact] = [numericalHessian(f, [at]), hessian(f)(at)]
    for (const i of ['a', 'b'] as const) for (const j of ['a', 'b'] as const) within(estimated[i][j], exact[i][j], 1e-5)
    expect(estimated.a.b.value.toTypedArray()).toEqual(estimated.b.a.value.toTypedArray())
    expect(toArray(exact.a.b)).toHaveLength(2)
  })
})
