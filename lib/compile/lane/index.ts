/** Elementwise operations that the machine lacks, as formulas in those that it has. */
import type { Lane, LaneType } from '../ir.js'
import { acos, asin, atan, atan2, atan2Derivative } from './angle.js'
import { gate, isFinite, nonNegative, ratio, relu, spoilt, winner } from './choice.js'
import { cos, sin, sinc, tan } from './circular.js'
import { bose, exp, exp2, expm1 } from './exponential.js'
import { f32, f64, type Format } from './format.js'
import { acosh, asinh, atanh, cosh, sech2, sinh, tanh } from './hyperbolic.js'
import { integerFormulas } from './integer.js'
import { log, log10, log1p, log2 } from './logarithm.js'
import { bump, entr, log1mexp, logaddexp, logit, relativeEntropy, share, sigmoid, softplus, xlog1py, xlogy } from './logistic.js'
import { add, div, eq, logicalAnd, logicalNot, logicalOr, logicalXor, mul, ne, one, sub, zero } from './machine.js'
import { erf, erfc, ndtr } from './normal.js'
import { pow, powDerivative } from './power.js'
import { cbrt, direction, hypot, rsqrt, softSign } from './root.js'
import { copysign, floorDivide, fmod, mod, sign, truncDivide } from './rounding.js'

type Formula = (f: Format, ...args: ReadonlyArray<Lane>) => Lane | undefined

const unary = (g: (f: Format, x: Lane) => Lane): Formula => (f, x) => g(f, x!)
const binary = (g: (f: Format, x: Lane, y: Lane) => Lane): Formula => (f, x, y) => g(f, x!, y!)

const formulas: Readonly<Record<string, Formula>> = {
  acos: unary(acos),
  acosh: unary(acosh),
  asin: unary(asin),
  asinh: unary(asinh),
  atan: unary(atan),
  atan2: binary(atan2),
  atan2Derivative: (f, y, x, p, q) => atan2Derivative(f, y!, x!, p!.value, q!.value),
  atanh: unary(atanh),
  bose: unary(bose),
  bump: unary(bump),
  cbrt: unary(cbrt),
  copysign: binary(copysign),
  cos: unary(cos),
  coSquare: (_f, x) => mul(sub(one, x!), add(one, x!)),
  cosh: unary(cosh),
  direction: binary(direction),
  entr: unary(entr),
  erf: unary(erf),
  erfc: unary(erfc),
  exp: unary(exp),
  exp2: unary(exp2),
  expm1: unary(expm1),
  floorDivide: binary(floorDivide),
  fmod: binary(fmod),
  gate: binary(gate),
  hypot: binary(hypot),
  isFinite: unary(isFinite),
  isNaN: (_f, x) => ne(x!, x!),
  log: unary(log),
  log10: unary(log10),
  log1mexp: unary(log1mexp),
  log1p: unary(log1p),
  log2: unary(log2),
  logaddexp: binary(logaddexp),
  logit: unary(logit),
  mod: binary(mod),
  ndtr: unary(ndtr),
  nonNegative: unary(nonNegative),
  pow: binary(pow),
  powDerivative: (f, x, y, k, j) => powDerivative(f, x!, y!, k!.value, j!.value),
  ratio: binary(ratio),
  reciprocal: (_f, x) => div(one, x!),
  relEntr: binary(relativeEntropy),
  relu: unary(relu),
  rsqrt: unary(rsqrt),
  sech2: unary(sech2),
  share: binary(share),
  sigmoid: unary(sigmoid),
  sign: unary(sign),
  sin: unary(sin),
  sinc: (f, x, n) => sinc(f, x!, n!.value),
  sinh: unary(sinh),
  softplus: unary(softplus),
  softSign: unary(softSign),
  spoilt: binary(spoilt),
  square: (_f, x) => mul(x!, x!),
  tan: unary(tan),
  tanh: unary(tanh),
  truncDivide: binary(truncDivide),
  winner: (f, d, a, b) => winner(f, d!, a!, b!),
  xlog1py: binary(xlog1py),
  xlogy: binary(xlogy),
}

const truthOf = (x: Lane): Lane => (x.truth ? x : ne(x, zero))

/** Operations on truth values, and those that take numbers for such. */
const connectives: Readonly<Record<string, (a: Lane, b: Lane) => Lane>> = {
  logicalAnd: (a, b) => logicalAnd(truthOf(a), truthOf(b)),
  logicalOr: (a, b) => logicalOr(truthOf(a), truthOf(b)),
  logicalXor: (a, b) => logicalXor(truthOf(a), truthOf(b)),
  logicalNot: (a) => (a.truth ? logicalNot(a) : eq(a, zero)),
}

const truthFormulas: Readonly<Record<string, (a: Lane, b: Lane) => Lane>> = {
  eq: (a, b) => logicalNot(logicalXor(a, b)),
  ne: logicalXor,
  lt: (a, b) => logicalAnd(logicalNot(a), b),
  le: (a, b) => logicalOr(logicalNot(a), b),
  gt: (a, b) => logicalAnd(a, logicalNot(b)),
  ge: (a, b) => logicalOr(a, logicalNot(b)),
}

/**
 * An elementwise operation as a formula in operations of the machine (`machine.ts`), or `undefined`: then it is one itself
 * (`machineOps`), or there is no formula and its scalar function is called for each element.
 *
 * Formulas of different operations on one lane have parts in common (`sin` and `cos`, `tanh` and `sech2`, `sigmoid` and
 * `bump`), which are alike but not the same objects: whoever writes the code should compute lanes that are alike once.
 */
export const expandLane = (op: string, type: LaneType, args: ReadonlyArray<Lane>): Lane | undefined => {
  const [a, b] = [args[0]!, args[1]!]
  if (op in connectives) return args.every((x) => x.truth) ? undefined : connectives[op]!(a, b)
  if (op !== 'where' && args.some((x) => x.truth)) return args.every((x) => x.truth) ? truthFormulas[op]?.(a, b) : undefined
  return type === 'i32' ? integerFormulas[op]?.(a, b) : formulas[op]?.(type === 'f64' ? f64 : f32, ...args)
}
