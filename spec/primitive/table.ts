/**
 * The table of primitives: how to apply each of them where derivatives exist. The type demands a row for every primitive,
 * and `primitives.spec.ts` checks all laws on every row.
 */
import fc from 'fast-check'
import type { Node } from '../../lib/core/Node.js'
import { showShape } from '../../lib/core/Shape.js'
import * as p from '../../lib/primitive/index.js'
import { array, distinct, shapes, type Range } from '../arbitraries/array.js'
import { application, elementwise, lastOnly, piecewise, row, type Row } from './application.js'
import * as s from './structural.js'
import * as w from './windowed.js'

const plain: Range = [-2, 2]
const positive: Range = [0.25, 4]
const negative: Range = [-4, -0.25]
const inside: Range = [-0.75, 0.75]
const unit: Range = [0.125, 0.875]
const betweenIntegers: ReadonlyArray<Range> = [[-1.875, -1.625], [-0.4375, -0.125], [0.125, 0.4375], [2.5625, 2.875]]

/** The result as a float like `x`. */
const floatLike = (x: Node, y: Node): Node => p.astype(y, x.dtype)

/** A comparison: its result is no float, so what is checked is that no derivative passes through it. */
const comparison = (f: (a: Node, b: Node) => Node, range = plain): Row => elementwise('stepwise', (a, b) => floatLike(a!, f(a!, b!)), range, range)

/** A property of single numbers, likewise. */
const predicate = (f: (x: Node) => Node): Row => elementwise('stepwise', (x) => floatLike(x!, f(x!)), positive)

/** One operand, smooth on each of some ranges. */
const smooth = (f: (x: Node) => Node, ...ranges: ReadonlyArray<Range>): Row => piecewise('smooth', f, ...ranges)

/** One operand, constant on each of some ranges. */
const constantOn = (f: (x: Node) => Node, ...ranges: ReadonlyArray<Range>): Row => piecewise('stepwise', f, ...ranges)

/** Two operands, smooth on each of some rectangles. */
const smooth2 = (f: (a: Node, b: Node) => Node, ...ranges: ReadonlyArray<readonly [Range, Range]>): Row =>
  row('smooth', fc.oneof(...ranges.map(([a, b]) => elementwise('smooth', (x, y) => f(x!, y!), a, b).application)))

const whereRow = row(
  'linear',
  shapes.chain((shape) =>
    fc
      .tuple(array(shape, plain), array(shape, plain), array(shape, plain))
      .map(([c, a, b]) => application(`where ${c} > 0`, [a, b], (x, y) => p.where(p.gt(p.constant(c), 0), x!, y!))),
  ),
)

const leaf = (f: (x: ReturnType<typeof p.constant>['shape'], value: number) => Node, label: string): Row =>
  row(
    'leaf',
    fc.tuple(shapes, fc.integer({ min: -3, max: 3 })).map(([shape, n]) => application(`${label} ${showShape(shape)} of ${n}`, [], () => f(shape, n))),
  )

const held = (f: (x: Parameters<typeof p.constant>[0]) => Node, label: string): Row =>
  row('leaf', shapes.chain((shape) => array(shape, plain)).map((x) => application(`${label} ${x}`, [], () => f(x))))

/** Every primitive that the library exports to its upper layers. */
export const table: Readonly<Record<keyof typeof p, Row>> = {
  constant: held(p.constant, 'constant'),
  variable: held((x) => p.variable('x', x), 'variable'),
  full: leaf((shape, n) => p.full(n, { shape, dtype: 'f64' }), 'full'),
  positions: row('leaf', fc.nat(4).map((n) => application(`positions ${n}`, [], () => p.positions(n)))),

  add: elementwise('linear', (a, b) => p.add(a!, b!), plain, plain),
  sub: elementwise('linear', (a, b) => p.sub(a!, b!), plain, plain),
  mul: smooth2(p.mul, [plain, plain]),
  div: smooth2(p.div, [plain, positive], [plain, negative]),
  ratio: smooth2(p.ratio, [positive, positive], [negative, negative]),
  nonNegative: smooth(p.nonNegative, positive),
  neg: elementwise('linear', (x) => p.neg(x!), plain),
  square: smooth(p.square, plain),
  reciprocal: smooth(p.reciprocal, positive, negative),
  sqrt: smooth(p.sqrt, positive),
  eq: comparison(p.eq),
  ne: comparison(p.ne),
  lt: comparison(p.lt),
  le: comparison(p.le),
  gt: comparison(p.gt),
  ge: comparison(p.ge),
  where: whereRow,
  astype: elementwise('rounded', (x) => floatLike(x!, p.astype(x!, 'f32')), plain),
  identity: elementwise('linear', (x) => p.identity(x!), plain),
  stopGradient: elementwise('blocked', (x) => p.stopGradient(x!), plain),

  maximum: smooth2(p.maximum, [plain, plain]),
  minimum: smooth2(p.minimum, [plain, plain]),
  winner: row('linear', elementwise('linear', (a, b, d) => p.winner(d!, a!, b!), plain, plain, plain).application.map(lastOnly)),
  spoilt: comparison(p.spoilt),
  relu: smooth(p.relu, positive, negative),
  gate: row('linear', elementwise('linear', (x, d) => p.gate(d!, x!), plain, plain).application.map(lastOnly)),
  abs: smooth(p.abs, positive, negative),
  sign: constantOn(p.sign, positive, negative),
  floor: constantOn(p.floor, ...betweenIntegers),
  ceil: constantOn(p.ceil, ...betweenIntegers),
  trunc: constantOn(p.trunc, ...betweenIntegers),
  round: constantOn(p.round, ...betweenIntegers),
  copysign: smooth2(p.copysign, [positive, negative], [negative, negative], [negative, positive]),
  mod: smooth2(p.mod, [[0.25, 1.75], [2, 3]], [[-1.75, -0.25], [2, 3]], [[4.5, 5.5], [-2.25, -2.0625]]),
  fmod: smooth2(p.fmod, [[0.25, 1.75], [2, 3]], [[-1.75, -0.25], [2, 3]], [[4.5, 5.5], [-2.25, -2.0625]]),
  floorDivide: elementwise('stepwise', (a, b) => p.floorDivide(a!, b!), [4.5, 5.5], [-2.25, -2.0625]),
  isNaN: predicate(p.isNaN),
  isFinite: predicate(p.isFinite),
  logicalNot: predicate(p.logicalNot),
  logicalAnd: comparison(p.logicalAnd, negative),
  logicalOr: comparison(p.logicalOr, negative),
  logicalXor: comparison(p.logicalXor, negative),

  exp: smooth(p.exp, plain),
  exp2: smooth(p.exp2, plain),
  expm1: smooth(p.expm1, plain),
  log: smooth(p.log, positive),
  log2: smooth(p.log2, positive),
  log10: smooth(p.log10, positive),
  log1p: smooth(p.log1p, [-0.75, 3]),
  log1mexp: smooth(p.log1mexp, positive),
  bose: smooth(p.bose, positive, negative),
  sigmoid: smooth(p.sigmoid, [-6, 6]),
  bump: smooth(p.bump, [-6, 6]),
  softplus: smooth(p.softplus, [-6, 6]),
  logit: smooth(p.logit, unit),
  logaddexp: smooth2(p.logaddexp, [plain, plain]),
  share: smooth2(p.share, [plain, plain]),
  xlogy: smooth2(p.xlogy, [plain, positive]),
  xlog1py: smooth2(p.xlog1py, [plain, [-0.75, 3]]),
  entr: smooth(p.entr, positive),
  relEntr: smooth2(p.relEntr, [positive, positive]),

  pow: smooth2(p.pow, [positive, [-3, 3]]),
  powDerivative: row('smooth', fc.tuple(fc.nat(2), fc.nat(2)).chain(([k, j]) => smooth2((x, y) => p.powDerivative(x, y, k, j), [positive, [-3, 3]]).application)),
  cbrt: smooth(p.cbrt, positive, negative),
  rsqrt: smooth(p.rsqrt, positive),
  hypot: smooth2(p.hypot, [plain, positive], [negative, plain]),
  direction: smooth2(p.direction, [plain, positive], [negative, plain]),
  atan2: smooth2(p.atan2, [plain, positive], [positive, plain]),
  atan2Derivative: row(
    'smooth',
    fc
      .constantFrom([1, 0], [0, 1], [1, 1], [2, 0])
      .chain(([i, j]) => smooth2((y, x) => p.atan2Derivative(y, x, i!, j!), [plain, positive], [positive, plain]).application),
  ),
  softSign: smooth(p.softSign, positive, negative),

  erf: smooth(p.erf, plain),
  erfc: smooth(p.erfc, plain),
  erfcx: smooth(p.erfcx, plain),
  erfinv: smooth(p.erfinv, inside),
  ndtr: smooth(p.ndtr, plain),
  ndtri: smooth(p.ndtri, unit),
  logNdtr: smooth(p.logNdtr, plain),
  lgamma: smooth(p.lgamma, [0.5, 4], [-0.875, -0.125]),
  polygamma: row('smooth', fc.nat(2).chain((n) => smooth((x) => p.polygamma(n, x), [0.5, 4]).application)),

  sin: smooth(p.sin, plain),
  cos: smooth(p.cos, plain),
  tan: smooth(p.tan, [-1.25, 1.25]),
  asin: smooth(p.asin, inside),
  acos: smooth(p.acos, inside),
  atan: smooth(p.atan, plain),
  sinh: smooth(p.sinh, plain),
  cosh: smooth(p.cosh, plain),
  tanh: smooth(p.tanh, plain),
  sech2: smooth((x) => p.sech2(x), plain),
  coSquare: smooth(p.coSquare, plain),
  asinh: smooth(p.asinh, plain),
  acosh: smooth(p.acosh, [1.25, 4]),
  atanh: smooth(p.atanh, inside),
  sinc: smooth(p.sinc, plain),

  reshape: s.reshapeRow,
  transpose: s.transposeRow,
  broadcastTo: s.broadcastToRow,
  concat: s.concatRow,
  slice: s.sliceRow,
  unslice: s.unsliceRow,
  sum: s.reduction('linear', p.sum, 'sum'),
  max: s.reduction('smooth', p.max, 'max'),
  min: s.reduction('smooth', p.min, 'min'),
  euclideanNorm: s.alongAxis('smooth', p.euclideanNorm, 'norm'),
  dot: s.dotRow,

  softmax: s.alongAxis('smooth', p.softmax, 'softmax'),
  logSoftmax: s.alongAxis('smooth', p.logSoftmax, 'logSoftmax'),
  logSumExp: s.alongAxis('smooth', p.logSumExp, 'logSumExp'),
  cumsum: s.scan('linear', p.cumsum, 'cumsum'),
  cumprod: s.scan('smooth', p.cumprod, 'cumprod', (shape) => array(shape, plain)),
  cummax: s.scan('smooth', p.cummax, 'cummax'),
  cummin: s.scan('smooth', p.cummin, 'cummin'),
  cumLogSumExp: s.scan('smooth', p.cumLogSumExp, 'cumLogSumExp'),
  recurrence: s.recurrenceRow(p.recurrence),

  gather: s.gatherRow(p.gather),
  scatter: s.scatterRow(p.scatter),
  wrapIndices: s.onIndices(p.wrapIndices, 'wrapIndices'),
  writers: s.onIndices((indices, length) => p.writers(p.reshape(indices, [indices.shape.reduce((a, b) => a * b, 1)]), length, false), 'writers'),
  argmax: s.alongAxis('stepwise', (x, axis) => floatLike(x, p.argmax(x, axis)), 'argmax'),
  argmin: s.alongAxis('stepwise', (x, axis) => floatLike(x, p.argmin(x, axis)), 'argmin'),
  argsort: s.alongAxis('stepwise', (x, axis) => floatLike(x, p.argsort(x, axis, false)), 'argsort', (shape) => distinct(shape)),

  conv: w.bilinear(p.conv, 'x', 'w', 'conv'),
  convTranspose: w.bilinear(p.convTranspose, 'w', 'y', 'convTranspose'),
  convFilters: w.bilinear(p.convFilters, 'x', 'y', 'convFilters'),
  windows: w.windowsRow(p.windows),
  unwindows: w.unwindowsRow(p.unwindows),
  argMaxPool: w.argMaxPoolRow(p.argMaxPool, floatLike),
  pick: w.pickRow(p.pick, p.argMaxPool),
  unpick: w.unpickRow(p.unpick, p.argMaxPool),
}
