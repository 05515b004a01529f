/** Statements and control as machine code, against plain loops. */
import { describe, expect, it } from 'vitest'
import type { Access, BufferInfo, Lane, LoopProgram, Nest, Place, Statement, Storage } from '../../../lib/compile/ir.js'
import { emitProgram } from '../../../lib/compile/wasm/program.js'
import { tensor } from '../../../lib/core/Tensor.js'
import { constant, cumsum } from '../../../lib/primitive/index.js'
import { interpretProgram, memoryOf, type Memory } from '../interpretProgram.js'
import { runProgram, sparsePlan } from '../runProgram.js'

interface Round {
  readonly repeat: number
  readonly stride: number
}

const place = (buffer: number, offset = 0, ...rounds: ReadonlyArray<Round>): Place => ({ buffer, offset, rounds })
const at = (where: Place, ...strides: ReadonlyArray<number>): Access => ({ ...where, strides })
const load = (where: Place, ...strides: ReadonlyArray<number>): Lane => ({ op: 'load', args: [], truth: false, access: at(where, ...strides) })
const number = (value: number): Lane => ({ op: 'constant', args: [], truth: false, value })
const lane = (op: string, ...args: ReadonlyArray<Lane>): Lane => ({ op, args, truth: false })
const set = (extents: ReadonlyArray<number>, access: Access, value: Lane): Nest => ({ kind: 'nest', lane: 'f64', extents, stores: [{ access, value }], reductions: [] })

const programOf = (buffers: ReadonlyArray<readonly [Storage, number]>, repeats: number, ...statements: ReadonlyArray<Statement>): LoopProgram => ({
  buffers: buffers.map(([storage, size]): BufferInfo => ({ storage, size, role: 'argument' })),
  repeats,
  statements,
})

const filled = ({ buffers }: LoopProgram): ReadonlyArray<Memory> =>
  buffers.map(({ storage, size }, b) => memoryOf(storage, Array.from({ length: size }, (_, i) => (storage === 'bool' ? i % 2 : ((7 * i + 3 * b) % 11) - 4))))

const expectSame = (program: LoopProgram, contents = filled(program)): ReadonlyArray<Memory> => {
  const expected = contents.map((memory) => memory.slice())
  interpretProgram(program, expected)
  const { status, memories } = runProgram(program, contents)
  expect(status).toBe(0)
  expect(memories).toEqual(expected)
  return memories
}

describe('repeat', () => {
  const rows = 5
  const columns = 3
  const step = (stride: number): Round => ({ repeat: 0, stride })
  /** A running sum of rows: each round adds its row to the last result. */
  const running = (reverse: boolean): LoopProgram => {
    const row = place(0, 0, step(columns))
    return programOf([['f64', rows * columns], ['f64', rows * columns], ['f64', columns]], 1, {
      kind: 'repeat',
      repeat: 0,
      count: rows,
      reverse,
      body: [
        set([columns], at(place(2), 1), lane('add', load(place(2), 1), load(row, 1))),
        set([columns], at(place(1, 0, step(columns)), 1), load(place(2), 1)),
      ],
    })
  }

  it.each([false, true])('carries a state through its rounds (reversed: %s)', (reverse) => {
    expectSame(running(reverse))
  })

  it('counts inner and outer rounds, also backwards in memory', () => {
    const inner: Round = { repeat: 1, stride: -2 }
    const program = programOf([['f64', 24], ['f64', 24]], 2, {
      kind: 'repeat',
      repeat: 0,
      count: 4,
      reverse: false,
      body: [{
        kind: 'repeat',
        repeat: 1,
        count: 3,
        reverse: true,
        body: [set([2], at(place(1, 4, step(6), inner), 1), load(place(0, 1, step(6), { repeat: 1, stride: 2 }), -1))],
      }],
    })
    expectSame(program)
  })

  it('of no rounds does nothing', () => {
    const program = programOf([['f64', 1]], 1, { kind: 'repeat', repeat: 0, count: 0, reverse: false, body: [set([], at(place(0)), number(9))] })
    expect([...expectSame(program)[0]!]).toEqual([...filled(program)[0]!])
  })
})

describe('while', () => {
  /** Doubles a number while it is less than 100, and counts. */
  const doubling = (limit: number): LoopProgram =>
    programOf([['f64', 1], ['bool', 1], ['f64', 20]], 1, {
      kind: 'while',
      test: [{ kind: 'nest', lane: 'f64', extents: [], stores: [{ access: at(place(1)), value: { ...lane('lt', load(place(0)), number(100)), truth: true } }], reductions: [] }],
      flag: place(1),
      body: [set([], at(place(0)), lane('mul', load(place(0)), number(2))), set([], at(place(2, 0, { repeat: 0, stride: 1 })), load(place(0)))],
      repeat: 0,
      limit,
    })
  const contents = [memoryOf('f64', [3]), memoryOf('bool', [0]), memoryOf('f64', new Array<number>(20).fill(0))]

  it('ends when its test fails', () => {
    expect(expectSame(doubling(10), contents)[0]![0]).toBe(192)
    expectSame(doubling(6), contents)
    expectSame(doubling(0), [memoryOf('f64', [100]), contents[1]!, contents[2]!])
  })

  it('stops the program after too many rounds', () => {
    const program = doubling(5)
    const { checks } = emitProgram(program, sparsePlan(program))
    expect(checks[runProgram(program, contents).status - 1]).toBe(program.statements[0])
  })
})

describe('if', () => {
  it.each([0, 1])('takes one branch (%i)', (flag) => {
    const onTrue = [set([3], at(place(1), 1), number(1))]
    const program = programOf([['bool', 2], ['f64', 3], ['f64', 3]], 0, { kind: 'if', flag: place(0, 1), onTrue, onFalse: [set([3], at(place(1), 1), number(2))] }, {
      kind: 'if',
      flag: place(0, 1),
      onTrue: [set([3], at(place(2), 1), number(5))],
      onFalse: [],
    })
    expectSame(program, [memoryOf('bool', [1 - flag, flag]), memoryOf('f64', [0, 0, 0]), memoryOf('f64', [7, 7, 7])])
  })
})

describe('stop', () => {
  it.each([0, 1])('ends the program where it is reached (%i)', (flag) => {
    const stop = { kind: 'stop' } as const
    const program = programOf([['bool', 1], ['f64', 1]], 0, { kind: 'if', flag: place(0), onTrue: [stop], onFalse: [] }, set([], at(place(1)), number(1)))
    const { status, memories } = runProgram(program, [memoryOf('bool', [flag]), memoryOf('f64', [0])])
    expect(memories[1]![0]).toBe(1 - flag)
    expect(emitProgram(program, sparsePlan(program)).checks[status - 1]).toBe(flag === 0 ? undefined : stop)
  })
})

describe.each<Storage>(['f64', 'f32', 'i32', 'bool'])('fill of %s', (storage) => {
  it.each([0, 1, 7, 100, 5000])('%i elements', (size) => {
    const program = programOf([[storage, size + 4], [storage, size + 5]], 0,
      { kind: 'fill', to: place(0, 3), size, value: 0 },
      { kind: 'fill', to: place(1, 2), size, value: 1 },
    )
    expectSame(program)
  })
})

describe('kernels', () => {
  const gather = (kind: 'gather' | 'scatter'): LoopProgram =>
    programOf([['f64', 24], ['i32', 4], ['f64', 32]], 0, {
      kind,
      storage: 'f64',
      from: place(kind === 'gather' ? 0 : 2),
      indices: place(1),
      to: place(kind === 'gather' ? 2 : 0),
      outer: 2,
      length: 3,
      count: 4,
      inner: 4,
    })
  const contents = (indices: ReadonlyArray<number>): ReadonlyArray<Memory> => [memoryOf('f64', Array.from({ length: 24 }, (_, i) => i)), memoryOf('i32', indices), memoryOf('f64', Array.from({ length: 32 }, (_, i) => i))]

  it.each(['gather', 'scatter'] as const)('%s', (kind) => {
    const program = kind === 'gather' ? gather(kind) : { ...gather(kind), statements: [{ kind: 'fill', to: place(0), size: 24, value: 0 } as const, ...gather(kind).statements] }
    expectSame(program, contents([2, 0, -1, 2]))
  })

  it('an index that is out of range stops the program', () => {
    const program = gather('gather')
    const { status } = runProgram(program, contents([0, 3, 0, 0]))
    expect(emitProgram(program, sparsePlan(program)).checks[status - 1]).toBe(program.statements[0])
  })

  it('a product in every round, with workspace', () => {
    const matrix = (buffer: number, rowStride: number, stride: number) => ({ ...place(buffer, 0, { repeat: 0, stride }), rowStride, columnStride: 1, batchStride: 0 })
    const [m, k, n] = [9, 40, 17]
    const program = programOf([['f64', 2 * m * k], ['f64', k * n], ['f64', 2 * m * n]], 1, {
      kind: 'repeat',
      repeat: 0,
      count: 2,
      reverse: false,
      body: [{ kind: 'gemm', lane: 'f64', a: matrix(0, k, m * k), b: matrix(1, n, 0), c: matrix(2, n, m * n), batch: 1, m, k, n, accumulate: false }],
    })
    expectSame(program)
  })

  it('a convolution and its derivatives', () => {
    const form = { batch: 1, channels: 2, filters: 3, groups: 1, size: [6], window: [3], out: [4], stride: [1], dilation: [1], inputDilation: [1], low: [0] }
    const conv = (result: 'x' | 'w' | 'y', x: number, w: number, y: number): Statement => ({ kind: 'conv', lane: 'f64', result, x: place(x), w: place(w), y: place(y), form })
    expectSame(programOf([['f64', 12], ['f64', 18], ['f64', 12], ['f64', 12], ['f64', 18]], 0, conv('y', 0, 1, 2), conv('x', 3, 1, 2), conv('w', 0, 4, 2)))
  })

  it('what has no code is left to the host', () => {
    const node = cumsum(constant(tensor([[1, 2, 3], [4, 5, 6]])), 1, false)
    expectSame(programOf([['f64', 8], ['f64', 9]], 0, { kind: 'host', node, inputs: [place(0, 1)], output: place(1, 2) }))
  })
})
