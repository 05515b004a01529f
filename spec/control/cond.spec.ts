/** `cond` and `switchCase`: the branch taken and no other, in values and in derivatives. */
import { describe, expect, it } from 'vitest'
import { cond, switchCase } from '../../lib/control/cond.js'
import { scan } from '../../lib/control/scan.js'
import type { Node } from '../../lib/core/Node.js'
import { tensor, type Tensor } from '../../lib/core/Tensor.js'
import { add, cos, div, exp, greater, log, matmul, mul, sin, sqrt, square, sum } from '../../lib/function/index.js'
import { item, toArray, value } from '../../lib/interpret/evaluate.js'
import { astype, constant, full, gather, variable } from '../../lib/primitive/index.js'
import { backward } from '../../lib/transform/backward.js'
import { grad } from '../../lib/transform/grad.js'
import { jvp } from '../../lib/transform/jvp.js'
import { vmap } from '../../lib/transform/vmap.js'
import { near, stacked, unstacked } from '../arbitraries/batch.js'
import { expectChecked, expectSame, messages, type Scalar } from './derivatives.js'

const scalar = (x: number): Node => full(x, { shape: [], dtype: 'f64' })
const integer = (x: number): Node => full(x, { shape: [], dtype: 'i32' })
const root = (x: Node): Node => cond(greater(x, 0), (u: Node) => sqrt(u), (u: Node) => mul(u, 0), x)

describe('cond', () => {
  const onTrue = (x: Node, y: Node): Node => sum(mul(sin(x), y))
  const onFalse = (x: Node, y: Node): Node => mul(sum(exp(x)), sum(cos(y)))
  const at = [tensor([0.5, -1]), tensor([2, 0.25])]

  it.each([[true], [false]])('is the branch for %s, in all derivatives (L29)', (taken) => {
    const f: Scalar = (x, y) => cond(taken, onTrue, onFalse, x!, y!)
    const decided: Scalar = (x, y) => cond(greater(sum(x!), taken ? -5 : 5), onTrue, onFalse, x!, y!)
    const g: Scalar = (x, y) => (taken ? onTrue : onFalse)(x!, y!)
    expectSame(f, g, at, ['value', 'reverse', 'forward'])
    expectSame(decided, g, at, ['value', 'reverse', 'forward'])
    expectChecked(decided, at)
  })

  it('takes and returns trees, whose leaves correspond by name', () => {
    const f = (c: boolean) => cond(c, (p: { readonly a: Node; readonly b: readonly [Node] }) => ({ s: add(p.a, p.b[0]), n: integer(1) }), () => ({ n: integer(2), s: scalar(-1) }), { a: 1, b: [2] })
    expect([f(true), f(false)].map((t) => [toArray(t.s), toArray(t.n), t.n.dtype])).toEqual([[3, 1, 'i32'], [-1, 2, 'i32']])
    const mixed = (x: Node): Node => cond(true, (u: Node) => [integer(3), sin(u)] as const, (u: Node) => [integer(4), u] as const, x)[1]
    expect(item(grad(mixed)(0.5))).toBe(Math.cos(0.5))
  })

  it('captures what its branches mention, each its own', () => {
    const [a, b] = [variable('a', tensor(3)), variable('b', tensor(5))]
    const f = (c: boolean): Node => cond(c, (x: Node) => mul(x, a), (x: Node) => mul(mul(x, b), a), 2)
    const gradients = (y: Node) => [...backward(y)].map(([id, g]) => [id, item(g)] as const).sort(([p], [q]) => p.localeCompare(q))
    expect([gradients(f(true)), gradients(f(false))]).toEqual([[['a', 2], ['b', 0]], [['a', 10], ['b', 6]]])
  })

  it('is not spoilt by what the other branch would compute', () => {
    expect([item(root(scalar(0))), item(grad(root)(0)), item(grad(root)(4)), item(jvp(root)([0], [1])[1])]).toEqual([0, 0, 0.25, 0])
    expect(item(grad((x: Node) => grad(root)(x))(0))).toBe(0)
    expect(item(grad((x: Node) => root(sqrt(x)))(0))).toBe(0)
    const bad = (x: Node): Node => cond(greater(x, 0), (u: Node) => gather(constant(tensor([1])), astype(mul(u, 7), 'i32'), 0), (u: Node) => u, x)
    expect(item(bad(scalar(-1)))).toBe(-1)
    expect(messages(bad(scalar(1))).join()).toContain('gather')
  })

  it('stays safe under vmap: values and derivatives of elements are their own (L26)', () => {
    const xs = tensor([0, 4, -1])
    expect(toArray(vmap(root)(xs))).toEqual([0, 2, -0])
    expect(toArray(vmap(grad(root))(xs))).toEqual([0, 0.25, 0])
    expect(toArray(grad((x: Node) => sum(vmap(root)(x)))(xs))).toEqual([0, 0.25, 0])
    expect(toArray(jvp(vmap(root))([xs], [tensor([1, 1, 1])])[1])).toEqual([0, 0.25, 0])
    expect(toArray(vmap(grad((x: Node) => grad(root)(x)))(xs))).toEqual([0, -1 / 32, 0])
    expect(toArray(vmap(grad((x: Node) => cond(greater(x, 0), (u: Node) => mul(u, log(u)), (u: Node) => div(u, 2), x)))(xs))).toEqual([0.5, Math.log(4) + 1, 0.5])
  })

  it.each([[[0, null, null]], [[null, 0, null]], [[null, null, 0]], [[0, 0, 0]]])('under vmap %j is the stack of choices', (axes) => {
    const f = (c: Node, x: Node, y: Node): Node => cond(c, onTrue, onFalse, x, y)
    const slices = [0, 1, 2].map((b) => [tensor(axes[0] === 0 ? b % 2 : 1, { dtype: 'i32' }), tensor([b, 1]), tensor([2, b])])
    const operands = axes.map((axis, k) => (axis === null ? slices[0]![k]! : stacked(slices.map((xs) => xs[k]!), slices[0]![k]!)))
    const own = (b: number) => axes.map((axis, k) => constant(axis === null ? slices[0]![k]! : slices[b]![k]!)) as [Node, Node, Node]
    unstacked(value(vmap(f, { in: axes })(...(operands as [Tensor, Tensor, Tensor])))).forEach((t, b) => expect(near(t, value(f(...own(b))))).toBe(true))
    const gradient = (c: Node, x: Node, y: Node) => grad((p: ReadonlyArray<Node>) => f(c, p[0]!, p[1]!))([x, y])
    const gs: ReadonlyArray<Tensor> = value(vmap(gradient, { in: axes })(...(operands as [Tensor, Tensor, Tensor])))
    gs.forEach((g, k) => unstacked(g).forEach((t, b) => expect(near(t, (value(gradient(...own(b))) as ReadonlyArray<Tensor>)[k]!)).toBe(true)))
  })

  it('works inside loops, and loops inside it', () => {
    const f = (written: boolean): Scalar => (x) => {
      const choose = (c: Node, s: Node): Node => (written ? (item(s) > 0 ? sin(c) : mul(c, s)) : cond(greater(s, 0), (u: Node) => sin(u), (u: Node) => mul(u, s), c))
      return written
        ? [1, -0.5, 2].reduce((c, s) => choose(c, scalar(s)), x!)
        : cond(true, (u: Node) => scan((c: Node, s: Node) => [choose(c, s), []] as const, u, constant(tensor([1, -0.5, 2])))[0], (u: Node) => u, x!)
    }
    expectSame(f(false), f(true), [tensor(0.75)])
  })
})

describe('switchCase', () => {
  const functions = [(x: Node) => sin(x), (x: Node) => square(x), (x: Node) => exp(mul(2, x))]

  it('is the function at the index, in all derivatives', () => {
    functions.forEach((own, k) => expectSame((x) => switchCase(integer(k), functions, x!), (x) => own(x!), [tensor(0.75)], ['value', 'reverse', 'forward']))
    expect(item(switchCase(1, functions, 3))).toBe(9)
    expect(item(switchCase(0, [() => scalar(4)]))).toBe(4)
  })

  it('is mapped over its index', () => {
    const ks = tensor([2, 0, 1, 1], { dtype: 'i32' })
    const f = vmap((k: Node, x: Node) => switchCase(k, functions, x), { in: [0, null] })
    expect(near(value(f(ks, 0.5)), tensor([Math.E, Math.sin(0.5), 0.25, 0.25]))).toBe(true)
    expect(item(grad((x: Node) => sum(f(constant(ks), x)))(0.5))).toBeCloseTo(2 * Math.E + Math.cos(0.5) + 2, 12)
  })

  it('reports an index that names no branch', () => {
    for (const k of [3, -1]) expect(messages(switchCase(integer(k), functions, 1))).toEqual([`cond: branch ${k} does not exist, there are 3`])
    for (const k of [3, -1])
      expect(messages(vmap((i: Node) => switchCase(i, functions, 1))(tensor([0, k], { dtype: 'i32' }))).length).toBe(1)
  })

  it.each<readonly [string, Node]>([
    ['switchCase: the index is no integer', switchCase(0.5, functions, 1)],
    ['switchCase: the index is no integer', switchCase(scalar(1), functions, 1)],
    ['switchCase: there are no branches', switchCase(0, [] as ReadonlyArray<(x: Node) => Node>, 1)],
    ['switchCase: the choice has shape [2], a scalar is needed', switchCase(tensor([0, 1], { dtype: 'i32' }), functions, 1)],
    ['cond: the choice has shape [2], a scalar is needed', cond(tensor([0, 1]), (x: Node) => x, (x: Node) => x, 1)],
    ['cond: branch 0 returns f64[2] and branch 1 returns f64[]', cond(true, () => scalar(1), () => constant(tensor([1, 2])))],
    ['cond: branch 0 returns f64[] and branch 1 returns i32[]', cond(true, () => integer(1), () => scalar(1))],
  ])('%s', (message, node) => {
    expect(messages(node)).toEqual([message])
  })

  it('reports branches that return different structures, and errors in any branch', () => {
    const different = cond(true, () => ({ a: scalar(1) }), () => ({ b: scalar(1) })) as unknown as { readonly b: Node }
    expect(messages(different.b)).toEqual(['cond: branch 0 returns leaves at b and branch 1 returns leaves at a'])
    expect(messages(cond(true, (x: Node) => x, (x: Node) => matmul(x, x), 1)).length).toBe(1)
  })
})
