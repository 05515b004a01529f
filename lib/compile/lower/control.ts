/** Control flow: closed functions become statements inside real loops and branches. */
import { sort } from '../../core/Graph.js'
import type { Node } from '../../core/Node.js'
import { sizeOf } from '../../core/Shape.js'
import type { Closed } from '../../control/Closed.js'
import { scanOf, split, type Scan } from '../../control/runScan.js'
import { add } from '../../primitive/declare.js'
import { copyNest, type Context, type Target } from './context.js'
import type { Lane, Nest, Statement } from '../ir.js'
import { constantLane, loadLane } from './lanes.js'
import { partsOf } from './parts.js'
import { intoCarry, noted, type Noted } from './carry.js'
import { fuseNests } from './fuse.js'
import { nestOfRows } from './rows.js'
import { sideBySide } from './stacks.js'
import { accessOf, dense, inRound, reshaped, type View } from './view.js'

const pairs = <A, B>(as: ReadonlyArray<A>, bs: ReadonlyArray<B>): ReadonlyMap<A, B> => new Map(as.map((a, k) => [a, bs[k]!]))

/** A fresh array for each part of the result of a node, unless there is one. */
const placesFor = (node: Node, { builder, partWanted }: Context, given: ReadonlyMap<number, View> = new Map()): ReadonlyArray<View> =>
  partsOf(node)!.map(({ shape, dtype }, k) => {
    const wanted = partWanted(node, k)
    const fits = wanted !== undefined && wanted.storage === dtype ? reshaped(wanted, shape) : undefined
    return fits ?? given.get(k) ?? dense(builder.temporary(dtype, sizeOf(shape)), dtype, shape)
  })

/** A closed function in place: its parameters are where the operands are. */
export const lowerCall = (node: Node, context: Context): void => {
  const { parameters, outputs } = node.attrs['body'] as Closed
  const views = context.lower(context.builder, outputs, pairs(parameters, node.inputs.map(context.read)), [], context.statements)
  context.setParts(node, views.map((view) => {
    if (reshaped(view, [sizeOf(view.shape)]) !== undefined) return view
    const to = dense(context.builder.temporary(view.storage, sizeOf(view.shape)), view.storage, view.shape)
    context.statements.push(copyNest(view, to))
    return to
  }))
}

/** A loop over the rows of some arrays. What a step carries on has one place, which a step reads before it writes it. */
export const lowerScan = (node: Node, context: Context): void => {
  const { builder, statements } = context
  const scan = scanOf(node)
  const { step, carry, length, reverse } = scan
  const places = placesFor(node, context, isRowwise(scan) ? undefined : sideBySide(node, context))
  context.setParts(node, places)
  const operands = split(scan, node.inputs.map(context.read))
  operands.carry.forEach((init, k) => statements.push(copyNest(init, places[k]!)))
  if (length === 0) return
  const nest = asRows(scan, places, operands)
  if (nest !== undefined) {
    statements.push(nest)
    return
  }
  const repeat = builder.repeats++
  const given = pairs(step.parameters, [...places.slice(0, carry), ...operands.scanned.map((xs) => inRound(xs, repeat)), ...operands.constants])
  const stacks = step.outputs.slice(carry).map((y, j) => ({ node: y, view: inRound(places[carry + j]!, repeat) }))
  const body = stepInto(step, carry, given, places, stacks, context)
  statements.push({ kind: 'repeat', repeat, count: length, reverse, body })
}

/** What the steps of a loop add to what they carry, for each carry that is a sum. */
const addendsOf = ({ step, carry }: Scan): ReadonlyArray<Node> => step.outputs.slice(0, carry).flatMap((y, k) => addendOf(y, step.parameters[k]!, step.outputs) ?? [])

/** Whether the steps of a loop are independent of one another. */
const isRowwise = (scan: Scan): boolean => addendsOf(scan).length === scan.carry

/** The loop as one nest, if its steps are independent of one another and small. */
const asRows = (scan: Scan, places: ReadonlyArray<View>, { scanned, constants }: { readonly scanned: ReadonlyArray<View>; readonly constants: ReadonlyArray<View> }): Nest | undefined => {
  const views = { scanned, constants, sums: places.slice(0, scan.carry), stacks: places.slice(scan.carry) }
  return isRowwise(scan) ? nestOfRows(scan, addendsOf(scan), views) : undefined
}

/** One step of a loop: the next carry is put where the last one was. */
const stepInto = (
  step: Closed,
  carry: number,
  given: ReadonlyMap<Node, View>,
  places: ReadonlyArray<View>,
  others: ReadonlyArray<Target>,
  { builder, lower }: Context,
): ReadonlyArray<Statement> => {
  const next = step.outputs.slice(0, carry).map((y, k) => ({ y, old: step.parameters[k]!, addend: addendOf(y, step.parameters[k]!, step.outputs) }))
  const fresh = next.map(({ y }) => dense(builder.temporary(y.dtype, sizeOf(y.shape)), y.dtype, y.shape))
  const targets = [...next.map(({ y, addend }, k) => ({ node: addend ?? y, view: fresh[k]! })), ...others]
  const body: Array<Statement> = []
  lower(builder, targets.map(({ node }) => node), given, targets, body)
  const carried = next.reduce<ReadonlyArray<Noted>>((sofar, { addend }, k) => intoCarry(sofar, fresh[k]!, places[k]!, addend !== undefined), fuseNests(body).map(noted))
  return carried.map(({ statement }) => statement)
}

/** What a step adds to a sum that it carries and uses for nothing else. */
const addendOf = (y: Node, carried: Node, outputs: ReadonlyArray<Node>): Node | undefined => {
  if (y.op !== add.op) return undefined
  const [a, b] = y.inputs as readonly [Node, Node]
  const addend = a === carried ? b : b === carried ? a : undefined
  return addend !== undefined && usesOf(carried, outputs) === 1 && usesOf(y, outputs) === 1 ? addend : undefined
}

/** How often a node is an operand or an output. */
const usesOf = (node: Node, outputs: ReadonlyArray<Node>): number => {
  let uses = outputs.filter((y) => y === node).length
  for (const { inputs } of sort(outputs).nodes) for (const x of inputs) if (x === node) uses++
  return uses
}

/** A loop that runs while its test holds. */
export const lowerWhile = (node: Node, context: Context): void => {
  const { builder, statements, lower } = context
  const [test, step] = [node.attrs['test'] as Closed, node.attrs['body'] as Closed]
  const carry = step.outputs.length
  const places = placesFor(node, context)
  context.setParts(node, places)
  const operands = node.inputs.map(context.read)
  operands.slice(0, carry).forEach((init, k) => statements.push(copyNest(init, places[k]!)))
  const arguments_ = [...places, ...operands.slice(carry)]
  const flag = dense(builder.temporary('bool', 1), 'bool', [])
  const tests: Array<Statement> = []
  lower(builder, test.outputs, pairs(test.parameters, arguments_), [{ node: test.outputs[0]!, view: flag }], tests)
  const body = stepInto(step, carry, pairs(step.parameters, arguments_), places, [], context)
  statements.push({ kind: 'while', test: tests, flag, body, repeat: builder.repeats++, limit: 2 ** 31 - 1 })
}

/** One of several functions, by an index; an index that names none stops the program. */
export const lowerBranch = (node: Node, context: Context): void => {
  const { builder, statements, lower } = context
  const branches = node.attrs['branches'] as ReadonlyArray<Closed>
  const places = placesFor(node, context)
  context.setParts(node, places)
  const operands = node.inputs.slice(1).map(context.read)
  const index = context.read(node.inputs[0]!)
  const bodies = branches.map(({ parameters, outputs }) => {
    const body: Array<Statement> = []
    lower(builder, outputs, pairs(parameters, operands), outputs.map((y, k) => ({ node: y, view: places[k]! })), body)
    return body
  })
  const compared = (op: 'eq' | 'lt' | 'ge', value: number): Lane => ({ op, args: [loadLane(accessOf(index), false), constantLane(value, 'i32')], truth: true })
  const test = (lane: Lane): View => {
    const flag = dense(builder.temporary('bool', 1), 'bool', [])
    statements.push({ kind: 'nest', lane: 'i32', extents: [], stores: [{ access: accessOf(flag), value: lane }], reductions: [] })
    return flag
  }
  const choose = (k: number): ReadonlyArray<Statement> =>
    k === branches.length - 1 ? bodies[k]! : [{ kind: 'if', flag: test(compared('eq', k)), onTrue: bodies[k]!, onFalse: choose(k + 1) }]
  const outside = test({ op: 'logicalOr', args: [compared('lt', 0), compared('ge', branches.length)], truth: true })
  statements.push({ kind: 'if', flag: outside, onTrue: [{ kind: 'stop' }], onFalse: [] })
  statements.push(...choose(0))
}
