/** Laws of values, linearity, accuracy and integers: rules with one mistake each. */
import fc from 'fast-check'
import { signature, apply, type Node } from '../../../../lib/core/Node.js'
import { allocate } from '../../../../lib/core/DType.js'
import { tensor } from '../../../../lib/core/Tensor.js'
import { mapTree } from '../../../../lib/core/Tree.js'
import { abs, add, astype, cos, cumsum, div, equal, greater, matmul, max, mul, ones, pow, relu, sigmoid, sin, square, sub, sum, tanh, transpose, where } from '../../../../lib/function/index.js'
import { defineOp, unary } from '../../../../lib/primitive/declare.js'
import { stopGradient } from '../../../../lib/primitive/index.js'
import { customRule } from '../../../../lib/transform/customRule.js'
import { jvp } from '../../../../lib/transform/jvp.js'
import { vjp } from '../../../../lib/transform/vjp.js'
import { subject } from '../../../../lib/verify/laws/index.js'
import { broken, matrices, points, positives, scalars, vectors, type ByLaw } from './examples.js'
import { functions, sine } from './functions.js'
import { ruled, sineBy, sineOf } from './rules.js'

const wrong = (f: (x: Node) => Node, name: string) => subject(f, [points], { name })

const shifted = (tree: unknown): unknown => mapTree(tree, (y) => add(y, 1e-9))

const dtypeLost = (x: Node): Node =>
  apply(defineOp({
    name: 'double',
    infer: ([a]) => a!,
    evaluate: ([a], y) => allocate(y.dtype, a!.length).map((_: number, i: number) => 2 * a![i]!),
    vjp: (g) => astype(mul(2, g), 'f32'),
    jvp: ([dx]) => (dx ? mul(2, dx) : null),
    batch: 'leading',
  }), [x])

const spreadOut = (x: Node): Node =>
  apply(defineOp({
    name: 'repeat',
    infer: ([a]) => signature([3], a!.dtype),
    evaluate: ([a], y) => allocate(y.dtype, 3).fill(a![0]!),
    vjp: (g) => g,
    jvp: ([dx]) => (dx ? mul(dx, ones([3])) : null),
    batch: 'loop',
  }), [x])

/** The square by a rule that divides by its operand. */
const dividing = (x: Node): Node => ruled('square', square, (a) => div(mul(2, square(a)), a))(x)

const throughSingle = (g: Node): Node => astype(astype(g, 'f32'), 'f64')
const thrice = customRule((x) => mul(3, x), { name: 'thrice', vjp: [(g) => mul(3, throughSingle(g))], jvp: ([dx]) => mul(3, dx!) })
const product = customRule((a, b) => mul(a, b), { name: 'product', vjp: [(g, _y, _a, b) => mul(g, b!), (g, _y, a) => mul(g, add(a!, 1))] })

const onAxis = fc.constantFrom(tensor([1, 3, 3]), tensor([2, 2, 0.5]))
const everyWinner = customRule((x) => max(x), { name: 'max', vjp: [(g, y, x) => where(equal(x!, y), g, 0)] })

const notAGradient = customRule((x, y) => mul(mul(x, x), y), { name: 'form', vjp: [(g, _, __, y) => mul(g, mul(y!, y!)), (g, _, x) => mul(g, x!)] })

/** Cosine, sine, cosine, each the derivative of the next but for signs; that of the first is wrong. */
const third = unary('third', Math.cos, (dx, x) => mul(mul(dx, sin(x)), -1 - 1e-6))
const second = unary('second', Math.sin, (dx, x) => mul(dx, third(x)))
const wrongThird = unary('first', Math.cos, (dx, x) => mul(-1, mul(dx, second(x))))

export const derivatives: ByLaw = {
  L1: {
    lawful: functions,
    violators: {
      'a value off by a billionth': subject((x: Node) => sin(x), [points], broken({ vjp: (f: never) => (...args: ReadonlyArray<never>) => { const [y, pull] = vjp(f)(...args); return [shifted(y), pull] } })),
      'the value of jvp': subject((x: Node) => sin(x), [points], broken({ jvp: (f: never) => (...args: [never, never]) => { const [y, dy] = jvp(f)(...args); return [shifted(y), dy] } })),
    },
  },
  L2: {
    lawful: functions,
    violators: {
      'a pushforward off by a billionth': wrong(sineBy(undefined, (dx, _, x) => mul(dx, mul(cos(x), 1 + 1e-9))), 'sine'),
      'a sign': wrong(sineBy((g, _, x) => mul(-1, mul(g, cos(x)))), 'sine'),
    },
  },
  L3: {
    lawful: functions,
    violators: {
      'negative cotangents lost': wrong(sineBy((g, _, x) => mul(relu(g), cos(x))), 'sine'),
      'the cotangent squared': wrong(sineBy((g, _, x) => mul(square(g), cos(x))), 'sine'),
      'the size of the cotangent': wrong(sineBy((g, _, x) => mul(abs(g), cos(x))), 'sine'),
    },
  },
  L4: { lawful: functions, violators: { 'a number added': wrong(sineBy((g, _, x) => add(mul(g, cos(x)), 1e-9)), 'sine') } },
  L5: {
    lawful: functions,
    violators: {
      'negative tangents lost': wrong(sineBy(undefined, (dx, _, x) => mul(relu(dx), cos(x))), 'sine'),
      'the tangent ignored': wrong(sineBy(undefined, (_, __, x) => cos(x)), 'sine'),
    },
  },
  L6: {
    lawful: functions,
    violators: {
      'a factor of 1 + 1e-8': wrong(sineOf((x) => mul(cos(x), 1 + 1e-8)), 'sine'),
      'the function for its derivative': wrong(sineOf((x) => sin(x)), 'sine'),
      'a path cut off': wrong((x) => add(square(x), sin(stopGradient(x))), 'a sum'),
    },
  },
  L7: {
    lawful: [
      subject((x: Node) => cumsum(mul(4, sub(x, transpose(x)))), [matrices], { name: 'differences', linear: true }),
      subject((a: Node, b: Node) => matmul(a, b), [matrices, matrices], { name: 'matmul', multilinear: true, degree: 2 }),
      subject((x: Node) => add(pow(x, 3), mul(2, square(x))), [vectors], { name: 'a cubic', degree: 3 }),
      subject((x: Node) => mul(0.25, sum(x)), [vectors], { name: 'a quarter of the sum', linear: true }),
    ],
    violators: {
      'rounding to single precision': subject((x: Node) => thrice(x), [vectors], { linear: true }),
      'one more': subject((a: Node, b: Node) => product(a, b), [fc.constant(tensor([1, 2])), fc.constant(tensor([3, 4]))], { multilinear: true }),
      'a derivative of another degree': subject(ruled('cube', (x) => pow(x, 3), (x) => mul(2, square(x))), [vectors], { degree: 3 }),
      'a cubic declared a parabola': subject((x: Node) => pow(x, 3), [vectors], { degree: 2 }),
    },
  },
  L8: {
    lawful: functions,
    violators: {
      'a gradient of the shape of the result': subject(spreadOut, [scalars]),
      'a gradient of another precision': subject(dtypeLost, [points]),
      'a tangent of the shape of the argument': subject((x: Node) => sum(x), [vectors], broken({ jvp: (f: never) => (...args: [never, readonly [never]]) => [jvp(f)(...args)[0], args[1][0]] })),
    },
  },
  L9: {
    lawful: [...functions, subject((x: Node) => square(x), [fc.constant(tensor([0, 1]))]), subject((x: Node) => abs(x), [fc.constant(tensor([0, 1]))])],
    violators: { 'NaN at zero': subject(dividing, [fc.constant(tensor([0, 1, -2]))]) },
  },
  L10: {
    lawful: [
      subject((x: Node) => abs(x), [vectors], { kinks: [fc.constant(tensor([0, 1, 0]))] }),
      subject((x: Node) => max(x), [vectors], { kinks: [onAxis], selects: true }),
    ],
    violators: {
      'a slope outside the interval': subject(ruled('abs', abs, (x) => where(equal(x, 0), 2, where(greater(x, 0), 1, -1))), [vectors], { kinks: [fc.constant(tensor([0, 1, 0]))] }),
      'the cotangent to every winner': subject((x: Node) => everyWinner(x), [vectors], { kinks: [onAxis], selects: true }),
    },
  },
  L11: {
    lawful: functions.filter((f) => f !== functions.at(-2)),
    violators: {
      'a derivative that is held constant': wrong(sineOf((x) => stopGradient(cos(x))), 'sine'),
      'a second derivative off by a millionth': wrong(second, 'second'),
    },
  },
  L19: {
    lawful: [
      subject((x: Node) => sigmoid(x), [scalars], { tails: [[40, 4.248354255291589e-18], [-40, 4.248354255291589e-18], [37, 8.533047625744066e-17]] }),
      subject((x: Node) => tanh(x), [scalars], { tails: [[20, 1.699341702116636e-17], [15, 3.743049187535369e-13]] }),
    ],
    violators: {
      'y(1 - y) for the sigmoid': subject(ruled('sigmoid', sigmoid, (_, y) => mul(y, sub(1, y))), [scalars], { tails: [[40, 4.248354255291589e-18]] }),
      '1 - y² for tanh': subject(ruled('tanh', tanh, (_, y) => sub(1, square(y))), [scalars], { tails: [[20, 1.699341702116636e-17]] }),
    },
  },
  L12: {
    lawful: functions,
    violators: {
      'a form that is no gradient': subject((x: Node, y: Node) => notAGradient(x, y), [scalars, scalars]),
      'modes of different curvature': wrong(sineBy(undefined, (dx, _, x) => mul(dx, stopGradient(cos(x)))), 'sine'),
    },
  },
  L18: {
    lawful: [
      subject((x: Node) => tanh(x), [points], { monotone: 'increasing' }),
      subject((x: Node) => div(1, x), [positives], { monotone: 'decreasing', curvature: 'convex' }),
      subject((x: Node) => sum(square(x)), [vectors], { curvature: 'convex' }),
    ],
    violators: {
      'a derivative of the wrong sign': subject(ruled('tanh', tanh, (_, y) => sub(square(y), 1)), [points], { monotone: 'increasing' }),
      'a parabola declared concave': subject((x: Node) => sum(square(x)), [vectors], { curvature: 'concave' }),
      'a curvature of the wrong sign': subject(ruled('square', square, (x) => sub(mul(4, stopGradient(x)), mul(2, x))), [vectors], { curvature: 'convex' }),
    },
  },
  L31: {
    lawful: [sine, subject((x: Node) => mul(x, tanh(x)), [vectors]), subject((x: Node) => sum(pow(x, 3)), [positives])],
    violators: {
      'a third derivative off by a millionth': subject(wrongThird, [vectors]),
      'a product rule without its last term': subject((x: Node) => mul(x, sin(x)), [vectors], broken({ jvp: (f: never) => (...args: [never, never]) => { const [y, dy] = jvp(f)(...args); return [y, mapTree(dy as Node, (t) => add(t, mul(1e-6, square(t))))] } })),
    },
  },
}
