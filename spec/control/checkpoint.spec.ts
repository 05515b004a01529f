/** `checkpoint`: the same function, to the last bit. */
import { describe, expect, it } from 'vitest'
import { checkpoint } from '../../lib/control/call.js'
import { cond } from '../../lib/control/cond.js'
import { scan } from '../../lib/control/scan.js'
import { whileLoop } from '../../lib/control/whileLoop.js'
import { sort } from '../../lib/core/Graph.js'
import type { Node } from '../../lib/core/Node.js'
import { tensor } from '../../lib/core/Tensor.js'
import { add, exp, greater, less, matmul, mul, sin, sqrt, sum, tanh, where } from '../../lib/function/index.js'
import { item, toArray } from '../../lib/interpret/evaluate.js'
import { constant, full, variable } from '../../lib/primitive/index.js'
import { backward } from '../../lib/transform/backward.js'
import { customPrimitive, customRule } from '../../lib/transform/customRule.js'
import { grad } from '../../lib/transform/grad.js'
import { vmap } from '../../lib/transform/vmap.js'
import { derivatives, expectChecked, expectSame, messages, type Scalar } from './derivatives.js'

const f = (w: Node, x: Node): Node => sum(tanh(mul(matmul(w, x), sin(x))))
const at = [tensor([[0.5, -1], [2, 0.25]]), tensor([0.75, -0.5])]
const everything = Object.keys(derivatives)

describe('checkpoint', () => {
  it('has the value and the first derivatives of the function to the last bit, and all others (L28)', () => {
    expectSame((w, x) => checkpoint(f)(w!, x!), (w, x) => f(w!, x!), at, ['value', 'reverse', 'forward'])
    expectChecked((w, x) => checkpoint(f)(w!, x!), at)
  })

  it('nests', () => {
    const inner = (x: Node): Node => tanh(mul(x, sin(x)))
    const nested = checkpoint((w: Node, x: Node) => f(w, checkpoint((u: Node) => checkpoint(inner)(inner(u)))(x)))
    expectSame((w, x) => nested(w!, x!), (w, x) => f(w!, inner(inner(x!))), at, ['value', 'reverse', 'forward'])
  })

  it('of a single input to the second order is bit-identical as well', () => {
    const g = (x: Node): Node => exp(sin(x))
    expectSame((x) => checkpoint(g)(x!), (x) => g(x!), [tensor(0.5)], everything.filter((name) => name !== 'third'))
  })

  it('captures variables and outer values, and takes trees', () => {
    const w = variable('w', tensor([2, 3]))
    const y = checkpoint((p: { readonly x: Node; readonly k: readonly [Node] }) => ({ s: mul(p.x, w), n: p.k[0] }))({ x: tensor([1, 10]), k: [full(4, { shape: [], dtype: 'i32' })] })
    expect([toArray(y.s), toArray(y.n), y.n.dtype]).toEqual([[2, 30], 4, 'i32'])
    expect(toArray(backward(sum(y.s)).get('w')!)).toEqual([1, 10])
    expect(toArray(grad((x: Node) => sum(checkpoint((u: Node) => mul(u, x))(sin(x))))(tensor([0, 1])))).toEqual(
      [0, 1].map((v) => expect.closeTo(Math.sin(v) + v * Math.cos(v), 14)),
    )
  })

  it('keeps only its arguments for the backward pass', () => {
    const names = (g: (x: Node) => Node): ReadonlyArray<string> => sort([grad((x: Node) => g(x))(1)]).ops.map((op) => op.name)
    const deep = (x: Node): Node => tanh(tanh(tanh(x)))
    expect(names(deep)).toContain('tanh')
    expect(names(checkpoint(deep))).not.toContain('tanh')
    expect(names(checkpoint(deep))).toContain('call')
  })

  it('under vmap is the function under vmap', () => {
    const xs = tensor([[1, 2], [3, 4], [5, 6]])
    for (const axes of [[null, 0], [0, null], [0, 0]] as const) {
      const operands = [axes[0] === 0 ? tensor([[[1, 2], [3, 4]], [[0, 1], [1, 0]], [[2, 0], [0, 2]]]) : at[0]!, axes[1] === 0 ? xs : at[1]!]
      expectSame((w, x) => sum(vmap(checkpoint(f), { in: axes })(w!, x!)), (w, x) => sum(vmap(f, { in: axes })(w!, x!)), operands, ['value'])
    }
  })

  it('reports errors inside once', () => {
    expect(messages(checkpoint((x: Node) => matmul(x, x))(1))).toHaveLength(1)
  })
})

describe('exact zeros behind masks', () => {
  const masked = (x: Node): Node => where(greater(x, 0), sqrt(x), 0)
  const wrappers: Readonly<Record<string, (g: (x: Node) => Node) => (x: Node) => Node>> = {
    checkpoint: (g) => (x) => checkpoint(g)(x),
    'nested checkpoint': (g) => (x) => checkpoint((u: Node) => checkpoint(g)(u))(x),
    scan: (g) => (x) => scan((c: Node) => [g(c), []] as const, x, [] as const, { length: 1 })[0],
    cond: (g) => (x) => cond(greater(x, -1), g, (u: Node) => u, x),
    vmap: (g) => (x) => sum(vmap(g)(mul(x, tensor([1])))),
  }

  it.each(Object.entries(wrappers))('stay zero in %s, before it and after it', (_, wrap) => {
    const d = (g: (x: Node) => Node): number => item(grad((x: Node) => g(x))(0))
    expect(d(wrap(masked))).toBe(0)
    expect(d((x) => wrap(masked)(sqrt(x)))).toBe(0)
    expect(d((x) => where(greater(x, 0), wrap((u) => sqrt(u))(x), 0))).toBe(0)
    expect(d((x) => grad((u: Node) => wrap(masked)(u))(x))).toBe(0)
    expect(d((x) => wrap((u) => where(greater(u, 0), u, 0))(sqrt(x)))).toBe(0)
  })

  it('stay zero for results that nobody uses, and for operands that do not matter', () => {
    const roots = (x: Node) => [mul(x, 2), sqrt(x)] as const
    const steps = (c: readonly [Node, Node]) => [[sqrt(c[1]), c[1]] as const, c[0]] as const
    const unused: ReadonlyArray<(x: Node) => Node> = [
      (x) => checkpoint(roots)(x)[0],
      (x) => cond(true, roots, roots, x)[0],
      (x) => mul(2, scan(steps as never, [x, x] as never, [] as const, { length: 2 })[0][1] as Node),
      (x) => mul(2, whileLoop((s: readonly [Node, Node]) => less(s[0], 0), (s) => [sqrt(s[0]), s[1]], [x, x] as readonly [Node, Node])[1]),
      (x) => mul(2, whileLoop((s: readonly [Node, Node, Node]) => less(s[0], 2), (s) => [add(s[0], 1), sqrt(s[1]), s[2]], [0, x, x] as unknown as readonly [Node, Node, Node])[2]),
      (x) => (checkpoint((u: Node) => mul(u, 2)) as (u: Node, v: Node) => Node)(x, sqrt(x)),
      (x) => checkpoint((u: Node, v: Node) => [mul(u, 2), mul(v, 3)] as const)(x, sqrt(x))[0],
    ]
    unused.forEach((f, k) => expect(item(grad((x: Node) => f(x))(0)), `case ${k}`).toBe(2))
    const ends = (xs: Node): Node => scan((_: Node, s: Node) => [sqrt(s), []] as const, 0, xs)[0] as Node
    expect(toArray(grad(ends)(tensor([0, 4])))).toEqual([0, 0.25])
  })
})

describe('rules of the user\'s own', () => {
  const odd = customRule((x) => mul(x!, x!), { name: 'odd', vjp: [(g, _y, x) => mul(g, mul(5, mul(x!, x!)))] })
  const cube = customPrimitive({ name: 'cube', evaluate: (x) => x.toTypedArray().map((v) => v ** 3), batch: 'loop', vjp: [(g, _y, x) => mul(g, mul(3, mul(x!, x!)))] })
  const both = (x: Node): Node => add(odd(mul(2, x)), cube(sin(x)))
  const step = (x: Node): Node => sin(both(x))
  const thrice: Scalar = (x) => step(step(step(x!)))

  it('work inside scan, cond and checkpoint, at every order', () => {
    const scanned: Scalar = (x) => scan((c: Node) => [step(c), []] as const, x!, [] as const, { length: 3 })[0]
    const chosen: Scalar = (x) => cond(true, (u: Node) => step(step(step(u))), (u: Node) => u, x!)
    const recomputed: Scalar = (x) => checkpoint((u: Node) => step(checkpoint(step)(step(u))))(x!)
    for (const g of [scanned, chosen, recomputed]) {
      expectSame(g, thrice, [tensor(0.3)])
      expectSame((xs) => sum(vmap(g as (x: Node) => Node)(xs!)), (xs) => sum(vmap(thrice as (x: Node) => Node)(xs!)), [tensor([0.3, -0.2])])
    }
    expect(item(grad(odd as (x: Node) => Node)(3))).toBe(45)
    expect(item(grad((x: Node) => scan((c: Node) => [odd(c), []] as const, x, [] as const, { length: 1 })[0])(3))).toBe(45)
  })

  it('without a batching rule are named when a loop is batched, and run in it otherwise', () => {
    const lone = customPrimitive({ name: 'lone', evaluate: (x) => x.toTypedArray().map((v) => v + 1), vjp: [(g) => g] })
    const f3 = (x: Node): Node => scan((c: Node) => [lone(c), []] as const, x, [] as const, { length: 3 })[0]
    expect(item(f3(constant(tensor(1))))).toBe(4)
    expect(item(grad(f3)(1))).toBe(1)
    expect(messages(vmap(f3)(tensor([1, 2]))).join()).toContain('lone has no batching rule')
  })
})
