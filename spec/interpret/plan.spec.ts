/** What evaluation takes is foretold: against an evaluation that watches its buffers, and for what is saved by recomputing. */
import fc from 'fast-check'
import * as E from 'fp-ts/Either'
import { describe, expect, it } from 'vitest'
import type { Buffer } from '../../lib/core/DType.js'
import { sort } from '../../lib/core/Graph.js'
import { sizeOf } from '../../lib/core/Shape.js'
import { bufferOf } from '../../lib/core/Tensor.js'
import {
  add, backward, checkpoint, cond, constant, customPrimitive, customRule, exp, full, grad, graph, greater, mul, plan, reshape, scan, sin, square, sum, tanh,
  tensor, toArray, transpose, variable, vmap, whileLoop, type Node, type Tensor,
} from '../../lib/index.js'
import { filled } from '../../lib/kernel/elementwise.js'
import { heldTensor } from '../../lib/primitive/leaf.js'
import { straightPrograms } from '../arbitraries/program.js'

const bytes = (buffers: Iterable<Buffer>): number => [...new Set(buffers)].reduce((total, b) => total + b.byteLength, 0)

const isScalar = (node: Node): boolean => node.dtype === 'f64' && node.shape.length === 0

/** Evaluates node by node, and looks after each kernel at all the buffers that somebody still needs. */
const watched = (outputs: ReadonlyArray<Node>): number => {
  const { nodes } = sort(outputs)
  const places = 8 * nodes.filter(isScalar).length
  const buffers = new Map<Node, Buffer>()
  const foreign = new Set<Buffer>()
  let peak = places
  nodes.forEach((node, i) => {
    const held = heldTensor(node)
    const inputs = node.inputs.map((x) => (node.op.uniform === true ? buffers.get(x)! : filled(buffers.get(x)!, x.dtype, sizeOf(x.shape))))
    const result = held === undefined ? node.op.evaluate(inputs.map((b, k) => (isScalar(node.inputs[k]!) ? b.slice() : b)), node) : bufferOf(held)
    if (held !== undefined) foreign.add(result)
    buffers.set(node, result)
    const needed = nodes.slice(0, i).filter((x) => outputs.includes(x) || nodes.some((y, j) => j >= i && y.inputs.includes(x)))
    const arrays = [...needed.filter((x) => !isScalar(x)).map((x) => buffers.get(x)!), ...inputs.filter((_, k) => !isScalar(node.inputs[k]!)), ...(isScalar(node) ? [] : [result])]
    peak = Math.max(peak, places + bytes(arrays.filter((b) => !foreign.has(b))))
  })
  const dense = outputs.map((y) => (isScalar(y) ? Float64Array.of(0) : filled(buffers.get(y)!, y.dtype, sizeOf(y.shape))))
  const kept = outputs.filter((y) => !isScalar(y)).map((y) => buffers.get(y)!)
  return Math.max(peak, places + bytes([...dense, ...kept].filter((b) => !foreign.has(b))))
}

const n = 1000
const x = variable('x', new Float64Array(n).fill(0.5))
const times = (k: number, f: (x: Node) => Node) => (x: Node): Node => Array.from({ length: k }).reduce<Node>((y) => f(y), x)
const step = (x: Node): Node => sin(square(x))
const peakOf = (f: (x: Node) => Node): number => plan(grad((x: Node) => sum(f(x)))(x)).peak

describe('the memory of a plan', () => {
  it('is that of an evaluation whose buffers are watched', () => {
    fc.assert(
      fc.property(straightPrograms, (program) => {
        const y = program.f(...program.inputs.map((t, i) => variable(`x${i}`, t)))
        const outputs = [y, ...backward(sum(y)).values()]
        expect(plan(outputs).peak).toBe(watched(outputs))
      }),
      { numRuns: 200 },
    )
  })

  it.each<readonly [string, () => Node]>([
    ['an array of one number, written out for a kernel that needs it dense', () => transpose(full([20, 30], 2))],
    ['one that is asked for', () => full([100], 2)],
    ['one that is computed with', () => exp(sin(full([100], 2)))],
    ['a view of a constant', () => sin(reshape(x, [10, 100]))],
    ['a view of a view', () => reshape(reshape(sin(x), [10, 100]), [100, 10])],
    ['a view that outlives what it views', () => mul(reshape(sin(x), [10, 100]), reshape(exp(x), [10, 100]))],
    ['small elements', () => greater(constant(tensor(new Float32Array(n))), 0)],
    ['a rule of the user', () => mul(customRule((x: Node) => exp(x), { name: 'e', vjp: [(g) => g] })(sin(x)), 2)],
    ['a view of a scalar', () => reshape(sum(x), [1, 1])],
    ['nothing', () => full([0], 1)],
  ])('is so for %s', (_, f) => expect(plan(f()).peak).toBe(watched([f()])))

  it('is, in a chain, two arrays however long it is, and one more for each that is read later', () => {
    expect(plan(times(5, sin)(x)).peak).toBe(2 * 8 * n)
    expect(plan(times(500, sin)(x)).peak).toBe(2 * 8 * n)
    const read = exp(x)
    expect(plan(add(read, times(5, sin)(read))).peak).toBe(3 * 8 * n)
  })

  it('tells what constants and variables hold apart, each tensor once', () => {
    const t = tensor(new Float32Array(n))
    expect(plan([constant(t), variable('t', t), variable('s', tensor(true))]).held).toBe(4 * n + 1)
  })

  it('takes a node, a tree of nodes or a graph', () => {
    const y = sin(x)
    const sorted = graph([y, y])
    expect(plan({ a: y, b: [y] })).toEqual(plan([y, y]))
    expect(E.isRight(sorted) && plan(sorted.right)).toEqual(plan([y, y]))
    expect(plan([])).toEqual({ nodes: 0, evaluations: 0, peak: 0, exact: true, held: 0 })
  })
})

describe('a checkpoint', () => {
  const depth = 64

  it('takes what its body takes, and the vector of its results', () => {
    expect(plan(checkpoint(times(5, sin))(x)).peak).toBe(2 * 8 * n)
    const both = checkpoint((x: Node) => [sin(x), exp(x)] as const)(x)
    // Two results, and packed, and again two as parts of the vector.
    expect(plan([...both]).peak).toBe(4 * 8 * n)
  })

  it('saves all that is between its argument and its result', () => {
    const plain = peakOf(times(depth, step))
    const once = peakOf(times(8, checkpoint(times(8, step))))
    expect(plain).toBeGreaterThan(2 * depth * 8 * n)
    expect(once).toBeLessThan(plain / 3)
  })

  it('saves more when it is nested: memory grows with the logarithm of the depth, and time with its product', () => {
    const nested = (levels: number): ((x: Node) => Node) => (levels === 0 ? step : checkpoint((x: Node) => nested(levels - 1)(nested(levels - 1)(x))))
    const peaks = [2, 4, 6, 8].map((levels) => peakOf(nested(levels)))
    const growth = peaks.slice(1).map((peak, i) => peak - peaks[i]!)
    expect(new Set(growth).size).toBe(1)
    expect(peaks[3]).toBeLessThan(peakOf(times(256, step)) / 10)
    const g = (f: (x: Node) => Node) => grad((x: Node) => sum(f(x)))(x)
    expect(plan(g(nested(6))).evaluations).toBeGreaterThan(plan(g(times(64, step))).evaluations)
    expect(toArray(g(nested(6)))).toEqual(toArray(g(times(64, step))))
  })
})

describe('a scan', () => {
  const width = 100
  const init = variable('h', new Float64Array(width).fill(0.5))
  const loss = (length: number, body: (h: Node) => Node, saving: boolean) => (h: Node): Node =>
    sum(scan((c: Node) => [body(c), []] as const, h, [], { length, checkpoint: saving })[0])
  const gradient = (length: number, body: (h: Node) => Node, saving = false) => plan(grad(loss(length, body, saving))(init))
  /** The bytes that one more step adds. */
  const slope = (body: (h: Node) => Node): number => (gradient(2000, body).peak - gradient(1000, body).peak) / 1000

  it('takes its stacked outputs and a carry, and the vector of both', () => {
    const [last, all] = scan((c: Node) => [sin(c), c] as const, init, [], { length: 7 })
    expect(plan([last, all]).peak).toBe((7 + 1 + 7 + 1) * 8 * width)
    const big = scan((c: Node) => [times(3, sin)(c), []] as const, init, [], { length: 7 })[0]
    expect(plan(big).peak).toBe(3 * 8 * width)
  })

  it('is one program however many steps it has, and counts the evaluations of all of them', () => {
    const [short, long] = [plan(loss(10, tanh, false)(init)), plan(loss(10_000, tanh, false)(init))]
    expect([long.nodes, long.peak]).toEqual([short.nodes, short.peak])
    expect(long.evaluations - short.evaluations).toBe(9_990)
    expect(gradient(10_000, tanh).nodes).toBe(gradient(10, tanh).nodes)
  })

  it('keeps one carry for each step for its gradient, whatever else a step computes', () => {
    // The carries are stacked, and packed into the vector of results while the stack still exists.
    expect(slope(tanh)).toBe(2 * 8 * width)
    expect(slope(times(20, step))).toBe(slope(tanh))
  })

  it('keeps about 2√n carries with checkpoints', () => {
    const [plain, saving] = [gradient(10_000, tanh).peak, gradient(10_000, tanh, true).peak]
    expect(plain).toBeGreaterThan(10_000 * 8 * width)
    expect(saving).toBeLessThan(8 * Math.sqrt(10_000) * 8 * width)
    expect(toArray(grad(loss(50, tanh, true))(init))).toEqual(toArray(grad(loss(50, tanh, false))(init)))
  })
})

describe('what depends on the numbers', () => {
  const a = variable('a', new Float64Array(n))
  const choice = (f: (x: Node) => Node, g: (x: Node) => Node): Node => cond(greater(sum(a), 0), f, g, a)

  it('is the most costly branch', () => {
    const uneven = plan(choice(times(9, step), sin))
    expect(uneven.exact).toBe(false)
    expect(uneven.evaluations - plan(choice(sin, sin)).evaluations).toBe(17)
    expect(plan(choice(sin, exp)).exact).toBe(true)
  })

  it('is one trip of a loop', () => {
    const loop = whileLoop((x: Node) => greater(10, sum(x)), (x: Node) => square(x), a)
    expect(plan(loop).exact).toBe(false)
    // The loop, its body once, its test (a sum and a comparison) twice.
    expect(plan(loop).evaluations).toBe(1 + 1 + 2 * 2)
    expect(plan(backward(sum(loop)).get('a')!).exact).toBe(false)
  })
})

describe('a loop over a batch', () => {
  it('runs the kernel for each element', () => {
    const double = customPrimitive({ name: 'double', evaluate: (t: Tensor) => t.toTypedArray().map((v) => 2 * v), batch: 'loop', vjp: [(g) => mul(g, 2)] })
    const { evaluations, peak } = plan(vmap((row: Node) => double(row))(variable('xs', tensor(new Float64Array(40), { shape: [10, 4] }))))
    expect(evaluations).toBe(11)
    expect(peak).toBe(8 * (40 + 4))
  })
})
