/** Elementwise operations. Operands are brought into the domain, and results stay of moderate size. */
import type { Code } from '../code.js'
import { broadcasting, type Operation, type Smoothness } from '../operation.js'
import { bounded, code, fraction, inside, positive, type FunctionName } from './write.js'

const any = (a: Code): Code => a

const one = (write: (a: Code, pick: number) => Code, smoothness: Smoothness = 'smooth'): Operation => ({
  arity: 1,
  smoothness,
  family: 'elementwise',
  fits: () => true,
  write: ([a], pick) => write(a!, pick),
})

/** Functions of one number, on a domain. */
const unary = (names: ReadonlyArray<FunctionName>, domain: (a: Code) => Code, smoothness?: Smoothness): Readonly<Record<string, Operation>> =>
  Object.fromEntries(names.map((name) => [name, one((a) => code[name](domain(a)), smoothness)]))

const binary = (write: (a: Code, b: Code, pick: number) => Code, smoothness: Smoothness = 'smooth'): Operation => ({
  arity: 2,
  smoothness,
  family: 'elementwise',
  fits: broadcasting,
  write: ([a, b], pick) => write(a!, b!, pick),
})

/** Operations on single numbers. */
export const elementwise: Readonly<Record<string, Operation>> = {
  ...unary(['tanh', 'sin', 'neg', 'cos', 'sigmoid', 'softplus', 'atan', 'asinh', 'erf', 'erfc', 'ndtr', 'sinc'], any),
  ...unary(['gelu', 'geluTanh', 'silu', 'mish', 'logSigmoid', 'nanToNum'], any),
  ...unary(['square', 'exp', 'exp2', 'expm1', 'sinh', 'cosh', 'tan', 'erfcx', 'logNdtr', 'deg2rad'], bounded),
  ...unary(['asin', 'acos', 'atanh', 'erfinv', 'log1p'], inside),
  ...unary(['log', 'log2', 'log10', 'sqrt', 'cbrt', 'rsqrt', 'reciprocal', 'log1mexp', 'lgamma', 'digamma', 'entr'], positive),
  ...unary(['logit', 'ndtri'], fraction),
  ...unary(['relu', 'abs', 'relu6', 'leakyRelu', 'elu', 'celu', 'selu', 'softSign', 'hardTanh', 'hardSigmoid', 'hardSwish'], any, 'kinked'),
  ...unary(['sign', 'floor', 'ceil', 'trunc', 'round'], any, 'jumping'),
  integerPow: one((a, pick) => code.integerPow(bounded(a), pick % 4)),
  polygamma: one((a, pick) => code.polygamma(1 + (pick % 2), positive(a))),
  rad2deg: one((a) => code.rad2deg(code.mul(0.01, a))),
  astype: one((a) => code.astype(a, 'f64')),
  acosh: one((a) => code.acosh(code.add(1, positive(a)))),
  clip: one((a, pick) => code.clip(a, -1, 1 + (pick % 2)), 'kinked'),
}

/** Operations on numbers in pairs and triples. */
export const pairwise: Readonly<Record<string, Operation>> = {
  add: binary((a, b) => code.mul(0.5, code.add(a, b))),
  mul: binary((a, b) => code.mul(bounded(a), b)),
  sub: binary((a, b) => code.mul(0.5, code.sub(a, b))),
  div: binary((a, b) => code.div(a, code.add(1, code.square(b)))),
  pow: binary((a, b) => code.pow(positive(a), bounded(b))),
  hypot: binary((a, b) => code.mul(0.5, code.hypot(a, positive(b)))),
  atan2: binary((a, b) => code.atan2(a, positive(b))),
  logaddexp: binary((a, b) => code.logaddexp(a, b)),
  logaddexp2: binary((a, b) => code.logaddexp2(bounded(a), b)),
  xlogy: binary((a, b) => code.xlogy(bounded(a), positive(b))),
  xlog1py: binary((a, b) => code.xlog1py(bounded(a), inside(b))),
  relEntr: binary((a, b) => code.relEntr(positive(a), positive(b))),
  klDiv: binary((a, b) => code.klDiv(positive(a), positive(b))),
  squaredDifference: binary((a, b) => code.squaredDifference(bounded(a), bounded(b))),
  lerp: {
    arity: 3,
    smoothness: 'smooth',
    family: 'elementwise',
    fits: broadcasting,
    write: ([a, b, t]) => code.lerp(a!, b!, code.sigmoid(t!)),
  },
  maximum: binary((a, b) => code.maximum(a, b), 'kinked'),
  minimum: binary((a, b) => code.minimum(a, b), 'kinked'),
  copysign: binary((a, b) => code.copysign(a, b), 'jumping'),
  mod: binary((a, b) => code.mod(a, positive(b)), 'jumping'),
  fmod: binary((a, b) => code.fmod(a, positive(b)), 'jumping'),
  floorDivide: binary((a, b) => code.floorDivide(a, positive(b)), 'jumping'),
  where: {
    arity: 3,
    smoothness: 'jumping',
    family: 'elementwise',
    fits: broadcasting,
    write: ([a, b, c], pick) => code.where(pick % 2 === 0 ? code.greater(a!, 0) : code.lessEqual(a!, b!), b!, c!),
  },
}
