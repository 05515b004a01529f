/** Primitives with planted mistakes in their rules, beside the right ones: what a checker of derivatives must tell apart. */
import { allocate } from '../../lib/core/DType.js'
import { apply, signature, type Node, type Primitive } from '../../lib/core/Node.js'
import { tensor, type Tensor } from '../../lib/core/Tensor.js'
import { defineOp, unary, binary } from '../../lib/primitive/declare.js'
import { add, astype, broadcastTo, concat, div, eq, full, mul, neg, reshape, slice, stopGradient, sum, transpose, where, gt } from '../../lib/primitive/index.js'

/** One rule of a primitive, right or with a mistake in it. */
type Pullback = Primitive['vjp']
type Pushforward = Primitive['jvp']

const sine = (dx: (dx: Node, x: Node) => Node) => unary('sin', Math.sin, dx)
export const cosine = unary('cos', Math.cos, (dx, x) => neg(mul(dx, sin(x))))
export const sin: (x: Node) => Node = sine((dx, x) => mul(dx, cosine(x)))

export const exp: (x: Node) => Node = unary('exp', Math.exp, (dx, _x, y) => mul(dx, y))
export const log: (x: Node) => Node = unary('log', Math.log, (dx, x) => div(dx, x))
const sign = unary('sign', Math.sign, (dx) => full(0, dx))

/** `|x|` with slope `at0` at 0. */
export const abs =
  (at0: number) =>
  (x: Node): Node =>
    unary('abs', Math.abs, (dx, n) => mul(dx, where(eq(n, 0), full(at0, n), sign(n))))(x)

/** Division, from its two partial differentials. */
const quotient = (da: (g: Node, a: Node, b: Node) => Node, db: (g: Node, a: Node, b: Node) => Node) =>
  binary('div', (a, b) => a / b, (g, a, b) => da(g, a!, b!), (g, a, b) => db(g, a!, b!))

const rightA = (g: Node, _a: Node, b: Node): Node => div(g, b)
const rightB = (g: Node, a: Node, b: Node): Node => neg(div(mul(g, a), mul(b, b)))

const reversedVector = (x: Node): Node => slice(x, { start: [x.shape[0]! - 1], step: [-1], shape: x.shape })

/** The outer square `x ⊗ x` of a vector as one primitive: `x` is used twice, so its rule has two terms. */
const outerSquare = (vjp: Pullback, jvp: Pushforward = () => null) => {
  const op: Primitive = defineOp({
    name: 'outerSquare',
    infer: ([x]) => signature([x!.shape[0]!, x!.shape[0]!], x!.dtype),
    evaluate: ([x], y) => {
      const n = x!.length
      return allocate(y.dtype, n * n).map((_, i) => x![Math.floor(i / n)]! * x![i % n]!)
    },
    vjp,
    batch: 'loop',
    jvp,
  })
  return (x: Node): Node => apply(op, [x])
}

/** `w` times `x` along its rows, or along its columns. */
const rows = (w: Node, x: Node): Node => sum(mul(w, broadcastTo(reshape(x, [1, ...x.shape]), w.shape)), [1])
const columns = (w: Node, x: Node): Node => rows(transpose(w, [1, 0]), x)

/** A scalar repeated, as one primitive. */
const repeat = (vjp: Pullback) => {
  const op: Primitive = defineOp({
    name: 'repeat',
    infer: ([x]) => signature([3], x!.dtype),
    evaluate: ([x], y) => allocate(y.dtype, 3).fill(x![0]!),
    vjp,
    batch: 'loop',
    jvp: ([dx]) => (dx ? broadcastTo(dx, [3]) : null),
  })
  return (x: Node): Node => apply(op, [x])
}

/** The sum of a vector's squares as one primitive, with a rule for each mode. */
const sumOfSquares = (vjp: Pullback, jvp: Pushforward) => {
  const op: Primitive = defineOp({
    name: 'sumOfSquares',
    infer: ([x]) => signature([], x!.dtype),
    evaluate: ([x], y) => allocate(y.dtype, 1).fill([...x!].reduce((total, e) => total + e * e, 0)),
    vjp,
    batch: 'loop',
    jvp,
  })
  return (x: Node): Node => apply(op, [x])
}

const twice = (x: Node): Node => mul(2, x)
const spreadTo = (g: Node, x: Node): Node => broadcastTo(reshape(g, x.shape.map(() => 1)), x.shape)
const rightPull: Pullback = (g, { inputs: [x] }) => mul(spreadTo(g, x!), twice(x!))
const rightPush: Pushforward = ([dx], { inputs: [x] }) => (dx ? sum(mul(dx, twice(x!)), [0]) : null)

/** A cotangent with its first entry scaled. */
const firstScaled = (g: Node, factor: number): Node =>
  concat([mul(slice(g, { start: [0], step: [1], shape: [1] }), factor), slice(g, { start: [1], step: [1], shape: [g.shape[0]! - 1] })], 0)

/** A function and arguments for it. */
export interface Subject {
  readonly f: (...xs: ReadonlyArray<Node>) => Node
  readonly args: ReadonlyArray<Tensor>
}

const subject = (f: (...xs: Array<Node>) => Node, ...args: ReadonlyArray<Tensor>): Subject => ({ f: f as Subject['f'], args })

const v = tensor([0.5, -1.25, 2, 0.75])
const w = tensor([1.5, 0.5, -2, 1.25])
const many = tensor(Array.from({ length: 1000 }, (_, i) => ((i * 37) % 101) / 64 - 0.75))

/** The rules as they should be. */
export const right: Readonly<Record<string, Subject>> = {
  sine: subject((x) => sin(x!), v),
  quotient: subject((a, b) => quotient(rightA, rightB)(a!, b!), v, w),
  'outer square': subject((x) => outerSquare((g, { inputs: [n] }) => add(rows(g, n!), columns(g, n!)), ([dx], { inputs: [n] }) =>
    add(mul(broadcastTo(reshape(dx!, [4, 1]), [4, 4]), broadcastTo(reshape(n!, [1, 4]), [4, 4])), mul(broadcastTo(reshape(n!, [4, 1]), [4, 4]), broadcastTo(reshape(dx!, [1, 4]), [4, 4]))))(x!), v),
  repeat: subject((x) => repeat((g) => sum(g, [0]))(x!), tensor(0.75)),
  'sum of squares': subject((x) => sumOfSquares(rightPull, rightPush)(x!), v),
  'sum of a thousand squares': subject((x) => sumOfSquares(rightPull, rightPush)(x!), many),
}

/** Mistakes in reverse mode. */
export const wrongPullbacks: Readonly<Record<string, Subject>> = {
  'the sign': subject((x) => sine((dx, n) => neg(mul(dx, cosine(n))))(x!), v),
  'a factor of 1 + 1e-6': subject((x) => sine((dx, n) => mul(mul(dx, cosine(n)), 1 + 1e-6))(x!), v),
  'a factor of 2': subject((x) => sine((dx, n) => mul(2, mul(dx, cosine(n))))(x!), v),
  'a number added': subject((x) => sine((dx, n) => mul(dx, add(cosine(n), 1e-5)))(x!), v),
  'zero instead of a derivative': subject((x) => sine((dx) => full(0, dx))(x!), v),
  'the function instead of its derivative': subject((x) => sine((dx, n) => mul(dx, sin(n)))(x!), v),
  'the cotangent ignored': subject((x) => sine((_dx, n) => cosine(n))(x!), v),
  'the cotangent squared': subject((x) => sine((dx, n) => mul(mul(dx, dx), cosine(n)))(x!), v),
  'negative cotangents lost': subject((x) => sine((dx, n) => mul(where(gt(dx, 0), dx, 0), cosine(n)))(x!), v),
  'partials of the two operands swapped': subject((a, b) => quotient(rightB, rightA)(a!, b!), v, w),
  'the second partial without its sign': subject((a, b) => quotient(rightA, (g, a, b) => neg(rightB(g, a, b)))(a!, b!), v, w),
  'the second operand forgotten': subject((a, b) => quotient(rightA, (g) => full(0, g))(a!, b!), v, w),
  'a missing term': subject((x) => outerSquare((g, { inputs: [n] }) => rows(g, n!))(x!), v),
  'one term doubled in place of both': subject((x) => outerSquare((g, { inputs: [n] }) => twice(rows(g, n!)))(x!), v),
  'a matrix transposed': subject((x, y) => transposedProduct(x!, y!), tensor([[1, 2], [3, -1]]), tensor([0.5, 2])),
  'a broadcast not summed': subject((x) => repeat((g) => g)(x!), tensor(0.75)),
  'a broadcast averaged': subject((x) => repeat((g) => div(sum(g, [0]), 3))(x!), tensor(0.75)),
  'only the first of a broadcast': subject((x) => repeat((g) => reshape(slice(g, { start: [0], step: [1], shape: [1] }), []))(x!), tensor(0.75)),
  'entries in reverse': subject((x) => sine((dx, n) => mul(reversedVector(dx), cosine(n)))(x!), v),
  'rounding to single precision': subject((x) => sine((dx, n) => mul(dx, astype(astype(cosine(n), 'f32'), 'f64')))(x!), v),
  'one entry among a thousand off by a hundredth': subject((x) => sumOfSquares((g, y, k) => firstScaled(rightPull(g, y, k)!, 1.01), rightPush)(x!), many),
  'one entry among a thousand lost': subject((x) => sumOfSquares((g, y, k) => firstScaled(rightPull(g, y, k)!, 0), rightPush)(x!), many),
  'a path cut off': subject((x) => add(mul(x!, x!), stopGradient(sin(x!))), v),
}

/** The product of a matrix and a vector whose pullback to the vector forgets to transpose the matrix. */
const transposedProduct = (m: Node, x: Node): Node => {
  const op: Primitive = defineOp({
    name: 'product',
    infer: ([a]) => signature([a!.shape[0]!], a!.dtype),
    evaluate: ([a, b], y) => allocate(y.dtype, 2).map((_, i) => a![2 * i]! * b![0]! + a![2 * i + 1]! * b![1]!),
    batch: 'loop',
    vjp: (g, { inputs: [a, b] }, k) => (k === 0 ? mul(broadcastTo(reshape(g, [2, 1]), [2, 2]), broadcastTo(reshape(b!, [1, 2]), [2, 2])) : rows(a!, g)),
    jvp: () => null,
  })
  return apply(op, [m, x])
}

/** Mistakes in forward mode beside a right pullback. */
export const wrongPushforwards: Readonly<Record<string, Subject>> = {
  'the sign': subject((x) => sumOfSquares(rightPull, (t, y) => neg(rightPush(t, y)!))(x!), v),
  'a factor of 1 + 1e-6': subject((x) => sumOfSquares(rightPull, (t, y) => mul(rightPush(t, y)!, 1 + 1e-6))(x!), v),
  'the tangent ignored': subject((x) => sumOfSquares(rightPull, (_, { inputs: [n] }) => sum(twice(n!), [0]))(x!), v),
  'no tangent': subject((x) => sumOfSquares(rightPull, () => null)(x!), v),
  'the shape of the operand': subject((x) => sumOfSquares(rightPull, ([dx], { inputs: [n] }) => mul(dx!, twice(n!)))(x!), v),
}

/** Rules that are right at first order and wrong at second order. */
export const wrongAtSecondOrder: Readonly<Record<string, Subject>> = {
  'a derivative that is held constant': subject((x) => sine((dx, n) => mul(dx, stopGradient(cosine(n))))(x!), v),
  'a derivative whose own rule is wrong': subject((x) => sine((dx, n) => mul(dx, unary('cos', Math.cos, (g, m) => mul(g, sin(m)))(n)))(x!), v),
  'a second derivative off by a factor of 1 + 1e-6': subject((x) => sine((dx, n) => mul(dx, unary('cos', Math.cos, (g, m) => mul(neg(mul(g, sin(m))), 1 + 1e-6))(n)))(x!), v),
}
