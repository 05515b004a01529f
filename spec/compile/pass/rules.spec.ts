/** What each rule makes of the smallest program that it is for. */
import { describe, expect, it } from 'vitest'
import { sort } from '../../../lib/core/Graph.js'
import { scanOp } from '../../../lib/control/scanPrimitive.js'
import { algebra } from '../../../lib/compile/pass/algebra.js'
import { expand } from '../../../lib/compile/pass/expand.js'
import { fold } from '../../../lib/compile/pass/fold.js'
import { mergeScans } from '../../../lib/compile/pass/mergeScans.js'
import { movement } from '../../../lib/compile/pass/movement.js'
import { rewriting, type Pass } from '../../../lib/compile/pass/rewrite.js'
import { saveForward } from '../../../lib/compile/pass/saveForward.js'
import { share } from '../../../lib/compile/pass/share.js'
import {
  add, argmax, astype, broadcastTo, concat, constant, div, exp, flip, foriLoop, grad, logSoftmax, logSumExp, matmul, mul, neg, norm, pow, pretty, reshape, scan, sin, slice, softmax,
  square, sub, sum, tensor, toArray, transpose, value, valueAndGrad, where, type Node,
} from '../../../lib/index.js'
import { bufferOf } from '../../../lib/core/Tensor.js'
import { full, parameter, variable } from '../../../lib/primitive/leaf.js'
import { dot, gather, spoilt, unslice } from '../../../lib/primitive/index.js'
import { disagreement, rounding } from '../agreement.js'

const x = parameter({ shape: [2, 3], dtype: 'f64' })
const y = parameter({ shape: [2, 3], dtype: 'f64' })
const v = parameter({ shape: [4], dtype: 'f64' })
const xy = mul(x, y)
const n = parameter({ shape: [], dtype: 'i32' })

/** The operations of a graph, the last one first. */
const operations = (node: Node): ReadonlyArray<string> => sort([node]).nodes.filter(({ inputs }) => inputs.length > 0).map(({ op }) => op.name).reverse()

const after = (pass: Pass, node: Node): Node => pass([node])[0]!

describe('algebra', () => {
  const simplified = (node: Node): Node => after(rewriting(algebra), node)

  it.each<[string, Node, Node]>([
    ['x + 0', add(x, 0), x],
    ['0 + x', add(0, x), x],
    ['x - 0', sub(x, 0), x],
    ['x 1', mul(x, 1), x],
    ['1 x', mul(1, x), x],
    ['x / 1', div(x, 1), x],
    ['-(-x)', neg(neg(x)), x],
    ['x ** 1', pow(x, 1), x],
    ['a choice between equals', where(true, x, x), x],
    ['a conversion there and back', astype(astype(n, 'f64'), 'i32'), n],
    ['a reshape to the same shape', reshape(x, [2, 3]), x],
  ])('%s is the operand itself', (_, node, expected) => {
    expect(simplified(node)).toBe(expected)
  })

  it.each<[string, Node, ReadonlyArray<string>]>([
    ['x + -y', add(x, neg(y)), ['sub']],
    ['-x + y', add(neg(x), y), ['sub']],
    ['x - -y', sub(x, neg(y)), ['add']],
    ['x (-1)', mul(x, -1), ['neg']],
    ['x x', mul(x, x), ['square']],
    ['x / 4', div(x, 4), ['mul']],
    ['x / 3, which is no product', div(x, 3), ['div']],
    ['x ** 2', pow(x, 2), ['square']],
    ['x ** 3', pow(x, 3), ['mul', 'square']],
    ['x ** 4', pow(x, 4), ['square', 'square']],
    ['x ** -1', pow(x, -1), ['reciprocal']],
    ['x ** -2', pow(x, -2), ['reciprocal', 'square']],
    ['x ** 0.5, which stays', pow(x, 0.5), ['pow']],
    ['the sum of a repeated number', sum(full(2, { shape: [3, 4], dtype: 'f64' })), []],
    ['a product that is zero where a factor is', where(spoilt(x, xy), 0, xy), ['where', 'mul', 'eq']],
  ])('%s', (_, node, expected) => {
    const found = simplified(node)
    expect(operations(found).filter((name) => name !== 'broadcastTo')).toEqual(expected)
    expect(found.shape).toEqual(node.shape)
  })

  it('knows that nothing adds up to zero, whatever it would be', () => {
    expect(toArray(simplified(sum(full(Infinity, { shape: [0, 2], dtype: 'f64' }), { axis: 0 })))).toEqual([0, 0])
  })

  it('leaves integers alone where they overflow', () => {
    expect(operations(simplified(mul(n, n)))).toEqual(['mul'])
    expect(operations(simplified(add(n, neg(n))))).toContain('add')
  })

  it('keeps what a conversion cuts off', () => {
    expect(operations(simplified(astype(astype(x, 'i32'), 'f64')))).toEqual(['astype', 'astype'])
    expect(operations(simplified(astype(astype(x, 'f32'), 'f64')))).toEqual(['astype', 'astype'])
    expect(operations(simplified(astype(astype(n, 'f32'), 'i32')))).toEqual(['astype', 'astype'])
  })

  it('writes derivatives of powers as products', () => {
    const slope = simplified(sum(grad((u: Node) => sum(pow(u, 3)))(x)))
    expect(operations(slope)).not.toContain('powDerivative')
    expect(operations(slope)).toContain('square')
  })
})

describe('folding', () => {
  const folded = (node: Node): Node => after(rewriting(fold), node)

  it('computes what depends on no argument', () => {
    const node = folded(add(x, sin(constant(tensor([0, 1, 2])))))
    expect(operations(node)).not.toContain('sin')
    expect(toArray(folded(sin(constant(tensor([0, 1])))))).toEqual([0, Math.sin(1)])
  })

  it('keeps one number for an array that repeats it', () => {
    const node = folded(exp(full(2, { shape: [1000, 1000, 1000], dtype: 'f64' })))
    expect(node.op.name).toBe('full')
  })

  it('of one number stretched to nothing is empty', () => {
    expect(value(folded(broadcastTo(constant(tensor([1])), [0]))).size).toBe(0)
  })

  it('leaves to the run what a kernel refuses, and what is large', () => {
    const wild = at(constant(tensor([1, 2])), 5)
    expect(folded(wild)).toBe(wild)
    const large = concat([constant(tensor(new Float64Array(1 << 18))), constant(tensor(new Float64Array(1)))])
    expect(folded(large)).toBe(large)
  })
})

/** The element at an index that is a tensor, so that only the kernel sees it. */
const at = (data: Node, index: number): Node => gather(data, constant(tensor([index], { dtype: 'i32' })), 0)

describe('movement', () => {
  const moved = (node: Node): Node => after(rewriting(movement), node)

  it.each<[string, Node, ReadonlyArray<string>]>([
    ['two reshapes', reshape(reshape(x, [6]), [3, 2]), ['reshape']],
    ['two transposes that undo one another', transpose(transpose(x)), []],
    ['two broadcasts', broadcastTo(broadcastTo(v, [2, 4]), [3, 2, 4]), ['broadcastTo']],
    ['a slice of a slice', slice(slice(v, [[1, 4]]), [[1, 3]]), ['slice']],
    ['a slice of everything', slice(v, [[0, 4]]), []],
    ['a slice of one part of several', slice(concat([v, sin(v)]), [[4, 8]]), ['sin']],
    ['a slice across parts', slice(concat([v, v]), [[2, 6]]), ['slice', 'concat']],
    ['one part, put together with nothing', concat([v]), []],
    ['an array in pieces', concat([slice(v, [[0, 1]]), slice(v, [[1, 4]])]), []],
    ['a product of a transposed matrix', matmul(transpose(x), y), ['dot']],
  ])('%s', (_, node, expected) => {
    const found = moved(node)
    expect(operations(found)).toEqual(expected)
    expect(found.shape).toEqual(node.shape)
  })

  it('puts padded parts together', () => {
    const part = (start: number): Node => unslice(v, [8], { start: [start], step: [1], shape: [4] })
    expect(operations(moved(add(part(0), part(4))))).toEqual(['concat'])
    expect(operations(moved(add(part(4), part(0))))).toEqual(['concat'])
    expect(operations(moved(add(part(1), part(4))))).toContain('add')
  })

  it('sees nothing in what lies beside a padded part', () => {
    const padded = unslice(v, [8], { start: [4], step: [1], shape: [4] })
    expect(operations(moved(slice(padded, [[0, 3]])))).toEqual([])
    expect(moved(slice(padded, [[4, 8]]))).toBe(v)
    expect(operations(moved(slice(padded, [[3, 8]])))).toEqual(['slice', 'unslice'])
  })

  it('flips of flips are the array', () => {
    expect(moved(flip(flip(v)))).toBe(v)
  })

  it('a product of a product\'s transpose turns its flag', () => {
    const a = parameter({ shape: [3, 2], dtype: 'f64' })
    const turned = moved(dot(transpose(a), y, true, false))
    expect(turned.inputs[0]).toBe(a)
    expect(turned.attrs).toMatchObject({ transposeA: false, transposeB: false })
  })
})

describe('sharing', () => {
  it('makes equal operations one', () => {
    expect(sort([after(share, add(sin(mul(x, y)), sin(mul(x, y))))]).nodes).toHaveLength(5)
  })

  it('shares equal constants, and tells 0 from -0, and one shape from another', () => {
    const of = (...data: ReadonlyArray<number>): Node => constant(tensor(data))
    expect(sort(share([of(1, NaN), of(1, NaN)])).nodes).toHaveLength(1)
    expect(sort(share([of(0, 1), of(-0, 1)])).nodes).toHaveLength(2)
    expect(sort(share([full(0, x), full(-0, x), full(0, v), full(0, x)])).nodes).toHaveLength(3)
  })

  it('keeps operations with other options apart', () => {
    expect(sort(share([sum(x, { axis: 0 }), sum(x, { axis: 1 }), sum(x, { axis: 0 })])).nodes).toHaveLength(3)
  })
})

describe('expanding', () => {
  const rows = [[1, 2, 3], [0, 0, 0], [-Infinity, 1, 0], [-Infinity, -Infinity, -Infinity], [Infinity, 1, 0], [NaN, 1, 2], [1e300, -1e300, 0], [-745, -746, -1000]]
  const data = variable('x', tensor(rows))

  it.each<[string, Node]>([
    ['softmax', softmax(data)],
    ['logSoftmax', logSoftmax(data)],
    ['logSumExp', logSumExp(data, { axis: 1 })],
    ['norm', norm(data, { axis: 1 })],
    ['argmax', argmax(data, { axis: 1 })],
    ['softmax along the first axis', softmax(data, { axis: 0 })],
  ])('%s gives the same, also for numbers that are infinite or none', (_, node) => {
    const written = after(expand, node)
    expect(operations(written).some((name) => ['softmax', 'logSoftmax', 'logSumExp', 'norm', 'argmax'].includes(name))).toBe(false)
    expect(disagreement([value(written)], [value(node)], rounding)).toBeUndefined()
  })

  it('leaves an empty axis alone', () => {
    const empty = softmax(parameter({ shape: [2, 0], dtype: 'f64' }))
    expect(after(expand, empty)).toBe(empty)
  })
})

const scans = (node: Node): number => sort([node]).nodes.filter(({ op }) => op === scanOp).length

const recurrence = (u: Node): Node => sum(scan((c: Node, w: Node) => [sin(mul(c, w)), square(c)] as const, constant(tensor(0.5)), u)[1])

const together = (parts: readonly [Node, Node]): Node => add(parts[0], sum(parts[1]))

describe('merging scans', () => {
  it('runs the steps of a function and of its derivative once', () => {
    const u = variable('u', tensor([0.5, 1, -1]))
    const both = together(valueAndGrad(recurrence)(u))
    const merged = after(mergeScans, both)
    expect(scans(both)).toBe(3)
    expect(scans(merged)).toBe(2)
    expect(bufferOf(value(merged))).toEqual(bufferOf(value(both)))
  })

  it('ends, whatever is in the attributes', () => {
    const u = variable('u', tensor([0.5, 1, -1]))
    const loop = (of: Node): Node => sum(foriLoop(0, 2, (_: Node, c: Node) => sin(c), softmax(of)))
    const twice = together(valueAndGrad(loop)(u))
    expect(bufferOf(value(after(mergeScans, twice)))).toEqual(bufferOf(value(twice)))
  })
})

describe('saving what a scan has computed', () => {
  const u = variable('u', tensor([1.5, 2.3, 0.7]))
  const inner = (node: Node, name: string): number =>
    sort([node]).nodes.filter(({ op }) => op === scanOp).reduce((total, { attrs }) => total + sort((attrs['step'] as { outputs: ReadonlyArray<Node> }).outputs).nodes.filter(({ op }) => op.name === name).length, 0)

  it('stacks dear results for the derivative', () => {
    const both = after(share, after(mergeScans, together(valueAndGrad(recurrence)(u))))
    const saved = after(saveForward, both)
    expect(inner(saved, 'cos')).toBeLessThanOrEqual(inner(both, 'cos'))
    expect(bufferOf(value(saved))).toEqual(bufferOf(value(both)))
  })

  it('does not take a converted stack for the stack', () => {
    const f = (of: Node): Node => {
      const stack = scan((c: Node, w: Node) => [mul(c, w), mul(c, w)] as const, 1, of)[1]
      return scan((c: Node, w: Node) => [add(c, sin(w)), c] as const, 0, astype(astype(stack, 'i32'), 'f64'))[0]
    }
    expect(toArray(after(saveForward, f(u)))).toBe(toArray(f(u)))
  })
})

describe('a whole program', () => {
  it('reads as one would write it', () => {
    const w = parameter({ shape: [2], dtype: 'f64' })
    const slope = grad((u: Node) => sum(div(pow(u, 3), 2)))(w)
    const simplified = after(share, after(rewriting((node) => algebra(fold(node))), slope))
    expect(pretty(simplified)).toMatchInlineSnapshot(`
      "%0: f64[2] = full(0.5)
      %1: f64[2] = full(3)
      %2: f64[2] = parameter()
      %3: f64[2] = square(%2)
      %4: f64[2] = mul(%1, %3)
      %5: f64[2] = mul(%0, %4)
      return %5"
    `)
  })
})
