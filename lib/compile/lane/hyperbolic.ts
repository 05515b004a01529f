/** Hyperbolic functions and their inverses, made of `exp(y) - 1` and `log(1 + y)`, which do not cancel. */
import type { Lane } from '../ir.js'
import { notANumber, withSignOf, type Format } from './format.js'
import { expLimit, growth, halfExp, halfExpm1 } from './exponential.js'
import { log1p } from './logarithm.js'
import { abs, add, constant, div, gt, half, lt, mul, one, pmin, sqrt, sub, two, where, zero } from './machine.js'

/** `tanh x = H/(H + 1)` for `H = (exp(2|x|) - 1)/2`. */
export const tanh = (f: Format, x: Lane): Lane => {
  const a = abs(x)
  const h = growth(f, add(a, a))
  return withSignOf(f, div(h, add(h, one)), x)
}

/** `1/cosh² x = (2H + 1)/(H + 1)²`, in parts that it shares with `tanh`; 0 where it would not be a normal number. */
export const sech2 = (f: Format, x: Lane): Lane => {
  const a = abs(x)
  const y = add(a, a)
  const h = growth(f, y)
  const w = div(one, add(h, one))
  return where(gt(y, constant(expLimit[f.type])), zero, mul(mul(add(add(h, h), one), w), w))
}

export const cosh = (f: Format, x: Lane): Lane => {
  const power = halfExp(f, abs(x))
  return add(power, div(constant(0.25), power))
}

/** `sinh x = H + H/(2H + 1)` for `H = (exp|x| - 1)/2`. */
export const sinh = (f: Format, x: Lane): Lane => {
  const minusOne = halfExpm1(f, abs(x))
  const rest = div(pmin(minusOne, constant(f.most)), add(add(minusOne, minusOne), one))
  return withSignOf(f, add(minusOne, rest), x)
}

/** Beyond it, `√(x² ± 1)` is `x`, and its square is still finite. */
const large = (f: Format): Lane => constant(f.type === 'f64' ? 2 ** 60 : 2 ** 30)

/** `log(1 + y)`, but `log(2a)` for large `a`. */
const log1pOrTwice = (f: Format, y: Lane, a: Lane): Lane => {
  const beyond = gt(a, large(f))
  return add(log1p(f, where(beyond, a, y)), where(beyond, constant(Math.LN2), zero))
}

export const asinh = (f: Format, x: Lane): Lane => {
  const a = abs(x)
  const square = mul(a, a)
  const y = add(a, div(square, add(one, sqrt(add(square, one)))))
  return withSignOf(f, log1pOrTwice(f, y, a), x)
}

export const acosh = (f: Format, x: Lane): Lane => {
  const t = sub(x, one)
  const y = add(t, sqrt(mul(t, add(t, two))))
  return where(lt(x, one), notANumber(f), log1pOrTwice(f, y, x))
}

export const atanh = (f: Format, x: Lane): Lane => {
  const a = abs(x)
  return withSignOf(f, mul(half, log1p(f, div(add(a, a), sub(one, a)))), x)
}
