/** What the gate is run on: every primitive, control flow, some compositions, and functions that are hard to difference. */
import fc from 'fast-check'
import {
  add, broadcastTo, checkpoint, cond, conv, cos, div, erfc, exp, foriLoop, full, layerNorm, less, log, logSumExp, matmul, mean, mul, pow, reciprocal, scan, sin, softmax, sqrt,
  square, std, sum, switchCase, take, tanh, tensor, variance, whileLoop, type Node,
} from '../../../lib/index.js'
import { array, distinct, type Range } from '../../arbitraries/array.js'
import { application, row, type Row } from '../../primitive/application.js'
import { table } from '../../primitive/table.js'

/** A family of functions to differentiate, with points to do so at. */
export interface Family extends Row {
  readonly name: string
  readonly badlyScaled: boolean
}

const plain: Range = [-2, 2]
const positive: Range = [0.25, 4]

/** Numbers of a size. */
const around = (size: number, shape: ReadonlyArray<number> = [3]) => array(shape, positive).map((t) => tensor(t.toTypedArray().map((x) => x * size), { shape: [...shape] }))

const one = (f: (x: Node) => Node, label: string, x = array([3], plain)): Row => row('smooth', x.map((t) => application(label, [t], (n) => f(n!))))

const two = (f: (a: Node, b: Node) => Node, label: string, a = array([2, 3], plain), b = array([3], plain)): Row =>
  row('smooth', fc.tuple(a, b).map((args) => application(label, args, (m, n) => f(m!, n!))))

/** The state of a loop that counts its steps. */
interface Counted {
  readonly k: Node
  readonly y: Node
}

const control: Readonly<Record<string, Row>> = {
  'scan, its carry': two((c, xs) => scan((s: Node, x: Node) => [sin(add(mul(s, x), s)), []] as const, c, xs)[0], 'scan', array([2], plain), array([4, 2], plain)),
  'scan, its outputs': two((c, xs) => scan((s: Node, x: Node) => [mul(s, x), add(s, square(x))] as const, c, xs)[1], 'scan', array([], positive), array([4], positive)),
  'scan in reverse': two((c, xs) => scan((s: Node, x: Node) => [add(mul(s, 0.5), x), mul(s, x)] as const, c, xs, { reverse: true })[1], 'scan', array([], plain), array([4], plain)),
  'scan with checkpoints': two((c, xs) => scan((s: Node, x: Node) => [tanh(add(s, x)), s] as const, c, xs, { checkpoint: true })[1], 'scan', array([], plain), array([5], plain)),
  'foriLoop': one((x) => foriLoop(0, 3, (i, s: Node) => mul(s, add(x, i)), x), 'foriLoop', array([2], positive)),
  'cond': one((x) => cond(true, (a: Node) => mul(a, sin(a)), (a: Node) => square(a), x), 'cond'),
  'switchCase': two((a, b) => switchCase(1, [(x: Node, y: Node) => add(x, y), (x: Node, y: Node) => mul(x, sin(y))], a, b), 'switchCase', array([3], plain)),
  'whileLoop': one((x) => whileLoop(({ k }: Counted) => less(k, 3), ({ k, y }: Counted) => ({ k: add(k, 1), y: mul(y, add(x, 0.5)) }), { k: full([], 0), y: x }).y, 'whileLoop', array([2], positive)),
  'checkpoint': two((a, b) => checkpoint((x: Node, y: Node) => mul(x, sin(mul(y, x))))(a, b), 'checkpoint', array([3], plain)),
}

const composed: Readonly<Record<string, Row>> = {
  'broadcast product': two((a, b) => mul(a, b), 'mul'),
  'broadcast quotient': two((a, b) => div(a, b), 'div', array([2, 3], plain), array([3], positive)),
  'mean': one((x) => mean(x, { axis: 1 }), 'mean', array([2, 3], plain)),
  'variance': one((x) => variance(x, { axis: 1 }), 'variance', distinct([2, 3])),
  'std': one((x) => std(x), 'std', distinct([5])),
  'layerNorm': one((x) => layerNorm(x, tensor([1, 2, 0.5, -1]), 0.25), 'layerNorm', distinct([2, 4])),
  'logSumExp of a product': two((a, b) => logSumExp(matmul(a, b)), 'logSumExp'),
  'a layer': two((a, b) => tanh(matmul(a, b)), 'tanh', array([2, 3], plain), array([3, 2], plain)),
  'softmax of a square': one((x) => softmax(square(x)), 'softmax'),
  'a convolution': two((x, w) => conv(x, w), 'conv', array([1, 2, 6], plain), array([2, 2, 3], plain)),
  'an embedding': one((x) => sum(square(take(x, tensor([0, 2, 0], { dtype: 'i32' }), { axis: 0 })), { axis: 0 }), 'take', array([3, 2], plain)),
  'an operand used twice': one((x) => add(mul(x, sin(x)), cos(x)), 'x sin x + cos x'),
  'a broadcast axis': one((x) => square(broadcastTo(x, [4, 3])), 'broadcastTo'),
}

const badly: Readonly<Record<string, Row>> = {
  '1e8 + sin x': one((x) => add(1e8, sin(x)), '1e8 + sin'),
  'sin 200x': one((x) => sin(mul(200, x)), 'sin 200x', array([3], positive)),
  'log x at 1e-6': one((x) => log(x), 'log', around(1e-6)),
  'sqrt x at 1e-6': one((x) => sqrt(x), 'sqrt', around(1e-6)),
  '1/x at 1e-6': one((x) => reciprocal(x), 'reciprocal', around(1e-6)),
  '1e-6 sin x': one((x) => mul(1e-6, sin(x)), '1e-6 sin'),
  'sin x at 1e6, slowly': one((x) => sin(mul(x, 1e-6)), 'sin 1e-6 x', around(1e6)),
  'x^50': one((x) => pow(x, 50), 'x^50', array([3], [0.75, 1.25])),
  'exp 30x': one((x) => exp(mul(30, x)), 'exp 30x'),
  'erfc in its tail': one((x) => erfc(x), 'erfc', array([3], [4, 8])),
  'inputs of 1e6 and 1e-6': row('smooth', fc.tuple(around(1e6), around(1e-6)).map((args) => application('a b + b', args, (a, b) => add(mul(a!, b!), b!)))),
  '200 squares': one((x) => sum(square(x)), 'sum of squares', array([200], plain)),
}

const named = (rows: Readonly<Record<string, Row>>, badlyScaled: boolean): ReadonlyArray<Family> =>
  Object.entries(rows).map(([name, { kind, application: drawn }]) => ({ name, kind, badlyScaled, application: drawn }))

/** A derivative that is declared to be what differences do not see, or none at all, is not for checkers to judge. */
const isJudged = ({ kind }: Row): boolean => kind !== 'leaf' && kind !== 'blocked' && kind !== 'rounded'

export const families: ReadonlyArray<Family> = [...named(table, false), ...named(control, false), ...named(composed, false), ...named(badly, true)].filter(isJudged)

