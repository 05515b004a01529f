/**
 * How far single precision may take a derivative away from its value: a running error analysis.
 *
 * Each node of the program that computes the derivative is evaluated twice, in the precision it is written in and in double
 * precision, which gives the error `e` that it carries. The operation on the operands as they are (in double precision) tells
 * which part of `e` the node added itself, by rounding, and which it only passed on. What it passed on is `J e` for the
 * errors of its operands plus a remainder, what is not linear in them. With the adjoints `ḡ` of all nodes the error of the
 * result is exactly `Σ ⟨ḡ, rounding + remainder⟩`, whatever the condition of the problem. In place of the rounding that a
 * node did stands the rounding that it may do, so that the bound holds for rules that are right, and for no others.
 */
import { isFloat } from '../core/DType.js'
import { apply, type Node } from '../core/Node.js'
import { sizeOf } from '../core/Shape.js'
import { bufferOf, tensorOf, type Tensor } from '../core/Tensor.js'
import { constant } from '../primitive/leaf.js'
import { adjointsOfAll } from '../transform/backward.js'
import { tensorsOf, unpack } from './numeric.js'
import { promotedPairs, widened } from './promote.js'

/** Half a unit in the last place, and the least positive number. */
const precision = { f32: { unit: 2 ** -24, least: 2 ** -149 }, f64: { unit: 2 ** -53, least: 2 ** -1074 } } as const

/** What single precision may do to a derivative. */
export interface SinglePrecision {
  /** A bound on the rounding error of `⟨derivative, weights⟩`. */
  readonly bound: number
  /** The first node whose result is not finite, though it is in double precision. */
  readonly overflow: Node | undefined
}

/** A node in its own precision and in double precision, with its values in both. */
interface Twin {
  readonly node: Node
  readonly image: Node
  readonly values: Tensor
  readonly exact: Tensor
}

const difference = ({ values, exact }: Twin): Tensor => {
  const [a, b] = [bufferOf(values), bufferOf(exact)]
  return tensorOf(Float64Array.from(b, (y, i) => (a[i] === y ? 0 : a[i]! - y)), exact.shape, 'f64')
}

const asConstant = (t: Tensor): Node => constant(widened(t))

/** What the node makes of the operands as they are, in double precision. Conversions to single precision are left out there. */
const onGiven = ({ node, image }: Twin, operands: ReadonlyArray<Twin>): Node =>
  operands.length === 0
    ? image
    : image.op !== node.op
      ? asConstant(operands[0]!.values)
      : apply(image.op, operands.map(({ values }) => asConstant(values)), image.attrs)

/** What the errors of the operands become, to first order. */
const passedOn = ({ node, image }: Twin, operands: ReadonlyArray<Twin>): Node | null => {
  const errors = operands.map((x) => (isFloat(x.image.dtype) ? constant(difference(x)) : null))
  if (errors.every((e) => e === null)) return null
  return image.op !== node.op ? errors[0]! : image.op.jvp(errors, image)
}

/** The rounding that an element of a node may carry, given the rounding that it does. */
const allowed = ({ node, values }: Twin, y: number, did: number, largest: number): number => {
  if (!isFloat(node.dtype)) return 0
  const { unit, least } = precision[node.dtype === 'f32' ? 'f32' : 'f64']
  const inPlace = 4 * (unit * Math.abs(y) + least)
  if (node.op.scalar !== undefined || !Number.isFinite(did)) return inPlace
  // A function that runs others has their rounding. A sum may be added up in any order, in its own precision.
  const terms = node.inputs.reduce((n, x) => Math.max(n, sizeOf(x.shape)), values.size)
  return Math.max(inPlace, node.op.cost === undefined ? Math.min(Math.abs(did), terms * unit * largest) : Math.abs(did))
}

/** The bound for a derivative, given as nodes, that is summed with some weights. */
export const singlePrecision = (derivative: ReadonlyArray<Node>, weights: Float64Array): SinglePrecision => {
  const pairs = promotedPairs(derivative)
  const values = tensorsOf(pairs.map(([node]) => node))
  const exact = tensorsOf(pairs.map(([, image]) => image))
  const twins = pairs.map(([node, image], i): Twin => ({ node, image, values: values[i]!, exact: exact[i]! }))
  const twinOf = new Map(twins.map((twin) => [twin.node, twin]))
  const operandsOf = ({ node }: Twin): ReadonlyArray<Twin> => node.inputs.map((x) => twinOf.get(x)!)

  const given = tensorsOf(twins.map((twin) => onGiven(twin, operandsOf(twin))))
  const passed = twins.map((twin) => passedOn(twin, operandsOf(twin)))
  const passedValues = tensorsOf(passed.filter((t) => t !== null))
  const outputs = derivative.map((y) => twinOf.get(y)!.image)
  const cotangents = unpack(outputs.map((y) => exact[twins.findIndex(({ image }) => image === y)]!), weights).map(constant)
  const adjoints = adjointsOfAll(outputs.map((y, i) => [y, cotangents[i]] as const), twins.map(({ image }) => image), 'rounding')
  const adjointValues = tensorsOf(adjoints.filter((g) => g !== undefined))

  let bound = 0
  let overflow: Node | undefined
  let nextPassed = 0
  let nextAdjoint = 0
  twins.forEach((twin, i) => {
    const t = passed[i] === null ? undefined : bufferOf(passedValues[nextPassed++]!)
    const g = adjoints[i] === undefined ? undefined : bufferOf(adjointValues[nextAdjoint++]!)
    const [own, exactly, local, e] = [bufferOf(twin.values), bufferOf(twin.exact), bufferOf(given[i]!), bufferOf(difference(twin))]
    if (overflow === undefined && own.some((x, j) => !Number.isFinite(x) && Number.isFinite(exactly[j]!))) overflow = twin.node
    if (g === undefined) return
    const largest = Float64Array.from(exactly, Math.abs).reduce((m, y) => Math.max(m, y), 0)
    for (let j = 0; j < e.length; j++) {
      const did = own[j]! - local[j]!
      const remainder = Math.abs(e[j]! - did - (t?.[j] ?? 0))
      const rounding = allowed(twin, Number.isFinite(local[j]!) ? local[j]! : exactly[j]!, did, largest) + (Number.isFinite(remainder) ? remainder : 0)
      if (g[j] !== 0 && Number.isFinite(g[j]!)) bound += Math.abs(g[j]!) * rounding
    }
  })
  return { bound, overflow }
}
