/**
 * Pullbacks on plain numbers. A scalar needs no node for what it hands on to an operand: the nodes that the `vjp` of its
 * primitive returns are traced once, on parameters, and read as a formula. So there is one rule, and its numbers are those
 * that evaluating its nodes would give, to the last bit.
 */
import { apply, isNode, type Contribution, type Node, type Primitive } from '../core/Node.js'
import type { Sorted } from '../core/Graph.js'
import { scalarShape } from '../core/Shape.js'
import { scalarResult } from '../kernel/elementwise.js'
import { full, fullValue, holdsNumber, parameter } from './leaf.js'

const scalar = { shape: scalarShape, dtype: 'f64' } as const

/** The elements of the array that a contribution is computed in: its adjoint, its value, the values of its operands, the rest. */
export const slotCount = 64

/** One step of a computation within an array. */
type Step = (x: Float64Array) => void

const stepOf = (op: Primitive, operands: Int32Array, i: number): Step | undefined => {
  const { within, scalar: f } = op
  if (within !== undefined) return (x) => within(x, i, operands, 0)
  return f && ((x) => void (x[i] = scalarResult(f, x, operands, 0, operands.length)))
}

/**
 * The steps that compute a node when the first elements are the numbers of `held`, which grows by what they compute. The place of
 * the node among them; -1 if it does not consist of operations on scalars.
 */
const compile = (node: Node, held: Array<Node>, steps: Array<Step>): number => {
  if (held.includes(node)) return held.indexOf(node)
  const number = fullValue(node)
  const operands = Int32Array.from(node.inputs, (x) => compile(x, held, steps))
  const i = held.push(node) - 1
  const step: Step | undefined = number === undefined ? stepOf(node.op, operands, i) : (x) => void (x[i] = number)
  if (step === undefined || operands.includes(-1) || i >= slotCount) return -1
  steps.push(step)
  return i
}

/** A constant that a rule makes anew could be a 1, which other rules would see: no slot says that. */
const isNewConstant = (node: Node, slots: ReadonlyArray<Node>): boolean => fullValue(node) !== undefined && !slots.includes(node)

/** The contribution to operand `k`: `null` if there is none, `undefined` if it takes nodes. */
const trace = (op: Primitive, operands: ReadonlyArray<Node>, k: number): Contribution | null | undefined => {
  const y = apply(op, operands)
  const slots = [parameter(scalar), y, ...operands]
  const unitSlots = [full(1, scalar), y, ...operands]
  const [c, unit] = [op.vjp(slots[0]!, y, k), op.vjp(unitSlots[0]!, y, k)]
  if (c === null || unit === null) return null
  const steps: Array<Step> = []
  const result = compile(c, [...slots], steps)
  const [only] = steps
  const compute = steps.length === 1 ? only! : (x: Float64Array) => steps.forEach((step) => step(x))
  return result < 0 || isNewConstant(c, slots) || isNewConstant(unit, unitSlots)
    ? undefined
    : Object.freeze({ compute, result, slot: slots.indexOf(c), unitSlot: unitSlots.indexOf(unit) })
}

type Contributions = ReadonlyArray<Contribution | null> | undefined

const traceAll = (op: Primitive, operands: ReadonlyArray<Node>): Contributions => {
  const all = operands.map((_, k) => trace(op, operands, k))
  return all.some((c) => c === undefined) ? undefined : Object.freeze(all as ReadonlyArray<Contribution | null>)
}

/** What is kept is the same for all applications, so nothing else may be traced: anybody can call the function. */
const isScalarOf = (op: Primitive, y: Node): boolean =>
  isNode(y) && y.op.scalar === op.scalar && y.op.vjp === op.vjp && y.dtype === 'f64' && y.shape.length === 0

/** The contributions of an application of `op` to the adjoints of its operands, traced when they are first asked for. */
export const contributionsOf = (op: Primitive): ((y: Node) => Contributions) => {
  let traced: Contributions
  let done = false
  return (y) => {
    if (done || !isScalarOf(op, y)) return traced
    done = true
    return (traced = traceAll(op, y.inputs.map(parameter)))
  }
}

/** The same for a family, whose rules read its orders: the numbers of the operands that it is not differentiable in. */
export const contributionsOfFamily = (op: Primitive): ((y: Node) => Contributions) => {
  const known = new Map<string, Contributions>()
  let isOrder: ReadonlyArray<boolean> | undefined
  return (y) => {
    if (!isScalarOf(op, y)) return undefined
    isOrder ??= y.inputs.map((_, k) => op.vjp(y, y, k) === null)
    const orders = y.inputs.map((x, k) => (isOrder![k] ? fullValue(x) : undefined))
    const name = orders.join()
    if (!known.has(name)) known.set(name, traceAll(op, y.inputs.map((x, k) => (orders[k] === undefined ? parameter(x) : full(orders[k], x)))))
    return known.get(name)
  }
}

/** Whether a program consists of operations on scalars, each with contributions of its own, and of numbers that are there. */
export const isNumeric = ({ scalar, nodes, ops, first }: Sorted): boolean =>
  scalar && ops.every((op, i) => (first[i] === first[i + 1] ? holdsNumber(nodes[i]!) : op.contributions !== undefined))
