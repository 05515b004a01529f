/** Numerical recipes on vectors: differences, integrals, interpolation, polynomials, convolution, the cross product. */
import { join } from '../core/DType.js'
import { refuse } from '../core/FoldgradError.js'
import { invalid, isInvalid, isNode, type Node } from '../core/Node.js'
import { sameShape, showShape } from '../core/Shape.js'
import { add, astype, div, ge, gt, lt, mul, ne, sub, where } from '../primitive/arithmetic.js'
import { onlyPlace } from '../primitive/along.js'
import { maximum, minimum } from '../primitive/choice.js'
import { gather } from '../primitive/indexing.js'
import { full } from '../primitive/leaf.js'
import { broadcastTo, rangeAlong, reshape, slice, sum } from '../primitive/shape.js'
import { roll } from './arrange.js'
import { isCount, noCount, onAxis } from './axis.js'
import { withArguments, withOptions, type WithArguments, type WithOptions } from './call.js'
import { conv } from './convolution.js'
import { broadcastOperands, toFloatNode, toNode, type Operand } from './operand.js'

const part = (x: Node, axis: number, from: number, count: number): Node => slice(x, rangeAlong(x.shape, axis, from, count))

const differences = (x: Node, axis: number): Node => {
  const count = Math.max(x.shape[axis]! - 1, 0)
  const later = part(x, axis, Math.min(1, x.shape[axis]!), count)
  const earlier = part(x, axis, 0, count)
  return x.dtype === 'bool' ? ne(later, earlier) : sub(later, earlier)
}

/** How often neighbours are subtracted (default: once), and along which axis (default: the last). */
export interface DiffOptions {
  readonly n?: number
  readonly axis?: number
}

/**
 * The differences of neighbours along an axis, `n` times over.
 *
 * @example
 * toArray(diff([1, 4, 9, 16])) // [3, 5, 7]
 * toArray(diff([1, 4, 9, 16], { n: 2 })) // [2, 2]
 */
export const diff: WithOptions<DiffOptions> = withOptions((operand, { n = 1, axis = -1 }) =>
  onAxis('diff', operand, axis, (x, a) =>
    isCount(n)
      ? Array.from({ length: Math.min(n, x.shape[a]!) }).reduce<Node>((y) => differences(y, a), x)
      : invalid('diff', [x], noCount('n', n)),
  ),
)

/** The places of the values (differentiable too), or the distance between two of them (default: 1). */
export interface TrapezoidOptions {
  readonly x?: Operand
  readonly dx?: number
  readonly axis?: number
}

/**
 * The integral along an axis (default: the last) by the trapezoidal rule.
 *
 * @example
 * item(trapezoid([1, 2, 3])) // 4
 * item(trapezoid([1, 2, 3], { x: [4, 6, 8] })) // 8
 */
export const trapezoid: WithOptions<TrapezoidOptions> = withOptions((operand, { x: places, dx = 1, axis = -1 }) =>
  onAxis('trapezoid', toFloatNode(operand, 'trapezoid'), axis, (y, a) => {
    const count = Math.max(y.shape[a]! - 1, 0)
    const pairs = add(part(y, a, Math.min(1, y.shape[a]!), count), part(y, a, 0, count))
    if (places === undefined) return sum(mul(pairs, dx / 2), [a])
    const x = toFloatNode(places, 'trapezoid')
    if (isInvalid(x)) return invalid('trapezoid', [y, x])
    const along = x.shape.length === 1 && x.shape[0] === y.shape[a] ? reshape(x, y.shape.map((n, i) => (i === a ? n : 1))) : x
    if (!sameShape(along.shape, y.shape) && along.shape.some((n, i) => n !== y.shape[i] && n !== 1))
      return invalid('trapezoid', [y, x], refuse('Shape', `places of shape ${showShape(x.shape)} for values of shape ${showShape(y.shape)}`, 'Give a place for each value, or a vector as long as the axis'))
    const operands = broadcastOperands('trapezoid', [pairs, differences(along, along.shape.length - y.shape.length + a)], 'float')
    return isNode(operands) ? operands : sum(mul(mul(operands[0]!, operands[1]!), 0.5), [a])
  }),
)

/**
 * Piecewise linear interpolation: the values `fp` at the increasing places `xp`, read at `x`; constant outside. All three
 * are differentiable.
 *
 * @example
 * toArray(interp([0.5, 1.5, 9], [0, 1, 2], [10, 20, 40])) // [15, 30, 40]
 */
export const interp: WithArguments<[xp: Operand, fp: Operand]> = withArguments(2, (operand, [places, values]) => {
  const nodes = [operand, places, values].map((arg) => toFloatNode(arg, 'interp'))
  if (nodes.some(isInvalid)) return invalid('interp', nodes)
  const dtype = nodes.every((node) => node.dtype === 'f32') ? 'f32' : 'f64'
  const [x, xp, fp] = nodes.map((node) => astype(node, dtype)) as [Node, Node, Node]
  const count = xp.shape[0] ?? 0
  if (xp.shape.length !== 1 || !sameShape(xp.shape, fp.shape) || count === 0)
    return invalid('interp', [x, xp, fp], refuse('Shape', `places of shape ${showShape(xp.shape)} for values of shape ${showShape(fp.shape)}`, 'Give two vectors of one length, which is not 0'))
  const at = (table: Node, place: number) => broadcastTo(onlyPlace(table, 0, place), x.shape)
  if (count === 1) return at(fp, 0)
  const wide = [...x.shape, count]
  const passed = sum(astype(ge(broadcastTo(reshape(x, [...x.shape, 1]), wide), broadcastTo(xp, wide)), 'i32'), [x.shape.length])
  const left = minimum(maximum(sub(passed, 1), 0), count - 2)
  const right = add(left, 1)
  const [x0, x1, y0, y1] = [gather(xp, left, 0), gather(xp, right, 0), gather(fp, left, 0), gather(fp, right, 0)]
  const inside = add(y0, mul(div(sub(y1, y0), sub(x1, x0)), sub(x, x0)))
  return where(lt(x, at(xp, 0)), at(fp, 0), where(gt(x, at(xp, count - 1)), at(fp, count - 1), inside))
})

/**
 * The polynomial with these coefficients (a vector, the highest power first) at `x`, by Horner's rule.
 *
 * @example
 * item(polyval([1, 2, 3], 10)) // 123
 */
export const polyval: WithArguments<[x: Operand]> = withArguments(1, (coefficients, [at]) => {
  const [c, x] = [toNode(coefficients, 'polyval'), toNode(at, 'polyval')]
  if (isInvalid(c) || isInvalid(x)) return invalid('polyval', [c, x])
  if (c.shape.length !== 1)
    return invalid('polyval', [c, x], refuse('Shape', `coefficients of shape ${showShape(c.shape)}`, 'Give a vector of coefficients'))
  const operands = broadcastOperands('polyval', [full(0, { shape: [], dtype: c.dtype }), at], 'any')
  if (isNode(operands)) return operands
  const [zero, point] = operands as [Node, Node]
  const each = Array.from({ length: c.shape[0]! }, (_, k) => broadcastTo(astype(onlyPlace(c, 0, k), point.dtype), point.shape))
  return each.length === 0 ? zero : each.reduce((y, coefficient) => add(mul(y, point), coefficient))
})

/**
 * The cross product of vectors of length 3 on the last axis, the other axes broadcast.
 *
 * @example
 * toArray(cross([1, 0, 0], [0, 1, 0])) // [0, 0, 1]
 */
export const cross: WithArguments<[b: Operand]> = withArguments(1, (first, [second]) => {
  const operands = broadcastOperands('cross', [first, second], 'any')
  if (isNode(operands)) return operands
  const [a, b] = operands as [Node, Node]
  if (a.shape[a.shape.length - 1] !== 3)
    return invalid('cross', [a, b], refuse('Shape', `vectors of shape ${showShape(a.shape)}`, 'Give arrays whose last axis has length 3'))
  const turned = (v: Node, by: number) => roll(v, by, { axis: -1 })
  return sub(mul(turned(a, -1), turned(b, -2)), mul(turned(a, -2), turned(b, -1)))
})

/** Which part of a convolution: all of it, the middle as long as the longer vector, or where the vectors overlap fully. */
export interface ConvolveOptions {
  readonly mode?: 'full' | 'same' | 'valid'
}

/** The zeros around the longer vector when the shorter has `n` elements. */
const around: Readonly<Record<NonNullable<ConvolveOptions['mode']>, (n: number) => readonly [before: number, after: number]>> = {
  full: (n) => [n - 1, n - 1],
  same: (n) => [n >> 1, n - 1 - (n >> 1)],
  valid: () => [0, 0],
}

/**
 * The convolution of two vectors, `y[n] = Σ a[m] · v[n - m]`: the coefficients of the product of two polynomials.
 *
 * @example
 * toArray(convolve([1, 2, 3], [0, 1, 0.5])) // [0, 1, 2.5, 4, 1.5]
 * toArray(convolve([1, 2, 3], [0, 1, 0.5], { mode: 'same' })) // [1, 2.5, 4]
 * toArray(convolve([1, 2, 3], [0, 1, 0.5], { mode: 'valid' })) // [2.5]
 */
export const convolve: WithArguments<[v: Operand], ConvolveOptions> = withArguments(1, (first, [second], { mode = 'full' }) => {
  const [a, v] = [toFloatNode(first, 'convolve'), toFloatNode(second, 'convolve')]
  if (isInvalid(a) || isInvalid(v)) return invalid('convolve', [a, v])
  if ([a, v].some(({ shape }) => shape.length !== 1 || shape[0] === 0))
    return invalid('convolve', [a, v], refuse('Shape', `operands of shape ${showShape(a.shape)} and ${showShape(v.shape)}`, 'Give two vectors, neither of them empty'))
  const dtype = join(a.dtype, v.dtype)
  const [long, short] = (a.shape[0]! >= v.shape[0]! ? [a, v] : [v, a]).map((x) => astype(x, dtype)) as [Node, Node]
  const [n, k] = [long.shape[0]!, short.shape[0]!]
  const reversed = slice(short, { start: [k - 1], step: [-1], shape: [k] })
  const y = conv(reshape(long, [1, 1, n]), reshape(reversed, [1, 1, k]), { padding: [around[mode](k)] })
  return reshape(y, y.shape.slice(2))
})
