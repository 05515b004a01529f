/** Elementwise operations: the special points, the tails, the call styles and the dtypes. */
import { pipe } from 'fp-ts/function'
import { describe, expect, it } from 'vitest'
import { sort } from '../../lib/core/Graph.js'
import { errorOf, isInvalid, type Node } from '../../lib/core/Node.js'
import { tensor } from '../../lib/core/Tensor.js'
import * as fn from '../../lib/function/index.js'
import { item, toArray } from '../../lib/interpret/evaluate.js'
import { full, variable } from '../../lib/primitive/leaf.js'
import { adjointsOf } from '../../lib/transform/backward.js'
import { tangentsOf } from '../../lib/transform/forward.js'

const scalar = (id: string, x: number): Node => variable(id, tensor(x))

/** The partial derivatives at a point in reverse mode; forward mode must say the same. */
const partials = (f: (...xs: ReadonlyArray<Node>) => Node, ...at: ReadonlyArray<number>): ReadonlyArray<number> => {
  const xs = at.map((x, k) => scalar(`x${k}`, x))
  const y = f(...xs)
  const backward = adjointsOf(y, xs).map((g) => (g === undefined ? 0 : item(g)))
  const forward = xs.map((x) => tangentsOf([y], [x], [full(1, x)])[0] ?? 0).map((t) => item(t))
  expect(forward.map((t) => t + 0)).toEqual(backward.map((g) => g + 0))
  return backward.map((g) => g + 0)
}

/** The derivatives of orders 1 … n at a point. */
const orders = (f: (x: Node) => Node, at: number, n: number): ReadonlyArray<number> => {
  const x = scalar('x', at)
  const found: Array<number> = []
  let y = f(x)
  for (let k = 0; k < n; k++) {
    y = adjointsOf(y, [x])[0] ?? full(0, x)
    found.push(item(y) + 0)
  }
  return found
}

describe('derivatives at special points', () => {
  it.each([
    [0, 0, [0, 0]],
    [0, 1, [1, 0]],
    [0, 2, [0, 0]],
    [0, 0.5, [Infinity, 0]],
    [0, -1, [-Infinity, -Infinity]],
    [-2, 2, [-4, NaN]],
    [2, 0, [0, Math.LN2]],
  ])('pow at (%d, %d)', (x, y, expected) => {
    expect(partials(fn.pow as never, x, y)).toEqual(expected)
  })

  it('pow with a constant exponent is finite to every order at 0', () => {
    expect(orders((x) => fn.pow(x, 2), 0, 4)).toEqual([0, 2, 0, 0])
    expect(orders((x) => fn.pow(x, 1), 0, 3)).toEqual([1, 0, 0])
    expect(orders((x) => fn.pow(x, 0), 0, 2)).toEqual([0, 0])
    expect(orders((x) => fn.pow(x, 3), -2, 3)).toEqual([12, -12, 6])
  })

  it('the mixed partials of pow agree at exponent 0', () => {
    const [x, y] = [scalar('x', 23), scalar('y', 0)]
    const [dx, dy] = adjointsOf(fn.pow(x, y), [x, y])
    expect(item(adjointsOf(dx!, [y])[0]!)).toBeCloseTo(1 / 23, 15)
    expect(item(adjointsOf(dy!, [x])[0]!)).toBeCloseTo(1 / 23, 15)
  })

  it.each<[string, (...xs: ReadonlyArray<Node>) => Node, ReadonlyArray<number>, ReadonlyArray<number>]>([
    ['abs', (x) => fn.abs(x!), [0], [0]],
    ['abs of -0', (x) => fn.abs(x!), [-0], [0]],
    ['relu', (x) => fn.relu(x!), [0], [0]],
    ['relu of NaN', (x) => fn.relu(x!), [NaN], [NaN]],
    ['relu6', (x) => fn.relu6(x!), [6], [0]],
    ['leakyRelu', (x) => fn.leakyRelu(x!, { alpha: 0.2 }), [0], [0.2]],
    ['elu', (x) => fn.elu(x!), [0], [1]],
    ['elu far out', (x) => fn.elu(x!), [1e5], [1]],
    ['sqrt', (x) => fn.sqrt(x!), [0], [Infinity]],
    ['log', (x) => fn.log(x!), [0], [Infinity]],
    ['log of a negative', (x) => fn.log(x!), [-1], [NaN]],
    ['clip at its bound', (x) => fn.clip(x!, 0, 1), [1], [0.5]],
    ['maximum of equals', (x, y) => fn.maximum(x!, y!), [1, 1], [0.5, 0.5]],
    ['maximum with NaN', (x, y) => fn.maximum(x!, y!), [1, NaN], [NaN, NaN]],
    ['hypot', (x, y) => fn.hypot(x!, y!), [0, 0], [0, 0]],
    ['atan2', (y, x) => fn.atan2(y!, x!), [0, 0], [NaN, NaN]],
    ['logaddexp of +∞', (a, b) => fn.logaddexp(a!, b!), [Infinity, Infinity], [0.5, 0.5]],
    ['logaddexp of -∞', (a, b) => fn.logaddexp(a!, b!), [-Infinity, -Infinity], [0, 0]],
    ['xlogy(x, x)', (x) => fn.xlogy(x!, x!), [0], [-Infinity]],
    ['copysign', (x) => fn.copysign(x!, 1), [0], [0]],
    ['mod', (x, y) => fn.mod(x!, y!), [4, 2], [1, -2]],
    ['fmod', (x, y) => fn.fmod(x!, y!), [-3.5, 2], [1, 1]],
    ['where over sqrt', (x) => fn.where(fn.greater(x!, 0), fn.sqrt(x!), 0), [0], [0]],
  ])('%s', (_name, f, at, expected) => {
    expect(partials(f, ...at)).toEqual(expected)
  })

  it('the Hessian of hypot is 0 at the origin, not NaN', () => {
    const [x, y] = [scalar('x', 0), scalar('y', 0)]
    const [dx] = adjointsOf(fn.hypot(x, y), [x, y])
    expect(adjointsOf(dx!, [x, y]).map((g) => item(g!) + 0)).toEqual([0, 0])
  })

  it('sinc is smooth at 0', () => {
    const even = [-(Math.PI ** 2) / 3, Math.PI ** 4 / 5]
    const found = orders(fn.sinc, 0, 4)
    expect([found[0], found[2]]).toEqual([0, 0])
    expect(found[1]).toBeCloseTo(even[0]!, 12)
    expect(found[3]).toBeCloseTo(even[1]!, 12)
  })

  it('sinc is even and its slope odd, zeros and their signs too', () => {
    const points = [0.3, 1, 2, 3, 7.5, 1e30]
    const slope = (x: number): number => orders(fn.sinc, x, 1)[0]!
    expect(points.map((x) => item(fn.sinc(-x)))).toEqual(points.map((x) => item(fn.sinc(x))))
    expect(points.map((x) => slope(-x) + 0)).toEqual(points.map((x) => 0 - slope(x)))
  })
})

describe('tails', () => {
  const relative = (got: number, expected: number): void => expect(Math.abs(got / expected - 1)).toBeLessThan(1e-13)

  it('derivatives do not underflow before they must', () => {
    relative(partials((x) => fn.sigmoid(x!), 40)[0]!, 4.248354255291589e-18)
    relative(partials((x) => fn.tanh(x!), 20)[0]!, 1.699341702116635e-17)
    relative(partials((x) => fn.softSign(x!), 1e150)[0]!, 1e-300)
    relative(partials((x) => fn.expm1(x!), -40)[0]!, 4.248354255291589e-18)
    relative(partials((x) => fn.erfcx(x!), 1e5)[0]!, -5.641895834631e-11)
  })

  it('derivatives do not overflow on the way', () => {
    const [max, tiny] = [Number.MAX_VALUE, 2 ** -1070]
    relative(partials((y, x) => fn.atan2(y!, x!), max, max)[0]! * 2 ** 60, 2 ** 59 / max)
    expect(orders((y) => fn.atan2(y, 0), 5e-324, 2)).toEqual([0, 0])
    relative(partials((x, y) => fn.pow(x!, y!), tiny, tiny)[0]!, 1)
    relative(orders((x) => fn.pow(x, 1e-200), 1e-200, 2)[1]!, -1e200)
  })

  it('hypot scales its operands', () => {
    const [dx, dy] = partials((x, y) => fn.hypot(x!, y!), 3e200, 4e200)
    relative(dx!, 0.6)
    relative(dy!, 0.8)
    relative(partials((x) => fn.hypot(x!, 4e-200), 3e-200)[0]!, 0.6)
  })

  it('the upper tail of erfc and the lower tail of gelu keep their digits', () => {
    relative(item(fn.erfc(10)), 2.0884875837625448e-45)
    relative(item(fn.gelu(-10)), -7.619853024160527e-23)
    relative(item(fn.logNdtr(-40)), -804.6084420137538)
  })
})

describe('values', () => {
  it('round takes halves to the even neighbour', () => {
    expect(toArray(fn.round([0.5, 1.5, 2.5, -0.5, -1.5, 0.49999999999999994]))).toEqual([0, 2, 2, -0, -2, 0])
  })

  it('remainders take the sign of the divisor or of the dividend', () => {
    expect(toArray(fn.mod([5, -5, 5, -5], [3, 3, -3, -3]))).toEqual([2, 1, -1, -2])
    expect(toArray(fn.fmod([5, -5, 5, -5], [3, 3, -3, -3]))).toEqual([2, -2, 2, -2])
    expect(toArray(fn.floorDivide([5, -5, 5, -5], [3, 3, -3, -3]))).toEqual([1, -2, -2, 1])
  })

  it('nanToNum replaces what is not finite', () => {
    expect(toArray(fn.nanToNum([NaN, 1, Infinity, -Infinity]))).toEqual([0, 1, Number.MAX_VALUE, -Number.MAX_VALUE])
  })

  it('truth values add up to truth values, and have no differences', () => {
    const [a, b] = [[true, true, false, false], [true, false, true, false]]
    expect(toArray(fn.add(a, b))).toEqual([true, true, true, false])
    expect(toArray(fn.mul(a, b))).toEqual([true, false, false, false])
    expect(toArray(fn.scatterAdd(a, [0, 0, 3], true))).toEqual([true, true, false, true])
    expect(toArray(fn.segmentSum(a, [0, 0, 1, 1], 2))).toEqual([2, 0])
    const misuses = [fn.sub(a, b), fn.neg(a)].map((y) => errorOf(y)!)
    expect(misuses.map(({ op, rule }) => `${op}: ${rule}`)).toEqual(['sub', 'neg'].map((op) => `${op}: the operands are truth values, numbers are needed`))
    expect(misuses.map(({ mend }) => mend)).toEqual(['logicalXor', 'logicalNot'].map((op) => `Use ${op}, or convert them with astype('i32')`))
  })

  it('comparisons and logic are bool, and broadcast', () => {
    const mask = fn.less([[1], [3]], [2, 4])
    expect(mask.dtype).toBe('bool')
    expect(toArray(mask)).toEqual([[true, true], [false, true]])
    expect(toArray(fn.logicalAnd(mask, [1, 0]))).toEqual([[true, false], [false, false]])
  })

  it('integers stay integers where they can', () => {
    const x = tensor([-7, 7], { dtype: 'i32' })
    expect([fn.abs(x), fn.maximum(x, 0), fn.mod(x, 2), fn.square(x)].map((y) => y.dtype)).toEqual(['i32', 'i32', 'i32', 'i32'])
    expect(fn.exp(x).dtype).toBe('f64')
  })
})

describe('calls', () => {
  it('data may come first or last', () => {
    expect(toArray(fn.clip([-1, 0.5, 2], 0, 1))).toEqual(pipe([-1, 0.5, 2], fn.clip(0, 1), toArray))
    expect(item(fn.pow(2, 3))).toBe(pipe(2, fn.pow(3), item))
    expect(toArray(fn.leakyRelu([-1, 1], { alpha: 0.5 }))).toEqual(pipe([-1, 1], fn.leakyRelu({ alpha: 0.5 }), toArray))
  })

  it('where broadcasts all three operands', () => {
    expect(toArray(fn.where([[true], [false]], [1, 2], 0))).toEqual([[1, 2], [0, 0]])
    expect(isInvalid(fn.where([true, false, true], [1, 2], 0))).toBe(true)
  })

  it('misuse makes an invalid node', () => {
    expect([fn.polygamma(0.5, 1), fn.integerPow(2, 0.5), fn.hypot([1, 2], [1, 2, 3])].every(isInvalid)).toBe(true)
  })
})

describe('written-out loops', () => {
  it.each([
    ['add', fn.add, (a: number, b: number) => a + b],
    ['sub', fn.sub, (a: number, b: number) => a - b],
    ['mul', fn.mul, (a: number, b: number) => a * b],
    ['div', fn.div, (a: number, b: number) => a / b],
  ])('%s on dense and on repeated operands', (_name, f, scalarOf) => {
    const [a, b] = [[1, 2, 3], [4, 5, 6]]
    expect(toArray(f(a, b))).toEqual(a.map((x, i) => scalarOf(x, b[i]!)))
    expect(toArray(f(a, 2))).toEqual(a.map((x) => scalarOf(x, 2)))
    expect(toArray(f(2, b))).toEqual(b.map((x) => scalarOf(2, x)))
    expect(toArray(f(fn.full([3], 2), 5))).toEqual([2, 2, 2].map((x) => scalarOf(x, 5)))
    expect(toArray(f([], []))).toEqual([])
  })
})

it('the eighth derivative of tanh is right, and its graph shares its parts', () => {
  const x = scalar('x', 1)
  let y = fn.tanh(x)
  for (let k = 0; k < 8; k++) y = adjointsOf(y, [x])[0]!
  expect(Math.abs(item(y) / -277.06213560303127 - 1)).toBeLessThan(1e-12)
  const { nodes } = sort([y])
  expect(nodes.length).toBeLessThan(1300)
  expect(nodes.filter((node) => node.op.name === 'tanh')).toHaveLength(1)
})
