/** `whileLoop`: the loop written out for as long as it runs, in both modes. */
import { describe, expect, it } from 'vitest'
import { scan } from '../../lib/control/scan.js'
import { whileLoop } from '../../lib/control/whileLoop.js'
import type { Node } from '../../lib/core/Node.js'
import { bufferOf, sameTensor, tensor, type Tensor } from '../../lib/core/Tensor.js'
import { abs, add, div, greater, less, mul, sin, sqrt, square, sub, sum, where } from '../../lib/function/index.js'
import { item, toArray, value } from '../../lib/interpret/evaluate.js'
import { constant, full, variable } from '../../lib/primitive/index.js'
import { backward } from '../../lib/transform/backward.js'
import { grad } from '../../lib/transform/grad.js'
import { vmap } from '../../lib/transform/vmap.js'
import { near, stacked, unstacked } from '../arbitraries/batch.js'
import { countNodes, derivatives, expectChecked, expectSame, messages, type Scalar } from './derivatives.js'

const integer = (x: number): Node => full(x, { shape: [], dtype: 'i32' })

interface State {
  readonly i: Node
  readonly x: Node
}

/** `x` multiplied and bent `n` times, where `n` is a number of the program. */
const repeated = (n: Node): Scalar => (x, w) =>
  sum(whileLoop((s: State) => less(s.i, n), (s: State) => ({ x: mul(sin(s.x), w!), i: add(s.i, 1) }), { i: integer(0), x: x! } as State).x)

const written = (n: number): Scalar => (x, w) => sum(Array.from({ length: n }).reduce<Node>((y) => mul(sin(y), w!), x!))

const at = [tensor([0.5, 1]), tensor([1.5, 0.75])]

describe('whileLoop', () => {
  it.each([[0], [1], [4]])('that runs %i times is the loop written out, in all derivatives', (n) => {
    expectSame(repeated(integer(n)), written(n), at)
  })

  it('has the derivatives that numerical differentiation finds', () => {
    expectChecked(repeated(integer(3)), at)
  })

  it('decides by its numbers how often it runs, and the derivative follows', () => {
    const newton = (a: Node): Node => whileLoop((x: Node) => greater(abs(sub(square(x), a)), 1e-12), (x: Node) => mul(0.5, add(x, div(a, x))), a)
    const d = grad as (f: (x: Node) => Node) => (x: Node | number) => Node
    expect(item(newton(full(9, { shape: [], dtype: 'f64' })))).toBe(3)
    expect(item(d(newton)(9))).toBeCloseTo(1 / 6, 10)
    expect(item(d(d(newton))(9))).toBeCloseTo(-1 / 108, 8)
    const v = variable('a', tensor(9))
    expect(item(backward(newton(v)).get('a')!)).toBeCloseTo(1 / 6, 10)
  })

  it('does not grow with the number of steps', () => {
    const count = (n: number): number => countNodes([grad((x: Node) => repeated(integer(n))(x, full(1, x)))(at[0]!)])
    expect(count(1000)).toBe(count(1))
  })

  it('keeps single precision and integers', () => {
    const f = (x: Node): Node => whileLoop((s: State) => less(s.i, 3), (s: State) => ({ i: add(s.i, 1), x: mul(s.x, s.x) }), { i: integer(0), x } as State).x
    const x = tensor(1.1, { dtype: 'f32' })
    const [y, g] = [value(f(constant(x))), value(grad(f)(x))]
    const square32 = (v: number): number => Math.fround(v * v)
    expect([y.dtype, bufferOf(y)[0]]).toEqual(['f32', square32(square32(square32(Math.fround(1.1))))])
    expect(g.dtype).toBe('f32')
    expect(bufferOf(g)[0]).toBeCloseTo(8 * 1.1 ** 7, 4)
  })

  it.each([[[0, null, null]], [[null, 0, null]], [[null, null, 0]], [[0, 0, 0]]])('under vmap %j runs for each element as long as that needs', (axes) => {
    const f = (n: Node, x: Node, w: Node): Node => repeated(n)(x, w)
    const slices = [0, 1, 2].map((b) => [tensor(axes[0] === 0 ? 2 * b : 3, { dtype: 'i32' }), tensor([b / 2, 1]), tensor([1.5, 1 - b / 4])])
    const operands = axes.map((axis, k) => (axis === null ? slices[0]![k]! : stacked(slices.map((xs) => xs[k]!), slices[0]![k]!))) as [Tensor, Tensor, Tensor]
    const own = (b: number) => axes.map((axis, k) => constant(axis === null ? slices[0]![k]! : slices[b]![k]!)) as [Node, Node, Node]
    unstacked(value(vmap(f, { in: axes })(...operands))).forEach((t, b) => expect(near(t, value(f(...own(b))))).toBe(true))
    for (const name of ['reverse', 'forward over reverse', 'reverse over reverse']) {
      const derivative = (n: Node, x: Node, w: Node) => derivatives[name]!((...xs) => f(n, xs[0]!, xs[1]!))(x, w)
      if (name !== 'reverse' && axes[0] === 0) continue
      const gs: ReadonlyArray<Tensor> = value(vmap(name === 'reverse' ? derivative : (n: Node, x: Node, w: Node) => grad((p: ReadonlyArray<Node>) => sum(square(grad((u: Node) => f(n, u, p[1]!))(p[0]!))))([x, w]), { in: axes })(...operands))
      const apart = (b: number): ReadonlyArray<Tensor> => {
        const [n, x, w] = own(b)
        return value(name === 'reverse' ? derivative(n, x, w) : grad((p: ReadonlyArray<Node>) => sum(square(grad((u: Node) => f(n, u, p[1]!))(p[0]!))))([x, w]))
      }
      gs.forEach((g, k) => unstacked(g).forEach((t, b) => expect(near(t, apart(b)[k]!), `${name} ${k} of ${b}`).toBe(true)))
    }
    const outside = (p: ReadonlyArray<Node>): Node => sum(vmap(f, { in: axes })(constant(operands[0]), p[0]!, p[1]!))
    const [gx] = value(grad(outside)([operands[1], operands[2]])) as ReadonlyArray<Tensor>
    const parts = [0, 1, 2].map((b) => value(grad((x: Node) => f(own(b)[0], x, own(b)[2]))(own(b)[1])))
    const expected = axes[1] === 0 ? stacked(parts, parts[0]!) : parts.reduce((a, b) => value(add(a, b)))
    expect(near(gx!, expected)).toBe(true)
  })

  it('keeps zeros behind masks, within a step and across steps', () => {
    const f = (x: Node): Node =>
      whileLoop((s: State) => less(s.i, 2), (s: State) => ({ i: add(s.i, 1), x: where(greater(s.x, 0), sqrt(s.x), 0) }), { i: integer(0), x } as State).x
    expect(item(grad(f)(0))).toBe(0)
    expect(toArray(vmap(grad(f))(tensor([0, 1])))).toEqual([0, 0.25])
    const hidden = (x: Node): Node =>
      whileLoop((s: State) => less(s.i, 2), (s: State) => ({ i: add(s.i, 1), x: where(greater(s.x, 2), s.x, 0) }), { i: integer(0), x: sqrt(x) } as State).x
    expect(item(grad(hidden)(0))).toBe(0)
    const across = (x: Node): Node => {
      interface Sum extends State {
        readonly all: Node
      }
      const next = (s: Sum): Sum => ({ i: add(s.i, 1), x: sqrt(s.x), all: add(s.all, where(greater(s.x, 0.5), s.x, 0)) })
      return whileLoop((s: Sum) => less(s.i, 3), next, { i: integer(0), x, all: full(0, x) }).all
    }
    expect(item(grad(across)(0))).toBe(0)
  })

  it('runs inside a scan, and a scan inside it', () => {
    const f: Scalar = (x, w) => sum(scan((c: Node, k: Node) => [whileLoop((s: State) => less(s.i, k), (s: State) => ({ i: add(s.i, 1), x: mul(sin(s.x), w!) }), { i: integer(0), x: c } as State).x, []] as const, x!, constant(tensor([1, 0, 2], { dtype: 'i32' })))[0])
    expectSame(f, written(3), at, ['value'], ['third'])
    const g: Scalar = (x, w) => sum(whileLoop((s: State) => less(s.i, 2), (s: State) => ({ i: add(s.i, 1), x: scan((c: Node) => [mul(sin(c), w!), []] as const, s.x, [] as const, { length: 2 })[0] }), { i: integer(0), x: x! } as State).x)
    expectSame(g, written(4), at, ['value'], ['third'])
  })

  it('traces its functions once', () => {
    let traces = 0
    const y = whileLoop((x: Node) => less(x, 10), (x: Node) => {
      traces++
      return mul(x, 2)
    }, full(1, { shape: [], dtype: 'f64' }))
    expect([item(y), item(y), traces]).toEqual([16, 16, 1])
    expect(sameTensor(value(y), tensor(16))).toBe(true)
  })

  it.each<readonly [string, Node]>([
    ['whileLoop: the test has shape [2], a scalar is needed', whileLoop((x: Node) => less(x, 1), (x: Node) => x, constant(tensor([1, 2])))],
    ['whileLoop: leaf 0 of the carry is i32[] before a step and f64[] after it', whileLoop((x: Node) => less(x, 1), (x: Node) => mul(x, 0.5), integer(1))],
    ['whileLoop: the carry has a single leaf before a step and leaves at x after it', whileLoop((x: Node) => less(x, 1), (x: Node) => ({ x }), integer(1))],
  ])('%s', (message, node) => {
    expect(messages(node)).toEqual([message])
  })
})
