/** Views against arrays: the elements that strides lead to are those that the operation gives. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { accessOf, dense, inRound, isDense, part, permuted, reshaped, sameView, squeezed, stretched, type View } from '../../lib/compile/lower/view.js'
import { sizeOf, type Shape } from '../../lib/core/Shape.js'
import { bufferOf } from '../../lib/core/Tensor.js'
import { tensor, value, type Node } from '../../lib/index.js'
import { broadcastTo, constant, reshape, slice, transpose } from '../../lib/primitive/index.js'

/** The places of all elements, row by row. */
const places = ({ offset, shape, strides }: View): ReadonlyArray<number> =>
  shape.reduce<ReadonlyArray<number>>((all, length, axis) => all.flatMap((at) => Array.from({ length }, (_, i) => at + i * strides[axis]!)), [offset])

/** An array of its own places, with the view of it. */
interface Pair {
  readonly view: View
  readonly node: Node
}

const whole = (shape: Shape): Pair => ({
  view: dense(0, 'f64', shape),
  node: constant(tensor(Float64Array.from({ length: sizeOf(shape) }, (_, i) => i), { shape })),
})

/** One step: what it does is chosen by numbers, so that it fits whatever the shape is. */
const steps: ReadonlyArray<(pair: Pair, pick: (below: number) => number) => Pair | undefined> = [
  ({ view, node }, pick) => {
    const axes = view.shape.map((_, axis) => axis)
    const perm = view.shape.map(() => axes.splice(pick(axes.length), 1)[0]!)
    return { view: permuted(view, perm), node: transpose(node, perm) }
  },
  ({ view, node }, pick) => {
    const ranges = view.shape.map((n) => {
      const [a, b, step] = [pick(n + 1), pick(n + 1), [1, 1, 2, -1, -2][pick(5)]!]
      const length = Math.ceil(Math.abs(a - b) / Math.abs(step))
      return { start: length === 0 ? 0 : step > 0 ? Math.min(a, b) : Math.min(a, b) + (length - 1) * -step, step, length }
    })
    const taken = { start: ranges.map(({ start }) => start), step: ranges.map(({ step }) => step), shape: ranges.map(({ length }) => length) }
    if (taken.start.some((s, i) => s >= Math.max(1, view.shape[i]!))) return undefined
    return { view: part(view, taken), node: slice(node, taken) }
  },
  ({ view, node }, pick) => {
    if (sizeOf(view.shape) > 40) return undefined
    const to = [...(pick(2) === 0 ? [1 + pick(2)] : []), ...view.shape.map((n) => (n === 1 ? 1 + pick(3) : n))]
    return { view: stretched(view, to), node: broadcastTo(node, to) }
  },
  ({ view, node }, pick) => {
    const flat = view.shape.filter((n) => n !== 1)
    const joined = flat.length > 1 && pick(2) === 0 ? [flat[0]! * flat[1]!, ...flat.slice(2)] : flat.flatMap((n) => (n % 2 === 0 && pick(2) === 0 ? [2, n / 2] : n === 9 ? [3, 3] : [n]))
    const to = pick(2) === 0 ? [1, ...joined] : joined
    const as = reshaped(view, to)
    return as && { view: as, node: reshape(node, to) }
  },
]

const walks = fc.tuple(fc.array(fc.integer({ min: 1, max: 4 }), { maxLength: 3 }), fc.array(fc.tuple(fc.nat(3), fc.array(fc.nat(1000), { minLength: 20, maxLength: 20 })), { maxLength: 6 }))

const walked = (shape: Shape, moves: ReadonlyArray<readonly [number, ReadonlyArray<number>]>): Pair =>
  moves.reduce<Pair>((pair, [which, numbers]) => {
    let next = 0
    return steps[which]!(pair, (below) => (below <= 0 ? 0 : numbers[next++ % numbers.length]! % below)) ?? pair
  }, whole(shape))

const elements = (node: Node): ReadonlyArray<number> => [...bufferOf(value(node))]

describe('a view', () => {
  it('has the elements of the array, whatever was done to it', () => {
    fc.assert(
      fc.property(walks, ([shape, moves]) => {
        const { view, node } = walked(shape, moves)
        expect(view.shape).toEqual(node.shape)
        expect(places(view)).toEqual(elements(node))
      }),
      { numRuns: 1500 },
    )
  })

  it('is dense where its elements lie side by side, and only there', () => {
    fc.assert(
      fc.property(walks, ([shape, moves]) => {
        const { view } = walked(shape, moves)
        const all = places(view)
        if (all.length > 0) expect(isDense(view)).toBe(all.every((at, i) => at === view.offset + i))
      }),
      { numRuns: 500 },
    )
  })

  it('is found by a loop nest in the same order', () => {
    fc.assert(
      fc.property(walks, ([shape, moves]) => {
        const { view } = walked(shape, moves)
        const { strides } = accessOf(view)
        expect(strides).toHaveLength(squeezed(view.shape).length)
        expect(places({ ...view, shape: squeezed(view.shape), strides })).toEqual(places(view))
        expect(sameView(view, { ...view })).toBe(true)
        if (sizeOf(view.shape) > 0) expect(sameView(view, { ...view, offset: view.offset + 1 })).toBe(false)
      }),
      { numRuns: 300 },
    )
  })
})

describe('reshaping', () => {
  it.each<[string, View, Shape, boolean]>([
    ['of a dense array', dense(0, 'f64', [4, 6]), [2, 2, 3, 2], true],
    ['of a transposed one, within its axes', permuted(dense(0, 'f64', [4, 6]), [1, 0]), [3, 2, 4], true],
    ['of a transposed one, across its axes', permuted(dense(0, 'f64', [4, 6]), [1, 0]), [24], false],
    ['of every second column, across rows', part(dense(0, 'f64', [4, 6]), { start: [0, 0], step: [1, 2], shape: [4, 3] }), [12], true],
    ['of some columns, across rows', part(dense(0, 'f64', [4, 6]), { start: [0, 0], step: [1, 1], shape: [4, 3] }), [12], false],
    ['of a repeated number', stretched(dense(0, 'f64', []), [4, 6]), [24], true],
    ['of an empty array', dense(0, 'f64', [0, 3]), [3, 0, 2], true],
  ])('%s', (_, view, shape, possible) => {
    const found = reshaped(view, shape)
    expect(found !== undefined).toBe(possible)
    if (found !== undefined) expect(places(found)).toEqual(places(view))
  })
})

describe('rounds', () => {
  it('walk along the leading axis', () => {
    const { rounds, shape, strides } = inRound(permuted(dense(0, 'f64', [4, 6]), [1, 0]), 7)
    expect({ rounds, shape, strides }).toEqual({ rounds: [{ repeat: 7, stride: 1 }], shape: [4], strides: [6] })
  })
})
