/** The memory plan: what shares a place is never needed at the same time, and little more is taken than that takes. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { bytesPer, type LoopProgram, type MemoryPlan, type Statement } from '../../lib/compile/ir.js'
import { loopProgram } from '../../lib/compile/lower/index.js'
import { optimise } from '../../lib/compile/pass/index.js'
import { planMemory } from '../../lib/compile/plan.js'
import { touched } from '../../lib/compile/touch.js'
import { sizeOf, type Shape } from '../../lib/core/Shape.js'
import { bufferOf } from '../../lib/core/Tensor.js'
import {
  add, conv2d, div, grad, matmul, maxPool, mean, mul, relu, reshape, scan, sigmoid, slice, softmax, softmaxCrossEntropy, square, sub, sum, tanh, tensor, transpose, type Node, type Tensor,
} from '../../lib/index.js'
import { parameter } from '../../lib/primitive/leaf.js'
import { programs } from '../../lib/verify/arbitraries/index.js'
import { prepare, sparsePlan } from './runProgram.js'

interface Use {
  readonly buffer: number
  readonly reads: boolean
}

/** What runs one after another when every loop makes two rounds, and branches are taken one way. */
const unrolled = (statements: ReadonlyArray<Statement>, then: boolean): ReadonlyArray<ReadonlyArray<Use>> =>
  statements.flatMap((statement): ReadonlyArray<ReadonlyArray<Use>> => {
    const again = (list: ReadonlyArray<Statement>) => unrolled(list, then)
    // oxlint-disable-next-line typescript/switch-exhaustiveness-check
    switch (statement.kind) {
      case 'repeat':
        return [...again(statement.body), ...again(statement.body)]
      case 'while': {
        const test = [...again(statement.test), [{ buffer: statement.flag.buffer, reads: true }]]
        return [...test, ...again(statement.body), ...test, ...again(statement.body), ...test]
      }
      case 'if':
        return [[{ buffer: statement.flag.buffer, reads: true }], ...again(then ? statement.onTrue : statement.onFalse)]
      default: {
        const { read, written } = touched(statement)
        return [[...read.map(({ buffer }) => ({ buffer, reads: true })), ...written.map(({ buffer }) => ({ buffer, reads: false }))]]
      }
    }
  })

const align = (bytes: number): number => Math.ceil(bytes / 16) * 16

/** Buffers that are overwritten by another one between a write and a read. */
const conflicts = ({ buffers, statements }: LoopProgram, { offsets }: MemoryPlan): ReadonlyArray<string> => {
  const bytes = buffers.map(({ size, storage }) => size * bytesPer[storage])
  const overlap = (a: number, b: number): boolean => offsets[a]! < offsets[b]! + bytes[b]! && offsets[b]! < offsets[a]! + bytes[a]!
  const found: Array<string> = []
  for (const then of [true, false]) {
    const spoilt = new Map<number, number>()
    for (const uses of unrolled(statements, then)) {
      for (const { buffer, reads } of uses) if (reads && spoilt.has(buffer)) found.push(`${buffer} by ${spoilt.get(buffer)}`)
      for (const { buffer, reads } of uses) {
        if (reads) continue
        spoilt.delete(buffer)
        buffers.forEach((_, other) => {
          if (other !== buffer && bytes[other]! > 0 && bytes[buffer]! > 0 && overlap(buffer, other)) spoilt.set(other, buffer)
        })
      }
      // What a statement writes must not lie over what it reads or writes besides.
      for (const a of uses) for (const b of uses) if (!a.reads && a.buffer !== b.buffer && bytes[a.buffer]! > 0 && bytes[b.buffer]! > 0 && overlap(a.buffer, b.buffer)) found.push(`${a.buffer} over ${b.buffer} at once`)
    }
  }
  return found
}

/** The most bytes of temporaries that are needed at one time: written before, read later. Parts are taken for the whole, so this is no more than it takes. */
const needed = ({ buffers, statements }: LoopProgram): number => {
  let most = 0
  for (const then of [true, false]) {
    const trace = unrolled(statements, then)
    // Backwards: a buffer is needed from a read back to what wrote it last.
    const wanted = new Set<number>()
    for (const uses of [...trace].reverse()) {
      for (const { buffer } of uses) wanted.add(buffer)
      most = Math.max(most, [...wanted].reduce((sum_, b) => sum_ + (buffers[b]!.role === 'temporary' ? align(buffers[b]!.size * bytesPer[buffers[b]!.storage]) : 0), 0))
      for (const { buffer, reads } of uses) if (!reads && !uses.some((use) => use.reads && use.buffer === buffer)) wanted.delete(buffer)
    }
  }
  return most
}

const programFor = (f: (...xs: ReadonlyArray<Node>) => ReadonlyArray<Node>, like: ReadonlyArray<Tensor>): ReturnType<typeof loopProgram> => {
  const parameters = like.map((t) => parameter(t))
  return loopProgram(parameters, optimise(f(...parameters)))
}

/** The results of a program in a plan of memory that is full of rubbish. */
const results = ({ program, contents }: ReturnType<typeof loopProgram>, plan: MemoryPlan, args: ReadonlyArray<Tensor>): ReadonlyArray<ReadonlyArray<number>> => {
  const { views, run } = prepare(program, {}, plan)
  views.forEach((view) => view.fill(view instanceof Int32Array ? -7 : NaN))
  contents.forEach((numbers, k) => views[k]!.set(numbers))
  const once = (): ReadonlyArray<ReadonlyArray<number>> => {
    args.forEach((t, k) => views[k]!.set(bufferOf(t)))
    expect(run()).toBe(0)
    return program.buffers.flatMap(({ role }, k) => (role === 'result' ? [Array.from(views[k]!)] : []))
  }
  const first = once()
  expect(once()).toEqual(first)
  return first
}

describe('the plan of a random program', () => {
  it.each<[string, Parameters<typeof programs>[0], boolean]>([
    ['values', { smoothness: 'jumping', outputs: 3, size: 16 }, false],
    ['gradients', { smoothness: 'kinked', scalarResult: true, size: 12 }, true],
    ['empty arrays', { smoothness: 'kinked', outputs: 2, shapes: { minLength: 0 } }, false],
  ])('puts nothing over what is still needed: %s', (_, options, slope) => {
    fc.assert(
      fc.property(programs(options), ({ f, outputs, inputs }) => {
        const of = slope ? (...xs: ReadonlyArray<Node>) => grad((ys: ReadonlyArray<Node>) => f(...ys))(xs) : outputs
        const made = programFor(of, inputs)
        const plan = planMemory(made.program)
        expect(conflicts(made.program, plan)).toEqual([])
        expect(results(made, plan, inputs)).toEqual(results(made, sparsePlan(made.program), inputs))
      }),
      { numRuns: 40 },
    )
  })

  it('takes at least what is alive', () => {
    fc.assert(
      fc.property(programs({ smoothness: 'kinked', size: 16 }), ({ outputs, inputs }) => {
        const { program } = programFor(outputs, inputs)
        const plan = planMemory(program)
        expect(plan.alive).toBeGreaterThanOrEqual(needed(program))
        expect(plan.size - plan.held).toBeGreaterThanOrEqual(plan.alive)
      }),
      { numRuns: 40 },
    )
  })
})

const zeros = (...shape: Shape): Tensor => tensor(Float32Array.from({ length: sizeOf(shape) }, (_, i) => Math.sin(i)), { shape })

const total = (xs: ReadonlyArray<Node>): Node => xs.reduce(add)

const labels = tensor(Float32Array.from({ length: 640 }, (_, i) => (i % 10 === i % 7 ? 1 : 0)), { shape: [64, 10] })

/** Programs as they are trained: gradients of losses in their parameters. */
const real: Readonly<Record<string, { readonly loss: (x: Node, ...ws: ReadonlyArray<Node>) => Node; readonly args: ReadonlyArray<Tensor> }>> = {
  'a perceptron': {
    loss: (x, w1, b1, w2, b2, w3, b3) => {
      const h1 = relu(add(matmul(x, w1), b1))
      const h2 = relu(add(matmul(h1, w2), b2))
      return mean(softmaxCrossEntropy(add(matmul(h2, w3), b3), labels))
    },
    args: [zeros(64, 784), zeros(784, 256), zeros(256), zeros(256, 128), zeros(128), zeros(128, 10), zeros(10)],
  },
  'a convolutional network': {
    loss: (x, w1, w2, w3) => {
      const one = maxPool(relu(conv2d(x, w1, null, { pad: 1 })), { window: [2, 2] })
      const two = maxPool(relu(conv2d(one, w2, null, { pad: 1 })), { window: [2, 2] })
      return mean(square(matmul(reshape(two, [4, 8 * 7 * 7]), w3)))
    },
    args: [zeros(4, 3, 28, 28), zeros(8, 3, 3, 3), zeros(8, 8, 3, 3), zeros(8 * 7 * 7, 10)],
  },
  'a recurrent network': {
    loss: (xs, w, u, b) => {
      const cell = ({ h, c }: { h: Node; c: Node }, x: Node) => {
        const gates = add(add(matmul(x, w), matmul(h, u)), b)
        const gate = (k: number): Node => slice(gates, [null, [k * 16, k * 16 + 16]])
        const next = add(mul(sigmoid(gate(0)), c), mul(sigmoid(gate(1)), tanh(gate(2))))
        const out = mul(sigmoid(gate(3)), tanh(next))
        return [{ h: out, c: next }, out] as const
      }
      const start = tensor(new Float32Array(8 * 16), { shape: [8, 16] })
      return sum(square(scan(cell, { h: start, c: start }, xs)[1]))
    },
    args: [zeros(12, 8, 16), zeros(16, 64), zeros(16, 64), zeros(64)],
  },
  'an attention block': {
    loss: (x, wq, wk, wv, w1, w2) => {
      const [q, k, v] = [matmul(x, wq), matmul(x, wk), matmul(x, wv)]
      const weights = softmax(div(matmul(q, transpose(k, [0, 2, 1])), 4))
      const attended = add(x, matmul(weights, v))
      const normal = sub(attended, mean(attended, { axis: -1, keepDims: true }))
      return mean(square(add(normal, matmul(relu(matmul(normal, w1)), w2))))
    },
    args: [zeros(4, 24, 16), zeros(16, 16), zeros(16, 16), zeros(16, 16), zeros(16, 64), zeros(64, 16)],
  },
}

describe.each(Object.entries(real))('the plan of the gradient of %s', (_, { loss, args }) => {
  const made = programFor((x, ...ws) => grad((ps: ReadonlyArray<Node>) => total([loss(x!, ...ps)]))(ws), args)
  const plan = planMemory(made.program)

  it('takes at most 1.3 times what is needed at one time', () => {
    const least = needed(made.program)
    expect(least).toBeGreaterThan(1000)
    expect(plan.size - plan.held).toBeLessThanOrEqual(1.3 * least)
  })

  it('puts nothing over what is still needed', () => {
    expect(conflicts(made.program, plan)).toEqual([])
  })

  it('computes what separate places would', () => {
    expect(results(made, plan, args)).toEqual(results(made, sparsePlan(made.program), args))
  })
})

describe('plans of very many temporaries', () => {
  it('put nothing over what is still needed either', () => {
    const f = (x: Node): ReadonlyArray<Node> => {
      let y = x
      for (let k = 0; k < 1200; k++) y = k % 3 === 0 ? matmul(y, x) : mul(0.5, transpose(add(y, 1)))
      return [y]
    }
    const { program } = programFor(f, [zeros(3, 3)])
    expect(program.buffers.filter(({ role }) => role === 'temporary').length).toBeGreaterThan(512)
    const plan = planMemory(program)
    expect(conflicts(program, plan)).toEqual([])
    expect(plan.size - plan.held).toBeLessThanOrEqual(1.3 * needed(program))
  })
})
