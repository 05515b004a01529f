/** Operations along axes: reductions, running ones, and normalizations. */
import { sizeOf, type Shape } from '../../../core/Shape.js'
import { part, type Code } from '../code.js'
import { axisOf, hasAxes, type Operation, type Smoothness } from '../operation.js'
import { bounded, code, positive, settled } from './write.js'

const alongAxis = (
  family: string,
  fits: (a: Shape) => boolean,
  write: (a: Code, options: Readonly<Record<string, Code>>, shape: Shape) => Code,
  optionsOf: (shape: Shape, pick: number) => Readonly<Record<string, Code>>,
  smoothness: Smoothness = 'smooth',
): Operation => ({ arity: 1, smoothness, family, fits: (a) => fits(a!), write: ([a], pick, [shape]) => write(a!, optionsOf(shape!, pick), shape!) })

/** One axis, one axis that is kept, or all of them. */
const axes = (shape: Shape, pick: number): Readonly<Record<string, Code>> => {
  const axis = axisOf(shape, pick >> 2)
  return pick % 4 === 3 ? {} : pick % 4 === 2 ? { axis, keepDims: true } : { axis: pick % 4 === 1 ? axis - shape.length : axis }
}

const oneAxis = (shape: Shape, pick: number): Readonly<Record<string, Code>> => ({ axis: axisOf(shape, pick) })

const running = (shape: Shape, pick: number): Readonly<Record<string, Code>> => ({
  axis: axisOf(shape, pick >> 1),
  ...(pick % 2 === 0 ? {} : { reverse: true }),
})

const reduction = (write: (a: Code, options: Readonly<Record<string, Code>>, shape: Shape) => Code, smoothness: Smoothness = 'smooth'): Operation =>
  alongAxis('reduction', hasAxes, write, axes, smoothness)

/** Reductions. */
export const reductions: Readonly<Record<string, Operation>> = {
  sum: reduction((a, options, shape) => settled(code.sum(a, options), shape)),
  mean: reduction((a, options) => code.mean(a, options)),
  average: reduction((a, options) => code.average(a, options)),
  prod: alongAxis('reduction', hasAxes, (a, options) => code.prod(bounded(a), options), oneAxis),
  logSumExp: reduction((a, options) => code.mul(0.5, code.logSumExp(a, options))),
  variance: reduction((a, options) => code.variance(bounded(a), options)),
  norm: reduction((a, options) => code.mul(0.25, code.norm(positive(a), options))),
  nanSum: reduction((a, options, shape) => settled(code.nanSum(a, options), shape)),
  nanMean: reduction((a, options) => code.nanMean(a, options)),
  max: reduction((a, options) => code.max(a, options), 'kinked'),
  min: reduction((a, options) => code.min(a, options), 'kinked'),
  std: reduction((a, options) => code.std(a, options), 'kinked'),
  median: reduction((a, options) => code.median(a, options), 'kinked'),
  quantile: reduction((a, options) => code.quantile(a, 0.25, options), 'kinked'),
  norm1: reduction((a, options) => code.mul(0.25, code.norm(a, { ord: 1, ...options })), 'kinked'),
  argmax: alongAxis('reduction', hasAxes, (a, options) => code.mul(0.25, code.argmax(a, options)), oneAxis, 'jumping'),
  argmin: alongAxis('reduction', hasAxes, (a, options) => code.mul(0.25, code.argmin(a, options)), oneAxis, 'jumping'),
  countNonzero: reduction((a, options) => code.mul(0.25, code.countNonzero(a, options)), 'jumping'),
}

const normalization = (write: (a: Code, options: Readonly<Record<string, Code>>) => Code): Operation => alongAxis('softmax', hasAxes, write, oneAxis)

const hasNeighbours = (a: Shape): boolean => a.length > 0 && a.every((n) => n > 1)

/** Operations that keep the shape and mix the entries of an axis. */
export const mixing: Readonly<Record<string, Operation>> = {
  softmax: normalization((a, options) => code.softmax(a, options)),
  logSoftmax: normalization((a, options) => code.mul(0.5, code.logSoftmax(a, options))),
  layerNorm: normalization((a, options) => code.layerNorm(a, 1, 0, { ...options, eps: 0.5 })),
  rmsNorm: normalization((a, options) => code.rmsNorm(a, 1, { ...options, eps: 0.5 })),
  cumsum: alongAxis('scan', hasAxes, (a, options, shape) => settled(code.cumsum(a, options), shape), running),
  cumprod: alongAxis('scan', hasAxes, (a, options) => code.cumprod(bounded(a), options), running),
  cumLogSumExp: alongAxis('scan', hasAxes, (a, options) => code.mul(0.5, code.cumLogSumExp(a, options)), running),
  cummax: alongAxis('scan', hasAxes, (a, options) => code.cummax(a, options), running, 'kinked'),
  cummin: alongAxis('scan', hasAxes, (a, options) => code.cummin(a, options), running, 'kinked'),
  sort: alongAxis('order', hasAxes, (a, options) => code.sort(a, options), oneAxis, 'kinked'),
  argsort: alongAxis('order', hasAxes, (a, options) => code.mul(0.25, code.argsort(a, options)), oneAxis, 'jumping'),
  topK: alongAxis('order', (a) => hasAxes(a) && a.at(-1)! > 0, (a) => part(code.topK(a, 1), 'values'), oneAxis, 'kinked'),
  diff: alongAxis('numeric', hasNeighbours, (a, options) => code.mul(0.5, code.diff(a, options)), oneAxis),
  trapezoid: alongAxis('numeric', hasNeighbours, (a, options, shape) => settled(code.trapezoid(a, options), shape), oneAxis),
  trace: alongAxis('reduction', (a) => a.length === 2 && sizeOf(a) > 0, (a, _, shape) => settled(code.trace(a), shape), oneAxis),
}
