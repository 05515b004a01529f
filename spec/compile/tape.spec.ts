import { fc, test } from '@fast-check/vitest'
import * as E from 'fp-ts/Either'
import { describe, expect, it } from 'vitest'
import { add, compile, concat, evaluate, grad, inspect, mul, reshape, shaped, sin, slice, square, stack, sub, sum, tensor, where, less, type Node } from '../../lib/index.js'
import type { Buffer } from '../../lib/core/DType.js'
import { program } from '../../lib/interpret/evaluate.js'
import { adjointsOf } from '../../lib/transform/backward.js'
import { parameter } from '../../lib/primitive/leaf.js'
import { sortedProgram } from '../../lib/compile/sameProgram.js'
import { tapeOf, type Taped } from '../../lib/compile/tape/elements.js'
import { linkTape } from '../../lib/compile/tape/linkTape.js'
import { code } from '../../lib/compile/tape/code.js'
import { Tape } from '../../lib/compile/tape/Tape.js'
import { randomArguments, randomScalars } from './randomScalars.js'

const number = { shape: [], dtype: 'f64' } as const

interface Traced {
  readonly parameters: ReadonlyArray<Node>
  readonly outputs: ReadonlyArray<Node>
}

type Program = (...xs: ReadonlyArray<Node>) => ReadonlyArray<Node>

/** The results of a program, and the gradient of the last one. */
const withGradient =
  (f: Program): Program =>
  (...xs) => {
    const outputs = f(...xs)
    return [...outputs, ...adjointsOf(outputs.at(-1)!, xs).filter((g) => g !== undefined)]
  }

const traced = (f: Program, count: number): Traced => {
  const parameters = Array.from({ length: count }, () => parameter(number))
  return { parameters, outputs: withGradient(f)(...parameters) }
}

const taped = ({ parameters, outputs }: Traced): Taped => {
  const found = tapeOf(sortedProgram({ parameters, outputs }), parameters.length)
  if (found === undefined) throw new Error('the program is one of scalars')
  return found
}

const numbersOf = (buffers: ReadonlyArray<Buffer>): ReadonlyArray<number> => buffers.flatMap((buffer) => [...buffer])

const reference = ({ parameters, outputs }: Traced, xs: ReadonlyArray<number>): ReadonlyArray<number> =>
  numbersOf(program(parameters, outputs)(xs.map((x) => Float64Array.of(x))))

const machine = (of: Traced, xs: ReadonlyArray<number>): ReadonlyArray<number> => {
  const linked = linkTape(taped(of), of.parameters, of.outputs)!
  linked.run(xs.map(() => 7))
  const read = linked.run(xs)!
  return of.outputs.flatMap((_, k) => [...read(k)])
}

const script = (f: Program, xs: ReadonlyArray<number>): ReadonlyArray<number> => {
  const compiled = compile(withGradient(f), xs.map(() => shaped([])), { engine: 'script', results: 'arrays' })
  if (E.isLeft(compiled)) throw new Error('no misuse')
  expect(inspect(compiled.right)!.engine).toBe('script')
  return compiled.right(...xs) as ReadonlyArray<number>
}

/** Where two lists of numbers differ in a bit. */
const differences = (found: ReadonlyArray<number>, expected: ReadonlyArray<number>): ReadonlyArray<string> =>
  expected.flatMap((x, k) => (Object.is(found[k], x) ? [] : [`${k}: ${found[k]} instead of ${x}`]))

describe('programs of scalars', () => {
  test.prop([fc.integer(), fc.integer({ min: 1, max: 120 }), fc.integer({ min: 1, max: 6 })], { numRuns: 150 })('give the numbers of evaluation to the last bit, as JavaScript and as machine code', (seed, size, results) => {
    const f = randomScalars(seed, size, results)
    const of = traced(f, 5)
    const xs = randomArguments(seed + 1, 5)
    const expected = reference(of, xs)
    expect(differences(machine(of, xs), expected)).toEqual([])
    expect(differences(script(f, xs), expected)).toEqual([])
  })

  test.prop([fc.integer(), fc.constantFrom(1500, 5000, 20_000)], { numRuns: 4 })('do so in many functions, too', (seed, size) => {
    const of = traced(randomScalars(seed, size, 3), 12)
    const xs = randomArguments(seed + 1, 12)
    expect(differences(machine(of, xs), reference(of, xs))).toEqual([])
  })

  it('may be a chain of 10⁵ operations', () => {
    const chain = (x: Node, y: Node): Node => Array.from({ length: 50_000 }).reduce<Node>((z) => sub(mul(z, y), x), x)
    const of = traced((x, y) => [chain(x!, y!)], 2)
    const { tape } = taped(of)
    expect(tape.length).toBeGreaterThan(100_000)
    const xs = [0.3, 0.9]
    expect(differences(machine(of, xs), reference(of, xs))).toEqual([])
  })

  it('compile to machine code through the front door', () => {
    const f = (...xs: ReadonlyArray<Node>) => randomScalars(3, 5000, 1)(...xs)[0]!
    const compiled = compile(f, [shaped([]), shaped([]), shaped([])])
    if (E.isLeft(compiled)) throw new Error('no misuse')
    const report = inspect(compiled.right)!
    expect(report.engine).toBe('wasm')
    expect(report.program).toMatch(/^scalars: \d+ operations in \d+ functions$/)
    const expected = evaluate(f(...[0.25, -1, 3].map((x) => mul(tensor(x), 1))))
    if (E.isLeft(expected)) throw new Error('no misuse')
    expect(compiled.right(0.25, -1, 3).toArray()).toBe(expected.right.toArray())
  })
})

describe('elements of arrays', () => {
  const at = (x: Node, i: number): Node => reshape(slice(x, [[i, i + 1]]), [])
  const rosenbrock = (n: number) => (x: Node) => Array.from({ length: n - 1 }, (_, i) => add(mul(100, square(sub(at(x, i + 1), square(at(x, i))))), square(sub(1, at(x, i))))).reduce((a, b) => add(a, b))

  it('are scalars, and the gradients with respect to them are put together', () => {
    const n = 400
    const x = parameter({ shape: [n], dtype: 'f64' })
    const f = rosenbrock(n)
    const of = { parameters: [x], outputs: [f(x), grad(f)(x)] }
    const xs = Float64Array.from({ length: n }, (_, i) => (i % 7 === 0 ? -0 : Math.sin(i)))
    const linked = linkTape(taped(of), of.parameters, of.outputs)!
    const read = linked.run([xs])!
    expect(differences(numbersOf([read(0), read(1)]), numbersOf(program(of.parameters, of.outputs)([xs])))).toEqual([])
  })

  it('may be the same argument, a number and several results', () => {
    const [x, y] = [parameter({ shape: [3], dtype: 'f64' }), parameter(number)]
    const outputs = [at(x, 1), stack([y, y, at(x, 2)]), concat([x, x]), add(y, 0), mul(2, sin(y)), mul(2, sin(y)), sub(3, 1)]
    const read = linkTape(taped({ parameters: [x, y], outputs }), [x, y], outputs)!.run([Float64Array.of(1, 2, 3), -0])!
    expect(outputs.map((_, k) => [...read(k)])).toEqual([[2], [-0, -0, 3], [1, 2, 3, 1, 2, 3], [0], [-0], [-0], [2]])
  })

  test.prop([fc.array(fc.double({ noDefaultInfinity: true }), { minLength: 1, maxLength: 300 })])('are summed up in the order of evaluation', (xs) => {
    const x = parameter({ shape: [xs.length], dtype: 'f64' })
    const outputs = [sum(x), sum(mul(x, x)), sum(where(less(x, 0), x, -0))]
    const data = Float64Array.from(xs)
    const read = linkTape(taped({ parameters: [x], outputs }), [x], outputs)!.run([data])!
    expect(differences(numbersOf(outputs.map((_, k) => read(k))), numbersOf(program([x], outputs)([data])))).toEqual([])
  })

  it('of type f32 are rounded as evaluation does', () => {
    const x = parameter({ shape: [4], dtype: 'f32' })
    const outputs = [sum(mul(sin(x), x)), grad((z: Node) => sum(mul(sin(z), z)))(x)]
    const data = Float32Array.of(0.1, -2, 3.7, 1e-20)
    const read = linkTape(taped({ parameters: [x], outputs }), [x], outputs)!.run([data])!
    expect(differences(numbersOf(outputs.map((_, k) => read(k))), numbersOf(program([x], outputs)([data])))).toEqual([])
  })

  it('are not scalars where there is more work on arrays than that', () => {
    const x = parameter({ shape: [200, 200], dtype: 'f64' })
    expect(tapeOf(sortedProgram({ parameters: [x], outputs: [sum(sin(x))] }), 1)).toBeUndefined()
  })
})

describe('a tape', () => {
  const tape = new Tape()
  const [x, y] = [tape.load(0, 0, false), tape.load(1, 0, false)]

  it('holds the same operation once, whatever the order of its operands', () => {
    expect(tape.push(code.mul, x, y)).toBe(tape.push(code.mul, y, x))
    expect(tape.push(code.sub, x, y)).not.toBe(tape.push(code.sub, y, x))
    expect(tape.constant(0)).not.toBe(tape.constant(-0))
    expect(tape.constant(NaN)).toBe(tape.constant(NaN))
  })

  it('leaves out what does nothing, and only that', () => {
    expect(tape.push(code.mul, x, tape.constant(1))).toBe(x)
    expect(tape.push(code.add, x, tape.constant(-0))).toBe(x)
    expect(tape.push(code.add, x, tape.constant(0))).not.toBe(x)
    expect(tape.push(code.sub, x, tape.constant(0))).toBe(x)
    const square = tape.push(code.mul, x, x)
    expect(tape.push(code.add, square, tape.constant(0))).toBe(square)
    expect(tape.push(code.div, x, tape.constant(4))).toBe(tape.push(code.mul, x, tape.constant(0.25)))
    expect(tape.codes[tape.push(code.div, x, tape.constant(2 ** 50 + 1))]).toBe(code.div)
  })

  it('moves minus signs out of products and into sums', () => {
    const minus = tape.push(code.neg, x)
    expect(tape.push(code.mul, minus, tape.push(code.neg, y))).toBe(tape.push(code.mul, x, y))
    expect(tape.push(code.add, y, minus)).toBe(tape.push(code.sub, y, x))
    expect(tape.push(code.sub, y, minus)).toBe(tape.push(code.add, y, x))
    expect(tape.push(code.neg, minus)).toBe(x)
    expect(tape.push(code.neg, tape.push(code.mul, x, tape.constant(3)))).toBe(tape.push(code.mul, x, tape.constant(-3)))
  })

  it('takes constant factors together where doubling is one of them, and nothing is lost', () => {
    const double = tape.push(code.mul, x, tape.constant(2))
    expect(tape.push(code.mul, tape.constant(100), double)).toBe(tape.push(code.mul, x, tape.constant(200)))
    expect(tape.push(code.mul, tape.constant(0.5), double)).not.toBe(x)
    const third = tape.push(code.mul, x, tape.constant(3))
    expect(tape.push(code.mul, tape.constant(100), third)).not.toBe(tape.push(code.mul, x, tape.constant(300)))
  })
})
