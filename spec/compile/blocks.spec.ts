/** Blocks of rows: the numbers stay what they were, and what lies between statements becomes small. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { inBlocks, type BlockLimits } from '../../lib/compile/lower/blocks.js'
import type { LoopProgram } from '../../lib/compile/ir.js'
import { loopProgram } from '../../lib/compile/lower/index.js'
import { optimise } from '../../lib/compile/pass/index.js'
import { planMemory } from '../../lib/compile/plan.js'
import type { Buffer } from '../../lib/core/DType.js'
import { bufferOf } from '../../lib/core/Tensor.js'
import {
  add, argmax, cumsum, div, exp, expandDims, grad, logSumExp, matmul, max, mean, mul, reshape, scan, sigmoid, slice, softmax, square, sub, sum, take, tanh, tensor, transpose,
  valueAndGrad, where, greater, type Node, type Tensor,
} from '../../lib/index.js'
import { parameter } from '../../lib/primitive/leaf.js'
import { programs } from '../../lib/verify/arbitraries/index.js'
import { prepare } from './runProgram.js'

type F = (...xs: ReadonlyArray<Node>) => ReadonlyArray<Node>

const rows = 37

const filled = (shape: ReadonlyArray<number>, seed: number): Tensor =>
  tensor(Float64Array.from({ length: shape.reduce((a, b) => a * b, 1) }, (_, i) => Math.sin(seed * 7.3 + i * 1.7)), { shape })

/** The results of a program whose memory is full of rubbish, in the memory of its plan. */
const results = (program: LoopProgram, contents: ReadonlyMap<number, Buffer>, args: ReadonlyArray<Tensor>): ReadonlyArray<ReadonlyArray<number>> => {
  const { views, run } = prepare(program, {}, planMemory(program))
  views.forEach((view) => view.fill(view instanceof Int32Array ? -7 : NaN))
  contents.forEach((numbers, k) => views[k]!.set(numbers))
  args.forEach((t, k) => views[k]!.set(bufferOf(t)))
  const status = run()
  return status === 0 ? program.buffers.flatMap(({ role }, k) => (role === 'result' ? [Array.from(views[k]!)] : [])) : [[status]]
}

const expectSame = (found: ReadonlyArray<ReadonlyArray<number>>, wanted: ReadonlyArray<ReadonlyArray<number>>): void => {
  expect(found.length).toBe(wanted.length)
  wanted.forEach((numbers, k) => {
    const scale = Math.max(1e-300, ...numbers.map(Math.abs).filter(Number.isFinite))
    numbers.forEach((x, i) => {
      const y = found[k]![i]!
      if (!(Object.is(x, y) || x === y || Math.abs(x - y) <= 1e-12 * scale)) throw new Error(`result ${k}[${i}] is ${y} instead of ${x}`)
    })
  })
}

const check = (f: F, args: ReadonlyArray<Tensor>, limits: BlockLimits): LoopProgram => {
  const parameters = args.map((t) => parameter(t))
  const { program, contents } = loopProgram(parameters, optimise(f(...parameters)))
  const blocks = inBlocks(program, limits)
  expectSame(results(blocks, contents, args), results(program, contents, args))
  return blocks
}

const functions: Readonly<Record<string, readonly [F, ReadonlyArray<Tensor>]>> = {
  'a regression': [(x, w) => valueAndGrad((w: Node) => sum(square(tanh(matmul(x!, w)))))(w!), [filled([rows, 5], 1), filled([5, 3], 2)]],
  'a layer of two products': [
    (x, v, w) => {
      const [value, [a, b]] = valueAndGrad(([v, w]: readonly [Node, Node]) => mean(square(matmul(sigmoid(matmul(x!, v)), w))))([v!, w!])
      return [value, a, b]
    },
    [filled([rows, 4], 1), filled([4, 6], 2), filled([6, 2], 3)],
  ],
  'a mixture': [
    (x, m, a) => {
      const f = ([m, a]: readonly [Node, Node]): Node => sum(logSumExp(sub(a, sum(square(sub(expandDims(x!, 1), m)), { axis: 2 })), { axis: 1 }))
      const [value, [dm, da]] = valueAndGrad(f)([m!, a!])
      return [value, dm, da]
    },
    [filled([rows, 3], 1), filled([4, 3], 2), filled([4], 3)],
  ],
  'rows that are results': [(x) => [softmax(x!, { axis: 1 }), max(mul(x!, 2), { axis: 1 }), sum(exp(x!), { axis: 0 })], [filled([rows, 6], 1)]],
  'the greatest and least of columns': [(x) => [max(exp(x!), { axis: 0 }), max(sub(exp(mul(2, x!)), 1))], [filled([rows, 4], 1)]],
  'as many columns as rows': [(x) => [sum(matmul(exp(x!), tanh(x!)), { axis: 0 }), add(softmax(x!, { axis: 0 }), softmax(x!, { axis: 1 }))], [filled([rows, rows], 1)]],
  'neighbouring rows': [(x) => [sum(square(sub(slice(exp(x!), [[1, null]]), slice(exp(x!), [[0, -1]]))), { axis: 0 }), cumsum(exp(x!), { axis: 0 })], [filled([rows, 4], 1)]],
  'columns that come first': [(x, w) => [matmul(transpose(exp(x!)), w!), sum(exp(transpose(x!)), { axis: 1 })], [filled([rows, 4], 1), filled([rows, 2], 2)]],
  'rows at indices, and a loop': [
    (x) => {
      const order = argmax(x!, { axis: 1 })
      const [last] = scan((c: Node, r: Node) => [add(c, r), c] as const, slice(x!, [0]), exp(x!))
      return [take(exp(x!), order, { axis: 0 }), last]
    },
    [filled([rows, 4], 1)],
  ],
  'what is centred first': [(x) => [sum(square(sub(exp(x!), mean(exp(x!), { axis: 0 }))), { axis: 1 }), div(exp(x!), sum(exp(x!)))], [filled([rows, 4], 1)]],
  'a choice by rows': [(x) => [where(greater(sum(exp(x!), { axis: 1, keepDims: true }), 4), exp(x!), mul(x!, 2)), reshape(exp(x!), [2 * rows, 2])], [filled([rows, 4], 1)]],
}

describe('blocks of rows', () => {
  it.each(Object.entries(functions))('keep the numbers of %s', (_, [f, args]) => {
    for (const block of [200, 700, 2000, 5000]) for (const least of [1, 3]) check(f, args, { worthwhile: 1, block, rows: least })
  })

  it('keep the numbers of random programs', () => {
    fc.assert(
      fc.property(programs({ smoothness: 'kinked', scalarResult: true, size: 12 }), fc.integer({ min: 8, max: 400 }), ({ f, inputs }, block) => {
        check((...xs) => [f(...xs), ...(grad((ys: ReadonlyArray<Node>) => f(...ys))(xs) as ReadonlyArray<Node>)], inputs, { worthwhile: 1, block, rows: 1 })
      }),
      { numRuns: 100 },
    )
  })

  it.each(['a regression', 'a layer of two products', 'a mixture', 'rows that are results', 'columns that come first'])('cut %s', (name) => {
    const [f, args] = functions[name]!
    const program = check(f, args, { worthwhile: 1, block: 400, rows: 1 })
    const loop = program.statements.find(({ kind }) => kind === 'repeat')
    expect(loop?.kind === 'repeat' && loop.body.length).toBeGreaterThan(1)
  })

  it('make memory small', () => {
    const f: F = (x, w) => valueAndGrad((w: Node) => sum(logSumExp(matmul(x!, w), { axis: 1 })))(w!)
    const parameters = [parameter(filled([20_000, 4], 1)), parameter(filled([4, 50], 2))]
    const { program } = loopProgram(parameters, optimise(f(...parameters)))
    const plan = planMemory(program)
    expect(plan.size - plan.held).toBeLessThan(3 << 20)
    const whole = loopProgram(parameters, optimise(f(...parameters)), 0, { worthwhile: Infinity, block: 0, rows: 1 }).program
    expect(planMemory(whole).alive).toBeGreaterThan(8 << 20)
  })
})
