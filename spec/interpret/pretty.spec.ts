import * as E from 'fp-ts/Either'
import { pipe } from 'fp-ts/function'
import { describe, expect, test } from 'vitest'
import { apply } from '../../lib/core/Node.js'
import {
  add, backward, cond, constant, customPrimitive, grad, graph, greater, matmul, mul, pretty, printGraph, reshape, scan, sin, slice, square, sum, tanh, tensor,
  variable, vmap, whileLoop, type Node,
} from '../../lib/index.js'

const lines = (text: string): ReadonlyArray<string> => text.split('\n')

describe('pretty', () => {
  test('lists each node once, operands first, and the result last', () => {
    const x = variable('x', 2)
    const a = square(x)
    expect(lines(pretty(add(mul(a, 3), a)))).toEqual([
      '%0: f64[] = variable("x", 2)',
      '%1: f64[] = square(%0)',
      '%2: f64[] = full(3)',
      '%3: f64[] = mul(%1, %2)',
      '%4: f64[] = add(%3, %1)',
      'return %4',
    ])
  })

  test('writes shapes, dtypes, data and options', () => {
    const x = variable('x', [[1, 2, 3], [4, 5, 6]], { dtype: 'f32' })
    expect(lines(pretty(reshape(x, [3, 2])))).toEqual([
      '%0: f32[2, 3] = variable("x", [[1, 2, 3], [4, 5, 6]])',
      '%1: f32[3, 2] = reshape(%0) { shape: [3, 2] }',
      'return %1',
    ])
    expect(pretty(sum(x, { axis: 1 }))).toMatch(/%1: f32\[2\] = sum\(%0\) \{ .*axes: \[1\]/)
  })

  test('keeps numbers that are hard to write', () => {
    expect(lines(pretty(constant([-0, NaN, Infinity, 0.1])))[0]).toBe('%0: f64[4] = constant([-0, NaN, Infinity, 0.1])')
    expect(lines(pretty(constant([true, false])))[0]).toBe('%0: bool[2] = constant([true, false])')
  })

  test('keeps long data aside, in the order of its first mention', () => {
    const x = constant(new Float64Array(20).fill(1))
    expect(lines(pretty(x))[0]).toBe('%0: f64[20] = constant(#0)')
    expect(printGraph(x).constants.map((t) => t.size)).toEqual([20])
    const z = constant(new Float64Array(30))
    expect(lines(printGraph([z, x, z, x]).text)).toEqual(['%0: f64[30] = constant(#0)', '%1: f64[20] = constant(#1)', 'return %0, %1, %0, %1'])
    expect(lines(pretty(x, { limit: Infinity }))[0]).toBe(`%0: f64[20] = constant([${Array(20).fill(1).join(', ')}])`)
  })

  test('lists several results together, such as a value and its gradients', () => {
    const x = variable('x', 3)
    const y = square(x)
    const text = pretty([y, backward(y).get('x')!])
    expect(text.match(/variable\(/g)).toHaveLength(1)
    expect(lines(text).at(-1)).toMatch(/^return %\d+, %\d+$/)
  })

  test('marks a misuse as invalid', () => {
    const y = add([1, 2], [1, 2, 3])
    expect(lines(pretty(sin(y)))).toEqual([
      '%0: f64[2] = constant([1, 2])',
      '%1: f64[3] = constant([1, 2, 3])',
      '%2: invalid = add(%0, %1) // Shape: shapes [2] and [3] do not broadcast: aligned at the right, lengths must be equal or 1. Reshape or slice one of them, or insert an axis with expandDims.',
      '%3: invalid = sin(%2)',
      'return %3',
    ])
  })

  test('equal programs give equal text, in whatever order options were put together', () => {
    const text = (): string => pretty(mul(variable('x', [1, 2]), 2))
    expect(text()).toBe(text())
    const x = variable('x', [1, 2])
    const { op, attrs } = slice(x, [[1, null]])
    const turned = Object.fromEntries(Object.entries(attrs).reverse())
    expect(pretty(apply(op, [x], turned))).toBe(pretty(apply(op, [x], attrs)))
  })

  test('takes a node, several, or a graph', () => {
    const y = square(variable('x', 3))
    const sorted = pipe(graph([y]), E.getOrElseW(() => []))
    expect(pretty(sorted)).toBe(pretty(y))
    expect(pretty([y])).toBe(pretty(y))
    expect(pretty([])).toBe('return')
  })

  test('names of the user that could be taken for something else are quoted', () => {
    const odd = customPrimitive({ name: 'my op', evaluate: (x) => x, vjp: [(g) => g] })
    expect(lines(pretty(odd(variable('a "b"', 1))))).toEqual([
      '%0: f64[] = variable("a \\"b\\"", 1)',
      '%1: f64[] = "my op"(%0)',
      'return %1',
    ])
  })

  test('lists closed functions under their node: a branch, a loop, a loop over a batch', () => {
    const a = variable('a', 2)
    expect(pretty(cond(greater(a, 0), (x: Node) => square(x), (x: Node) => mul(x, a), a))).toMatchInlineSnapshot(`
      "%0: f64[] = variable("a", 2)
      %1: f64[] = full(0)
      %2: bool[] = gt(%0, %1)
      %3: i32[] = astype(%2) { dtype: "i32" }
      %4: f64[1] = cond(%3, %0, %0)
        branches[0](%0: f64[], %1: f64[]):
          %2: f64[] = mul(%0, %1)
          return %2
        branches[1](%0: f64[], %1: f64[]):
          %2: f64[] = square(%0)
          return %2
      %5: f64[] = reshape(%4) { shape: [] }
      return %5"
    `)
    expect(pretty(whileLoop((x: Node) => greater(10, x), (x: Node) => square(x), a))).toMatchInlineSnapshot(`
      "%0: f64[] = variable("a", 2)
      %1: f64[1] = whileLoop(%0)
        body(%0: f64[]):
          %1: f64[] = square(%0)
          return %1
        test(%0: f64[]):
          %1: f64[] = full(10)
          %2: bool[] = gt(%1, %0)
          return %2
      %2: f64[] = reshape(%1) { shape: [] }
      return %2"
    `)
    const double = customPrimitive({ name: 'double', evaluate: (x) => x.toTypedArray().map((v) => 2 * v), batch: 'loop', vjp: [(g) => mul(g, 2)] })
    expect(pretty(vmap((x: Node) => double(x))(variable('x', [1, 2])))).toMatchInlineSnapshot(`
      "%0: f64[2] = variable("x", [1, 2])
      %1: f64[2] = double.loop(%0) { mapped: [true], size: 2 }
        single:
          %0: f64[] = parameter()
          %1: f64[] = double(%0)
          return %1
      return %1"
    `)
  })

  test('lists a recurrent network over many steps, and its gradient, in a few lines', () => {
    const steps = 10_000
    const xs = constant(tensor(new Float64Array(2 * steps), { shape: [steps, 2] }))
    const last = (w: Node): Node => sum(scan((h: Node, x: Node) => [tanh(add(matmul(h, w), x)), []] as const, constant([0, 0]), xs)[0])
    const w = variable('w', [[0.5, 0.1], [0.2, 0.3]])
    expect(pretty(last(w))).toMatchInlineSnapshot(`
      "%0: f64[2] = constant([0, 0])
      %1: f64[10000, 2] = constant(#0)
      %2: f64[2, 2] = variable("w", [[0.5, 0.1], [0.2, 0.3]])
      %3: f64[2] = scan(%0, %1, %2) { carry: 1, checkpoint: false, length: 10000, reverse: false, scanned: 1 }
        step(%0: f64[2], %1: f64[2], %2: f64[2, 2]):
          %3: f64[1, 2] = reshape(%0) { shape: [1, 2] }
          %4: f64[1, 2] = dot(%3, %2) { transposeA: false, transposeB: false }
          %5: f64[2] = reshape(%4) { shape: [2] }
          %6: f64[2] = add(%5, %1)
          %7: f64[2] = tanh(%6)
          return %7
      %4: f64[] = sum(%3) { axes: [0] }
      return %4"
    `)
    expect(pretty(grad(last)(w))).toMatchInlineSnapshot(`
      "%0: f64[] = full(1)
      %1: f64[1] = reshape(%0) { shape: [1] }
      %2: f64[2] = broadcastTo(%1) { shape: [2] }
      %3: f64[2, 2] = full(0)
      %4: f64[2] = constant([0, 0])
      %5: f64[10000, 2] = constant(#0)
      %6: f64[2, 2] = variable("w", [[0.5, 0.1], [0.2, 0.3]])
      %7: f64[2, 2] = identity(%6)
      %8: f64[20002] = scan(%4, %5, %7) { carry: 1, checkpoint: false, length: 10000, reverse: false, scanned: 1 }
        step(%0: f64[2], %1: f64[2], %2: f64[2, 2]):
          %3: f64[1, 2] = reshape(%0) { shape: [1, 2] }
          %4: f64[1, 2] = dot(%3, %2) { transposeA: false, transposeB: false }
          %5: f64[2] = reshape(%4) { shape: [2] }
          %6: f64[2] = add(%5, %1)
          %7: f64[2] = tanh(%6)
          return %7, %0
      %9: f64[20000] = slice(%8) { shape: [20000], start: [2], step: [1] }
      %10: f64[10000, 2] = reshape(%9) { shape: [10000, 2] }
      %11: f64[6] = scan(%2, %3, %10, %5, %7) { carry: 2, checkpoint: false, length: 10000, reverse: true, scanned: 2 }
        step(%0: f64[2], %1: f64[2, 2], %2: f64[2], %3: f64[2], %4: f64[2, 2]):
          %5: f64[1, 2] = reshape(%2) { shape: [1, 2] }
          %6: f64[1, 2] = dot(%5, %4) { transposeA: false, transposeB: false }
          %7: f64[2] = reshape(%6) { shape: [2] }
          %8: f64[2] = add(%7, %3)
          %9: f64[2] = tanh(%8)
          %10: f64[2] = sech2(%8, %9)
          %11: f64[2] = mul(%0, %10)
          %12: bool[2] = spoilt(%0, %11)
          %13: f64[2] = full(0)
          %14: f64[2] = where(%12, %13, %11)
          %15: f64[1, 2] = reshape(%14) { shape: [1, 2] }
          %16: f64[1, 2] = dot(%15, %4) { transposeA: false, transposeB: true }
          %17: f64[2] = reshape(%16) { shape: [2] }
          %18: f64[2, 2] = dot(%5, %15) { transposeA: true, transposeB: false }
          %19: f64[2, 2] = add(%1, %18)
          return %17, %19
      %12: f64[4] = slice(%11) { shape: [4], start: [2], step: [1] }
      %13: f64[2, 2] = reshape(%12) { shape: [2, 2] }
      return %13"
    `)
  })
})
