/** Exponentials, logarithms and the sigmoid family; derivatives in forms that neither overflow nor cancel. */
import { add, div, mul, neg, nonNegative, ratio, sub, times } from './arithmetic.js'
import { binary, unary } from './declare.js'
import { tanh } from './trigonometric.js'

export const exp = unary('exp', Math.exp, (dx, _x, y) => times(dx, y))
export const exp2 = unary('exp2', (x) => Math.pow(2, x), (dx, _x, y) => times(dx, mul(Math.LN2, y)))
export const expm1 = unary('expm1', Math.expm1, (dx, x) => times(dx, exp(x)))
export const log = unary('log', Math.log, (dx, x) => div(dx, nonNegative(x)))
export const log2 = unary('log2', Math.log2, (dx, x) => div(mul(dx, Math.LOG2E), nonNegative(x)))
export const log10 = unary('log10', Math.log10, (dx, x) => div(mul(dx, Math.LOG10E), nonNegative(x)))
export const log1p = unary('log1p', Math.log1p, (dx, x) => div(dx, nonNegative(add(x, 1))))

/** `log(1 - exp(-x))` for x > 0 (Mächler 2012). */
export const log1mexp = unary(
  'log1mexp',
  (x) => (x < Math.LN2 ? Math.log(-Math.expm1(-x)) : Math.log1p(-Math.exp(-x))),
  (dx, x) => times(dx, bose(nonNegative(x))),
)

/** `1/(exp(x) - 1)`. */
export const bose = unary('bose', (x) => 1 / Math.expm1(x), (dx, _x, y) => neg(times(dx, mul(y, add(y, 1)))))

const logistic = (x: number): number => {
  const q = Math.exp(-Math.abs(x))
  return x < 0 ? q / (1 + q) : 1 / (1 + q)
}

/** `1/(1 + exp(-x))`. */
export const sigmoid = unary('sigmoid', logistic, (dx, x) => times(dx, bump(x)))

/** `sigmoid(x) sigmoid(-x) = sech²(x/2)/4`, whose derivative cancels neither in the middle nor in the tails. */
export const bump = unary(
  'bump',
  (x) => {
    const q = Math.exp(-Math.abs(x))
    return q / ((1 + q) * (1 + q))
  },
  (dx, x, y) => neg(times(dx, mul(y, tanh(mul(0.5, x))))),
)

/** `log(1 + exp(x))`. */
export const softplus = unary('softplus', (x) => Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x))), (dx, x) => times(dx, sigmoid(x)))

/** `log(x/(1-x))`; the difference near ½ is exact. */
export const logit = unary(
  'logit',
  (x) => (x > 0.25 && x < 0.75 ? 2 * Math.atanh(2 * x - 1) : Math.log(x) - Math.log1p(-x)),
  (dx, x) => div(dx, nonNegative(mul(x, sub(1, x)))),
)

/** `log(exp(a) + exp(b))`. */
export const logaddexp = binary(
  'logaddexp',
  (a, b) => (a === b ? a + Math.LN2 : Math.max(a, b) + Math.log1p(Math.exp(-Math.abs(a - b)))),
  (da, a, b) => times(da, share(a, b)),
  (db, a, b) => times(db, share(b, a)),
)

/** `exp(a)/(exp(a) + exp(b))`: halves if both are +∞, and nothing of nothing if both are -∞. */
export const share = binary(
  'share',
  (a, b) => (a === -Infinity && b === b ? 0 : a === b ? 0.5 : logistic(a - b)),
  (da, a, b, y) => times(da, mul(y, share(b, a))),
  (db, a, b, y) => neg(times(db, mul(y, share(b, a)))),
)

/** `x log y`, and 0 where `x` is 0. */
export const xlogy = binary(
  'xlogy',
  (x, y) => (x === 0 && y >= 0 ? 0 : x * Math.log(y)),
  (dx, _x, y) => times(dx, log(y)),
  (dy, x, y) => times(dy, ratio(x, nonNegative(y))),
)

/** `x log(1 + y)`, and 0 where `x` is 0. */
export const xlog1py = binary(
  'xlog1py',
  (x, y) => (x === 0 && y >= -1 ? 0 : x * Math.log1p(y)),
  (dx, _x, y) => times(dx, log1p(y)),
  (dy, x, y) => times(dy, ratio(x, nonNegative(add(y, 1)))),
)

/** `-x log x`: the term of an entropy; 0 at 0 and -∞ below. */
export const entr = unary(
  'entr',
  (x) => (x > 0 ? -x * Math.log(x) : x === 0 ? 0 : x < 0 ? -Infinity : NaN),
  (dx, x) => neg(times(dx, add(log(x), 1))),
)

/** `x log(x/y)`: the term of a relative entropy; 0 for x = 0 ≤ y, and +∞ outside the quadrant. */
export const relEntr = binary(
  'relEntr',
  (x, y) => (x > 0 && y > 0 ? x * logQuotient(x, y) : x === 0 && y >= 0 ? 0 : x !== x || y !== y ? NaN : Infinity),
  (dx, x, y) => times(dx, add(sub(log(x), log(y)), 1)),
  (dy, x, y) => neg(times(dy, ratio(nonNegative(x), nonNegative(y)))),
)

const logQuotient = (x: number, y: number): number => {
  const q = x / y
  return q > 1e-300 && q < 1e300 ? Math.log(q) : Math.log(x) - Math.log(y)
}
