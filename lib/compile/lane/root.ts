/** Roots and lengths. */
import type { Lane } from '../ir.js'
import { fromInteger, patternLane, shortened, withSignOf, type Format, type Pair } from './format.js'
import {
  abs, add, bitAnd, constant, div, eq, half, logicalOr, lt, mul, one, pmax, pmin, shiftLeft, shiftRightLogical, sqrt, sub,
  subBits, where, zero,
} from './machine.js'
import { polynomial } from './polynomial.js'

export const rsqrt = (_f: Format, x: Lane): Lane => div(one, sqrt(x))

/** Coefficients of `r^(-1/3)` around 1, of least greatest relative error. */
const inverseCubeRoot: Pair<ReadonlyArray<number>> = {
  f64: [1.8752738773596234, -1.8801503884102175, 1.6110135661641534, -0.7493596413550196, 0.14322247586199757],
  f32: [1.5580878257751465, -0.7797908782958984, 0.22171492874622345],
}

/** How many places of a pattern are left out where its exponent is divided by three. */
const droppedPlaces: Pair<number> = { f64: 32, f32: 9 }

/** A cube root within 5 %: a third of the pattern, taken as an integer. */
const rough = (f: Format, a: Lane): Lane => {
  const dropped = droppedPlaces[f.type]
  const integer = fromInteger(f, shiftRightLogical(a, dropped))
  const offset = (f.bias * (2 / 3) - 0.03306235651) * 2 ** (f.fraction - dropped)
  const third = add(mul(integer, constant(1 / 3)), constant(2 ** f.fraction + Math.round(offset)))
  return shiftLeft(third, dropped)
}

/** Bits that are cut off so that a square is exact. */
const droppedBits: Pair<number> = { f64: 30, f32: 12 }

/**
 * A rough guess, a polynomial in `t³/x` that refines it, cut to a few bits so that its square is exact, and a step of Halley's
 * method (the scheme of FreeBSD's `cbrt`).
 */
export const cbrt = (f: Format, x: Lane): Lane => {
  const magnitude = abs(x)
  const a = pmin(magnitude, constant(f.most))
  const subnormal = lt(a, constant(f.least))
  const normal = mul(a, where(subnormal, constant(2 ** 54), one))
  const guess = rough(f, normal)
  const quotient = mul(mul(guess, guess), div(guess, normal))
  const refined = mul(guess, polynomial(quotient, inverseCubeRoot[f.type]))
  const t = shortened(f, refined, droppedBits[f.type])
  const r = div(normal, mul(t, t))
  const root = add(t, mul(t, div(sub(r, t), add(add(t, t), r))))
  const scaled = mul(root, where(subnormal, constant(2 ** -18), one))
  const beyond = sub(magnitude, a)
  return withSignOf(f, add(where(eq(x, zero), zero, scaled), beyond), x)
}

interface ScaledPoint {
  readonly width: Lane
  readonly height: Lane
  /** What the point was multiplied by, and twice its reciprocal. */
  readonly inverse: Lane
  readonly power: Lane
  /** The point, and the square of its length. */
  readonly a: Lane
  readonly b: Lane
  readonly squared: Lane
}

/** A point times a power of two, so that squares neither overflow nor underflow. */
export const scaledPoint = (f: Format, x: Lane, y: Lane): ScaledPoint => {
  const [width, height] = [abs(x), abs(y)]
  const longest = pmax(width, height)
  const power = pmax(bitAnd(longest, patternLane(f, Infinity)), constant(f.least))
  const inverse = subBits(patternLane(f, Infinity), power)
  const [a, b] = [mul(x, inverse), mul(y, inverse)]
  return { width, height, inverse, power, a, b, squared: add(mul(a, a), mul(b, b)) }
}

const infinite = constant(Infinity)

/** `√(x² + y²)` without overflow. */
export const hypot = (f: Format, x: Lane, y: Lane): Lane => {
  const { width, height, power, squared } = scaledPoint(f, x, y)
  return where(logicalOr(eq(width, infinite), eq(height, infinite)), infinite, mul(mul(sqrt(squared), half), power))
}

/** `x/√(x² + y²)`, and 0 at the origin. */
export const direction = (f: Format, x: Lane, y: Lane): Lane => {
  const { height, a, squared } = scaledPoint(f, x, y)
  return where(eq(squared, zero), zero, where(eq(height, infinite), mul(x, zero), div(a, sqrt(squared))))
}

/** `x/(1 + |x|)`. */
export const softSign = (f: Format, x: Lane): Lane => {
  const a = pmin(abs(x), constant(f.most))
  return withSignOf(f, div(a, add(one, a)), x)
}
