import { fc, test } from '@fast-check/vitest'
import { describe, expect } from 'vitest'
import { tensor } from '../../lib/core/Tensor.js'
import { errorShow, tensorEq, tensorShow } from '../../lib/instances/index.js'
import { evaluate } from '../../lib/interpret/evaluate.js'
import { matmul } from '../../lib/function/product.js'

const number = fc.constantFrom(0, -0, 1, 2, NaN, Infinity)
const anyTensor = fc
  .record({ data: fc.array(number, { minLength: 2, maxLength: 2 }), dtype: fc.constantFrom('f64' as const, 'f32' as const), tall: fc.boolean() })
  .map(({ data, dtype, tall }) => tensor(data, { dtype, shape: tall ? [2, 1] : [2] }))

describe('tensorEq', () => {
  test.prop([anyTensor, anyTensor, anyTensor])('is an equivalence', (a, b, c) => {
    expect(tensorEq.equals(a, a)).toBe(true)
    expect(tensorEq.equals(a, tensor(a.toTypedArray(), { shape: a.shape }))).toBe(true)
    expect(tensorEq.equals(a, b)).toBe(tensorEq.equals(b, a))
    if (tensorEq.equals(a, b) && tensorEq.equals(b, c)) expect(tensorEq.equals(a, c)).toBe(true)
  })

  test('tells shapes, dtypes and elements apart', () => {
    const t = tensor([1, 2])
    expect(tensorEq.equals(t, tensor([1, 3]))).toBe(false)
    expect(tensorEq.equals(t, tensor([[1, 2]]))).toBe(false)
    expect(tensorEq.equals(t, tensor([1, 2], { dtype: 'f32' }))).toBe(false)
  })
})

test('tensorShow prints the way NumPy does', () => {
  expect(tensorShow.show(tensor([[1, 2], [3, 40]]))).toBe('[[ 1  2]\n [ 3 40]]')
})

test('errorShow prints operation, shapes, rule and mend', () => {
  const result = evaluate(matmul([[1, 2]], [[1, 2]]))
  if (result._tag !== 'Left') throw new Error('a misuse was evaluated')
  const [error] = result.left
  expect(errorShow.show(error!)).toContain('matmul on [1, 2], [1, 2]: the summed axes have lengths 2 and 1')
  expect(errorShow.show(error!)).toContain('Transpose or reshape one of them')
  expect(errorShow.show(error!)).toMatch(/at .*tensor\.spec\.ts/)
})
