/** What specs of control flow compare: derivatives of every kind, and the size of a graph with its closed functions. */
import * as E from 'fp-ts/Either'
import { expect } from 'vitest'
import { isClosed } from '../../lib/core/Closed.js'
import { sort } from '../../lib/core/Graph.js'
import type { Node } from '../../lib/core/Node.js'
import { bufferOf, sameTensor, type Tensor } from '../../lib/core/Tensor.js'
import { mul, sin, sum } from '../../lib/function/index.js'
import { evaluate, value } from '../../lib/interpret/evaluate.js'
import { constant } from '../../lib/primitive/index.js'
import { grad } from '../../lib/transform/grad.js'
import { jvp } from '../../lib/transform/jvp.js'
import { checkGradient, checkJvp, checkSecondOrder, showFailure, type CheckFailure, type Report } from '../../lib/verify/index.js'
import { near, varied } from '../arbitraries/batch.js'

/** A function of arrays to a scalar. */
export type Scalar = (...xs: ReadonlyArray<Node>) => Node

type Derivative = (f: Scalar) => (...xs: ReadonlyArray<Node>) => ReadonlyArray<Node>

const gradients: Derivative = (f) => (...xs) => grad((all: ReadonlyArray<Node>) => f(...all))(xs)

/** The scalar that weighs some arrays, each element by a weight of its own. */
const weighed = (ys: ReadonlyArray<Node>): Node =>
  ys.map((y, k) => sum(mul(y, constant(varied(value(mul(0, y)), k + 3))))).reduce((a, b) => mul(0.5, mul(a, sin(b))))

const along = (xs: ReadonlyArray<Node>): ReadonlyArray<Node> => xs.map((x, k) => constant(varied(value(x), k)))

/** Derivatives by name; each of the second order in all modes, and one of the third. */
export const derivatives: Readonly<Record<string, Derivative>> = {
  value: (f) => (...xs) => [f(...xs)],
  reverse: gradients,
  forward: (f) => (...xs) => [jvp(f)(xs, along(xs))[1]],
  'reverse over reverse': (f) => gradients((...xs) => weighed(gradients(f)(...xs))),
  'forward over reverse': (f) => (...xs) => jvp((...at: ReadonlyArray<Node>) => gradients(f)(...at))(xs, along(xs))[1],
  'reverse over forward': (f) => gradients((...xs) => jvp(f)(xs, along(xs))[1]),
  'forward over forward': (f) => (...xs) => [jvp((...at: ReadonlyArray<Node>) => jvp(f)(at, along(xs))[1])(xs, along(xs))[1]],
  third: (f) => gradients((...xs) => weighed(gradients((...at) => weighed(gradients(f)(...at)))(...xs))),
}

/** All derivatives of two functions are equal at a point: values bitwise, derivatives but for the order of sums. */
export const expectSame = (f: Scalar, g: Scalar, at: ReadonlyArray<Tensor>, exact: ReadonlyArray<string> = ['value'], skip: ReadonlyArray<string> = []): void => {
  for (const [name, derivative] of Object.entries(derivatives)) {
    if (skip.includes(name)) continue
    const [a, b]: ReadonlyArray<ReadonlyArray<Tensor>> = [f, g].map((h) => value(derivative(h)(...at.map(constant))))
    a!.forEach((t, k) => {
      const same = exact.includes(name) ? sameTensor(t, b![k]!) : near(t, b![k]!, 1e-10)
      expect(same, `${name} ${k}: ${t} and ${b![k]!}`).toBe(true)
    })
    expect(a!.every((t) => bufferOf(t).every((x) => Number.isFinite(x)))).toBe(true)
  }
}

const passes = (check: E.Either<CheckFailure, Report>): void => {
  if (E.isLeft(check)) throw new Error(showFailure(check.left))
}

/** First and second derivatives are those that numerical differentiation finds. */
export const expectChecked = (f: Scalar, at: ReadonlyArray<Tensor>, seed = 0): void => {
  passes(checkGradient(f, at, { seed }))
  passes(checkJvp(f, at, { seed }))
  passes(checkSecondOrder(f, at, { seed, directions: 1 }))
}

/** All closed functions among the attributes of a node. */
const closedIn = (x: unknown): ReadonlyArray<{ readonly outputs: ReadonlyArray<Node> }> =>
  isClosed(x) ? [x] : Array.isArray(x) ? x.flatMap(closedIn) : []

/** How many nodes a graph has, with those of the functions in it. */
export const countNodes = (outputs: ReadonlyArray<Node>): number => {
  const { nodes } = sort(outputs)
  const inside = nodes.flatMap((node) => Object.values(node.attrs).flatMap(closedIn))
  return nodes.length + inside.reduce((n, { outputs: own }) => n + countNodes(own), 0)
}

/** What evaluation says is wrong. */
export const messages = (tree: unknown): ReadonlyArray<string> => {
  const result = evaluate(tree)
  return E.isLeft(result) ? result.left.map((e) => `${e.op}: ${e.rule}`) : []
}
