import * as E from 'fp-ts/Either'
import { pipe } from 'fp-ts/function'
import { describe, expect, it } from 'vitest'
import type { Node } from '../../lib/core/Node.js'
import * as F from '../../lib/function/index.js'
import { evaluate, toArray } from '../../lib/interpret/evaluate.js'
import { grad } from '../../lib/transform/grad.js'

const errors = (node: Node) => {
  const result = evaluate(node)
  return E.isLeft(result) ? result.left.map(({ op, _tag, rule }) => `${op} ${_tag}: ${rule}`) : []
}

const grid = F.reshape(F.arange(6), [2, 3])

describe('shape', () => {
  it('reshapes with one length left open', () => {
    expect(toArray(pipe(F.arange(6), F.reshape([3, -1])))).toEqual([[0, 1], [2, 3], [4, 5]])
    expect(errors(F.reshape([1, 2, 3], [2, -1]))).toEqual(['reshape Shape: 3 elements do not fill the shape [2, -1]'])
    expect(errors(F.reshape([1, 2, 3, 4], [-1, -1]))).toHaveLength(1)
  })

  it('orders axes by negative numbers too', () => {
    const x = F.zeros([2, 3, 4])
    expect(F.transpose(x).shape).toEqual([4, 3, 2])
    expect(F.transpose(x, [0, -1, 1]).shape).toEqual([2, 4, 3])
    expect(pipe(x, F.transpose({ perm: [2, 0, 1] })).shape).toEqual([4, 2, 3])
    expect(pipe(x, F.swapaxes(0, -1)).shape).toEqual([4, 3, 2])
    expect(F.moveaxis(x, [0, 1], [-1, -2]).shape).toEqual([4, 3, 2])
    expect(errors(F.transpose(x, [0, 0, 1]))).toEqual(['transpose Shape: [0, 0, 1] is no order of 3 axes'])
  })

  it('slices as Python does', () => {
    const x = [0, 1, 2, 3, 4, 5]
    const cases: ReadonlyArray<readonly [F.Range, ReadonlyArray<number>]> = [
      [[1, 4], [1, 2, 3]],
      [[null, null, -1], [5, 4, 3, 2, 1, 0]],
      [[-3], [3, 4, 5]],
      [[4, 1, -2], [4, 2]],
      [[-100, 100, 4], [0, 4]],
      [[3, 1], []],
      [null, x],
    ]
    for (const [range, expected] of cases) expect(toArray(F.slice(x, [range]))).toEqual(expected)
    expect(toArray(F.slice(grid, [[null, null, -1], 1]))).toEqual([4, 1])
    expect(errors(F.slice(x, [6]))).toEqual(['slice Index: the index 6 is out of range for an axis of length 6'])
    expect(errors(F.slice(x, [[0, 1, 0]]))).toEqual(['slice Argument: [0,1,0] is no range'])
  })

  it('pads as NumPy does, also by more than the array is long', () => {
    const padded = (mode: F.PadMode) => toArray(F.pad([1, 2, 3], [4, 5], { mode }))
    expect(padded('constant')).toEqual([0, 0, 0, 0, 1, 2, 3, 0, 0, 0, 0, 0])
    expect(padded('edge')).toEqual([1, 1, 1, 1, 1, 2, 3, 3, 3, 3, 3, 3])
    expect(padded('wrap')).toEqual([3, 1, 2, 3, 1, 2, 3, 1, 2, 3, 1, 2])
    expect(padded('symmetric')).toEqual([3, 3, 2, 1, 1, 2, 3, 3, 2, 1, 1, 2])
    expect(padded('reflect')).toEqual([1, 2, 3, 2, 1, 2, 3, 2, 1, 2, 3, 2])
    expect(toArray(grad((value: Node) => F.sum(F.pad(grid, 1, { value })))(7))).toBe(14)
  })

  it('takes apart what it put together', () => {
    const [a, b] = [F.arange(6), F.arange(6, 10)]
    expect(F.split(F.concat([a, b]), [6]).map(toArray)).toEqual([a, b].map(toArray))
    expect(toArray(F.stack(F.unstack(grid, { axis: 1 }), { axis: -1 }))).toEqual(toArray(grid))
    expect(F.split([1, 2, 3], 2).flatMap(errors)).toHaveLength(2)
    expect(errors(F.stack([[1], [1, 2]]))).toEqual(['stack Shape: the parts need one shape, got [1], [2]'])
  })

  it('keeps derivatives in their places', () => {
    const g = grad((x: Node) => F.sum(F.mul(F.roll(F.flip(x), 1), [1, 2, 3])))(F.zeros(3))
    expect(toArray(g)).toEqual([1, 3, 2])
    expect(toArray(grad((x: Node) => F.sum(F.mul(F.tile(x, 2), [1, 2, 3, 4])))(F.zeros(2)))).toEqual([4, 6])
    expect(toArray(grad((x: Node) => F.trace(F.tril(x, { k: -1 }), { offset: -1 }))(F.ones([2, 2])))).toEqual([[0, 0], [1, 0]])
  })

  it('hands a misuse on, and reports it once', () => {
    const wrong = F.squeeze(F.reshape([1, 2, 3], [2, 2]), { axis: 0 })
    expect(errors(F.concat([wrong, F.flip(wrong)]))).toEqual(['reshape Shape: 3 elements do not fill the shape [2, 2]'])
  })

  it('keeps no array of the caller', () => {
    const [perm, shape] = [[1, 0], [3, 2]]
    const [x, y] = [F.transpose(grid, perm), F.reshape(grid, shape)]
    perm[0] = 0
    shape[0] = 7
    expect(x.shape).toEqual([3, 2])
    expect(toArray(y)).toEqual([[0, 1], [2, 3], [4, 5]])
    expect(Object.isFrozen(perm) || Object.isFrozen(shape)).toBe(false)
  })
})
