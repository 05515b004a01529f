/** Reading and writing at indices, which occur more than once. */
import { sameShape, sizeOf, type Shape } from '../../../core/Shape.js'
import type { Code } from '../code.js'
import { axisOf, hasAxes, type Operation } from '../operation.js'
import { bounded, code, settled } from './write.js'

const indexing = (arity: number, fits: Operation['fits'], write: Operation['write']): Operation => ({
  arity,
  smoothness: 'smooth',
  family: 'indexing',
  fits,
  write,
})

/** Indices into an axis of this length: `pick` chooses them. */
const indicesInto = (length: number, pick: number): ReadonlyArray<Code> =>
  [[0], [length - 1, 0, 0], [-1, -1], [pick % length, 0, -1]][pick % 4]!

/** One index for each entry, some of them equal. */
const asMany = (length: number, pick: number): ReadonlyArray<Code> =>
  Array.from({ length }, (_, i) => (i * (1 + (pick % 2))) % Math.max(1, length - (pick % 3)))

const filled = (a: Shape | undefined): boolean => hasAxes(a)
const smallTable = (a: Shape | undefined): boolean => hasAxes(a) && sizeOf(a!) < 13

export const indexings: Readonly<Record<string, Operation>> = {
  take: indexing(1, smallTable, ([a], pick, [shape]) => {
    const axis = axisOf(shape, pick >> 2)
    return code.take(a!, indicesInto(shape![axis]!, pick), { axis })
  }),
  gather: indexing(1, filled, ([a], pick, [shape]) => code.gather(a!, indicesInto(shape![0]!, pick).map((i) => [i]))),
  embedding: indexing(1, smallTable, ([a], pick, [shape]) => code.embedding(a!, indicesInto(shape![0]!, pick))),
  takeAlongAxis: indexing(1, filled, ([a], pick, [shape]) =>
    code.takeAlongAxis(a!, indicesInto(shape![0]!, pick).map((k) => nest(k, shape!.length - 1)), { axis: 0 }),
  ),
  scatterAdd: indexing(2, (a, b) => filled(a) && sameShape(a!, b!), ([a, b], pick, [shape]) =>
    settled(code.scatterAdd(a!, asMany(shape![0]!, pick), b!), shape),
  ),
  scatterSet: indexing(2, (a, b) => filled(a) && sameShape(a!.slice(1), b!), ([a, b], pick, [shape]) => code.scatterSet(a!, pick % shape![0]!, b!)),
  scatterMul: indexing(2, (a, b) => filled(a) && sameShape(a!.slice(1), b!), ([a, b], pick, [shape]) =>
    code.scatterMul(a!, pick % shape![0]!, bounded(b!)),
  ),
  scatterMax: {
    arity: 2,
    smoothness: 'kinked',
    family: 'indexing',
    fits: (a, b) => filled(a) && sameShape(a!.slice(1), b!),
    write: ([a, b], pick, [shape]) => (pick % 2 === 0 ? code.scatterMax : code.scatterMin)(a!, pick % shape![0]!, b!),
  },
  segmentSum: indexing(1, filled, ([a], pick, [shape]) => settled(code.segmentSum(a!, asMany(shape![0]!, pick), shape![0]!), shape)),
  dynamicUpdateSlice: indexing(2, (a, b) => filled(a) && a!.length === b!.length && b!.every((n, i) => n <= a![i]!), ([a, b], pick, [shape]) =>
    code.dynamicUpdateSlice(a!, b!, shape!.map((n) => pick % n)),
  ),
}

/** An index inside so many more axes of length 1. */
const nest = (index: Code, axes: number): Code => (axes === 0 ? index : [nest(index, axes - 1)])
