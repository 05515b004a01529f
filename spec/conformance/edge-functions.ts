/** What the edge cases compute: those that their description spells out are read from it, the others are listed by id. */
import { cond, isNode, mul, sqrt, vmap, type Node } from '../../lib/index.js'
import { evaluateExpression, Unreadable } from './expression.js'
import { operate } from './golden-ops.js'
import { call, callMany, has, NotSupported, onesLike, tensorFrom, Wrong } from './library.js'
import type { EdgeCase, Params } from './schema.js'

type Args = ReadonlyArray<Node>
type Computation = (args: Args) => Node

const single = (name: string, args: Args, params: Params = {}): Node => {
  const y = operate(name, args, params)
  if (!isNode(y)) throw new Wrong(`${name} has several results`)
  return y
}

/** A golden operation with these parameters. */
const op = (name: string, params: Params = {}): Computation => (args) => single(name, args, params)

const reduced: Params = { axis: null, keepdims: false }

const element = (y: Node, i: number): Node => call('sum', call('slice', y, [[i, i + 1]]))

const vector = (...data: ReadonlyArray<number>) => tensorFrom({ shape: [data.length], data })

/** The branch that is not taken has no derivative. */
const condSqrt = (x: Node): Node =>
  cond(
    call('greater', x, 0),
    (branch: Node) => sqrt(branch),
    (branch: Node) => mul(0, branch),
    x,
  )

const integers = (...data: ReadonlyArray<number>) => ({ shape: [data.length], data })

const overwritten: Computation = ([x]) =>
  single('scatter_set', [call('sqrt', x), call('sub', x, 1)], { indices: integers(0), axis: 0 })

const maxPool = (params: Params): Computation => ([x]) =>
  single('max_pool', [call('reshape', x, [1, 1, ...x!.shape])], params)

/** By id. Cases whose description is an expression need no entry. */
const byId: Readonly<Record<string, Computation>> = {
  abs0: op('abs'),
  abs_neg0: op('abs'),
  amax_tie: op('min', reduced),
  reduce_max_tie_axis: op('max', { axis: -1, keepdims: false }),
  max_axis_tie: op('max', { axis: -1, keepdims: false }),
  min_tie: op('minimum'),
  max_pool_tie: maxPool({ window: [2], stride: [2] }),
  maxpool_tie: maxPool({ window: [2], stride: [2] }),
  clip_edge1: ([x]) => call('clip', x, 0, 1),
  clip_edge_hi: ([x]) => call('clip', x, 0, 1),
  leaky0: op('leaky_relu', { alpha: 0.01 }),
  norm0: op('norm', reduced),
  norm_a0: ([a]) => call('norm', call('mul', a, vector(0, 0))),
  std_const: op('std', reduced),
  var_const: op('var', reduced),
  var_n1_ddof1: op('var', { ...reduced, ddof: 1 }),
  std_n1_ddof1: op('std', { ...reduced, ddof: 1 }),
  'pow_static0.5_0': ([x]) => call('pow', x, 0.5),
  pow_static0_0: ([x]) => call('pow', x, 0),
  pow_static1_0: ([x]) => call('pow', x, 1),
  pow_static2_0: ([x]) => call('pow', x, 2),
  pow_static3_0: ([x]) => call('pow', x, 3),
  pow_hess_23_0: op('pow'),
  pow_arr0: ([x]) => call('sum', call('pow', x, vector(0, 1, 2))),
  cond_sqrt: ([x]) => condSqrt(x!),
  at_set_over: overwritten,
  isnan_where_sum: ([x]) => call('nansum', x),
  lse_where: ([x]) => call('logSumExp', x, { where: [true, false] }),
  softplus_naive: ([x]) => call('log', call('add', 1, call('exp', x))),
  lgamma_neg_int: op('lgamma'),
  slogdet_sing: ([a]) => callMany('slogdet', a)[1]!,
  slogdet_singular: ([a]) => callMany('slogdet', a)[1]!,
  chol_lower: op('cholesky'),
  det_sing: op('det'),
  det_singular: op('det'),
  det_1x1_0: op('det'),
  eigh_deg_vals: ([a]) => call('mul', call('eigvalsh', a), vector(1, 2)),
  eigh_deg_recon: ([a]) => {
    const [w, v] = callMany('eigh', a)
    return call('matmul', call('mul', v, w), call('transpose', v))
  },
  svd_deg_recon: ([a]) => {
    const [u, s, vt] = callMany('svd', a)
    return call('matmul', call('mul', u, s), vt)
  },
  svdvals_rank1: op('svdvals'),
  pinv_rankdef: op('pinv'),
  chol_notpd: op('cholesky'),
  inv_sing: op('inv'),
  bcast_empty: ([a, b]) => call('sum', call('add', a, b)),
  bcast_1: op('mul'),
  matmul_empty: op('matmul'),
  take_dup: ([x]) => call('take', x, [0, 0, 1]),
  take_oob: ([x]) => call('take', x, [5]),
  scatter_dup: ([x]) => single('scatter_set', [onesLike(x!), x!], { indices: integers(...x!.shape.map(() => 0)), axis: 0 }),
  sort_tie: ([x]) => call('mul', single('sort', [x!], { axis: -1, descending: false }), vector(1, 2, 3)),
  median_even: op('median', reduced),
  median_tie: op('median', reduced),
  cumsum_empty: op('cumsum', { axis: 0 }),
  cumprod_empty: op('cumprod', { axis: 0 }),
  cumprod0: op('cumprod', { axis: 0 }),
  cumlse_neginf: op('cumlogsumexp', { axis: 0 }),
  kl00: op('rel_entr'),
  normalize0: ([x]) => call('div', x, call('maximum', call('norm', x), 1e-12)),
  maxpool_dilated: maxPool({ window: [2], stride: [1], dilation: [2] }),
  max_pool_dilated: maxPool({ window: [2], stride: [1], dilation: [2] }),
  vmap_cond: ([x]) => vmap(condSqrt)(x!),
}

const names = ['x', 'y', 'z']

/** Golden parameters of reductions and scans: over everything, or along the only axis. */
const wholeArray: Params = { axis: null, keepdims: false }
const scans = /^(cum|log_?cum)/

const named = (name: string, args: Args, given: Params): Node => {
  const plain = name.replace(/^logcumsumexp$/, 'cumlogsumexp').replace(/^amax$/, 'max').replace(/^amin$/, 'min')
  const usual = scans.test(plain) || plain.endsWith('softmax') ? { axis: -1 } : has(plain) && args.length === 1 ? wholeArray : {}
  const params = { ...usual, ...given }
  try {
    return single(plain, args, params)
  } catch (e) {
    if (e instanceof NotSupported) return call(plain, ...args)
    throw e
  }
}

const pointed = /^(.*?)(?:,? (?:at|of|wrt) .*|\s*\((?:static|exact|derivative|jax).*)$/
const literals = String.raw`(?:[-\d.,\s[\]eE]|inf|nan)*`
const applied = new RegExp(String.raw`^(?:sum\()?([a-z]\w*)\((${literals})\)\)?(?:\[(\d)\]| comp (\d))?$`)

/** Options such as `axis=1`, with the comma or space before them. */
const option = /,?\s*\b(axis|ddof)=(-?\d+)/g

/** A computation read from words such as `relu at 0`, `x**y at (0,-1)` or `softmax([1000,0])[0]`. */
const described = (desc: string, args: Args): Node => {
  const given = Object.fromEntries([...desc.matchAll(option)].map(([, name, n]) => [name!, Number(n)]))
  const head = desc.replace(option, '').replace(pointed, '$1').replace(pointed, '$1').replace(/\(exact\)$/, '').trim()
  if (/^[a-z]\w*$/.test(head)) return named(head, args, given)
  const match = applied.exec(head)
  if (match !== null) {
    const y = named(match[1]!, args, given)
    const index = match[3] ?? match[4]
    return index === undefined ? y : element(y, Number(index))
  }
  const y = evaluateExpression(head, new Map(args.map((x, i) => [names[i]!, x])))
  if (!isNode(y)) throw new Unreadable(head)
  return y
}

/** What an edge case computes, from its arguments; a description that cannot be read is not supported. */
export const edgeFunction = ({ id, desc }: EdgeCase, args: Args): Node => {
  const listed = byId[id]
  if (listed !== undefined) return listed(args)
  try {
    return described(desc, args)
  } catch (e) {
    throw e instanceof Unreadable ? new NotSupported(`edge case ${id}`) : e
  }
}
