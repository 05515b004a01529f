/** The operations of golden cases, as calls of the library: `operations[name](args, params)`. */
import type { Node } from '../../lib/index.js'
import { identity } from '../../lib/primitive/identity.js'
import { call, callMany, callRecord, indicesFrom, NotSupported, tensorFrom } from './library.js'
import { isTensorData, type Params } from './schema.js'

/** One result, or several for a `multi` operation. */
export type Operation = (args: ReadonlyArray<Node>, params: Params) => Node | ReadonlyArray<Node>

type Table = Readonly<Record<string, Operation>>

/** Operations of arrays alone, called by the same name. */
const direct = (names: string): Table =>
  Object.fromEntries(names.split(' ').map((name) => [name, (args: ReadonlyArray<Node>) => call(name, ...args)]))

/** Operations that take these parameters, in this order, behind the arrays. */
const positional = (names: string, ...params: ReadonlyArray<string>): Table =>
  Object.fromEntries(
    names.split(' ').map((name) => [name, (args: ReadonlyArray<Node>, p: Params) => call(name, ...args, ...params.map((key) => p[key]))]),
  )

/** Operations that take all their parameters as options, whose names are those of the file in camelCase. */
const optional = (names: string): Table =>
  Object.fromEntries(names.split(' ').map((name) => [name, (args: ReadonlyArray<Node>, p: Params) => call(name, ...args, options(p))]))

const optionNames: Readonly<Record<string, string>> = { keepdims: 'keepDims', lhs_dilation: 'inputDilation' }

const camel = (name: string): string => optionNames[name] ?? name.replace(/_(\w)/g, (_, letter: string) => letter.toUpperCase())

const options = (p: Params): Params => Object.fromEntries(Object.entries(p).map(([name, option]) => [camel(name), option]))

/** Operations that take an array of indices from the parameters. */
const indices = (p: Params, name = 'indices') => {
  const data = p[name]
  if (!isTensorData(data)) throw new TypeError(`the parameter ${name} is no array`)
  return indicesFrom(data)
}

const unary: Table = {
  ...direct(
    'exp exp2 expm1 log log2 log10 log1p sin cos tan asin acos atan sinh cosh tanh asinh acosh atanh sqrt rsqrt cbrt square ' +
      'reciprocal neg abs sign floor ceil round trunc deg2rad rad2deg relu relu6 sigmoid log_sigmoid softplus gelu ' +
      'gelu_tanh silu mish soft_sign hard_tanh hard_sigmoid hard_swish selu erf erfc erfinv erfcx lgamma digamma ndtr ndtri ' +
      'log_ndtr logit sinc entr i0e i1e log1mexp stop_gradient',
  ),
  identity: ([x]) => identity(x!),
  ...optional('elu celu leaky_relu'),
  ...positional('integer_pow', 'n'),
  polygamma: ([x], { n }) => call('polygamma', n, x),
  betainc: ([x], { a, b }) => call('betainc', a, b, x),
}

const binary: Table = {
  ...direct(
    'add sub mul div pow maximum minimum atan2 hypot logaddexp logaddexp2 xlogy xlog1py fmod mod copysign betaln rel_entr kl_div ' +
      'squared_difference gammainc gammaincc lerp',
  ),
  where: ([x, y], { cond }) => call('where', isTensorData(cond) ? tensorFrom({ ...cond, dtype: 'bool' }) : cond, x, y),
  clip: ([x, lo, hi]) => call('clip', x, lo, hi),
}

const reductions: Table = {
  ...optional(
    'sum mean prod max min logsumexp var std norm softmax log_softmax cumsum cumprod cummax cummin cumlogsumexp median',
  ),
  norm: ([x], { ord, ...rest }) => call('norm', x, options({ ...rest, ord: ord === 'inf' ? Infinity : ord })),
  quantile: ([x], { q, ...rest }) => call('quantile', x, q, options(rest)),
}

const shapes: Table = {
  ...positional('reshape broadcast_to', 'shape'),
  transpose: ([x], { perm }) => (perm === null ? call('transpose', x) : call('transpose', x, perm)),
  ...positional('swapaxes', 'axis1', 'axis2'),
  ...positional('moveaxis', 'source', 'destination'),
  ...positional('expand_dims', 'axis'),
  ...optional('squeeze flip'),
  ...positional('slice', 'slices'),
  ...positional('tile', 'reps'),
  concat: (args, p) => call('concat', args, options(p)),
  stack: (args, p) => call('stack', args, options(p)),
  split: ([x], { indices_or_sections: parts, ...rest }) => callMany('split', x, parts, options(rest)),
  unstack: ([x], p) => callMany('unstack', x, options(p)),
  pad: ([x], { pad_width, mode, constant_value }) =>
    call('pad', x, pad_width, { mode, ...(constant_value === undefined ? {} : { value: constant_value }) }),
  pad_general: ([x, filler], { config }) => call('pad_general', x, filler, config),
  roll: ([x], { shift, ...rest }) => call('roll', x, shift, options(rest)),
  rot90: ([x], p) => call('rot90', x, options(p)),
  repeat: ([x], { repeats, ...rest }) => call('repeat', x, repeats, options(rest)),
}


const indexing: Table = {
  take: ([x], p) => call('take', x, indices(p), { axis: p['axis'] }),
  take_along_axis: ([x], p) => call('take_along_axis', x, indices(p), { axis: p['axis'] }),
  gather_nd: ([x], p) => call('gather', x, indices(p)),
  ...Object.fromEntries(
    ['scatter_add', 'scatter_set', 'scatter_mul', 'scatter_max', 'scatter_min'].map((name): [string, Operation] => [
      name,
      ([x, updates], p) => call(name, x, indices(p), updates, { axis: p['axis'] }),
    ]),
  ),
  segment_sum: ([x], p) => call('segment_sum', x, indices(p, 'segment_ids'), p['num_segments']),
  dynamic_update_slice: ([x, updates], { start }) => call('dynamic_update_slice', x, updates, start),
  embedding: ([table], p) => call('embedding', table, indices(p)),
  ...optional('diag diagonal trace tril triu sort diff convolve'),
  top_k: ([x], { k }) => callRecord('top_k', 'values', x, k),
  ...direct('cross polyval'),
  trapezoid: ([y, x]) => call('trapezoid', y, { x }),
  interp: ([x, fp], { xp }) => call('interp', x, isTensorData(xp) ? tensorFrom(xp) : xp, fp),
}

const products: Table = {
  ...direct('matmul dot vdot inner outer kron'),
  tensordot: ([a, b], p) => call('tensordot', a, b, options(p)),
  einsum: (args, { subscripts }) => call('einsum', subscripts, ...args),
  multi_dot: (args) => call('multi_dot', args),
}

const linearAlgebra: Table = {
  ...direct(
    'cholesky solve cho_solve inv pinv lstsq det eigvalsh eigh_exp eigh_sqrt svdvals svd_polar nuclear_norm spectral_norm expm',
  ),
  ...optional('triangular_solve'),
  ...positional('matrix_power', 'n'),
  ...positional('eigh_projector', 'index'),
  ...positional('svd_lowrank', 'k'),
  slogdet: ([a]) => callMany('slogdet', a),
  qr: ([a]) => callMany('qr', a),
}

const networks: Table = {
  ...optional('conv conv_transpose layer_norm rms_norm max_pool avg_pool'),
  ...direct('rfft fft ifft'),
}

/** Every operation that golden cases may name. */
const operations: ReadonlyMap<string, Operation> = new Map(
  Object.entries({ ...unary, ...binary, ...reductions, ...shapes, ...indexing, ...products, ...linearAlgebra, ...networks }),
)

/** The operation of this name on these arrays; an unknown name, or one that the library lacks, is not supported. */
export const operate = (name: string, args: ReadonlyArray<Node>, params: Params = {}): Node | ReadonlyArray<Node> => {
  const operation = operations.get(name)
  if (operation === undefined) throw new NotSupported(name)
  try {
    return operation(args, params)
  } catch (e) {
    throw e instanceof NotSupported ? new NotSupported(name) : e
  }
}
