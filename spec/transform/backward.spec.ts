/** What `backward` promises: a map of gradients by variable id, and nothing else. Laws on random programs are in `laws/`. */
import * as E from 'fp-ts/Either'
import * as O from 'fp-ts/Option'
import { pipe } from 'fp-ts/function'
import { describe, expect, it } from 'vitest'
import { gradientOf } from '../../lib/core/Gradients.js'
import { isInvalid, isNode, type Node } from '../../lib/core/Node.js'
import { tensor } from '../../lib/core/Tensor.js'
import { evaluate, item, toArray } from '../../lib/interpret/evaluate.js'
import { add, astype, constant, div, exp, full, gt, log, maximum, mul, sin, sqrt, square, stopGradient, sum, variable, where } from '../../lib/primitive/index.js'
import { backward } from '../../lib/transform/backward.js'
import { adjoints } from '../../lib/transform/vjp.js'

const x = variable('x', tensor(2))
const y = variable('y', tensor(3))

const gradient = (result: Node, id: string): number => item(backward(result).get(id)!)

const errors = (node: Node): ReadonlyArray<string> =>
  pipe(
    evaluate(node),
    E.match(
      (all) => all.map((e) => e._tag),
      () => [],
    ),
  )

describe('backward', () => {
  it('returns the gradients of all variables as nodes, by id', () => {
    const g = backward(add(square(x), square(y)))
    expect([...g.keys()].sort()).toEqual(['x', 'y'])
    expect([...g.values()].every(isNode)).toBe(true)
    expect([item(g.get('x')!), item(g.get('y')!)]).toEqual([4, 6])
  })

  it('adds up what the uses of a variable contribute', () => {
    expect(gradient(add(x, x), 'x')).toBe(2)
    expect(gradient(add(add(x, x), x), 'x')).toBe(3)
    const a = square(x)
    expect(gradient(add(square(a), square(a)), 'x')).toBe(64)
  })

  it('starts anew each time', () => {
    const z = mul(x, y)
    expect([gradient(z, 'x'), gradient(z, 'x'), gradient(z, 'x')]).toEqual([3, 3, 3])
    expect([gradient(add(x, x), 'x'), gradient(add(add(x, x), x), 'x')]).toEqual([2, 3])
  })

  it('gives a leaf its own gradient 1', () => {
    expect(toArray(backward(x).get('x')!)).toBe(1)
    expect(toArray(backward(variable('v', tensor([5, 6]))).get('v')!)).toEqual([1, 1])
  })

  it('has no entry for a variable that does not reach the result', () => {
    const g = backward(add(square(x), stopGradient(y)))
    expect(g.has('y')).toBe(false)
    expect(gradientOf('y')(g)).toEqual(O.none)
    expect(pipe(g, gradientOf('x'), O.map(item))).toEqual(O.some(4))
    expect(backward(full(3, x)).size).toBe(0)
    expect(backward(astype(gt(x, y), 'f64')).size).toBe(0)
  })

  it('is given a cotangent, or ones', () => {
    const v = variable('v', tensor([1, 2, 3]))
    expect(toArray(backward(square(v)).get('v')!)).toEqual([2, 4, 6])
    expect(toArray(backward(square(v), constant(tensor([1, 0, -1]))).get('v')!)).toEqual([2, 0, -6])
  })

  it('gives gradients that can be differentiated again, to any order', () => {
    const derivatives = [0, 1, 2, 3, 4].reduce<ReadonlyArray<Node>>((all) => [...all, backward(all.at(-1)!).get('x')!], [sin(x)])
    expect(derivatives.map(item)).toEqual([0, 1, 2, 3, 4, 5].map((n) => [Math.sin(2), Math.cos(2), -Math.sin(2), -Math.cos(2)][n % 4]))
  })

  it('differentiates a gradient that is used in a further computation', () => {
    const z = square(x)
    const gx = backward(z).get('x')!
    expect(gradient(add(mul(mul(gx, gx), gx), exp(mul(0, z))), 'x')).toBe(24 * 4)
  })

  it('returns a map that nobody can write to', () => {
    const g = backward(mul(x, y))
    expect(() => Map.prototype.set.call(g, 'x', y)).toThrow(TypeError)
    expect(() => Map.prototype.clear.call(g)).toThrow(TypeError)
    expect(Reflect.set(g, 'get', () => y)).toBe(false)
    expect(item(g.get('x')!)).toBe(3)
  })

  it('takes one id for one thing', () => {
    expect(gradient(mul(variable('w', tensor(5)), variable('w', tensor(5))), 'w')).toBe(10)
    const g = backward(mul(variable('w', tensor(5)), variable('w', tensor(6)))).get('w')!
    expect(errors(g)).toEqual(['Variable'])
  })
})

describe('a mask', () => {
  const at0 = variable('x', tensor([0, 4]))

  it('keeps what is zero behind it zero, where the derivative is infinite', () => {
    expect(toArray(backward(sum(where(gt(at0, 0), sqrt(at0), 0), [0])).get('x')!)).toEqual([0, 0.25])
    expect(toArray(backward(sum(where(gt(at0, 0), log(at0), 0), [0])).get('x')!)).toEqual([0, 0.25])
    expect(toArray(backward(sum(maximum(sqrt(at0), 1), [0])).get('x')!)).toEqual([0, 0.25])
    expect(toArray(backward(sum(where(gt(at0, 0), div(1, sqrt(at0)), 0), [0])).get('x')!)).toEqual([0, -0.0625])
  })

  it('does not hide an infinite derivative that was selected', () => {
    expect(toArray(backward(sum(sqrt(at0), [0])).get('x')!)).toEqual([Infinity, 0.25])
  })
})

describe('misuse', () => {
  const bad = add(constant(tensor([1, 2])), constant(tensor([1, 2, 3])))

  it('flows through to the gradients, which say what went wrong', () => {
    const g = backward(mul(x, bad)).get('x')!
    expect(isInvalid(g)).toBe(true)
    expect(errors(g)).toEqual(['Shape'])
  })

  it('is a result that is no float, or a cotangent of another shape', () => {
    expect(errors(backward(variable('n', tensor(3, { dtype: 'i32' }))).get('n') ?? full(0, x))).toEqual([])
    expect(errors(backward(gt(x, y)).get('x')!)).toEqual(['DType'])
    expect(errors(backward(square(x), constant(tensor([1, 2]))).get('x')!)).toEqual(['Shape'])
  })
})

describe('adjoints', () => {
  it('are the gradients of chosen nodes, wherever they stand', () => {
    const a = square(x)
    const [ofA, ofX, ofY] = adjoints(mul(a, a), [a, x, y])
    expect(pipe(ofA!, O.map(item))).toEqual(O.some(8))
    expect(pipe(ofX!, O.map(item))).toEqual(O.some(32))
    expect(ofY).toEqual(O.none)
  })

  it('take a cotangent', () => {
    const v = variable('v', tensor([1, 2]))
    const [g] = adjoints(square(v), [v], tensor([10, 1]))
    expect(pipe(g!, O.map(toArray))).toEqual(O.some([20, 4]))
  })
})
