/** Signs, roundings and remainders: what is linear between its jumps. */
import { mul, neg, times } from './arithmetic.js'
import { binary, notDifferentiable, stepwise, unary } from './declare.js'

const any = { anyDtype: true }

export const sign = stepwise('sign', Math.sign, any)
export const floor = stepwise('floor', Math.floor, any)
export const ceil = stepwise('ceil', Math.ceil, any)
export const trunc = stepwise('trunc', Math.trunc, any)

/** To the nearest integer, halves to the even one (IEEE 754). */
export const round = stepwise(
  'round',
  (x) => {
    const r = Math.round(x)
    return r - x === 0.5 && r % 2 !== 0 ? r - 1 : r
  },
  any,
)

export const isNaN = stepwise('isNaN', (x) => (x !== x ? 1 : 0))
export const isFinite = stepwise('isFinite', (x) => (Number.isFinite(x) ? 1 : 0))
export const logicalAnd = stepwise('logicalAnd', (a, b) => (a !== 0 && b !== 0 ? 1 : 0))
export const logicalOr = stepwise('logicalOr', (a, b) => (a !== 0 || b !== 0 ? 1 : 0))
export const logicalXor = stepwise('logicalXor', (a, b) => ((a !== 0) !== (b !== 0) ? 1 : 0))
export const logicalNot = stepwise('logicalNot', (x) => (x === 0 ? 1 : 0))

/** Derivative 0 at 0, the subgradient of least norm. */
export const abs = unary('abs', Math.abs, (dx, x) => times(dx, sign(x)), any)

/** `|x|` with the sign of `y`, that of -0 included. */
export const copysign = binary(
  'copysign',
  (x, y) => (y < 0 || Object.is(y, -0) ? -Math.abs(x) : Math.abs(x)),
  (dx, x, y) => times(dx, mul(sign(x), copysign(1, y))),
  notDifferentiable,
)

const floored = (x: number, y: number): number => {
  const r = x % y
  return r !== 0 && r < 0 !== y < 0 ? r + y : r
}

/** The remainder with the sign of the divisor: `x - y ⌊x/y⌋`. */
export const mod = binary('mod', floored, (dx) => dx, (dy, x, y) => neg(times(dy, floorDivide(x, y))), any)

/** The remainder with the sign of the dividend: `x - y trunc(x/y)`. */
export const fmod = binary('fmod', (x, y) => x % y, (dx) => dx, (dy, x, y) => neg(times(dy, truncDivide(x, y))), any)

/** `⌊x/y⌋`, exact where the rounded quotient is not. */
export const floorDivide = stepwise('floorDivide', (x, y) => quotient(x, y, floored(x, y)), any)
export const truncDivide = stepwise('truncDivide', (x, y) => quotient(x, y, x % y), any)

const quotient = (x: number, y: number, remainder: number): number =>
  y === 0 || x !== x || !Number.isFinite(x) ? x / y : Math.round((x - remainder) / y)
