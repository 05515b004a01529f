/** `scan`, `map` and `foriLoop`: equal to the loop written out, whatever is done to them. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { foriLoop, map, scan } from '../../lib/control/scan.js'
import type { Node } from '../../lib/core/Node.js'
import { bufferOf, sameTensor, tensor, tensorOf, type Tensor } from '../../lib/core/Tensor.js'
import { add, cos, div, greater, matmul, mul, sin, sqrt, square, stack, sub, sum, tanh, where } from '../../lib/function/index.js'
import { item, toArray, value } from '../../lib/interpret/evaluate.js'
import { astype, constant, full, gather, variable } from '../../lib/primitive/index.js'
import { backward } from '../../lib/transform/backward.js'
import { grad } from '../../lib/transform/grad.js'
import { vmap } from '../../lib/transform/vmap.js'
import { near, stacked, unstacked } from '../arbitraries/batch.js'
import { countNodes, expectChecked, expectSame, messages, type Scalar } from './derivatives.js'

const row = (xs: Node, i: number): Node => gather(xs, full(i, { shape: [], dtype: 'i32' }), 0)

interface Options {
  readonly reverse?: boolean
  readonly checkpoint?: boolean
  readonly length?: number
}

/** The loop written out. */
const unrolled = <C>(f: (c: C, x: Node) => readonly [C, Node], init: C, xs: Node, { reverse = false }: Options = {}): readonly [C, Node] => {
  const n = xs.shape[0]!
  const ys = new Array<Node>(n)
  let carry = init
  for (let t = 0; t < n; t++) {
    const i = reverse ? n - 1 - t : t
    ;[carry, ys[i]!] = f(carry, row(xs, i))
  }
  return [carry, stack(ys)]
}

const step = (w: Node) => (h: Node, x: Node): readonly [Node, Node] => {
  const next = tanh(add(matmul(w, h), mul(x, sin(h))))
  return [next, mul(next, x)]
}

const numbers = (n: number, seed = 1): ReadonlyArray<number> => Array.from({ length: n }, (_, i) => Math.sin(3 * i + seed))
const array = (shape: ReadonlyArray<number>, seed = 1): Tensor => tensorOf(Float64Array.from(numbers(shape.reduce((a, b) => a * b, 1), seed)), [...shape], 'f64')

/** The recurrent net as a function of weights, initial state and inputs, by a scan or written out. */
const rnn = (kind: 'scan' | 'unrolled', options: Options = {}): Scalar => (w, h, xs) => {
  const [last, ys] = kind === 'scan' ? scan(step(w!), h!, xs!, options) : unrolled(step(w!), h!, xs!, options)
  return add(sum(square(last)), sum(mul(ys, cos(ys))))
}

const at = (n: number): ReadonlyArray<Tensor> => [array([2, 2]), array([2], 2), array([n, 2], 3)]

describe('scan', () => {
  it.each([[1], [2], [5]])('over %i steps is the loop written out, in all derivatives (L29)', (n) => {
    for (const reverse of [false, true]) expectSame(rnn('scan', { reverse }), rnn('unrolled', { reverse }), at(n))
  })

  it('has the derivatives that numerical differentiation finds', () => {
    expectChecked(rnn('scan'), at(4))
    expectChecked(rnn('scan', { reverse: true, checkpoint: true }), at(7))
  })

  it('over nothing returns the initial carry and empty outputs', () => {
    const none = tensor(new Float64Array(0), { shape: [0, 2] })
    const [last, ys] = scan(step(constant(array([2, 2]))), tensor([1, 2]) as unknown as Node, none as unknown as Node)
    expect([toArray(last), value(ys).shape]).toEqual([[1, 2], [0, 2]])
    const g = grad((p: ReadonlyArray<Node>) => sum(scan(step(p[0]!), p[1]!, none as unknown as Node)[0]))([array([2, 2]), tensor([1, 2])])
    expect(g.map(toArray)).toEqual([[[0, 0], [0, 0]], [1, 1]])
  })

  it('runs without arrays for a number of steps', () => {
    const [last, all] = scan((c: Node) => [mul(c, 2), c] as const, 3, [] as const, { length: 4 })
    expect([item(last), toArray(all)]).toEqual([48, [3, 6, 12, 24]])
    expect(item(grad((x: Node) => scan((c: Node) => [mul(c, c), []] as const, x, [] as const, { length: 3 })[0])(1.5))).toBeCloseTo(8 * 1.5 ** 7, 10)
  })

  it('carries trees, integers and single precision', () => {
    const f = (s: { readonly n: Node; readonly v: readonly [Node, Node] }, x: Node) =>
      [{ v: [add(s.v[0], x), astype(mul(s.v[1], 0.1), 'f32')], n: add(s.n, 1) }, { n: s.n, x: mul(s.v[1], 3) }] as const
    const init = { n: full(5, { shape: [], dtype: 'i32' }), v: [tensor([1, 1]), tensor(7, { dtype: 'f32' })] as const }
    const [last, out] = scan(f as never, init, array([3, 2])) as unknown as readonly [typeof init, { readonly n: Node; readonly x: Node }]
    expect([last.n.dtype, toArray(last.n), toArray(out.n)]).toEqual(['i32', 8, [5, 6, 7]])
    const single = [0, 1].reduce<ReadonlyArray<number>>((all) => [...all, Math.fround(all.at(-1)! * Math.fround(0.1))], [7])
    expect([out.x.dtype, toArray(out.x)]).toEqual(['f32', single.map((x) => Math.fround(3 * x))])
  })

  it('matches the leaves of the carry by name, not by order', () => {
    const [last] = scan((s: { readonly a: Node; readonly b: Node }, x: Node) => [{ b: add(s.b, 1), a: add(s.a, x) }, []] as const, { a: 0, b: 100 }, tensor([1, 2]) as unknown as Node)
    expect([item(last.a), item(last.b), Object.keys(last)]).toEqual([3, 102, ['a', 'b']])
  })

  it('keeps gradients of single precision, past integers in the carry', () => {
    const f = (c: readonly [Node, Node], x: Node) => [[add(c[0], 1), mul(c[1], sin(x))], c[0]] as const
    const loss = (x: Node): Node => sum(scan(f as never, [full(0, { shape: [], dtype: 'i32' }), tensor(2, { dtype: 'f32' })] as never, x)[0][1] as Node)
    const x = tensor([0.5, 0.25], { dtype: 'f32' })
    const g = value(grad(loss)(x))
    expect(g.dtype).toBe('f32')
    expect([...bufferOf(g)]).toEqual([2 * Math.cos(0.5) * Math.sin(0.25), 2 * Math.sin(0.5) * Math.cos(0.25)].map((v) => expect.closeTo(v, 6)))
  })

  it('captures variables, parameters of outer functions and states of outer loops', () => {
    const k = variable('k', tensor(0.5))
    const nested = (kind: 'scan' | 'unrolled'): Scalar => (x, ys) => {
      const loop = (kind === 'scan' ? scan : unrolled) as typeof unrolled
      const inner = (outer: Node) => (c: Node, y: Node): readonly [Node, Node] => [add(mul(c, sin(outer)), mul(mul(x!, y), k)), mul(outer, c)]
      const outer = (c: Node, y: Node): readonly [Node, Node] => {
        const [last, all] = loop(inner(add(c, y)), c, ys!)
        return [tanh(last), sum(all)]
      }
      const [last, all] = loop(outer, x!, ys!)
      return add(last, sum(all))
    }
    expectSame(nested('scan'), nested('unrolled'), [tensor(0.75), array([3])])
    const [a, b] = (['scan', 'unrolled'] as const).map((kind) => item(backward(nested(kind)(full(0.75, { shape: [], dtype: 'f64' }), constant(array([3])))).get('k')!))
    expect(a).toBeCloseTo(b!, 12)
  })

  it.each([[{ in: [null, null, 0] }], [{ in: [0, null, null] }], [{ in: [null, 0, null] }], [{ in: [0, 0, 0] }], [{ in: [null, 0, 1] }]])('under vmap %j is the stack of scans', (axes) => {
    const sizes = at(4).map((t, k) => ({ t, axis: (axes.in as ReadonlyArray<number | null>)[k]! }))
    const slices = [0, 1, 2].map((b) => sizes.map(({ t, axis }, k) => (axis === null ? t : array(t.shape, 10 * b + k))))
    const operands = sizes.map(({ t, axis }, k) => {
      const batch = stacked(slices.map((xs) => xs[k]!), t)
      return axis === null ? constant(t) : axis === 0 ? constant(batch) : value(vmap((x: Node) => x, { out: 1 })(batch))
    })
    for (const f of [rnn('scan'), rnn('scan', { reverse: true, checkpoint: true })]) {
      const y = value(vmap(f, axes)(...operands))
      slices.forEach((xs, b) => expect(near(unstacked(y)[b]!, value(f(...xs.map(constant))))).toBe(true))
      const gradient = (...xs: ReadonlyArray<Node>) => grad((all: ReadonlyArray<Node>) => f(...all))(xs)
      const gs: ReadonlyArray<Tensor> = value(vmap(gradient, axes)(...operands))
      slices.forEach((xs, b) => (value(gradient(...xs.map(constant))) as ReadonlyArray<Tensor>).forEach((g, k) => expect(near(unstacked(gs[k]!)[b]!, g)).toBe(true)))
    }
  })

  it('keeps what a mask hides zero, across steps (no 0·∞)', () => {
    const f = (kind: 'scan' | 'unrolled'): Scalar => (x) => {
      const loop = (kind === 'scan' ? scan : unrolled) as typeof unrolled
      return sum(loop((c: Node, s: Node): readonly [Node, Node] => [sqrt(mul(c, s)), where(greater(c, 0.5), c, 0)], x!, constant(tensor([1, 1, 1])))[1])
    }
    const at0 = [f('unrolled'), f('scan')].map((g) => toArray(grad((x: Node) => g(x))(0)))
    expect(at0).toEqual([0, 0])
    const upstream = (x: Node): Node => sum(scan((c: Node, s: Node) => [c, where(greater(s, 0), mul(s, c), 0)] as const, 1, sqrt(x))[1])
    expect(toArray(grad(upstream)(tensor([0, 4])))).toEqual([0, 0.25])
    expect(toArray(grad((x: Node) => sum(map((s: Node) => where(greater(s, 0), sqrt(s), 0), x)))(tensor([0, 4])))).toEqual([0, 0.25])
  })
})

describe('checkpointed scans', () => {
  it('have the values and gradients of plain ones, to the last bit, for every length (L28)', () => {
    for (const n of [...Array.from({ length: 20 }, (_, i) => i + 1), 101])
      for (const reverse of [false, true]) {
        const both = [true, false].map((checkpoint) => grad((p: ReadonlyArray<Node>) => rnn('scan', { checkpoint, reverse })(...p))(at(n)))
        const [a, b]: ReadonlyArray<ReadonlyArray<Tensor>> = value(both)
        a!.forEach((t, k) => expect(sameTensor(t, b![k]!), `${n} steps, operand ${k}`).toBe(true))
      }
  })

  it('have the derivatives of plain ones, to second and third order', () => {
    for (const n of [4, 7, 9])
      for (const reverse of [false, true])
        expectSame(rnn('scan', { checkpoint: true, reverse }), rnn('scan', { reverse }), at(n), ['value', 'reverse', 'forward'])
  })

  it('hold carries for about √n steps', () => {
    const longest = (checkpoint: boolean): number => {
      const g = grad((h: Node) => scan((c: Node) => [sin(c), []] as const, h, [] as const, { length: 100, checkpoint })[0])(1)
      return Math.max(...sizesIn([g]))
    }
    expect(longest(false)).toBeGreaterThanOrEqual(100)
    expect(longest(true)).toBeLessThanOrEqual(11)
  })
})

const sizesIn = (outputs: ReadonlyArray<Node>): ReadonlyArray<number> => {
  const sizes: Array<number> = []
  const walk = (x: unknown): void => {
    if (Array.isArray(x)) x.forEach(walk)
    else if (typeof x === 'object' && x !== null && 'outputs' in x) (x.outputs as ReadonlyArray<Node>).forEach(visit)
  }
  const visit = (node: Node): void => {
    sizes.push(node.shape.reduce((a, b) => a * b, 1))
    node.inputs.forEach(visit)
    Object.values(node.attrs).forEach(walk)
  }
  outputs.forEach(visit)
  return sizes
}

describe('map', () => {
  it('is the stack of the function over slices, in all derivatives', () => {
    const f = (x: Node): Node => mul(sin(x), sum(square(x)))
    const mapped: Scalar = (xs) => sum(mul(map(f, xs!), 0.5))
    const written: Scalar = (xs) => sum(mul(stack([0, 1, 2].map((i) => f(row(xs!, i)))), 0.5))
    expectSame(mapped, written, [array([3, 2])])
    const tree = map((p: { readonly a: Node; readonly b: Node }) => ({ s: add(p.a, p.b), a: p.a }), { a: tensor([1, 2]), b: tensor([10, 20]) })
    expect([toArray(tree.s), toArray(tree.a)]).toEqual([[11, 22], [1, 2]])
  })
})

describe('foriLoop', () => {
  it('counts from the first bound to the one before the second', () => {
    expect(item(foriLoop(0, 5, (i, s: Node) => add(s, i), 0))).toBe(10)
    expect(item(foriLoop(2, 4, (i, s: Node) => add(mul(s, 10), i), 0))).toBe(23)
    expect(item(foriLoop(-1, 2, (i, s: Node) => add(mul(s, 10), i), 0))).toBe(-99)
    expect(item(foriLoop(3, 3, (_, s: Node) => mul(s, 0), 7))).toBe(7)
    expect(item(foriLoop(3, 1, (_, s: Node) => mul(s, 0), 7))).toBe(7)
  })

  it('has all derivatives', () => {
    const f: Scalar = (x) => foriLoop(1, 4, (i, s: Node) => sin(div(mul(s, x!), i)), x!)
    const g: Scalar = (x) => [1, 2, 3].reduce((s, i) => sin(div(mul(s, x!), i)), x!)
    expectSame(f, g, [tensor(0.75)])
    expectChecked(f, [tensor(0.75)])
  })

  it('needs integers', () => {
    for (const [from, to] of [[0.5, 3], [0, Number.NaN], [0, Infinity], [0, 2 ** 31]] as const)
      expect(messages(foriLoop(from, to, (_, s: Node) => s, 1))).toEqual([`foriLoop: the bounds are ${from} and ${to}, integers are needed`])
  })
})

describe('a long recurrence', () => {
  const loss = (w: Node, xs: Node): Node => sum(square(scan((h: Node, x: Node) => [tanh(add(matmul(w, h), x)), []] as const, full(0, { shape: [4], dtype: 'f64' }), xs)[0]))

  it('is traced and differentiated to a graph whose size does not depend on the number of steps', () => {
    const counts = [10, 1000, 10_000].map((n) => {
      const xs = full(0.1, { shape: [n, 4], dtype: 'f64' })
      const w = full(0.2, { shape: [4, 4], dtype: 'f64' })
      return countNodes([loss(w, xs), grad((m: Node) => loss(m, xs))(w), grad((m: Node) => sum(square(grad((u: Node) => loss(u, xs))(m))))(w)])
    })
    expect(new Set(counts).size).toBe(1)
    expect(counts[0]).toBeLessThan(2000)
  })

  it('of ten thousand steps is computed in a few seconds, with its gradient', () => {
    const xs = array([10_000, 4])
    const start = performance.now()
    const g = value(grad((m: Node) => loss(m, constant(xs)))(array([4, 4], 5)))
    expect(bufferOf(g).every(Number.isFinite)).toBe(true)
    expect(performance.now() - start).toBeLessThan(20_000)
  })
})

describe('errors', () => {
  const keep = (c: Node, x: Node): readonly [Node, Node] => [add(c, x), c]
  const none = 0 as unknown as Node
  const t = (data: Parameters<typeof tensor>[0]): Node => tensor(data) as unknown as Node

  it.each<readonly [string, unknown]>([
    ['scan: scalars have no axis to scan over', scan(keep, none, t(1))[0]],
    ['scan: the scanned arrays have lengths 2 and 3 along axis 0', scan((c: Node) => [c, c] as const, none, [t([1, 2]), t([1, 2, 3])])[0]],
    ['scan: the scanned arrays have lengths 2 and 5 along axis 0', scan(keep, none, t([1, 2]), { length: 5 })[0]],
    ['scan: nothing says how many steps there are', scan((c: Node) => [c, c] as const, none, [] as const)[0]],
    ['scan: the length is -1', scan((c: Node) => [c, c] as const, none, [] as const, { length: -1 })[0]],
    ['scan: the length is 1.5', scan((c: Node) => [c, c] as const, none, [] as const, { length: 1.5 })[0]],
    ['scan: leaf 0 of the carry is f64[] before a step and f64[2] after it', scan(keep, none, t([[1, 2]]))[0]],
    ['scan: leaf 0 of the carry is i32[] before a step and f64[] after it', scan(keep, full(0, { shape: [], dtype: 'i32' }), t([1, 2]))[0]],
    ['scan: the carry has a single leaf before a step and leaves at 0, 1 after it', scan((c: Node) => [[c, c], c] as const, none, t([1, 2]))[0]],
    ['scan: the carry has leaves at a before a step and leaves at b after it', scan((c: { readonly a: Node }) => [{ b: c.a }, c.a] as const, { a: 1 }, t([1, 2]))[0]],
  ])('%s', (message, tree) => {
    expect(messages(tree)).toEqual([message])
  })

  it('of the step come through once', () => {
    expect(messages(scan((c: Node, x: Node) => [matmul(x, sub(x, tensor([1, 2, 3]))), c] as const, none, t([[1, 2]]))[1]).length).toBeGreaterThan(0)
  })

  it('found in the numbers of a step name the operation', () => {
    const indices = tensor([0, 5], { dtype: 'i32' }) as unknown as Node
    expect(messages(scan((c: Node, i: Node) => [add(c, gather(constant(tensor([1, 2])), i, 0)), []] as const, none, indices)[0]).join()).toMatch(/^gather: /)
  })
})

describe('any length, any dtype of the carry', () => {
  it('agrees with folding', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: -8, max: 8 }), { maxLength: 12 }), fc.boolean(), fc.constantFrom('f64', 'f32', 'i32'), (data, reverse, dtype) => {
        const xs = tensor(data, { shape: [data.length], dtype }) as unknown as Node
        const [last, all] = scan((c: Node, x: Node) => [sub(x, c), c] as const, full(1, { shape: [], dtype }), xs, { reverse, checkpoint: true })
        const sums: Array<number> = []
        let c = 1
        for (const x of reverse ? data.toReversed() : data) {
          sums.push(c)
          c = x - c
        }
        expect([toArray(last), toArray(all)]).toEqual([c, reverse ? sums.reverse() : sums])
      }),
    )
  })
})
