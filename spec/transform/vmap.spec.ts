/** `vmap`: the stack of a function over slices, and how it composes with the other transforms. */
import fc from 'fast-check'
import * as E from 'fp-ts/Either'
import { describe, expect, it } from 'vitest'
import { sort } from '../../lib/core/Graph.js'
import type { Node } from '../../lib/core/Node.js'
import { bufferOf, sameTensor, tensor, type Tensor } from '../../lib/core/Tensor.js'
import { div, greater, matmul, mean, mul, relu, sin, sub, sum, square, tanh, where, sqrt, add } from '../../lib/function/index.js'
import { evaluate, toArray, value } from '../../lib/interpret/evaluate.js'
import { constant, full, gather, transpose } from '../../lib/primitive/index.js'
import { backward } from '../../lib/transform/backward.js'
import { customPrimitive, customRule } from '../../lib/transform/customRule.js'
import { grad } from '../../lib/transform/grad.js'
import { hessian } from '../../lib/transform/jacobian.js'
import { jvp } from '../../lib/transform/jvp.js'
import { vmap } from '../../lib/transform/vmap.js'
import { programs, smoothPrograms, type Program } from '../arbitraries/program.js'
import { near, rolled, stacked, unstacked } from '../arbitraries/batch.js'

type Many = (...xs: ReadonlyArray<Node>) => Node

const messages = (node: Node): ReadonlyArray<string> => {
  const result = evaluate(node)
  return E.isLeft(result) ? result.left.map((e) => `${e.op}: ${e.rule}`) : []
}

const total = (x: Node): Node => sum(sin(x))

/** A batch for a program: each input in `size` variants, those at `fixed` once. */
const batchOf = ({ inputs }: Program, size: number, fixed: (k: number) => boolean) => {
  const elements = Array.from({ length: size }, (_, b) => inputs.map((t, k) => (fixed(k) ? t : rolled(t, b))))
  return {
    elements,
    operands: inputs.map((t, k) => (fixed(k) ? t : stacked(elements.map((xs) => xs[k]!), t))),
    axes: inputs.map((_, k) => (fixed(k) ? null : 0)),
  }
}

describe('vmap of random programs', () => {
  it('is the stack over slices (L26)', () => {
    fc.assert(
      fc.property(programs, fc.constantFrom(2, 3, 1), fc.nat(7), (program, size, bits) => {
        const { elements, operands, axes } = batchOf(program, size, (k) => k > 0 && ((bits >> k) & 1) === 1)
        const batch = unstacked(value(vmap(program.f as Many, { in: axes })(...operands)))
        batch.forEach((t, b) => expect(near(t, value(program.f(...elements[b]!.map(constant))))).toBe(true))
      }),
      { numRuns: 150 },
    )
  })

  it('of the gradient is the stack of gradients (L26)', () => {
    fc.assert(
      fc.property(smoothPrograms, fc.constantFrom(2, 3), fc.nat(7), (program, size, bits) => {
        const { elements, operands, axes } = batchOf(program, size, (k) => k > 0 && ((bits >> k) & 1) === 1)
        const argnums = operands.map((_, k) => k)
        const gradient = grad((...xs: ReadonlyArray<Node>) => total(program.f(...xs)), { argnums }) as (...xs: ReadonlyArray<Node | Tensor>) => ReadonlyArray<Node>
        const together: ReadonlyArray<Tensor> = value(vmap(gradient as (...xs: ReadonlyArray<Node>) => ReadonlyArray<Node>, { in: axes })(...operands))
        elements.forEach((xs, b) => {
          const apart: ReadonlyArray<Tensor> = value(gradient(...xs))
          together.forEach((t, k) => expect(near(unstacked(t)[b]!, apart[k]!)).toBe(true))
        })
      }),
      { numRuns: 80 },
    )
  })

  it('has a gradient that is the gradient of the sum over slices', () => {
    fc.assert(
      fc.property(smoothPrograms, fc.nat(7), (program, bits) => {
        const { elements, operands, axes } = batchOf(program, 3, (k) => k > 0 && ((bits >> k) & 1) === 1)
        const batched = grad((xs: ReadonlyArray<Node>) => total(vmap(program.f as Many, { in: axes })(...xs)))(operands)
        const looped = grad((xs: ReadonlyArray<Node>) => {
          const rows = elements.map((_, b) => program.f(...xs.map((x, k) => (axes[k] === null ? x : gather(x, full(b, { shape: [], dtype: 'i32' }), 0)))))
          return rows.map(total).reduce((a, b) => add(a, b))
        })(operands)
        const [a, b]: readonly [ReadonlyArray<Tensor>, ReadonlyArray<Tensor>] = [value(batched), value(looped)]
        a.forEach((t, k) => expect(near(t, b[k]!)).toBe(true))
      }),
      { numRuns: 60 },
    )
  })

  it('commutes when nested', () => {
    fc.assert(
      fc.property(programs, (program) => {
        const rows = Array.from({ length: 2 }, (_, i) => Array.from({ length: 3 }, (__, j) => program.inputs.map((t) => rolled(t, 2 * i + j))))
        const grid = program.inputs.map((t, k) => stacked(rows.map((row) => stacked(row.map((xs) => xs[k]!), t)), stacked(rows[0]!.map((xs) => xs[k]!), t)))
        const inner = (axis: number): Many => vmap(vmap(program.f as Many), { in: axis, out: axis }) as Many
        const [outerFirst, innerFirst]: ReadonlyArray<Tensor> = value([inner(0)(...grid.map(constant)), inner(1)(...grid.map(constant))])
        expect(near(outerFirst!, innerFirst!)).toBe(true)
        unstacked(outerFirst!).forEach((row, i) =>
          unstacked(row).forEach((t, j) => expect(near(t, value(program.f(...rows[i]![j]!.map(constant))))).toBe(true)),
        )
      }),
      { numRuns: 80 },
    )
  })
})

describe('axes', () => {
  const x = tensor([[1, 2, 3], [4, 5, 6]])
  const halves = (v: Node): Node => mul(v, 0.5)

  it('are counted from either end, in and out', () => {
    expect(toArray(vmap((v: Node) => sum(v))(x))).toEqual([6, 15])
    expect(toArray(vmap((v: Node) => sum(v), { in: 1 })(x))).toEqual([5, 7, 9])
    expect(toArray(vmap((v: Node) => sum(v), { in: -1 })(x))).toEqual([5, 7, 9])
    expect(toArray(vmap(halves, { in: -1, out: -1 })(x))).toEqual([[0.5, 1, 1.5], [2, 2.5, 3]])
    expect(vmap(halves, { in: 1 })(x).shape).toEqual([3, 2])
    expect(vmap(halves, { out: 1 })(x).shape).toEqual([3, 2])
  })

  it('are moved as a whole: three axes, every way', () => {
    const t = tensor(Float64Array.from({ length: 24 }, (_, i) => i), { shape: [2, 3, 4] })
    for (let axis = -3; axis < 3; axis++)
      for (let out = -3; out < 3; out++) {
        const at = (axis + 3) % 3
        const to = (out + 3) % 3
        const others = [0, 1, 2].filter((i) => i !== at)
        const perm = [...others.slice(0, to), at, ...others.slice(to)]
        expect(toArray(vmap((v: Node) => mul(v, 2), { in: axis, out })(t))).toEqual(toArray(mul(2, transpose(constant(t), perm))))
      }
  })

  it('may differ for each argument, null for one that is shared', () => {
    const f = (a: Node, b: Node): Node => sub(a, b)
    expect(toArray(vmap(f, { in: [1, 0] })(x, tensor([1, 2, 3])))).toEqual([[0, 3], [0, 3], [0, 3]])
    expect(toArray(vmap(f, { in: [0, null] })(x, tensor([1, 2, 3])))).toEqual([[0, 0, 0], [3, 3, 3]])
    expect(toArray(vmap(f, { in: [null, 0] })(tensor([1, 2, 3]), tensor([1, 2])))).toEqual([[0, 1, 2], [-1, 0, 1]])
  })

  it('hold for all leaves of a tree, and trees come out', () => {
    const f = (p: { readonly w: Node; readonly b: ReadonlyArray<Node> }, s: Node) => ({ y: add(mul(p.w, s), p.b[0]!), k: 7, pair: [p.b[0]!, s] as const })
    const result = vmap(f, { in: [0, null] })({ w: tensor([1, 2]), b: [tensor([10, 20])] }, 3)
    expect([toArray(result.y), toArray(result.k), toArray(result.pair[0]), toArray(result.pair[1])]).toEqual([[13, 26], [7, 7], [10, 20], [3, 3]])
  })

  it('may have length 1 or 0', () => {
    expect(toArray(vmap(total)(tensor([[0, 0]])))).toEqual([0])
    const none = tensor(new Float64Array(0), { shape: [0, 3] })
    expect(value(vmap((v: Node) => matmul(v, x), { in: 1, out: 1 })(tensor(new Float64Array(0), { shape: [2, 0] }))).shape).toEqual([3, 0])
    expect(value(vmap(total)(none)).shape).toEqual([0])
    expect(toArray(grad((w: Node) => sum(vmap((v: Node) => sum(mul(v, w)))(none)))(tensor([1, 2, 3])))).toEqual([0, 0, 0])
  })
})

describe('errors say what is wrong with the axes', () => {
  const f = (...xs: ReadonlyArray<Node>): Node => xs.reduce((a, b) => add(a, b))

  it.each<readonly [string, Node]>([
    ['vmap: the mapped axes have lengths 2 and 3', vmap(f)(tensor([1, 2]), tensor([1, 2, 3]))],
    ['vmap: an argument of shape [2] has no axis 1 to map over', vmap(f, { in: 1 })(tensor([1, 2]))],
    ['vmap: an argument of shape [2] has no axis -2 to map over', vmap(f, { in: -2 })(tensor([1, 2]))],
    ['vmap: an argument of shape [2] has no axis 0.5 to map over', vmap(f, { in: 0.5 })(tensor([1, 2]))],
    ['vmap: an argument of shape [] has no axis 0 to map over', vmap(f)(3)],
    ['vmap: no argument is mapped', vmap(f, { in: null })(tensor([1, 2]))],
    ['vmap: no argument is mapped', vmap(() => full(1, { shape: [], dtype: 'f64' }))()],
    ['vmap: the option in lists 1 axes for 2 arguments', vmap(f, { in: [0] })(tensor([1, 2]), tensor([1, 2]))],
    ['vmap: a batch of results has shape [2], which has no axis 1', vmap(f, { out: 1 })(tensor([1, 2]))],
  ])('%s', (message, node) => {
    expect(messages(node)).toEqual([message])
  })

  it('and those of the function and of the arguments come through', () => {
    expect(messages(vmap((v: Node) => matmul(v, tensor([1, 2, 3])))(tensor([[1, 2]])))).toHaveLength(1)
    expect(messages(vmap(f)(undefined as unknown as Node)).join()).toContain('no leaf')
  })
})

describe('per-example derivatives', () => {
  const w = tensor([[0.5, -1], [2, 0.25]])
  const xs = tensor([[1, 2], [3, -1], [0, 1]])
  const ys = tensor([0.5, -0.5, 1])
  const loss = (p: { readonly w: Node }, x: Node, y: Node): Node => square(sub(sum(tanh(matmul(p.w, x))), y))

  it('are gradients of each example, which add up to that of the batch', () => {
    const each = vmap(grad(loss), { in: [null, 0, 0] })({ w }, xs, ys)
    expect(each.w.shape).toEqual([3, 2, 2])
    unstacked(value(each.w)).forEach((g, i) => {
      const alone = grad(loss)({ w }, constant(unstacked(xs)[i]!), full(bufferOf(ys)[i]!, { shape: [], dtype: 'f64' }))
      expect(near(g, value(alone.w))).toBe(true)
    })
    const batch = grad((p: { readonly w: Node }) => mean(vmap(loss, { in: [null, 0, 0] })(p, xs, ys)))({ w })
    expect(near(value(batch.w), value(div(sum(each.w, { axis: 0 }), 3)))).toBe(true)
  })

  it('of second order are the Hessians of the examples, and those of the batch', () => {
    const h = (v: Node): Node => sum(mul(sin(v), square(v)))
    const each = value(vmap(hessian(h))(xs))
    unstacked(each).forEach((t, i) => expect(near(t, value(hessian(h)(unstacked(xs)[i]!)))).toBe(true))
    const gg = grad((v: Node) => sum(square(grad((u: Node) => sum(vmap(h)(u)))(v))))(xs)
    unstacked(value(gg)).forEach((t, i) => expect(near(t, value(grad((v: Node) => sum(square(grad(h)(v))))(unstacked(xs)[i]!)))).toBe(true))
  })

  it('behind masks vary with an adjoint that happens to be zero', () => {
    const d = grad as (f: (x: Node) => Node) => (x: Node | number) => Node
    const masked = (x: Node): Node => where(greater(x, 0), sin(x), 0)
    expect(toArray(d((w) => d((x) => mul(w, masked(x)))(1))(0))).toBe(Math.cos(1))
    expect(toArray(vmap(d((w) => d((x) => mul(w, masked(x)))(1)))(tensor([0, 2])))).toEqual([Math.cos(1), Math.cos(1)])
  })

  it('keep exact zeros behind masks', () => {
    const root = (v: Node): Node => where(greater(v, 0), sqrt(v), 0)
    expect(toArray(vmap(grad(root))(tensor([0, 4])))).toEqual([0, 0.25])
    expect(toArray(grad((v: Node) => sum(vmap(root)(v)))(tensor([0, 4])))).toEqual([0, 0.25])
  })
})

describe('what the function captures', () => {
  it('is differentiated through, and mapped by an outer vmap', () => {
    const table = (a: Node, b: Node) => vmap((x: Node) => vmap((y: Node) => mul(x, sin(y)))(b))(a)
    const [a, b] = [tensor([1, 2, 3]), tensor([0.5, 1])]
    expect(near(value(table(constant(a), constant(b))), value(mul(constant(tensor([[1], [2], [3]])), sin(b))))).toBe(true)
    expect(near(value(grad((u: Node) => sum(table(u, constant(b))))(a)), value(full(Math.sin(0.5) + Math.sin(1), constant(a))))).toBe(true)
    const g = backward(sum(table(constant(a), constant(b))))
    expect(g.size).toBe(0)
  })
})

describe('rules of the user\'s own', () => {
  const xs = tensor([0.5, 1, 2])
  const definition = {
    name: 'cube',
    evaluate: (x: Tensor) => x.toTypedArray().map((v) => v ** 3),
    vjp: [(g: Node, _: Node, x: Node) => mul(g, mul(3, square(x)))] as never,
  }

  it('a primitive without a batching rule is named', () => {
    const cube = customPrimitive(definition)
    expect(messages(vmap((x: Node) => cube(x))(xs))).toEqual(['cube: cube has no batching rule'])
    expect(messages(vmap(grad((x: Node) => cube(x)))(xs))).toEqual([])
    expect(toArray(vmap((x: Node, y: Node) => add(x, cube(y)), { in: [0, null] })(xs, 2))).toEqual([8.5, 9, 10])
  })

  it.each(['loop', 'leading'] as const)('a primitive with the rule %s has values and derivatives of both modes and orders', (batch) => {
    const cube = customPrimitive({ ...definition, batch })
    const f = (x: Node): Node => sin(cube(x))
    const plain = (x: Node): Node => sin(mul(x, square(x)))
    const d = grad as (f: (x: Node) => Node) => (x: Node) => Node
    for (const transform of [(g: typeof f) => g, d, (g: typeof f) => d(d(g)), (g: typeof f) => (x: Node) => jvp(g)([x], [2])[1], (g: typeof f) => d((x) => jvp(g)([x], [2])[1])]) {
      expect(near(value(vmap(transform(f))(xs)), value(vmap(transform(plain))(xs)))).toBe(true)
      const outside = (g: typeof f) => transform((x) => sum(vmap(g)(mul(x, xs))))(full(0.75, { shape: [], dtype: 'f64' }))
      expect(near(value(outside(f)), value(outside(plain)))).toBe(true)
    }
    const nested = (g: typeof f): Node => vmap(vmap(d(g)))(tensor([[1, 2], [0.5, 0.25]]))
    expect(near(value(nested(f)), value(nested(plain)))).toBe(true)
  })

  it('a looped primitive of several operands takes mapped and shared ones, and sums over the batch for the latter', () => {
    const product = customPrimitive({
      name: 'product',
      batch: 'loop',
      evaluate: (a, b) => a.toTypedArray().map((v, i) => v * b.toTypedArray()[i]!),
      vjp: [(g, _y, _a, b) => mul(g, b!), (g, _y, a) => mul(g, a!)],
    })
    const [a, b] = [tensor([[1, 2], [3, 4], [5, 6]]), tensor([10, 100])]
    const f = vmap((x: Node, y: Node) => product(x, y), { in: [0, null] })
    expect(toArray(f(a, b))).toEqual([[10, 200], [30, 400], [50, 600]])
    expect(toArray(grad((y: Node) => sum(f(a, y)))(b))).toEqual([9, 12])
    expect(toArray(grad((x: Node) => sum(f(x, b)))(a))).toEqual([[10, 100], [10, 100], [10, 100]])
    expect(toArray(jvp(f)([a, b], [full(1, constant(a)), full(0, constant(b))])[1])).toEqual([[10, 100], [10, 100], [10, 100]])
  })

  it('a function with its own derivative keeps it under vmap, at first and second order', () => {
    const odd = customRule((x) => relu(x!), { name: 'odd', vjp: [(g, _y, x) => mul(g, mul(5, square(x!)))] })
    const d = grad as (f: (x: Node) => Node) => (x: Node) => Node
    const f = (x: Node): Node => odd(mul(2, x))
    expect(toArray(vmap(f)(xs))).toEqual([1, 2, 4])
    expect(toArray(vmap(d(f))(xs))).toEqual([10, 40, 160])
    expect(toArray(vmap(d(d(f)))(xs))).toEqual([40, 80, 160])
    expect(toArray(d((x) => sum(vmap(f)(x)))(constant(xs)))).toEqual([10, 40, 160])
    expect(toArray(d((x) => sum(d((u) => sum(vmap(f)(u)))(x)))(constant(xs)))).toEqual([40, 80, 160])
    expect(toArray(vmap((x: Node) => jvp(f)([x], [1])[1])(xs))).toEqual([10, 40, 160])
  })
})

describe('the batched graph', () => {
  it('leaves unmapped arguments unbatched', () => {
    const w = full(2, { shape: [4, 4], dtype: 'f64' })
    const y = vmap((x: Node, m: Node) => sum(mul(x, sum(tanh(m)))), { in: [0, null] })(full(1, { shape: [9, 3], dtype: 'f64' }), w)
    expect(sort([y]).nodes.filter(({ op }) => op.name === 'tanh').map(({ shape }) => shape)).toEqual([[4, 4]])
    expect(sameTensor(value(y), value(full(3 * 16 * Math.tanh(2), { shape: [9], dtype: 'f64' })))).toBe(false)
    expect(near(value(y), value(full(3 * 16 * Math.tanh(2), { shape: [9], dtype: 'f64' })))).toBe(true)
  })
})
