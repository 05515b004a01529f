/** Random programs: well typed, printed as code that runs, shrunk to what matters, equal for equal seeds. */
import * as fc from 'fast-check'
import * as E from 'fp-ts/Either'
import { describe, expect, it } from 'vitest'
import * as foldgrad from '../../../lib/index.js'
import { isFloat } from '../../../lib/core/DType.js'
import { sort } from '../../../lib/core/Graph.js'
import { isInvalid, type Node } from '../../../lib/core/Node.js'
import { bufferOf, sameTensor, type Tensor } from '../../../lib/core/Tensor.js'
import { evaluateAll, value } from '../../../lib/interpret/evaluate.js'
import { unary } from '../../../lib/primitive/declare.js'
import * as functions from '../../../lib/function/index.js'
import { constant, cos, mul, neg, sin } from '../../../lib/primitive/index.js'
import { parameter } from '../../../lib/primitive/leaf.js'
import { named, read } from '../../../lib/verify/arbitraries/code.js'
import { operation, operations, programs, type Program, type ProgramOptions, type Smoothness } from '../../../lib/verify/arbitraries/index.js'
import { checkGradient } from '../../../lib/verify/index.js'
import { run } from '../../docs/run.js'
import { typeErrors } from '../../docs/types.js'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('../../..', import.meta.url))
const levels: ReadonlyArray<Smoothness> = ['smooth', 'kinked', 'jumping']
const sample = (options: ProgramOptions, numRuns: number, seed = 1): ReadonlyArray<Program> => fc.sample(programs(options), { numRuns, seed })
const resultsOf = ({ outputs, inputs }: Program) => evaluateAll(outputs(...inputs.map((t) => constant(t))))

/** Shapes of every kind. */
const pool = [[], [1], [2], [3], [4], [1, 1], [2, 3], [3, 2], [2, 2], [3, 1], [1, 3], [2, 1, 3], [3, 2, 2], [0], [2, 0], [0, 3]]

/** What an operation makes of operands of all shapes that fit, with all options. */
const applications = (name: string): ReadonlyArray<Node> => {
  const op = operations[name]!
  return Array.from({ length: pool.length ** op.arity }).flatMap((_, n) => {
    const shapes = Array.from({ length: op.arity }, (_, k) => pool[Math.floor(n / pool.length ** k) % pool.length]!)
    if (!op.fits(...shapes)) return []
    const scope = new Map(shapes.map((shape, i) => [`a${i}`, parameter({ shape, dtype: 'f64' })]))
    return Array.from({ length: [16, 16, 8, 1][op.arity]! }, (_, pick) => read(op.write(shapes.map((_, i) => named(`a${i}`)), pick, shapes), scope) as Node)
  })
}

describe('the operations', () => {
  it('cover the library', () => {
    const written = new Set(Object.keys(operations))
    const others = Object.keys(foldgrad).filter((name) => !written.has(name))
    expect(Object.keys(operations).length).toBeGreaterThan(180)
    // What is left out has no derivative, takes no array, is another name for what is there, or needs more than arrays.
    const takesArrays = others.filter((name) => name in functions)
    expect(takesArrays.sort()).toMatchInlineSnapshot(`
      [
        "accuracy",
        "all",
        "any",
        "arange",
        "batchNorm",
        "col2im",
        "constant",
        "convOutSize",
        "deconvOutSize",
        "dropout",
        "equal",
        "expr",
        "eye",
        "flatten",
        "full",
        "fullLike",
        "greater",
        "greaterEqual",
        "isFinite",
        "isNaN",
        "less",
        "lessEqual",
        "linspace",
        "logicalAnd",
        "logicalNot",
        "logicalOr",
        "logicalXor",
        "meshgrid",
        "notEqual",
        "oneHot",
        "ones",
        "onesLike",
        "scatterMin",
        "stopGradient",
        "var",
        "variable",
        "variableId",
        "zeros",
        "zerosLike",
      ]
    `)
  })

  it('are well typed on everything that they say fits', () => {
    for (const name of Object.keys(operations)) {
      const results = applications(name)
      expect([name, results.length > 0, results.some(isInvalid), results.every((y) => isFloat(y.dtype))]).toEqual([name, true, false, true])
    }
  })
})

describe('programs', () => {
  it.each(levels)('evaluate: %s', (smoothness) => {
    for (const program of sample({ smoothness, outputs: 2 }, 150)) {
      const results = resultsOf(program)
      expect(E.isRight(results)).toBe(true)
      if (E.isRight(results)) for (const t of results.right) expect([...bufferOf(t)].every((x) => Math.abs(x) < 100)).toBe(true)
    }
  })

  it('have right gradients, at kinks as well, and hardly ever is it impossible to tell', () => {
    for (const smoothness of ['smooth', 'kinked'] as const) {
      const answers = sample({ smoothness }, 80, 3).map(({ f, inputs }) => checkGradient(f, inputs, { directions: 1 }))
      expect(answers.filter(E.isLeft)).toEqual([])
      expect(answers.filter((a) => E.isRight(a) && a.right.verdict === 'inconclusive').length).toBeLessThanOrEqual(3)
    }
  })

  it('are equal for equal seeds, and differ for others', () => {
    const text = (seed: number): string => sample({}, 20, seed).join()
    expect(text(5)).toBe(text(5))
    expect(text(5)).not.toBe(text(6))
  })

  it('share values, use all operations, and have all sizes', () => {
    const drawn = sample({ smoothness: 'jumping' }, 1500)
    const used = new Set(drawn.flatMap(({ instructions }) => instructions.map(({ op }) => op)))
    expect(Object.keys(operations).filter((name) => !used.has(name))).toEqual([])
    expect(new Set(drawn.map(({ instructions }) => instructions.length)).size).toBe(12)
    const shared = drawn.filter(({ f, inputs }) => {
      const { nodes } = sort([f(...inputs.map((t) => constant(t)))])
      return nodes.reduce((n, node) => n + node.inputs.length, 0) > nodes.length - 1
    })
    expect(shared.length).toBeGreaterThan(500)
  })

  it('draw in well under a millisecond', () => {
    sample({}, 200)
    const before = process.cpuUsage()
    sample({}, 500, 2)
    const { user, system } = process.cpuUsage(before)
    expect((user + system) / 500 / 1000).toBeLessThan(1)
  })

  it('obey their options', () => {
    const scalar = sample({ scalars: true, smoothness: 'jumping' }, 100)
    expect(scalar.every(({ run, inputs }) => run(...inputs.map((t) => constant(t))).every((x) => x.shape.length === 0))).toBe(true)
    const summed = sample({ scalarResult: true, outputs: 3, minSize: 3 }, 50)
    expect(summed.every(({ outputs, inputs }) => outputs(...inputs.map((t) => constant(t))).map((y) => y.shape.length).join() === '0,0,0')).toBe(true)
    const few = sample({ only: ['matmul', 'layout'], control: false, size: 4, minSize: 4, inputs: 1 }, 50)
    expect(few.every(({ inputs, instructions }) => inputs.length === 1 && instructions.length === 4)).toBe(true)
    expect(new Set(few.flatMap(({ instructions }) => instructions.map(({ op }) => operations[op]!.family)))).toEqual(new Set(['layout', 'product', 'elementwise']))
    expect(sample({}, 200).every(({ instructions }) => instructions.every(({ op }) => operations[op]!.smoothness === 'smooth'))).toBe(true)
    expect(sample({ control: false }, 200).every(({ instructions }) => instructions.every(({ op }) => operations[op]!.family !== 'control'))).toBe(true)
    expect(sample({ dtype: 'f32' }, 20).every(({ inputs, f }) => f(...inputs.map((t) => constant(t))).dtype === 'f32')).toBe(true)
    expect(sample({ shapes: { minLength: 0, maxLength: 0 } }, 20).some(({ inputs }) => inputs.some((t) => t.size === 0))).toBe(true)
    expect(() => programs({ only: ['nothing'] })).toThrow(RangeError)
  })
})

/** The numbers that printed code computes. */
const runs = async (text: string, scope: Readonly<Record<string, unknown>> = {}): Promise<ReadonlyArray<Tensor>> => {
  const found: Array<unknown> = []
  const code = `${text}\nkeep(f(...inputs.map((t) => constant(t))))`
  const { faults } = await run([{ file: 'program', line: 1, code }], { ...scope, constant, keep: (y: unknown) => found.push(y) }, { foldgrad })
  expect(faults).toEqual([])
  return found.flat().map((y) => value(y as Node))
}

describe('the printed program', () => {
  it('computes the same numbers, to the last bit', async () => {
    const drawn = [1, 2].flatMap((outputs) => sample({ smoothness: 'jumping', outputs }, 60, 9))
    const printed = await Promise.all(drawn.map((program) => runs(String(program))))
    drawn.forEach((program, k) => {
      const results = resultsOf(program)
      expect(E.isRight(results) && results.right.length === printed[k]!.length && results.right.every((t, i) => sameTensor(t, printed[k]![i]!))).toBe(true)
    })
  })

  it('compiles as it stands', () => {
    const examples = sample({ smoothness: 'jumping' }, 25, 4).map((program, i) => ({ file: `program${i}`, line: 0, code: String(program) }))
    const control = sample({ only: ['control'], size: 6, minSize: 6 }, 12, 4).map((program, i) => ({ file: `control${i}`, line: 0, code: String(program) }))
    // Programs need not read all of their inputs, nor loops their counters.
    expect(typeErrors([...examples, ...control].map((example) => [example]), root).filter((error) => !error.endsWith('its value is never read.'))).toEqual([])
  })

  it('names what it imports and keeps data exact', () => {
    const [program] = sample({ only: ['scan'], size: 1, inputs: 2, dtype: 'f32' }, 1, 12)
    expect(String(program)).toMatchInlineSnapshot(`
      "
      import { add, mul, scan, tanh, tensor, type Node } from 'foldgrad'

      const f = (x0: Node, x1: Node) => {
        const v1 = scan((c: Node, x: Node) => [tanh(mul(mul(0.5, add(c, x)), x1)), mul(tanh(c), x)], x1, x0, { checkpoint: true })[0] // []
        return v1
      }
      const inputs = [tensor([-1.203125, -0.3125], { dtype: 'f32' }), tensor(0.734375, { dtype: 'f32' })] as const
      "
    `)
  })
})

/** A sine with a wrong slope. */
const slanted = unary('slanted', Math.sin, (dx, x) => mul(dx, mul(cos(x), 1.001)))
const planted = operation('slanted', (x) => slanted(x))
const fails = ({ f, inputs }: Program): boolean => E.isLeft(checkGradient(f, inputs, { blame: false, directions: 1 }))

const smallest = (options: ProgramOptions, isWrong: (program: Program) => boolean, seed: number): Program | undefined => {
  const { counterexample } = fc.check(fc.property(programs(options), (program) => !isWrong(program)), { seed, numRuns: 300 })
  return counterexample?.[0]
}

describe('shrinking', () => {
  it.each([1, 2, 3, 4, 5])('finds the single instruction whose rule is wrong (seed %i)', async (seed) => {
    const program = smallest({ minSize: 10, size: 14, also: { slanted: planted } }, fails, seed)
    expect(program?.instructions).toEqual([{ op: 'slanted', operands: [0], pick: expect.any(Number) as number }])
    expect(program?.inputs.map((t) => t.toArray())).toEqual([0])
    expect(String(program)).toBe(
      "\nimport { tensor, type Node } from 'foldgrad'\n\nconst f = (x0: Node) => {\n  const v1 = slanted(x0) // []\n  return v1\n}\nconst inputs = [tensor(0)] as const\n",
    )
    expect(await runs(String(program), { slanted })).toHaveLength(1)
  })

  it('keeps the two instructions that it takes', () => {
    const both = ({ instructions }: Program): boolean => {
      const [before, last] = instructions.slice(-2)
      return last?.op === 'slanted' && before?.op === 'neg'
    }
    const program = smallest({ minSize: 10, size: 14, also: { slanted: planted, neg: operation('neg', (x) => neg(x)) } }, both, 1)
    expect(program?.instructions.map(({ op }) => op)).toEqual(['neg', 'slanted'])
    expect(program?.inputs.map((t) => t.toArray())).toEqual([0])
  })

  it('keeps the size and the numbers that it takes', () => {
    const large = ({ f, inputs }: Program): boolean => {
      const t = value(f(...inputs.map((x) => constant(x))))
      return t.size > 1 && [...bufferOf(t)].some((x) => x > 0.9)
    }
    const program = smallest({ only: ['sin', 'tanh', 'add'], minSize: 8 }, large, 2)!
    expect(program.instructions.length).toBe(1)
    expect(program.inputs.every((t) => t.size <= 2)).toBe(true)
    expect(program.inputs.flatMap((t) => [...bufferOf(t)]).every((x) => Number.isInteger(x))).toBe(true)
  })

  it('stays well typed, and ends', () => {
    const seen: Array<Program> = []
    const property = fc.property(programs({ smoothness: 'jumping', outputs: 2 }), (program) => {
      seen.push(program)
      return program.instructions.length < 4 || program.inputs.every((t) => t.size < 3)
    })
    for (const seed of [1, 2, 3, 4]) fc.check(property, { seed })
    expect(seen.length).toBeGreaterThan(60)
    for (const program of seen) expect(E.isRight(resultsOf(program))).toBe(true)
  })

  it('replays by seed and path', () => {
    const property = fc.property(programs({ minSize: 10, also: { slanted: planted } }), (program) => !fails(program))
    const { seed, counterexamplePath, counterexample } = fc.check(property, { seed: 3 })
    const again = fc.check(property, { seed, path: counterexamplePath!, endOnFailure: true })
    expect(String(again.counterexample)).toBe(String(counterexample))
  })
})

it('the wrong sine is wrong and the right one right', () => {
  expect(E.isLeft(checkGradient((x: Node) => slanted(x), [1]))).toBe(true)
  expect(E.isRight(checkGradient((x: Node) => sin(x), [1]))).toBe(true)
})
