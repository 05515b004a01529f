/** Edge cases: the value, and the gradient of its sum, at points where libraries disagree. */
import * as E from 'fp-ts/Either'
import type { Node, Tensor } from '../../lib/index.js'
import { adjointsOf } from '../../lib/transform/backward.js'
import { tangentsOf } from '../../lib/transform/forward.js'
import { mismatch, mismatches, tolerance, type Tolerance } from './compare.js'
import { edgeFunction } from './edge-functions.js'
import { evaluate, NotSupported, onesLike, value, variableFrom, Wrong, zerosLike } from './library.js'
import { judge, type Outcome } from './report.js'
import type { Datum, EdgeCase, TensorData } from './schema.js'

/**
 * The files print some numbers in full and some in short: one of 5 to 12 significant digits is right to a few units of its
 * last digit, any other to the rounding of a few operations.
 */
const printed = (largest: number): Tolerance => ({
  rtol: 1e-12,
  atol: (_, expected) => 5 * lastDigit(expected) + 1e-14 * largest,
})

/** The unit of the last digit of a number printed in short, 0 for any other. */
const lastDigit = (expected: Datum): number => {
  const [digits = '', exponent = '0'] = Math.abs(Number(expected)).toExponential().split('e')
  const count = digits.replace('.', '').length
  return count >= 5 && count <= 12 ? 10 ** (Number(exponent) - count + 1) : 0
}

const largestIn = ({ data }: TensorData): number => Math.max(0, ...data.map((d) => Math.abs(Number(d))).filter(Number.isFinite))

const compare = (what: string, got: Tensor, expected: TensorData) => mismatches(what, got, expected, printed(largestIn(expected)))

/** Second derivatives that the reasons of some cases state in words: `∂²f / ∂args[i] ∂args[j]` along ones. */
const second: Readonly<Record<string, ReadonlyArray<readonly [i: number, j: number, expected: number]>>> = {
  pow_hess_23_0: [
    [0, 1, 1 / 23],
    [1, 0, 1 / 23],
  ],
  sinc0: [[0, 0, -(Math.PI ** 2) / 3]],
  prod_two0: [[0, 0, 6]],
  pow_static1_0: [[0, 0, 0]],
}

/** Cases without an expected gradient whose reason asks for a finite one. */
const finite: ReadonlySet<string> = new Set(['normalize0', 'svdvals_rank1'])

const notFinite = (g: Tensor, k: number): ReadonlyArray<string> =>
  g.toTypedArray().every(Number.isFinite) ? [] : [`grad.${k}: ${String(g)}, expected finite numbers`]

const secondAlongOnes = (gradients: ReadonlyArray<Node>, args: ReadonlyArray<Node>, i: number, j: number): number =>
  total(tangentsOf([gradients[i]!], args, args.map((x, k) => (k === j ? onesLike(x) : null)))[0] ?? zerosLike(args[i]!))

const total = (x: Node): number => [...value(x).toTypedArray()].reduce((a, b) => a + b, 0)

const check = (c: EdgeCase): ReadonlyArray<string> => {
  if (c.expect.value === undefined && c.expect.grad === undefined) throw new NotSupported(`edge case ${c.id}`)
  const args = c.args.map((arg, i) => variableFrom(`x${i}`, arg))
  const y = edgeFunction(c, args)
  if (c.expect.value === 'error') {
    const answer = evaluate(y)
    return E.isLeft(answer) ? [] : [`value: ${String(answer.right)}, expected an error`]
  }
  const found = adjointsOf(y, args)
  const gradients = args.map((x, k) => found[k] ?? zerosLike(x))
  const result = evaluate({ y, gradients })
  if (E.isLeft(result)) throw new Wrong(result.left.map((e) => `${e.op}: ${e.rule}`).join('; '))
  const { y: got, gradients: grads } = result.right
  return [
    ...(c.expect.value === undefined ? [] : compare('value', got, c.expect.value)),
    ...(c.expect.grad ?? []).flatMap((g, k) => compare(`grad.${k}`, grads[k]!, g)),
    ...(finite.has(c.id) ? grads.flatMap(notFinite) : []),
    ...(second[c.id] ?? []).flatMap(([i, j, expected]) =>
      mismatch(`second derivative ${i}${j}`, secondAlongOnes(gradients, args, i, j), expected, tolerance(1e-12, 0)),
    ),
  ]
}

/** The outcome of one edge case. */
export const runEdge = (c: EdgeCase): Outcome => judge(() => check(c))
