import { describe, expect, test } from 'vitest'
import { add, backward, constant, mul, pretty, reshape, square, sum, variable } from '../../lib/index.js'

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

  test('abbreviates long data up to the limit', () => {
    const x = constant(new Float64Array(20).fill(1))
    expect(lines(pretty(x))[0]).toBe('%0: f64[20] = constant(...)')
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
    expect(lines(pretty(add([1, 2], [1, 2, 3])))[2]).toBe('%2: invalid = add(%0, %1)')
  })

  test('equal programs give equal text', () => {
    const text = (): string => pretty(mul(variable('x', [1, 2]), 2))
    expect(text()).toBe(text())
  })
})
