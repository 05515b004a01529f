/** Functions of the library with what is known of them, to check all laws on. */
import fc from 'fast-check'
import type { Node } from '../../../lib/core/Node.js'
import { tensor, type Tensor } from '../../../lib/core/Tensor.js'
import * as f from '../../../lib/function/index.js'
import { subject, type Declarations, type Subject } from '../../../lib/verify/laws/index.js'
import { array, distinct, type Range } from '../../arbitraries/array.js'

const plain: Range = [-2, 2]
const positive: Range = [0.25, 4]
const inside: Range = [-0.75, 0.75]
const unit: Range = [0.125, 0.875]

const shapes = fc.constantFrom<ReadonlyArray<number>>([], [3], [2, 3])

const drawn = (range: Range, filled = shapes): fc.Arbitrary<Tensor> => filled.chain((shape) => array(shape, range))
const vector = (range: Range = plain): fc.Arbitrary<Tensor> => drawn(range, fc.constantFrom<ReadonlyArray<number>>([3], [4]))
const matrix = (n: number, m: number, range: Range = plain): fc.Arbitrary<Tensor> => array([n, m], range)

type One = Declarations<[Node]>

const elementwise = (name: string, g: (x: Node) => Node, range: Range, declared: One = {}): Subject =>
  subject(g as (...args: [Node]) => Node, [drawn(range)], { name, elementwise: true, ...declared })

const onVector = (name: string, g: (x: Node) => Node, declared: One = {}, range: Range = plain): Subject =>
  subject(g as (...args: [Node]) => Node, [vector(range)], { name, ...declared })

const shift = { name: 'shift', direction: (x: Node) => [f.onesLike(x)] }
const shiftAll = { ...shift, change: () => 1 }
const scale = { name: 'scale', direction: (x: Node) => [x] }
const reversal = { name: 'reversal', ofArguments: (x: Node) => [f.flip(x)], ofResult: (y: Node) => f.flip(y) }
const anyOrder = { name: 'order', ofArguments: (x: Node) => [f.flip(x)], ofResult: (y: Node) => y }

/** A loss of a small network, as users write it. */
interface Params {
  readonly layers: ReadonlyArray<{ readonly w: Node; readonly b: Node }>
}

const network = ({ layers: [hidden, out] }: Params, x: Node): Node => {
  const h = f.tanh(f.add(f.matmul(x, hidden!.w), hidden!.b))
  return f.softmaxCrossEntropy(f.add(f.matmul(h, out!.w), out!.b), [0, 1])
}

const layer = (n: number, m: number) => fc.record({ w: matrix(n, m), b: array([m], plain) })

export const functions: ReadonlyArray<Subject> = [
  elementwise('exp', f.exp, plain, { monotone: 'increasing', curvature: 'convex', inverse: (y: Node) => f.log(y) }),
  elementwise('log', f.log, positive, { monotone: 'increasing', curvature: 'concave', inverse: (y: Node) => f.exp(y) }),
  elementwise('expm1', f.expm1, plain, { monotone: 'increasing', inverse: (y: Node) => f.log1p(y) }),
  elementwise('sin', f.sin, plain, { parity: 'odd', period: 2 * Math.PI, identities: { 'a quarter turn from cos': (x) => f.cos(f.sub(x, Math.PI / 2)) } }),
  elementwise('cos', f.cos, plain, { parity: 'even' }),
  elementwise('asin', f.asin, inside, { parity: 'odd', monotone: 'increasing', inverse: (y: Node) => f.sin(y) }),
  elementwise('tanh', f.tanh, plain, { parity: 'odd', monotone: 'increasing', inverse: (y: Node) => f.atanh(y), identities: { '2 sigmoid(2x) - 1': (x) => f.sub(f.mul(2, f.sigmoid(f.mul(2, x))), 1) }, tails: [[20, 1.699341702116636e-17]] }),
  elementwise('sigmoid', f.sigmoid, plain, { monotone: 'increasing', inverse: (y: Node) => f.logit(y), tails: [[40, 4.248354255291589e-18], [-40, 4.248354255291589e-18]] }),
  elementwise('softplus', f.softplus, plain, { monotone: 'increasing', curvature: 'convex', identities: { 'log(1 + exp x)': (x) => f.log1p(f.exp(x)) } }),
  elementwise('erf', f.erf, plain, { parity: 'odd', monotone: 'increasing' }),
  elementwise('erfinv', f.erfinv, inside, { parity: 'odd', monotone: 'increasing', inverse: (y: Node) => f.erf(y) }),
  elementwise('logit', f.logit, unit, { monotone: 'increasing', inverse: (y: Node) => f.sigmoid(y) }),
  elementwise('sqrt', f.sqrt, positive, { homogeneous: { degree: 0.5 }, curvature: 'concave', inverse: (y: Node) => f.square(y) }),
  elementwise('square', f.square, plain, { homogeneous: { degree: 2 }, degree: 2, curvature: 'convex', parity: 'even' }),
  elementwise('reciprocal', f.reciprocal, positive, { homogeneous: { degree: -1 }, monotone: 'decreasing', curvature: 'convex', inverse: (y: Node) => f.reciprocal(y) }),
  elementwise('cube', (x) => f.pow(x, 3), plain, { homogeneous: { degree: 3 }, degree: 3, parity: 'odd' }),
  elementwise('gelu', (x) => f.gelu(x), plain),
  elementwise('abs', f.abs, positive, { homogeneous: { degree: 1 }, parity: 'even', kinks: [fc.constant(tensor([0, 1]))] }),
  elementwise('relu', f.relu, positive, { homogeneous: { degree: 1 }, curvature: 'convex', kinks: [fc.constant(tensor([0, 1, -1]))] }),

  onVector('softmax', (x) => f.softmax(x), { invariances: [shift], equivariances: [reversal] }),
  onVector('logSoftmax', (x) => f.logSoftmax(x), { invariances: [shift], equivariances: [reversal] }),
  onVector('logSumExp', (x) => f.logSumExp(x), { invariances: [shiftAll], equivariances: [anyOrder], curvature: 'convex', monotone: 'increasing', identities: { 'log sum exp': (x) => f.log(f.sum(f.exp(x))), shifted: (x) => f.add(f.logSumExp(f.sub(x, 1)), 1) } }),
  onVector('norm', (x) => f.norm(x), { homogeneous: { degree: 1 }, equivariances: [anyOrder], parity: 'even', curvature: 'convex', kinks: [fc.constant(tensor([0, 0, 0]))] }),
  onVector('sum', (x) => f.sum(x), { linear: true, homogeneous: { degree: 1 }, equivariances: [anyOrder] }),
  onVector('mean', (x) => f.mean(x), { homogeneous: { degree: 1 }, identities: { 'sum / n': (x) => f.div(f.sum(x), x.shape[0]!) } }),
  onVector('var', (x) => f.variance(x), { homogeneous: { degree: 2 }, invariances: [shift], identities: { 'mean of squares less square of mean': (x) => f.sub(f.mean(f.square(x)), f.square(f.mean(x))) } }),
  onVector('prod', (x) => f.prod(x), { equivariances: [anyOrder], identities: { 'exp sum log': (x) => f.exp(f.sum(f.log(x))) } }, positive),
  onVector('cumsum', (x) => f.cumsum(x), { linear: true, sparsity: (i, j) => j <= i, identities: { 'sums of beginnings': (x) => f.stack(Array.from({ length: x.shape[0]! }, (_, i) => f.sum(f.slice(x, [[0, i + 1]])))) } }),
  onVector('flip', (x) => f.flip(x), { linear: true, inverse: (y: Node) => f.flip(y) }),
  onVector('differences', (x) => f.diff(x), { linear: true, invariances: [shift], sparsity: (i, j) => j === i || j === i + 1 }),
  onVector('standardized', (x) => f.layerNorm(x, 1, 0, { eps: 0 }), { invariances: [shift, scale] }),
  subject((x: Node) => f.max(x), [distinct([4])], { name: 'max', homogeneous: { degree: 1 }, invariances: [shiftAll], equivariances: [anyOrder], curvature: 'convex', selects: true, kinks: [fc.constant(tensor([1, 3, 3]))] }),
  subject((x: Node) => f.sort(x), [distinct([4])], { name: 'sort', equivariances: [anyOrder], invariances: [{ ...shift, change: (y: Node) => f.onesLike(y) }] }),
  subject((a: Node, b: Node) => f.matmul(a, b), [matrix(2, 3), matrix(3, 2)], { name: 'matmul', multilinear: true, degree: 2, homogeneous: { degree: 2 }, identities: { einsum: (a, b) => f.einsum('ij,jk->ik', a, b) } }),
  subject((x: Node) => f.transpose(x), [matrix(2, 3)], { name: 'transpose', linear: true, inverse: (y: Node) => f.transpose(y) }),
  subject((x: Node, i: Node) => f.take(x, i), [vector(), fc.constant(tensor([1, 0, 1], { dtype: 'i32' }))], { name: 'take', linear: true, identities: { 'a product with unit vectors': (x, i) => f.matmul(f.oneHot(i, x.shape[0]!), x) } }),
  subject((x: Node, w: Node) => f.conv(x, w), [array([1, 2, 5], plain), array([3, 2, 2], plain)], { name: 'conv', multilinear: true, homogeneous: { degree: 2 } }),
  subject((x: Node) => f.where(f.greater(x, 0), f.sqrt(x), 0), [fc.constantFrom(tensor([-2, 0.5, -1]), tensor([2, -0.25]))], { name: 'a guarded root' }),
  subject(network, [fc.record({ layers: fc.tuple(layer(3, 2), layer(2, 2)) }), matrix(2, 3)], { name: 'the loss of a network' }),
]
