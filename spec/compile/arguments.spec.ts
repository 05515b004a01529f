/** What goes into compiled functions and comes out: trees, misuse, memory that belongs to one side or the other. */
import * as E from 'fp-ts/Either'
import { describe, expect, it } from 'vitest'
import {
  add, at, compile, cond, constant, customPrimitive, div, evaluate, exp, FoldgradException, grad, greater, inspect, jit, map, matmul, mul, reshape, scan, shaped, sin, square, sum,
  switchCase, take, tensor, toArray, whileLoop, type Engine, type FoldgradError, type Node, type Tensor,
} from '../../lib/index.js'
import { bufferOf } from '../../lib/core/Tensor.js'
import { agrees, compiled, engineOf, exactly } from './agreement.js'

const engines: ReadonlyArray<Engine> = ['script', 'wasm', 'slots']

const errorsOf = (run: () => unknown): ReadonlyArray<FoldgradError> => {
  try {
    run()
  } catch (thrown) {
    if (thrown instanceof FoldgradException) return thrown.errors
    throw thrown
  }
  throw new Error('nothing was thrown')
}

const words = ({ op, rule }: FoldgradError): string => `${op}: ${rule}`

describe.each(engines)('trees of arguments and results (%s)', (engine) => {
  const arrays = (f: unknown, like: ReadonlyArray<unknown>) => compiled(f, like, { engine, results: 'arrays' })

  it('keep their structure, whatever the names', () => {
    const like = { 'a.b': 1, a: { b: 2 }, '\\': 3, 'c\\': { d: 4 }, 3: 5, '': 6, list: [7, [8]], ['__proto__x']: 9 }
    const f = (p: typeof like): unknown => ({ dotted: add(p['a.b'], 0.5), nested: add(p.a.b, 0.5), back: p['\\'], slash: p['c\\'].d, 3: p[3], none: p[''], list: p.list, pair: [p['__proto__x'], 1] })
    const run = arrays(f, [like])
    const times10 = { 'a.b': 10, a: { b: 20 }, '\\': 30, 'c\\': { d: 40 }, 3: 50, '': 60, list: [70, [80]], ['__proto__x']: 90 }
    expect(run(times10)).toEqual({ dotted: 10.5, nested: 20.5, back: 30, slash: 40, 3: 50, none: 60, list: [70, [80]], pair: [90, 1] })
    expect(engineOf(run)).toBe(engine)
  })

  it('may hold a field that is called __proto__', () => {
    const made = arrays((x: Node) => Object.fromEntries([['__proto__', add(x, 1)]]), [1])(2) as object
    expect(Object.keys(made)).toEqual(['__proto__'])
  })

  it('are tensors, numbers or typed arrays', () => {
    const run = compiled((x: Node, k: Node) => mul(x, k), [shaped([2, 2]), shaped([])], { engine })
    const expected = [[2, 4], [6, 8]]
    expect((run(tensor([[1, 2], [3, 4]]), 2) as Tensor).toArray()).toEqual(expected)
    expect((run(Float64Array.of(1, 2, 3, 4), tensor(2)) as Tensor).toArray()).toEqual(expected)
    expect((run(Float64Array.of(1, 2, 3, 4), Float64Array.of(2)) as Tensor).toArray()).toEqual(expected)
    expect(Object.isFrozen(run(tensor([[1, 2], [3, 4]]), 2))).toBe(true)
  })

  it('are converted to the dtype as tensors are', () => {
    const single = compiled((x: Node) => add(x, x), [shaped([], 'f32')], { engine })
    expect((single(0.1) as Tensor).toTypedArray()).toEqual(Float32Array.of(0.2))
    const whole = compiled((x: Node) => add(x, x), [shaped([], 'i32')], { engine })
    expect((whole(1.5) as Tensor).toArray()).toBe(2)
    const truth = compiled((x: Node) => [x, add(x, 0)], [shaped([3], 'bool')], { engine })
    expect((truth(Uint8Array.of(2, 0, 1)) as ReadonlyArray<Tensor>).map((t) => t.toArray())).toEqual([[true, false, true], [1, 0, 1]])
  })

  it('may be left out, used twice, returned as they are, or constants', () => {
    const c = tensor([5, 6])
    const f = (x: Node, _unused: Node, y: Node): unknown => ({ x, again: x, made: [mul(x, y), mul(x, y)], constant: constant(c), number: 7, empty: [], reshaped: reshape(x, [2, 1]) })
    agrees(f, [tensor([1, 2]), tensor([9, 9, 9]), tensor([3, 4])], engine, exactly)
    agrees(() => [constant(c), 3, add(1, 2)], [], engine, exactly)
    agrees(() => [], [], engine, exactly)
  })

  it('share no memory with anybody', () => {
    const c = tensor([5, 6])
    const run = arrays((x: Node) => ({ x, flat: reshape(x, [2, 1]), c: constant(c), again: constant(c), y: sin(x), z: sin(x) }), [shaped([2])])
    const given = Float64Array.of(1, 2)
    const first = run(given) as Readonly<Record<string, Float64Array>>
    const second = run(given) as Readonly<Record<string, Float64Array>>
    const all = [given, ...Object.values(first), ...Object.values(second)]
    expect(new Set(all.map(({ buffer }) => buffer)).size).toBe(all.length)
    all.slice(1).forEach((array) => array.fill(77))
    expect([...given]).toEqual([1, 2])
    expect(c.toArray()).toEqual([5, 6])
    expect((run(given) as Readonly<Record<string, Float64Array>>)['c']).toEqual(Float64Array.of(5, 6))
  })

  it('tensors stay what they are when arguments change later', () => {
    const run = compiled((x: Node) => [x, reshape(x, [1, 2]), mul(x, 2)], [shaped([2])], { engine })
    const given = Float64Array.of(1, 2)
    const results = run(given) as ReadonlyArray<Tensor>
    const before = results.map((t) => t.toArray())
    given.fill(99)
    run(given)
    expect(results.map((t) => t.toArray())).toEqual(before)
  })

  it('zeros of constants have their sign', () => {
    const over = (zero: number) => compiled((x: Node) => div(x, constant(tensor([zero]))), [shaped([1])], { engine })(tensor([1])) as Tensor
    expect([over(0), over(-0), over(0)].map((t) => t.toArray())).toEqual([[Infinity], [-Infinity], [Infinity]])
  })

  it('an argument that does not fit is named, before anything runs', () => {
    let runs = 0
    const count = customPrimitive({
      name: 'count',
      evaluate: (x) => {
        runs++
        return x.toTypedArray()
      },
    })
    const plain = (p: { w: ReadonlyArray<Node> }, x: Node): Node => add(sum(p.w[1]!), sum(x))
    const counted = (p: { w: ReadonlyArray<Node> }, x: Node): Node => count(plain(p, x))
    for (const f of engine === 'script' ? [plain] : [plain, counted]) {
      const run = compiled(f, [{ w: [1, shaped([2])] }, shaped([2, 3], 'f32')], { engine })
      const fine = [{ w: [1, tensor([1, 2])] }, tensor([[1, 2, 3], [4, 5, 6]], { dtype: 'f32' })]
      const before = runs
      const wrong = (...args: ReadonlyArray<unknown>) => errorsOf(() => run(...args)).map(words)
      expect(wrong({ w: [1, tensor([1, 2, 3])] }, fine[1])).toEqual(['compile: argument 0, w.1 is a tensor f64[3], the program is for f64[2]'])
      expect(wrong(fine[0], tensor([[1, 2, 3], [4, 5, 6]]))).toEqual(['compile: argument 1 is a tensor f64[2, 3], the program is for f32[2, 3]'])
      expect(wrong({ w: [1] }, new Float32Array(5))).toEqual(['compile: argument 0, w.1 is missing, the program is for f64[2]', 'compile: argument 1 is a Float32Array of 5, the program is for f32[2, 3]'])
      expect(wrong({}, new Float64Array(6))).toHaveLength(3)
      expect(wrong(null)).toHaveLength(3)
      expect(wrong({ w: [shaped([]), 'no'] }, fine[1])).toEqual(['compile: argument 0, w.0 is a node, the program is for f64[]', 'compile: argument 0, w.1 is a string, the program is for f64[2]'])
      expect(wrong({ w: [null, 5] }, fine[1])).toHaveLength(2)
      expect(runs).toBe(before)
      expect((run(...fine) as Tensor).toArray()).toBe(24)
    }
  })
})

describe('misuse', () => {
  it('is all reported, as by evaluation', () => {
    const f = (x: Node): unknown => [matmul(x, x), reshape(x, [7]), add(x, constant(tensor([1, 2, 3, 4])))]
    const answer = compile(f, [shaped([2, 3])] as never)
    const said = evaluate(f(constant(tensor([[1, 2, 3], [4, 5, 6]]))))
    expect(E.isLeft(answer) && answer.left.map(words)).toEqual(E.isLeft(said) && said.left.map(words))
    expect(E.isLeft(answer) && answer.left).toHaveLength(3)
  })

  it('inside of loops and branches, too', () => {
    const f = (x: Node): unknown => [map((row: Node) => matmul(row, constant(tensor([1, 2]))), x), cond(greater(sum(x), 0), (u: Node) => reshape(u, [5]), (u: Node) => reshape(u, [5]), x)]
    const answer = compile(f, [shaped([2, 3])] as never)
    expect(E.isLeft(answer) && answer.left.length).toBeGreaterThanOrEqual(2)
  })

  it('in what describes the arguments', () => {
    expect(E.isLeft(compile((x: Node) => x, [matmul(tensor([1, 2]), tensor([1, 2, 3]))]))).toBe(true)
    expect(E.isLeft(compile((x: Node) => x, ['text' as never]))).toBe(true)
    expect(E.isLeft(compile((() => 'text') as never, []))).toBe(true)
  })

  it('jit throws it', () => {
    expect(errorsOf(() => jit((x: Node) => reshape(x, [7]))(tensor([1, 2])))).toHaveLength(1)
  })
})

describe.each<Engine>(['wasm', 'slots'])('numbers that do not do (%s)', (engine) => {
  /** The same errors as evaluation, call after call, and the right result in between. */
  const refuses = (f: (...xs: ReadonlyArray<Node>) => unknown, bad: ReadonlyArray<Tensor>, good: ReadonlyArray<Tensor>): void => {
    const run = compiled(f, bad, { engine })
    expect(engineOf(run)).toBe(engine)
    const said = evaluate(f(...bad.map((t) => constant(t))))
    const expected = E.isLeft(said) ? said.left.map(({ rule }) => rule) : []
    expect(expected).toHaveLength(1)
    for (let k = 0; k < 3; k++) {
      expect(errorsOf(() => run(...bad)).map(({ rule }) => rule)).toEqual(expected)
      const answer = evaluate(f(...good.map((t) => constant(t))))
      expect(run(...good)).toEqual(E.isRight(answer) && answer.right)
      expect(String(run(...good))).toBe(E.isRight(answer) && String(answer.right))
    }
  }
  const index = (...k: ReadonlyArray<number>): Tensor => tensor(k, { dtype: 'i32' })

  it('an index out of range', () => {
    refuses((x, i) => mul(2, take(x!, i!)), [tensor([1, 2, 3]), index(1, 3)], [tensor([1, 2, 3]), index(-1, 0)])
    refuses((x, i) => mul(2, take(x!, i!)), [tensor([1, 2, 3]), index(1, -4)], [tensor([1, 2, 3]), index(2, 2)])
  })

  it('an index out of range in the middle of a loop', () => {
    refuses((x, is) => scan((c: Node, i: Node) => [add(c, take(x!, i)), c] as const, constant(tensor(0)), is!), [tensor([1, 2, 3]), index(1, 0, 5, 1)], [tensor([1, 2, 3]), index(1, 0, 2, 1)])
  })

  it('a branch that does not exist', () => {
    refuses((k, x) => switchCase(k!, [(u: Node) => sin(u), (u: Node) => square(u)], x!), [tensor(2, { dtype: 'i32' }), tensor([1, 2])], [tensor(1, { dtype: 'i32' }), tensor([1, 2])])
    refuses((k, x) => switchCase(k!, [(u: Node) => sin(u), (u: Node) => square(u)], x!), [tensor(-1, { dtype: 'i32' }), tensor([1, 2])], [tensor(0, { dtype: 'i32' }), tensor([1, 2])])
  })
})

describe.each<Engine>(['wasm', 'slots'])('kernels of the caller\'s own (%s)', (engine) => {
  it('that throw leave nothing behind', () => {
    let mood = 'good'
    const moody = customPrimitive({
      name: 'moody',
      evaluate: (x) => {
        if (mood === 'bad') throw new RangeError('not today')
        return x.toTypedArray().map((v) => 2 * v)
      },
    })
    const run = compiled((x: Node) => [mul(3, moody(exp(x))), sum(x)], [shaped([3])], { engine })
    const expected = String(run(tensor([0, 1, 2])))
    mood = 'bad'
    expect(() => run(tensor([3, 4, 5]))).toThrow('not today')
    expect(() => run(tensor([3, 4, 5]))).toThrow(RangeError)
    mood = 'good'
    expect(String(run(tensor([0, 1, 2])))).toBe(expected)
  })

  it('that throw on constants do so in a call, as in an evaluation', () => {
    const never = customPrimitive({
      name: 'never',
      evaluate: () => {
        throw new RangeError('never')
      },
    })
    const run = compiled((x: Node) => mul(x, never(constant(tensor([1, 2])))), [shaped([2])], { engine })
    expect(() => run(tensor([1, 2]))).toThrow(RangeError)
  })

  it('may call the function that calls them', () => {
    const known: { run?: (...args: ReadonlyArray<unknown>) => unknown } = {}
    const nested = customPrimitive({
      name: 'nested',
      evaluate: (depth) => {
        const left = depth.at()
        return Float64Array.of(left <= 0 ? 1 : left * (known.run!(left - 1) as Tensor).at())
      },
    })
    const run = compiled((n: Node) => add(nested(n), mul(0, exp(n))), [shaped([])], { engine })
    known.run = run
    expect((run(5) as Tensor).at()).toBe(120)
    expect((run(3) as Tensor).at()).toBe(6)
  })
})

describe('the same program', () => {
  it('is compiled once, while somebody has it', () => {
    const f = (x: Node): Node => sum(mul(x, sin(x)))
    const [first, second] = [compiled(f, [shaped([50])]), compiled((x: Node) => sum(mul(x, sin(x))), [tensor(new Float64Array(50))])]
    expect(second).toBe(first)
    expect(compiled(f, [shaped([51])])).not.toBe(first)
    expect(compiled(f, [shaped([50], 'f32')])).not.toBe(first)
    expect(compiled(f, [shaped([50])], { results: 'arrays' })).not.toBe(first)
    expect(compiled((x: Node) => sum(mul(x, mul(1.5, sin(x)))), [shaped([50])])).not.toBe(compiled((x: Node) => sum(mul(x, mul(2.5, sin(x)))), [shaped([50])]))
  })

  it('under other names of arguments or results is another function', () => {
    const a = compiled((p: { a: Node }) => ({ y: add(p.a, 1) }), [{ a: 1 }], { results: 'arrays' })
    const b = compiled((p: { b: Node }) => ({ z: add(p.b, 1) }), [{ b: 1 }], { results: 'arrays' })
    expect(a({ a: 1 })).toEqual({ y: 2 })
    expect(b({ b: 1 })).toEqual({ z: 2 })
  })

  it('with other kernels of one name is another one', () => {
    const times = (k: number) => customPrimitive({ name: 'times', evaluate: (x) => x.toTypedArray().map((v) => k * v) })
    const of = (k: number) => compiled(times(k), [shaped([2])])(tensor([1, 2])) as Tensor
    expect([of(2), of(3)].map((t) => t.toArray())).toEqual([[2, 4], [3, 6]])
  })
})

describe('jit', () => {
  it('compiles for each signature once', () => {
    let traced = 0
    const run = jit((x: Node) => {
      traced++
      return sum(square(x))
    })
    expect([run(tensor([1, 2])), run(tensor([3, 4])), run(Float64Array.of(1, 1)), run(tensor([1, 2, 3])), run(3)].map((t) => t.toArray())).toEqual([5, 25, 2, 14, 9])
    expect(traced).toBe(3)
  })

  it('tells structures apart', () => {
    const run = jit((p: { readonly a?: { readonly b: Node }; readonly 'a.b'?: Node }) => (p.a === undefined ? mul(2, p['a.b']!) : mul(3, p.a.b)))
    expect([run({ 'a.b': 1 } as never), run({ a: { b: 1 } } as never), run({ 'a.b': 2 } as never)].map((t) => t.toArray())).toEqual([2, 3, 4])
  })

  it('forgets the oldest of many, and compiles it again', () => {
    const run = jit((x: Node) => sum(x))
    for (let round = 0; round < 2; round++) for (let n = 1; n < 40; n++) expect(run(new Float64Array(n).fill(1)).at()).toBe(n)
  })

  it('differentiates', () => {
    expect(toArray(jit(grad((x: Node) => sum(mul(x, exp(x)))))(tensor([0, 1])))).toEqual([1, 2 * Math.E])
  })
})

describe('the choice of an engine', () => {
  it('is by size, and reported', () => {
    const of = (n: number) => inspect(compiled((x: Node) => sum(mul(x, sin(x))), [shaped([n])]))?.engine
    expect(of(3)).toBe('script')
    expect(of(100_000)).toBe('wasm')
    expect(inspect(() => 0)).toBeUndefined()
    expect(inspect({})).toBeUndefined()
  })

  it('results hold across a chain of calls', () => {
    const run = compiled((x: Node) => div(add(x, at(x, [0])), 2), [shaped([4])], { engine: 'wasm' })
    let x = tensor([1, 2, 3, 4])
    const all = [x]
    for (let k = 0; k < 5; k++) all.push((x = run(x) as Tensor))
    expect(all.map((t) => bufferOf(t)[3])).toEqual([4, 2.5, 1.75, 1.375, 1.1875, 1.09375])
  })
})

describe('while loops', () => {
  it('may run no round, and many', () => {
    const f = (x: Node): Node => whileLoop(({ v }: { v: Node }) => greater(v, 1), ({ v }: { v: Node }) => ({ v: mul(v, 0.999) }), { v: x }).v
    for (const x of [0.5, 1e6]) agrees(f, [tensor(x)], 'wasm', exactly)
  })
})
