/** The operations of DeZero cases, by `op.name`, composed from those of the library. */
import { batchNorm, type Node } from '../../lib/index.js'
import { call, has, indicesFrom, NotSupported } from './library.js'
import type { Params } from './schema.js'

/** The inputs in order, the options, and the inputs by name. */
type Operation = (args: ReadonlyArray<Node>, attrs: Params, named: Readonly<Record<string, Node>>) => Node

const direct = (names: string): Readonly<Record<string, Operation>> =>
  Object.fromEntries(names.split(' ').map((name): [string, Operation] => [name, (args) => call(name, ...args)]))

const reduction =
  (name: string): Operation =>
  ([x], { axis, keepdims }) =>
    call(name, x, { axis: axis ?? null, keepDims: keepdims === true })

const alongAxis = (name: string): Operation => ([x], { axis }) => call(name, x, { axis: axis ?? -1 })

const linear: Operation = ([x, w, b]) => {
  const y = call('matmul', x, w)
  return b === undefined ? y : call('add', y, b)
}

/** Batch normalization of a case: the result, and the running statistics after it. */
const normalized = ([x, gamma, beta, mean, variance]: ReadonlyArray<Node>, { train, decay, eps }: Params) =>
  batchNorm(x!, gamma!, beta!, { mean: mean!, variance: variance! }, { train: train === true, decay: Number(decay ?? 0.9), eps: Number(eps) })

/** The running statistics after a step of training; a test step leaves them alone. */
export const runningStatistics = (args: ReadonlyArray<Node>, params: Params): readonly [Node, Node] => {
  const { mean, variance } = normalized(args, params)
  return [mean, variance]
}

const getItem: Operation = ([x], { slices, indices, index }) => {
  if (Array.isArray(slices)) return call('slice', x, slices)
  if (typeof index === 'number') return call('take', x, index, { axis: 0 })
  const lists = (Array.isArray(indices) ? indices : []) as ReadonlyArray<number | ReadonlyArray<number>>
  if (typeof lists[0] === 'number') return call('take', x, lists, { axis: 0 })
  const rows = lists as ReadonlyArray<ReadonlyArray<number>>
  const data = rows[0]!.flatMap((_, i) => rows.map((row) => row[i]!))
  return call('gather', x, indicesFrom({ shape: [rows[0]!.length, rows.length], data }))
}

const layerNorm: Operation = ([x, gamma = call('constant', 1), beta = call('constant', 0)], { axis = -1, eps }) => {
  const [mean, variance] = ['mean', 'var'].map((name) => call(name, x, { axis, keepDims: true }))
  return call('add', call('mul', call('div', call('sub', x, mean), call('sqrt', call('add', variance, eps))), gamma), beta)
}

/** The rows of the table at the indices, in whichever order the case gives them. */
const embedding: Operation = (args) => {
  const [table, indices] = ['f64', 'i32'].map((dtype) => args.find((x) => x.dtype === dtype))
  return call('take', table, indices, { axis: 0 })
}

const flatten: Operation = ([x]) => call('reshape', x, [x!.shape[0]!, -1])

const operations: Readonly<Record<string, Operation>> = {
  ...direct('add sub mul div neg square exp log sin cos tanh sigmoid relu reciprocal matmul sqrt'),
  'add(square,square)': ([x, y]) => call('add', call('square', x), call('square', y)),
  reshape: ([x], { shape }) => call('reshape', x, shape),
  transpose: ([x], { axes }) => (Array.isArray(axes) ? call('transpose', x, axes) : call('transpose', x)),
  sum: reduction('sum'),
  average: reduction('mean'),
  mean: reduction('mean'),
  max: reduction('max'),
  min: reduction('min'),
  logsumexp: reduction('logSumExp'),
  sum_to: ([x], { shape }) => call('sumTo', x, shape),
  broadcast_to: ([x], { shape }) => call('broadcastTo', x, shape),
  expand_dims: ([x], { axis }) => call('expandDims', x, axis),
  flatten,
  get_item: getItem,
  linear,
  leaky_relu: ([x], { slope }) => call('leakyRelu', x, { alpha: slope }),
  clip: ([x], bounds) => call('clip', x, ...Object.values(bounds)),
  pow: (args, attrs) => call('pow', ...args, ...Object.values(attrs)),
  softmax: alongAxis('softmax'),
  log_softmax: alongAxis('logSoftmax'),
  mean_squared_error: ([a, b]) => call('meanSquaredError', a, b),
  softmax_cross_entropy: ([x, t]) => call('softmaxCrossEntropy', x, t),
  sigmoid_cross_entropy: ([x, t]) => call('sigmoidCrossEntropy', x, t),
  binary_cross_entropy: ([p, t]) => call('binaryCrossEntropy', p, t),
  embed_id: embedding,
  concat: (args, { axis }) => call('concat', args, { axis: axis ?? 0 }),
  dropout: ([x], { ratio }, { mask }) => call('dropout', x, mask, { ratio: Number(ratio) }),
  batch_norm: (args, attrs) => normalized(args, attrs).y,
  layer_norm: layerNorm,
  im2col: ([x], attrs) => call('im2col', x, attrs),
  col2im: ([x], attrs) => call('col2im', x, attrs),
  conv2d: ([x, w, b], attrs) => call('conv2d', x, w, b ?? null, attrs),
  deconv2d: ([x, w, b], { outsize, ...rest }) =>
    call('deconv2d', x, w, b ?? null, outsize == null ? rest : { ...rest, outSize: outsize }),
  max_pooling: ([x], attrs) => call('pooling', x, attrs),
  average_pooling: ([x], attrs) => call('averagePooling', x, attrs),
}

/** `pow(-2)`: an operation with its number in its name. */
const parametrised = /^(\w+)\(([-\d.]+)\)$/

/** The operation of this name on these inputs; an unknown one is not supported. */
export const dezeroOperation = (name: string, named: Readonly<Record<string, Node>>, attrs: Params = {}): Node => {
  const args = Object.values(named)
  const operation = operations[name]
  if (operation !== undefined) return operation(args, attrs, named)
  const match = parametrised.exec(name)
  if (match !== null) return call(match[1]!, ...args, Number(match[2]))
  if (has(name)) return call(name, ...args, ...(Object.keys(attrs).length === 0 ? [] : [attrs]))
  throw new NotSupported(`DeZero's ${name}`)
}
