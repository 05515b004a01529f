/** Sums of products, and losses. */
import { sameShape, sizeOf, type Shape } from '../../../core/Shape.js'
import type { Code } from '../code.js'
import { type Operation, type Smoothness } from '../operation.js'
import { bounded, code, fraction, settled } from './write.js'

const product = (
  fits: (a: Shape, b: Shape) => boolean,
  write: (a: Code, b: Code, pick: number, shape: Shape) => Code,
  family = 'product',
  smoothness: Smoothness = 'smooth',
): Operation => ({
  arity: 2,
  smoothness,
  family,
  fits: (a, b) => sizeOf(a!) > 0 && sizeOf(b!) > 0 && fits(a!, b!),
  write: ([a, b], pick, [shape]) => write(a!, b!, pick, shape!),
})

const matrices = (a: Shape, b: Shape): boolean => a.length === 2 && b.length === 2 && a[1] === b[0]
const vectors = (a: Shape, b: Shape): boolean => a.length === 1 && b.length === 1
const upToMatrix = (a: Shape): boolean => a.length === 1 || a.length === 2
const lastByFirst = (a: Shape, b: Shape): boolean => upToMatrix(a) && upToMatrix(b) && a.at(-1) === b.at(b.length === 1 ? 0 : -2)
const lastByLast = (a: Shape, b: Shape): boolean => upToMatrix(a) && upToMatrix(b) && a.at(-1) === b.at(-1)
const smallPair = (a: Shape, b: Shape): boolean => sizeOf(a) * sizeOf(b) < 25
const half = (a: Code): Code => code.mul(0.5, a)

export const products: Readonly<Record<string, Operation>> = {
  matmul: product(lastByFirst, (a, b) => half(code.matmul(bounded(a), b))),
  dot: product(lastByFirst, (a, b) => half(code.dot(bounded(a), b))),
  vdot: product((a, b) => sizeOf(a) === sizeOf(b), (a, b, _, shape) => settled(code.vdot(bounded(a), bounded(b)), shape)),
  inner: product(lastByLast, (a, b) => half(code.inner(bounded(a), b))),
  outer: product((a, b) => a.length < 2 && b.length < 2 && smallPair(a, b), (a, b) => code.outer(bounded(a), b)),
  kron: product((a, b) => a.length < 3 && b.length < 3 && smallPair(a, b), (a, b) => code.kron(bounded(a), b)),
  tensordot: product(matrices, (a, b, pick) => half(code.tensordot(bounded(a), b, { axes: pick % 2 === 0 ? 1 : [[1], [0]] }))),
  einsum: product(matrices, (a, b, pick) => half(code.einsum(['ij,jk->ik', 'ij,jk->ki', 'ij,jk->i', 'ij,jk->j'][pick % 4]!, bounded(a), b))),
  multiDot: product(matrices, (a, b) => half(code.multiDot([bounded(a), b]))),
  linear: {
    arity: 3,
    smoothness: 'smooth',
    family: 'product',
    fits: (x, w, b) => matrices(x!, w!) && sizeOf(x!) * sizeOf(w!) > 0 && sameShape(b!, [w![1]!]),
    write: ([x, w, b]) => half(code.linear(bounded(x!), w!, b!)),
  },
  cross: product((a, b) => a.at(-1) === 3 && sameShape(a, b), (a, b) => half(code.cross(bounded(a), b))),
  convolve: product(vectors, (a, b, pick) => half(code.convolve(bounded(a), b, { mode: ['full', 'same', 'valid'][pick % 3]! }))),
  polyval: product((a, b) => a.length === 1 && a[0]! < 4 && b.length < 3, (a, b) => half(code.polyval(a, bounded(b)))),
  interp: {
    arity: 2,
    smoothness: 'kinked',
    family: 'numeric',
    fits: (a, b) => b!.length === 1 && b![0]! > 1 && sizeOf(a!) > 0,
    write: ([a, b], _, [, shape]) => code.interp(a!, Array.from({ length: shape![0]! }, (_, i) => i - 1), b!),
  },
}

export const losses: Readonly<Record<string, Operation>> = {
  meanSquaredError: product(sameShape, (a, b) => code.meanSquaredError(bounded(a), bounded(b)), 'loss'),
  sigmoidCrossEntropy: product(sameShape, (a, b) => code.sigmoidCrossEntropy(a, fraction(b)), 'loss'),
  binaryCrossEntropy: product(sameShape, (a, b) => code.binaryCrossEntropy(fraction(a), fraction(b)), 'loss'),
  softmaxCrossEntropy: product((a, b) => a.length > 0 && sameShape(a, b), (a, b) => code.softmaxCrossEntropy(a, code.softmax(b)), 'loss'),
  huber: product(sameShape, (a, b) => code.huber(a, b), 'loss', 'kinked'),
  meanAbsoluteError: product(sameShape, (a, b) => code.meanAbsoluteError(a, b), 'loss', 'kinked'),
}

const sequence = (a: Shape, least: number): boolean => a.length === 1 && a[0]! >= least
const image = (a: Shape): boolean => a.length === 2 && a.every((n) => n > 1)

/** The axes for batch and channels in front. */
const channelled = (a: Code): Code => code.expandDims(a, [0, 1])

const window = (fits: (a: Shape) => boolean, write: (a: Code, pick: number) => Code, smoothness: Smoothness = 'smooth'): Operation => ({
  arity: 1,
  smoothness,
  family: 'window',
  fits: (a) => fits(a!),
  write: ([a], pick) => code.ravel(write(channelled(a!), pick)),
})

const sliding = (pick: number): Code => ({ window: 2, stride: 1 + (pick % 2) })

/** Operations on windows of vectors and matrices, which get the axes for batch and channels here. */
export const windowed: Readonly<Record<string, Operation>> = {
  conv: product((a, b) => sequence(a, 2) && sequence(b, 1) && b[0]! <= a[0]!, (a, b, pick) =>
    half(code.ravel(code.conv(channelled(bounded(a)), channelled(b), pick % 2 === 0 ? { padding: 1 } : { stride: 2, padding: 'same' }))), 'window'),
  convTranspose: product((a, b) => sequence(a, 1) && sequence(b, 1) && a[0]! < 5 && b[0]! < 5, (a, b) =>
    half(code.ravel(code.convTranspose(channelled(bounded(a)), channelled(b), { stride: 2 }))), 'window'),
  conv2d: product((a, b) => image(a) && b.length === 2 && b.every((n, i) => n <= a[i]!), (a, b, pick) =>
    half(code.ravel(code.conv2d(channelled(bounded(a)), channelled(b), null, { pad: pick % 2 }))), 'window'),
  deconv2d: product((a, b) => image(a) && b.length === 2 && sizeOf(a) * sizeOf(b) < 17, (a, b) =>
    half(code.ravel(code.deconv2d(channelled(bounded(a)), channelled(b)))), 'window'),
  avgPool: window((a) => sequence(a, 2), (a, pick) => code.avgPool(a, sliding(pick))),
  maxPool: window((a) => sequence(a, 2), (a, pick) => code.maxPool(a, sliding(pick)), 'kinked'),
  averagePooling: window(image, (a) => code.averagePooling(a, { kernel: 2 })),
  pooling: window(image, (a) => code.pooling(a, { kernel: 2 }), 'kinked'),
  globalAveragePool: window((a) => sequence(a, 1), (a) => code.globalAveragePool(a)),
  globalMaxPool: window((a) => sequence(a, 1), (a) => code.globalMaxPool(a), 'kinked'),
  im2col: window(image, (a) => code.im2col(a, { kernel: [1, 2] })),
}
