/** Loops and branches as machine code: what is carried on, in place or not, forwards and backwards. */
import { describe, expect, it } from 'vitest'
import {
  add, at, checkpoint, cond, concat, constant, cos, div, exp, flip, foriLoop, grad, greater, hessian, hvp, inspect, jacobian, jvp, less, map, matmul, maximum, mul, reshape, scan,
  sigmoid, sin, slice, square, stack, sub, sum, switchCase, tanh, tensor, transpose, vmap, whileLoop, where, type Node, type Tensor,
} from '../../lib/index.js'
import { agrees, compiled, exactly, rounding, type AnyFunction } from './agreement.js'

const numbers = (length: number, seed = 1): ReadonlyArray<number> => Array.from({ length }, (_, i) => Math.sin(seed * 7.3 + i * 1.7))
const vector = (length: number, seed = 1): Tensor => tensor(numbers(length, seed), { shape: [length] })
const matrix = (rows: number, columns: number, seed = 1): Tensor => tensor(numbers(rows * columns, seed), { shape: [rows, columns] })

/** The function and its first derivatives, in WebAssembly. */
const checkAll = (f: (...xs: ReadonlyArray<Node>) => Node, args: ReadonlyArray<Tensor>): void => {
  const total = (xs: ReadonlyArray<Node>): Node => sum(sin(mul(0.1, f(...xs))))
  agrees(f, args, 'wasm')
  agrees((...xs: ReadonlyArray<Node>) => grad(total)(xs), args, 'wasm')
  agrees((...xs: ReadonlyArray<Node>) => jvp(total)([xs], [xs]), args, 'wasm')
  agrees((...xs: ReadonlyArray<Node>) => hvp(total)(xs, xs), args, 'wasm')
}

type Step = (c: readonly [Node, Node], x: Node) => readonly [readonly [Node, Node], Node]

describe('what a scan carries on', () => {
  const pairs: Readonly<Record<string, Step>> = {
    'is swapped': ([a, b], x) => [[b, a], mul(a, x)],
    'is swapped and changed': ([a, b], x) => [[add(b, x), a], b],
    'is a Fibonacci sequence': ([a, b], x) => [[b, add(a, mul(b, x))], a],
    'is a sum of what is carried beside it': ([a, b], x) => [[add(a, b), mul(b, x)], a],
    'are two sums of one another': ([a, b], x) => [[add(a, b), add(b, a)], x],
    'is a sum that is read': ([a, b], x) => [[add(a, sin(a)), add(b, x)], a],
    'is handed on as it is': ([a, b], x) => [[a, add(b, x)], mul(a, b)],
    'is the same twice': ([a, b], x) => [[mul(a, x), mul(a, x)], b],
    'is forgotten': ([, b], x) => [[x, x], b],
    'is a constant': ([a, b], x) => [[constant(tensor([1, 2, 3])) as Node, a], add(b, x)],
    'is reversed in place': ([a, b], x) => [[flip(a), add(b, x)], a],
    'is turned into itself shifted': ([a, b], x) => [[concat([slice(a, [[1, 3]]), slice(b, [[0, 1]])]), concat([slice(b, [[1, 3]]), slice(a, [[0, 1]])])], x],
    'is used after it is replaced': ([a, b], x) => {
      const next = tanh(add(a, x))
      return [[next, add(mul(next, a), b)], mul(a, next)]
    },
  }

  it.each(Object.entries(pairs))('%s', (_, step) => {
    for (const reverse of [false, true])
      for (const length of reverse ? [3] : [0, 1, 4])
        checkAll(
          (xs, a, b) => {
            const [[one, other], ys] = scan(step as never, [a, b] as never, xs as never, { reverse, length } as never) as unknown as [[Node, Node], Node]
            return add(sum(mul(one, 2)), add(sum(other), sum(square(ys))))
          },
          [matrix(length, 3), vector(3, 2), vector(3, 3)],
        )
  })

  it.each<[string, (c: Node, x: Node) => Node]>([
    ['a sum of rows', (c, x) => add(c, x)],
    ['a sum, added on the other side', (c, x) => add(x, c)],
    ['a product', (c, x) => mul(c, x)],
    ['a maximum', (c, x) => maximum(c, x)],
    ['a sum of products of matrices', (c, x) => add(c, reshape(matmul(reshape(x, [2, 2]), reshape(x, [2, 2])), [4]))],
    ['a product of matrices', (c, x) => reshape(matmul(reshape(c, [2, 2]), reshape(x, [2, 2])), [4])],
    ['its own transpose', (c, x) => add(reshape(transpose(reshape(c, [2, 2])), [4]), x)],
    ['a broadcast of itself', (c, x) => mul(sum(c), x)],
  ])('is %s', (_, f) => {
    checkAll((xs, init) => scan((c: Node, x: Node) => [f(c, x), c] as const, init!, xs!)[0], [matrix(4, 4), vector(4, 5)])
    checkAll((xs, init) => scan((c: Node, x: Node) => [f(c, x), c] as const, init!, xs!)[1], [matrix(3, 4), vector(4, 5)])
  })

  it('is told before it grows, whatever else is told', () => {
    const f = (xs: Node, ...init: ReadonlyArray<Node>): Node => {
      const step = ({ row, all }: { row: Node; all: Node }, x: Node) => [{ row: add(row, x), all: add(all, sum(x)) }, { row, all }] as const
      const [last, told] = scan(step, { row: init[0]!, all: init[1]! }, xs)
      return add(add(sum(last.row), last.all), add(sum(square(told.row)), sum(square(told.all))))
    }
    checkAll(f as never, [matrix(4, 3), vector(3, 2), tensor(0.5)])
  })

  it.each<[string, boolean]>([['before', false], ['after', true]])('of several shapes is told %s each of it grows', (_, late) => {
    const f = (rows: Node, pairs: Node, ...init: ReadonlyArray<Node>): Node => {
      const step = ({ a, b }: { a: Node; b: Node }, { x, y }: { x: Node; y: Node }) => {
        const next = { a: add(a, x), b: add(b, y) }
        return [next, late ? next : { a, b }] as const
      }
      const [last, told] = scan(step, { a: init[0]!, b: init[1]! }, { x: rows, y: pairs })
      return add(add(sum(last.a), sum(last.b)), add(sum(square(told.a)), sum(square(told.b))))
    }
    checkAll(f as never, [matrix(4, 3), matrix(4, 2, 3), vector(3, 2), vector(2, 5)])
  })

  it('is told after it has grown, too', () => {
    const f = (xs: Node, ...init: ReadonlyArray<Node>): Node => {
      const step = ({ row, all }: { row: Node; all: Node }, x: Node) => {
        const next = { row: add(row, x), all: add(all, sum(x)) }
        return [next, { next, twice: [mul(2, next.all), flip(next.row)] }] as const
      }
      const [last, { next, twice }] = scan(step, { row: init[0]!, all: init[1]! }, xs)
      const told = [next.row, next.all, ...twice].map((y) => sum(square(y)))
      return add(add(sum(last.row), last.all), add(add(told[0]!, told[1]!), add(told[2]!, told[3]!)))
    }
    checkAll(f as never, [matrix(4, 3), vector(3, 2), tensor(0.5)])
  })

  it('may be of several dtypes', () => {
    const f = (xs: Node): unknown =>
      scan(
        ({ count, seen, total }: { count: Node; seen: Node; total: Node }, x: Node) =>
          [{ count: add(count, 1), seen: greater(x, 0), total: where(seen, add(total, x), total) }, { count, seen }] as const,
        { count: tensor(0, { dtype: 'i32' }), seen: tensor(false), total: 0 },
        xs,
      )
    agrees(f, [vector(6)], 'wasm')
    agrees(f, [tensor(Float32Array.from(numbers(6)))], 'wasm')
  })

  it('keeps single precision', () => {
    const single = (t: Tensor): Tensor => tensor(Float32Array.from(t.toTypedArray()), { shape: t.shape })
    agrees((xs: Node, w: Node) => scan((c: Node, x: Node) => [tanh(add(matmul(w, c), x)), c] as const, slice(xs, [0]), xs), [single(matrix(5, 3)), single(matrix(3, 3, 2))], 'wasm')
  })

  it('is nothing: a map, one nest over the rows if it is small', () => {
    const f = (xs: Node): Node => map((x: Node) => mul(sin(x), sum(x)), xs)
    checkAll(f as AnyFunction as never, [matrix(7, 3)])
    expect(inspect(compiled(f, [matrix(70, 30)], { engine: 'wasm' }))?.kernels['repeat'] ?? 0).toBeLessThanOrEqual(1)
    const g = (xs: Node): Node => map((x: Node) => div(at(x, [0]), add(2, square(at(x, [1])))), xs)
    expect(inspect(compiled(g, [matrix(70, 2)], { engine: 'wasm' }))?.kernels).toEqual({ nest: 1 })
    checkAll(g as AnyFunction as never, [matrix(9, 2)])
  })
})

describe('nested loops', () => {
  it('a scan in a scan', () => {
    checkAll(
      (xs, c) => scan((outer: Node, row: Node) => {
        const [last, all] = scan((inner: Node, x: Node) => [sin(add(inner, x)), mul(inner, x)] as const, sum(outer), row)
        return [add(outer, last), all] as const
      }, c!, xs!)[1],
      [matrix(3, 4), vector(2)],
    )
  })

  it('a reversed scan in a scan, over what the outer one carries', () => {
    checkAll((xs, c) => scan((outer: Node, row: Node) => [scan((s: Node, o: Node) => [mul(s, o), add(s, o)] as const, sum(row), outer, { reverse: true })[1], outer] as const, c!, xs!)[0], [matrix(3, 2), vector(4)])
  })

  it('a while loop in a scan, of another number of rounds each time', () => {
    checkAll(
      (xs) => scan((c: Node, x: Node) => {
        const { v } = whileLoop(({ v, i }: { v: Node; i: Node }) => less(mul(i, 1), add(1, mul(3, square(v)))), ({ v, i }: { v: Node; i: Node }) => ({ v: sin(add(v, x)), i: add(i, 1) }), { v: c, i: 0 })
        return [v, mul(v, x)] as const
      }, constant(tensor(0.5)), xs!)[1],
      [vector(5)],
    )
  })

  it('a branch in a scan, taken by turns', () => {
    checkAll((xs, w) => scan((c: Node, x: Node) => [cond(greater(x, 0), (u: Node) => mul(u, x), (u: Node) => sub(u, w!), c), c] as const, constant(tensor([1, 2])), xs!)[1], [vector(6), vector(2)])
  })

  it('a scan in a branch in a loop', () => {
    checkAll(
      (xs) => foriLoop(0, 3, (i: Node, c: Node) => cond(less(i, 2), (u: Node) => scan((s: Node, x: Node) => [mul(s, x), s] as const, sum(u), u)[1], (u: Node) => sin(u), c), xs!),
      [vector(4)],
    )
  })

  it('a checkpoint in a scan, and a scan with checkpoints', () => {
    const cell = checkpoint((c: Node, x: Node) => tanh(mul(c, sin(x))))
    checkAll((xs, c) => scan((s: Node, x: Node) => [cell(s, x), s] as const, c!, xs!, { checkpoint: true })[1], [matrix(7, 2), vector(2)])
  })

  it.each([true, false])('the gradient of a scan with checkpoints, which keeps no more of them than it says (with rows: %s)', (withRows) => {
    const [length, width] = [900, 50]
    const g = grad((c: Node, x: Node) =>
      withRows
        ? sum(scan((s: Node, row: Node) => [sin(add(tanh(s), row)), []] as const, c, x, { checkpoint: true })[0])
        : sum(scan((s: Node) => [sin(tanh(s)), []] as const, c, [] as const, { length, checkpoint: true })[0]),
    )
    const { least } = inspect(compiled(g, [vector(width), vector(length)], { engine: 'wasm' }))!.memory
    expect(least).toBeLessThanOrEqual(8 * (4 * Math.sqrt(length) * width + 2 * length))
  })

  it('the gradient of such a scan in the step of another', () => {
    const [length, width, rounds] = [900, 5, 40]
    const inner = (c: Node): Node => scan((s: Node) => [sin(tanh(s)), []] as const, c, [] as const, { length, checkpoint: true })[0]
    const g = grad((c: Node) => sum(scan((s: Node) => [inner(s), []] as const, c, [] as const, { length: rounds })[0]))
    const { least } = inspect(compiled(g, [vector(width)], { engine: 'wasm' }))!.memory
    expect(least).toBeLessThanOrEqual(8 * width * (4 * Math.sqrt(length) + 2 * rounds))
  })

  it('a vectorised scan, and a scan that is a map of scans', () => {
    checkAll((xs, c) => vmap((row: Node) => scan((s: Node, x: Node) => [sin(add(s, x)), s] as const, sum(c!), row)[1])(xs!), [matrix(3, 4), vector(2)])
    checkAll((xs) => map((row: Node) => scan((s: Node, x: Node) => [mul(s, cos(x)), s] as const, constant(tensor(1)), row)[0], xs!), [matrix(3, 4)])
  })

  it('a vectorised branch, and a vectorised while loop', () => {
    checkAll((xs) => vmap((x: Node) => cond(greater(x, 0), (u: Node) => sin(u), (u: Node) => exp(u), x))(xs!), [vector(6)])
    agrees((xs: Node) => vmap((x: Node) => whileLoop(({ v }: { v: Node }) => less(v, 2), ({ v }: { v: Node }) => ({ v: mul(v, 1.5) }), { v: add(x, 1.5) }).v)(xs), [vector(6)], 'wasm')
  })

  it('jacobians and hessians through loops', () => {
    const f = (xs: Node): Node => scan((c: Node, x: Node) => [sin(mul(c, x)), square(c)] as const, constant(tensor(0.5)), xs)[1]
    agrees(jacobian(f), [vector(4)], 'wasm')
    agrees(hessian((xs: Node) => sum(f(xs))), [vector(4)], 'wasm')
  })
})

describe('branches', () => {
  it('only the one that is taken runs', () => {
    const f = (k: Node, x: Node): Node => switchCase(k, [(u: Node) => sin(u), (u: Node) => square(u), (u: Node) => u], x)
    for (const k of [0, 1, 2]) {
      agrees(f, [tensor(k, { dtype: 'i32' }), vector(3)], 'wasm', rounding)
      agrees((i: Node, x: Node) => grad((u: Node) => sum(f(i, u)))(x), [tensor(k, { dtype: 'i32' }), vector(3)], 'wasm', rounding)
    }
  })

  it('give several results, of which some are what they were given', () => {
    const f = (x: Node, y: Node): unknown => cond(greater(sum(x), 0), (a: Node, b: Node) => ({ first: a, second: b, both: stack([a, b]) }), (a: Node, b: Node) => ({ first: b, second: a, both: stack([b, a]) }), x, y)
    agrees(f, [vector(3), vector(3, 2)], 'wasm', exactly)
    agrees(f, [vector(3, 4), vector(3, 2)], 'wasm', exactly)
  })

  it('do not spoil what the other one computes', () => {
    const root = (x: Node): Node => cond(greater(x, 0), (u: Node) => div(1, u), () => constant(tensor(0)), x)
    agrees(grad(root), [tensor(0)], 'wasm', exactly)
  })
})

describe('recurrent networks', () => {
  it('an LSTM and its gradient', () => {
    const hidden = 3
    const cell = (w: Node, u: Node, b: Node) => ({ h, c }: { h: Node; c: Node }, x: Node) => {
      const gates = add(add(matmul(x, w), matmul(h, u)), b)
      const gate = (k: number): Node => slice(gates, [null, [k * hidden, (k + 1) * hidden]])
      const next = add(mul(sigmoid(gate(0)), c), mul(sigmoid(gate(1)), tanh(gate(2))))
      const out = mul(sigmoid(gate(3)), tanh(next))
      return [{ h: out, c: next }, out] as const
    }
    const f = (xs: Node, w: Node, u: Node, b: Node): Node => {
      const zero = constant(tensor(new Float64Array(2 * hidden), { shape: [2, hidden] }))
      return sum(square(scan(cell(w, u, b), { h: zero, c: zero }, xs)[1]))
    }
    const args = [tensor(numbers(5 * 2 * 4), { shape: [5, 2, 4] }), matrix(4, 12, 2), matrix(hidden, 12, 3), vector(12)]
    agrees(f, args, 'wasm')
    agrees((xs: Node, ...ws: ReadonlyArray<Node>) => grad((ps: ReadonlyArray<Node>) => f(xs, ps[0]!, ps[1]!, ps[2]!))(ws), args, 'wasm')
  })
})
