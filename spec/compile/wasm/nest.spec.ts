/** Loop nests as machine code, against plain loops. */
import { fc, test } from '@fast-check/vitest'
import { describe, expect, it } from 'vitest'
import type { Access, Lane, LaneType, LoopProgram, Nest, ReductionOp, Storage } from '../../../lib/compile/ir.js'
import { interpretProgram, memoryOf, scalars, type Memory } from '../interpretProgram.js'
import { randomNest } from '../randomNest.js'
import { runProgram } from '../runProgram.js'

const at = (buffer: number, strides: ReadonlyArray<number>, offset = 0): Access => ({ buffer, offset, rounds: [], strides })
const load = (buffer: number, strides: ReadonlyArray<number>, truth = false): Lane => ({ op: 'load', args: [], truth, access: at(buffer, strides) })
const number = (value: number): Lane => ({ op: 'constant', args: [], truth: false, value })
const lane = (op: string, ...args: ReadonlyArray<Lane>): Lane => ({ op, args, truth: false })
const truth = (op: string, ...args: ReadonlyArray<Lane>): Lane => ({ op, args, truth: true })

const programOf = (buffers: ReadonlyArray<readonly [Storage, number]>, nest: Omit<Nest, 'kind'>): LoopProgram => ({
  buffers: buffers.map(([storage, size]) => ({ storage, size, role: 'argument' })),
  repeats: 0,
  statements: [{ kind: 'nest', ...nest }],
})

/** Zeros of either sign are one among the greatest or least of several. */
const sameBits = (a: Memory, b: Memory, zeros: boolean): boolean => a.every((x, i) => Object.is(x, b[i]) || (zeros && x === b[i]))

const expectSame = (program: LoopProgram, contents: ReadonlyArray<Memory>): void => {
  const expected = contents.map((memory) => memory.slice())
  interpretProgram(program, expected)
  const { status, memories } = runProgram(program, contents)
  expect(status).toBe(0)
  const [nest] = program.statements as readonly [Nest]
  const extremes = new Set(nest.reductions.filter(({ op }) => op === 'max' || op === 'min').map(({ access }) => access.buffer))
  memories.forEach((memory, k) => {
    if (!sameBits(memory, expected[k]!, extremes.has(k))) expect(memory).toEqual(expected[k])
  })
}

describe('a loop nest', () => {
  test.prop([fc.nat()], { numRuns: 1500 })('computes what plain loops compute, bit for bit', (seed) => {
    const { program, contents } = randomNest(seed)
    expectSame(program, contents)
  })

  it('of no points stores nothing, and leaves reductions at their identity', () => {
    const reduction = (op: ReductionOp, buffer: number) => ({ op, access: at(buffer, [0, 1]), value: load(0, [3, 1]), accumulate: false })
    const program = programOf([['f64', 0], ['f64', 3], ['f64', 3], ['f64', 3], ['f64', 3]], {
      lane: 'f64',
      extents: [0, 3],
      stores: [],
      reductions: [reduction('sum', 1), reduction('prod', 2), reduction('max', 3), reduction('min', 4)],
    })
    const { memories } = runProgram(program, program.buffers.map(({ storage, size }) => memoryOf(storage, new Array<number>(size).fill(7))))
    expect(memories.slice(1).map((memory) => [...memory])).toEqual([[0, 0, 0], [1, 1, 1], [-Infinity, -Infinity, -Infinity], [Infinity, Infinity, Infinity]])
  })

  it('may overwrite what it reads', () => {
    const x = load(0, [1])
    const y = load(1, [1])
    // A swap: both are read before either is written.
    const program = programOf([['f64', 9], ['f64', 9]], {
      lane: 'f64',
      extents: [9],
      stores: [{ access: at(0, [1]), value: y }, { access: at(1, [1]), value: lane('add', x, number(1)) }],
      reductions: [],
    })
    expectSame(program, [memoryOf('f64', [1, 2, 3, 4, 5, 6, 7, 8, 9]), memoryOf('f64', [10, 20, 30, 40, 50, 60, 70, 80, 90])])
  })

  it('of one point and many operations, nested deeply', () => {
    let x = load(0, [])
    let expected = 3
    for (let k = 0; k < 20_000; k++) {
      x = lane(k % 2 === 0 ? 'add' : 'mul', x, number(k % 2 === 0 ? 1 : 0.75))
      expected = k % 2 === 0 ? expected + 1 : expected * 0.75
    }
    const program = programOf([['f64', 1], ['f64', 1]], { lane: 'f64', extents: [], stores: [{ access: at(1, []), value: x }], reductions: [] })
    expect(runProgram(program, [memoryOf('f64', [3]), memoryOf('f64', [0])]).memories[1]![0]).toBe(expected)
  })

  it.each([1, 3, 64, 1000, 100_003])('sums %i numbers nearly as if they were exact', (n) => {
    const values = Array.from({ length: n }, (_, i) => Math.fround(Math.sin(i) + 1.5))
    const program = programOf([['f32', n], ['f32', 1]], {
      lane: 'f32',
      extents: [n],
      stores: [],
      reductions: [{ op: 'sum', access: at(1, [0]), value: load(0, [1]), accumulate: false }],
    })
    const { memories } = runProgram(program, [memoryOf('f32', values), memoryOf('f32', [0])])
    const exact = values.reduce((a, b) => a + b, 0)
    expect(Math.abs(memories[1]![0]! - exact) / exact).toBeLessThan(2 ** -24 * (2 + 2 * Math.sqrt(Math.sqrt(n))))
  })
})

/** Numbers where rules change. */
const edges = [0, -0, 1, -1, 0.5, -0.5, 1.5, -1.5, 2.5, 3, -7, 1e-45, -1e-45, 1e30, -1e30, 2 ** 31, Infinity, -Infinity, NaN]
const integerEdges = [0, 1, -1, 2, 7, -7, 1000, -1000, 46340, -46340]

/** Elementwise primitives that are computed exactly. */
const exact = [
  'add', 'sub', 'mul', 'div', 'neg', 'abs', 'sqrt', 'floor', 'ceil', 'trunc', 'round', 'square', 'reciprocal', 'maximum', 'minimum', 'relu', 'sign',
  'eq', 'ne', 'lt', 'le', 'gt', 'ge', 'logicalAnd', 'logicalOr', 'logicalXor', 'logicalNot', 'isNaN', 'isFinite', 'ratio', 'nonNegative', 'copysign',
]
const integerOps = new Set(['add', 'sub', 'mul', 'neg', 'abs', 'floor', 'ceil', 'trunc', 'round', 'square', 'maximum', 'minimum', 'relu', 'sign', 'eq', 'ne', 'lt', 'le', 'gt', 'ge', 'logicalAnd', 'logicalOr', 'logicalXor', 'logicalNot', 'mod', 'fmod', 'floorDivide', 'truncDivide'])
const predicates = new Set(['eq', 'ne', 'lt', 'le', 'gt', 'ge', 'logicalAnd', 'logicalOr', 'logicalXor', 'logicalNot', 'isNaN', 'isFinite'])

const scalarOf = (name: string): ((...xs: ReadonlyArray<number>) => number) => {
  const found = scalars.get(name)
  if (found === undefined) throw new TypeError(name)
  return found
}

describe.each<LaneType>(['f64', 'f32', 'i32'])('operations on %s', (type) => {
  const values = type === 'i32' ? integerEdges : edges
  const pairs = values.flatMap((a) => values.map((b) => [a, b] as const))

  it.each(type === 'i32' ? [...integerOps] : exact)('%s', (name) => {
    const operands = scalarOf(name).length
    const args = [load(0, [1]), load(1, [1])].slice(0, operands)
    const value: Lane = { op: name, args, truth: predicates.has(name), scalar: scalarOf(name) }
    const program = programOf([[type, pairs.length], [type, pairs.length], [value.truth ? 'bool' : type, pairs.length]], {
      lane: type,
      extents: [pairs.length],
      stores: [{ access: at(2, [1]), value }],
      reductions: [],
    })
    expectSame(program, [memoryOf(type, pairs.map(([a]) => a)), memoryOf(type, pairs.map(([, b]) => b)), memoryOf('f64', pairs.map(() => 0))])
  })

  it('where, gate and winner', () => {
    const [a, b] = [load(0, [1]), load(1, [1])]
    const results = [
      lane('where', truth('lt', a, b), a, number(0)), lane('where', truth('lt', a, b), number(0), b), lane('where', truth('ge', a, b), a, b),
      ...(type === 'i32' ? [] : [lane('gate', a, b), lane('winner', a, b, number(1)), lane('maximum', a, number(0)), lane('minimum', a, number(-0)), lane('maximum', number(-1), a)]),
    ]
    const n = pairs.length
    const program = programOf([[type, n], [type, n], ...results.map(() => [type, n] as const)], {
      lane: type,
      extents: [n],
      stores: results.map((value, k) => ({ access: at(2 + k, [1]), value })),
      reductions: [],
    })
    expectSame(program, [memoryOf(type, pairs.map(([x]) => x)), memoryOf(type, pairs.map(([, y]) => y)), ...results.map(() => memoryOf(type, pairs.map(() => 0)))])
  })
})

describe('operations without code', () => {
  const scalar = (x: number): number => 3 * x + 1

  it.each([1, 2, 5, 8])('are called for each of %i elements, and no others', (n) => {
    const called: Array<number> = []
    const value: Lane = { op: 'of the caller', args: [load(0, [1])], truth: false, scalar: (x) => scalar(called[called.length] = x!) }
    for (const type of ['f64', 'f32', 'i32'] as const) {
      const program = programOf([[type, n], [type, n]], { lane: type, extents: [n], stores: [{ access: at(1, [1]), value }], reductions: [] })
      const contents = Array.from({ length: n }, (_, i) => i - 2)
      called.length = 0
      const { memories } = runProgram(program, [memoryOf(type, contents), memoryOf(type, contents)])
      expect([...memories[1]!]).toEqual(contents.map(scalar))
      expect(called).toEqual(contents)
    }
  })
})

describe('a value', () => {
  const names = ['exp', 'log', 'sin', 'tanh', 'sigmoid', 'erf', 'log1p', 'pow', 'lgamma']

  it.each(names)('of %s does not depend on where its element is', (name) => {
    for (const type of ['f64', 'f32'] as const) {
      const scalar = scalarOf(name)
      const args = Array.from({ length: scalar.length }, () => load(0, [1]))
      const run = (n: number, offset: number): Memory => {
        const program = programOf([[type, 16], [type, 16]], {
          lane: type,
          extents: [n],
          stores: [{ access: at(1, [1]), value: { op: name, args: args.map((x) => ({ ...x, access: at(0, [1], offset) })), truth: false, scalar } }],
          reductions: [],
        })
        return runProgram(program, [memoryOf(type, Array.from({ length: 16 }, (_, i) => 0.3 * i + 0.1)), memoryOf(type, new Array<number>(16).fill(0))]).memories[1]!
      }
      const whole = run(16, 0)
      for (const n of [1, 2, 3, 5, 7]) for (const offset of [0, 1, 4, 9]) expect(run(n, offset).subarray(0, n)).toEqual(whole.slice(offset, offset + n))
    }
  })
})
