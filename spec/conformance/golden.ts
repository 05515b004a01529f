/** Golden cases: value, vjp, jvp, Hessian-vector product and Hessian of an operation or a program. */
import * as E from 'fp-ts/Either'
import { isNode, tensor, type Node, type Tensor } from '../../lib/index.js'
import { adjointsOfAll } from '../../lib/transform/backward.js'
import { tangentsOf } from '../../lib/transform/forward.js'
import { mismatches, type Tolerance } from './compare.js'
import { correct, takesOutOfRange } from './conventions.js'
import { operate } from './golden-ops.js'
import { constantFrom, evaluate, value, variableFrom, Wrong, zerosLike } from './library.js'
import { judge, type Outcome } from './report.js'
import { isTensorData, type GoldenCase, type GoldenTolerance, type OneOrMany, type ProgramNode, type TensorData } from './schema.js'

const many = (x: OneOrMany): ReadonlyArray<TensorData> => (isTensorData(x) ? [x] : x)

const one = (op: string, y: Node | ReadonlyArray<Node>): Node => {
  if (!isNode(y)) throw new Wrong(`${op} has several results, a program needs one`)
  return y
}

const step = ({ op, in: from = [], params, value: data }: ProgramNode, earlier: ReadonlyArray<Node>): Node =>
  op === 'const' && data !== undefined
    ? constantFrom(data)
    : one(op, operate(op, from.map((i) => earlier[i]!), params))

/** The results of the case, as nodes. */
const results = ({ op, params, program }: GoldenCase, args: ReadonlyArray<Node>): ReadonlyArray<Node> => {
  if (program === undefined) {
    const y = operate(op, args, params)
    return isNode(y) ? [y] : y
  }
  const values = [...args]
  for (const node of program.nodes) values.push(step(node, values))
  return [values[program.out]!]
}

/** The derivative of each of `ys` along the tangents. */
const along = (ys: ReadonlyArray<Node>, args: ReadonlyArray<Node>, tangents: ReadonlyArray<Node | null>): ReadonlyArray<Node> =>
  tangentsOf(ys, args, tangents).map((t, i) => t ?? zerosLike(ys[i]!))

/** All the derivatives of the case: forward over reverse for the second order. */
const derivatives = (c: GoldenCase) => {
  const args = c.args.map((arg, i) => variableFrom(`x${i}`, arg))
  const ys = results(c, args)
  const cotangents = many(c.cotangent).map(constantFrom)
  const tangents = c.tangents.map(constantFrom)
  const pulled = adjointsOfAll(ys.map((y, i) => [y, cotangents[i]] as const), args, 'vjp')
  const vjp = args.map((x, k) => pulled[k] ?? zerosLike(x))
  return {
    value: ys,
    vjp,
    jvp: along(ys, args, tangents),
    hvp: c.hvp === undefined ? [] : along(vjp, args, tangents),
    hessian: c.hessian === undefined ? [] : c.args.flatMap((arg, k) => arg.data.map((_, j) => along(vjp, args, unit(c.args, k, j)))),
  }
}

/** The direction of one element of one argument. */
const unit = (args: ReadonlyArray<TensorData>, k: number, j: number): ReadonlyArray<Node | null> =>
  args.map((arg, i) => (i === k ? constantFrom({ shape: arg.shape, data: arg.data.map((_, e) => (e === j ? 1 : 0)) }) : null))

/** The Hessian from its columns, each of which has a part for every argument. */
const matrix = (columns: ReadonlyArray<ReadonlyArray<Tensor>>): Tensor => {
  const flat = columns.map((parts) => parts.flatMap((part) => [...part.toTypedArray()]))
  return tensor(flat.map((_, row) => flat.map((column) => column[row]!)))
}

/** The tolerance of a part of a quantity: absolute ones are listed for all parts in a row, so this part's start at `from`. */
const toleranceOf = ([rtol, atol]: GoldenTolerance, from: number, skipInfinite: boolean): Tolerance => ({
  rtol,
  atol: (i) => (typeof atol === 'number' ? atol : atol[from + i]!),
  skipInfinite,
})

const check = (c: GoldenCase): ReadonlyArray<string> => {
  const found = value(derivatives(c))
  const extreme = c.group.endsWith('_extreme')
  const compare = (what: string, got: ReadonlyArray<Tensor>, expected: ReadonlyArray<TensorData>): ReadonlyArray<string> => {
    if (got.length !== expected.length) return [`${what}: ${got.length} arrays, expected ${expected.length}`]
    let from = 0
    return expected.flatMap((e, i) => {
      // The second derivative may overflow at an extreme point; there the file asks for equality or nothing.
      const tol = toleranceOf(c.tol[what]!, from, extreme && what === 'hvp')
      from += e.data.length
      return mismatches(expected.length === 1 ? what : `${what}.${i}`, got[i]!, e, tol)
    })
  }
  return [
    ...compare('value', found.value, many(c.value)),
    ...compare('vjp', found.vjp, c.vjp),
    ...compare('jvp', found.jvp, many(c.jvp)),
    ...(c.hvp === undefined ? [] : compare('hvp', found.hvp, c.hvp)),
    ...(c.hessian === undefined ? [] : compare('hessian', [matrix(found.hessian)], [c.hessian])),
  ]
}

/** The case must have no value at all. */
const refused = (c: GoldenCase): ReadonlyArray<string> => {
  const answer = evaluate(results(c, c.args.map(constantFrom)))
  return E.isLeft(answer) ? [] : [`value: ${answer.right.join(', ')}, expected an error`]
}

/** The outcome of one golden case. */
export const runGolden = (c: GoldenCase): Outcome => {
  if (takesOutOfRange(c)) return judge(() => refused(c), 'an index out of range is an error')
  const { expected, convention } = correct(c)
  return judge(() => check(expected), convention)
}
