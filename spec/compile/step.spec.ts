/** Steps whose state stays in the memory of the program. */
import * as E from 'fp-ts/Either'
import { describe, expect, it } from 'vitest'
import {
  add, compileStep, constant, customPrimitive, div, exp, FoldgradException, grad, inspect, matmul, mean, mul, relu, reshape, scan, shaped, sin, sqrt, square, sub, sum, take, tensor,
  transpose, value, valueAndGrad, type Node, type Tensor,
} from '../../lib/index.js'
import { bufferOf } from '../../lib/core/Tensor.js'
import { leavesOf } from '../../lib/core/Tree.js'
import { disagreement, exactly, right, rounding } from './agreement.js'

type Step = (state: unknown, ...inputs: ReadonlyArray<unknown>) => readonly [state: never, told: never]

const stepped = (f: unknown, specs: ReadonlyArray<unknown>): Step => right(compileStep(f as never, specs as never)) as never

const tensors = (tree: unknown): ReadonlyArray<Tensor> => leavesOf(tree).map(([, leaf]) => leaf as Tensor)
const arrays = (tree: unknown): ReadonlyArray<unknown> => tensors(tree).map((t) => t.toArray())

const message = (run: () => unknown): string => {
  try {
    run()
  } catch (thrown) {
    if (thrown instanceof FoldgradException) return thrown.errors.map(({ op, rule }) => `${op}: ${rule}`).join('; ')
    throw thrown
  }
  return 'nothing'
}

const descend = (w: Node, x: Node): unknown => [sub(w, mul(0.5, x)), sum(w)]

describe('a state', () => {
  it('goes from step to step, and can be read before the next', () => {
    const run = stepped(descend, [shaped([2]), shaped([2])])
    let state: unknown = tensor([1, 2])
    const seen: Array<unknown> = []
    for (let k = 0; k < 5; k++) {
      const [next, told] = run(state, tensor([1, -1]))
      seen.push([arrays(next)[0], (told as Tensor).at()])
      state = next
    }
    expect(seen).toEqual([[[0.5, 2.5], 3], [[0, 3], 3], [[-0.5, 3.5], 3], [[-1, 4], 3], [[-1.5, 4.5], 3]])
  })

  it('is used up by the step that it is handed to, unless it was read', () => {
    const run = stepped(descend, [shaped([2]), shaped([2])])
    const [a] = run(tensor([1, 2]), tensor([1, 1]))
    const [b] = run(a, tensor([1, 1]))
    expect(message(() => (a as Tensor).toArray())).toContain('was handed to a later step, which used it up')
    expect(message(() => run(a, tensor([1, 1])))).toContain('used it up')
    expect(arrays(b)).toEqual([[0, 1]])
    const [c] = run(b, tensor([1, 1]))
    expect(arrays(b)).toEqual([[0, 1]])
    expect(arrays(c)).toEqual([[-0.5, 0.5]])
  })

  it('is kept when another one is handed over', () => {
    const run = stepped(descend, [shaped([2]), shaped([2])])
    const [a] = run(tensor([1, 2]), tensor([1, 1]))
    const [other] = run(tensor([10, 20]), tensor([1, 1]))
    expect(arrays(a)).toEqual([[0.5, 1.5]])
    const [b] = run(a, tensor([1, 1]))
    expect(arrays(b)).toEqual([[0, 1]])
    expect(arrays(other)).toEqual([[9.5, 19.5]])
    expect(arrays(run(other, tensor([1, 1]))[0])).toEqual([[9, 19]])
  })

  it('may change its leaves about, in the hands of the caller and in the step', () => {
    const f = ({ a, b }: { a: Node; b: Node }): unknown => [{ b: add(a, 1), a: mul(b, 2) }, add(a, b)]
    const run = stepped(f, [{ a: shaped([2]), b: shaped([2]) }])
    let state: { a: unknown; b: unknown } = { a: tensor([1, 2]), b: tensor([3, 4]) }
    let plain = { a: [1, 2], b: [3, 4] }
    for (let k = 0; k < 6; k++) {
      const [next, told] = run(state)
      expect((told as Tensor).toArray()).toEqual(plain.a.map((v, i) => v + plain.b[i]!))
      plain = { a: plain.b.map((v) => 2 * v), b: plain.a.map((v) => v + 1) }
      state = k % 2 === 0 ? next : { a: next['b'], b: next['a'] }
      if (k % 2 === 1) plain = { a: plain.b, b: plain.a }
      if (k % 3 === 2) expect([arrays(state.a)[0], arrays(state.b)[0]]).toEqual([plain.a, plain.b])
    }
  })

  it('may be one tensor in two places, and an input at the same time', () => {
    const f = ({ a, b }: { a: Node; b: Node }, x: Node): unknown => [{ a: add(a, b), b: add(b, x) }, x]
    const run = stepped(f, [{ a: shaped([2]), b: shaped([2]) }, shaped([2])])
    const [first] = run({ a: tensor([1, 2]), b: tensor([3, 4]) }, tensor([1, 1])) as readonly [{ a: Tensor; b: Tensor }, unknown]
    const [second, told] = run({ a: first.a, b: first.a }, first.b)
    expect([arrays(second), arrays(told)]).toEqual([[[8, 12], [8, 11]], [[4, 5]]])
  })

  it('is not used up where it is handed on as it is', () => {
    const f = ({ a, b }: { a: Node; b: Node }): unknown => [{ a, b: add(a, b) }, 0]
    const run = stepped(f, [{ a: shaped([2]), b: shaped([2]) }])
    const next = (state: unknown): Record<'a' | 'b', Tensor> => run(state)[0]
    const first = next({ a: tensor([1, 2]), b: tensor([3, 4]) })
    const second = next(first)
    const third = next({ a: tensor([10, 20]), b: second.b })
    expect(arrays(first.a)).toEqual([[1, 2]])
    expect(message(() => first.b.toArray())).toContain('used it up')
    expect(arrays(third)).toEqual([[10, 20], [15, 28]])
  })

  it('may be handed on as it is, or be a constant', () => {
    const f = ({ a, b, c }: { a: Node; b: Node; c: Node }): unknown => [{ a, b: c, c: constant(tensor(7)) }, add(b, c)]
    const run = stepped(f, [{ a: shaped([2]), b: 1, c: 2 }])
    let state: unknown = { a: tensor([1, 2]), b: 3, c: 4 }
    const told: Array<unknown> = []
    for (let k = 0; k < 4; k++) {
      const [next, sum_] = run(state)
      told.push((sum_ as Tensor).at())
      state = next
    }
    expect(told).toEqual([7, 11, 14, 14])
    expect(arrays(state)).toEqual([[1, 2], 7, 7])
  })

  it('of several dtypes stays what it is', () => {
    const f = ({ k, on, w }: { k: Node; on: Node; w: Node }): unknown => [{ k: add(k, 1), on, w: mul(w, 0.5) }, { half: w }]
    const run = stepped(f, [{ k: shaped([], 'i32'), on: shaped([2], 'bool'), w: shaped([2], 'f32') }])
    let state: unknown = { k: tensor(5, { dtype: 'i32' }), on: tensor([true, false]), w: tensor(new Float32Array([0.1, 0.2])) }
    for (let k = 0; k < 3; k++) state = run(state)[0]
    expect(tensors(state).map(({ dtype }) => dtype)).toEqual(['i32', 'bool', 'f32'])
    expect(arrays(state)).toEqual([8, [true, false], [Math.fround(0.1) / 8, Math.fround(0.2) / 8]])
  })

  it('is no memory of the caller', () => {
    const run = stepped((w: Node) => [w, sum(w)], [shaped([2])])
    const given = Float64Array.of(1, 2)
    const [first] = run(given)
    given.fill(9)
    expect(arrays(first)).toEqual([[1, 2]])
  })
})

describe('a step that fails', () => {
  let mood = 'good'
  const moody = customPrimitive({
    name: 'moody',
    evaluate: (x) => {
      if (mood === 'bad') throw new RangeError('not today')
      return x.toTypedArray()
    },
  })
  const f = ({ w, v }: { w: Node; v: Node }, x: Node): unknown => [{ w: moody(add(w, mul(v, x))), v: mul(v, 2) }, sum(w)]
  const start = { w: tensor([1, 2]), v: tensor([1, 1]) }
  const one = tensor(1)

  it('leaves the state as it was, to be handed over again', () => {
    const run = stepped(f, [start, 1])
    const [a] = run(start, one)
    mood = 'bad'
    expect(() => run(a, one)).toThrow('not today')
    expect(() => run(a, one)).toThrow('not today')
    mood = 'good'
    expect(arrays(run(a, one)[0])).toEqual([[4, 5], [4, 4]])
  })

  it('does not confuse states, if it was working on another one', () => {
    const run = stepped(f, [start, 1])
    const [a] = run(start, one)
    mood = 'bad'
    expect(() => run({ w: tensor([50, 60]), v: tensor([7, 7]) }, one)).toThrow('not today')
    mood = 'good'
    expect(arrays(a)).toEqual([[2, 3], [2, 2]])
    expect(arrays(run(a, one)[0])).toEqual([[4, 5], [4, 4]])
  })

  it('does not confuse states, if one leaf was of another one', () => {
    const run = stepped(f, [start, 1])
    const [a] = run(start, one) as readonly [{ w: Tensor; v: Tensor }, unknown]
    mood = 'bad'
    expect(() => run({ w: a.w, v: tensor([7, 7]) }, one)).toThrow('not today')
    mood = 'good'
    expect(arrays(run(a, one)[0])).toEqual([[4, 5], [4, 4]])
  })

  it('for want of fitting numbers says so, and keeps the state', () => {
    const run = stepped((w: Node, i: Node) => [add(w, take(w, i)), w], [shaped([3]), shaped([], 'i32')])
    const index = (i: number): Tensor => tensor(i, { dtype: 'i32' })
    const [a] = run(tensor([1, 2, 3]), index(0))
    expect(message(() => run(a, index(7)))).toContain('out of range')
    const [b, told] = run(a, index(2))
    expect([arrays(b), arrays(told)]).toEqual([[[6, 7, 8]], [[2, 3, 4]]])
  })

  it('for a misfit has not begun', () => {
    const run = stepped(descend, [shaped([2]), shaped([2])])
    const [a] = run(tensor([1, 2]), tensor([1, 1]))
    expect(message(() => run(a, tensor([1, 2, 3])))).toBe('compile: argument 1 is a tensor f64[3], the program is for f64[2]')
    expect(arrays(run(a, tensor([1, 1]))[0])).toEqual([[0, 1]])
  })

  it('may call itself in a kernel', () => {
    const known: { run?: Step } = {}
    const nested = customPrimitive({
      name: 'nested',
      evaluate: (w) => {
        if (w.at(0) > 2) return w.toTypedArray()
        return tensors(known.run!(tensor([5, 5]))[0])[0]!
      },
    })
    const run = stepped((w: Node) => [add(nested(w), 1), sum(w)], [shaped([2])])
    known.run = run
    const [a] = run(tensor([1, 1]))
    expect(arrays(a)).toEqual([[7, 7]])
    expect(arrays(run(a)[0])).toEqual([[8, 8]])
  })
})

describe('misuse of steps', () => {
  const reason = (f: unknown, specs: ReadonlyArray<unknown>): string => {
    const answer = compileStep(f as never, specs as never) as E.Either<FoldgradException['errors'], unknown>
    return E.isLeft(answer) ? answer.left.map(({ op, rule }) => `${op}: ${rule}`).join('; ') : 'right'
  }

  it.each<[string, unknown, ReadonlyArray<unknown>, string]>([
    ['no pair', (w: Node) => w, [1], 'compileStep: the step returns something else than a pair'],
    ['another structure', ({ w }: { w: Node }) => [{ v: w }, w], [{ w: 1 }], 'compileStep: the state has leaves at w and the next state leaves at v'],
    ['another shape', (w: Node) => [sum(w), w], [shaped([2])], "compileStep: the leaf '' is parameter: f64[2] before the step and sum: f64[] after it"],
    ['a misuse inside', (w: Node) => [reshape(w, [7]), w], [shaped([2])], 'reshape: '],
  ])('%s', (_, f, specs, expected) => {
    expect(reason(f, specs)).toContain(expected)
  })
})

describe('a thousand steps', () => {
  /** A perceptron that learns, with momentum. */
  const loss = ({ w1, b1, w2 }: Readonly<Record<'w1' | 'b1' | 'w2', Node>>, x: Node, y: Node): Node =>
    mean(square(sub(matmul(relu(add(matmul(x, w1), b1)), w2), y)))
  type Parameters = Readonly<Record<'w1' | 'b1' | 'w2', Node>>
  const train = ({ params, momentum }: { params: Parameters; momentum: Parameters }, x: Node, y: Node): unknown => {
    const [error, slope] = valueAndGrad((p: Parameters) => loss(p, x, y))(params)
    const names = ['w1', 'b1', 'w2'] as const
    const next = Object.fromEntries(names.map((k) => [k, add(mul(0.9, momentum[k]), slope[k])])) as unknown as Parameters
    return [{ params: Object.fromEntries(names.map((k) => [k, sub(params[k], mul(0.05, next[k]))])), momentum: next }, error]
  }
  const numbers = (n: number, seed: number): Float64Array => Float64Array.from({ length: n }, (_, i) => Math.sin(seed * 12.9898 + i * 78.233))
  const data = (rows: number, columns: number, seed: number): Tensor => tensor(numbers(rows * columns, seed), { shape: [rows, columns] })
  const start = { w1: data(3, 8, 1), b1: tensor(new Float64Array(8)), w2: data(8, 2, 2) }
  const zero = { w1: tensor(new Float64Array(24), { shape: [3, 8] }), b1: tensor(new Float64Array(8)), w2: tensor(new Float64Array(16), { shape: [8, 2] }) }
  const [x, y] = [data(5, 3, 3), data(5, 2, 4)]

  it('end where evaluation ends', () => {
    const run = stepped(train, [{ params: start, momentum: zero }, x, y])
    expect(inspect(run)?.engine).toBe('wasm')
    let state: unknown = { params: start, momentum: zero }
    let plain: unknown = state
    for (let k = 0; k < 1000; k++) {
      const [next, error] = run(state, x, y)
      state = next
      const expected = value(train(plain as never, x as never, y as never)) as unknown as readonly [unknown, Tensor]
      plain = expected[0]
      if (k % 100 === 0) expect(disagreement([error as Tensor], [expected[1]], rounding)).toBeUndefined()
    }
    expect(disagreement(tensors(state), tensors(plain), { units: 1e4 })).toBeUndefined()
  })

  it('of arithmetic are the same to the last bit', () => {
    const f = ({ a, b }: { a: Node; b: Node }, k: Node): unknown => [{ a: add(mul(a, 0.5), b), b: div(sub(a, mul(b, k)), 3) }, sqrt(square(a))]
    const run = stepped(f, [{ a: shaped([3]), b: shaped([3]) }, 1])
    let state: unknown = { a: tensor([1, 2, 3]), b: tensor([0.1, -0.7, 5]) }
    let plain: unknown = state
    for (let k = 0; k < 1000; k++) {
      state = run(state, k / 1000)[0]
      plain = (value(f(plain as never, (k / 1000) as never)) as unknown as readonly [unknown, unknown])[0]
    }
    expect(disagreement(tensors(state), tensors(plain), exactly)).toBeUndefined()
  })

  it('hold on to no earlier state', () => {
    const run = stepped((w: Node) => [scan((c: Node, i: Node) => [sin(mul(c, exp(i))), c] as const, w, constant(tensor([0.1, -0.1])))[0], transpose(w)], [shaped([4, 4])])
    let state: unknown = data(4, 4, 5)
    const first = run(state)[0]
    state = first
    for (let k = 0; k < 50; k++) state = run(state)[0]
    expect(message(() => bufferOf(first))).toContain('used it up')
    expect(tensors(state)[0]!.toTypedArray().every(Number.isFinite)).toBe(true)
  })

  it('of a gradient step agree with the gradient', () => {
    const f = (w: Node): Node => sum(mul(w, sin(w)))
    const run = stepped((w: Node) => [sub(w, mul(0.1, grad(f)(w))), f(w)], [shaped([5])])
    const w = tensor([1, 2, 3, 4, 5])
    const [next] = run(w)
    expect(disagreement(tensors(next), [value(sub(w, mul(0.1, grad(f)(w))))], rounding)).toBeUndefined()
  })
})
