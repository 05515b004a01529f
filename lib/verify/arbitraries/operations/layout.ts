/** Operations that move elements about. */
import { sizeOf, type Shape } from '../../../core/Shape.js'
import { part, type Code } from '../code.js'
import { axisOf, hasAxes, type Operation } from '../operation.js'
import { code, settled } from './write.js'

const layout = (fits: (a: Shape) => boolean, write: (a: Code, pick: number, shape: Shape) => Code): Operation => ({
  arity: 1,
  smoothness: 'smooth',
  family: 'layout',
  fits: (a) => fits(a!),
  write: ([a], pick, [shape]) => write(a!, pick, shape!),
})

const any = (): boolean => true
const filled = (a: Shape): boolean => hasAxes(a)
const small = (a: Shape): boolean => sizeOf(a) < 12
const isMatrix = (a: Shape): boolean => a.length === 2

/** A shape of as many elements. */
const reshaped = (shape: Shape, pick: number): ReadonlyArray<Code> => {
  const size = sizeOf(shape)
  if (size === 0) return shape.toReversed()
  return pick % 3 === 0 ? [size] : pick % 3 === 1 ? [...shape, 1] : size % 2 === 0 ? [2, -1] : [-1]
}

/** All but the first, all but the last, or every other one, along one axis. */
const ranges = (shape: Shape, pick: number): ReadonlyArray<Code> => {
  const axis = axisOf(shape, pick >> 2)
  const range: Code = [[1, null], [null, -1], [null, null, -2], [0, 1]][pick % 4]!
  return [...shape.slice(0, axis).map((): Code => [null, null]), range]
}

const modes = ['constant', 'edge', 'reflect', 'symmetric', 'wrap']

/** Rearrangements of one array. */
export const layouts: Readonly<Record<string, Operation>> = {
  reshape: layout(any, (a, pick, shape) => code.reshape(a, reshaped(shape, pick))),
  transpose: layout(any, (a) => code.transpose(a)),
  ravel: layout(any, (a) => code.ravel(a)),
  flip: layout(hasAxes, (a, pick, shape) => (pick % 4 === 3 ? code.flip(a) : code.flip(a, { axis: axisOf(shape, pick) }))),
  slice: layout((a) => a.length > 0 && a.every((n) => n > 1), (a, pick, shape) => code.slice(a, ranges(shape, pick))),
  at: layout(filled, (a, pick, shape) => code.at(a, [pick % 2 === 0 ? 0 : shape[0]! - 1])),
  expandDims: layout((a) => a.length < 3, (a, pick, shape) => code.expandDims(a, pick % (shape.length + 1))),
  squeeze: layout((a) => a.includes(1), (a) => code.squeeze(a)),
  broadcastTo: layout((a) => a.length < 3 && small(a), (a, pick, shape) => code.broadcastTo(a, [1 + (pick % 3), ...shape])),
  sumTo: layout(filled, (a, pick, shape) => settled(code.sumTo(a, pick % 2 === 0 ? shape.slice(1) : shape.map((n, i) => (i === 0 ? 1 : n))), shape)),
  roll: layout(filled, (a, pick, shape) => code.roll(a, 1 + (pick % 2), { axis: axisOf(shape, pick >> 1) })),
  rot90: layout(isMatrix, (a, pick) => code.rot90(a, { k: 1 + (pick % 3) })),
  swapaxes: layout((a) => a.length > 1, (a, pick, shape) => code.swapaxes(a, axisOf(shape, pick), axisOf(shape, pick + 1))),
  moveaxis: layout((a) => a.length > 1, (a, pick, shape) => code.moveaxis(a, axisOf(shape, pick), -1)),
  tile: layout((a) => a.length > 0 && small(a), (a, pick) => code.tile(a, 1 + (pick % 2))),
  repeat: layout((a) => a.length > 0 && small(a), (a, pick, shape) => code.repeat(a, 2, { axis: axisOf(shape, pick) })),
  pad: layout((a) => filled(a) && small(a), (a, pick, shape) =>
    code.pad(a, shape.map((_, i) => (i === axisOf(shape, pick) ? [1, pick % 2] : [0, 0])), { mode: modes[pick % 5]! }),
  ),
  padGeneral: layout((a) => filled(a) && small(a), (a, pick, shape) =>
    code.padGeneral(a, 0.5, shape.map((_, i) => (i === axisOf(shape, pick) ? [[1, 0, 1], [1, -1, 0], [0, 1, 1]][pick % 3]! : [0, 0, 0]))),
  ),
  diag: layout((a) => a.length === 1 && a[0]! < 4, (a, pick) => code.diag(a, { k: pick % 2 })),
  diagonal: layout((a) => isMatrix(a) && sizeOf(a) > 0, (a) => code.diagonal(a)),
  tril: layout(isMatrix, (a, pick) => code.tril(a, { k: (pick % 3) - 1 })),
  triu: layout(isMatrix, (a, pick) => code.triu(a, { k: (pick % 3) - 1 })),
  split: layout((a) => filled(a) && a[0]! % 2 === 0, (a, pick) => part(code.split(a, 2), pick % 2, true)),
  unstack: layout(filled, (a, pick, shape) => part(code.unstack(a), pick % shape[0]!, true)),
}

const agree = (a: Shape, b: Shape): boolean => a.length > 0 && a.length === b.length && a.every((n, i) => i === 0 || n === b[i])
const same = (a: Shape, b: Shape): boolean => a.length === b.length && a.every((n, i) => n === b[i])

/** Arrays put together. */
export const joins: Readonly<Record<string, Operation>> = {
  concat: {
    arity: 2,
    smoothness: 'smooth',
    family: 'layout',
    fits: (a, b) => agree(a!, b!) && sizeOf(a!) + sizeOf(b!) < 25,
    write: ([a, b]) => code.concat([a!, b!]),
  },
  stack: {
    arity: 2,
    smoothness: 'smooth',
    family: 'layout',
    fits: (a, b) => same(a!, b!) && a!.length < 3 && sizeOf(a!) < 13,
    write: ([a, b], pick, [shape]) => code.stack([a!, b!], { axis: pick % (shape!.length + 1) }),
  },
}
