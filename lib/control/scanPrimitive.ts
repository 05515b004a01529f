/**
 * The scan primitive: a closed step run over the leading axis of some arrays. Its derivatives are scans, so a program does
 * not grow with the number of steps.
 *
 * Operands, and the parameters of the step, in this order: the carry, the scanned arrays, the constants. Results: the last
 * carry, then the outputs of each step, stacked. The backward scan needs the carries, which a second run of the step
 * saves; whatever else a step computes is computed again there, so what is kept is one carry for each step.
 */
import { allocate, isFloat, type Buffer } from '../core/DType.js'
import { apply, type BatchRule, type Node, type Primitive, type Signature } from '../core/Node.js'
import { sizeOf } from '../core/Shape.js'
import { program } from '../interpret/evaluate.js'
import { aligned } from '../primitive/batching.js'
import { add } from '../primitive/declare.js'
import { full, parameter } from '../primitive/leaf.js'
import { transpose } from '../primitive/shape.js'
import { adjointsIn, batchClosed, closedOf, cotangentParameters, tangentParameters, tangentsIn, type Closed } from './Closed.js'
import { flatSignature, layoutOf, pack, packBatch, packBuffers, unpack, type Layout } from './flat.js'

/** A scan without its operands. */
export interface Scan {
  readonly step: Closed
  /** How many of the parameters (and of the outputs) are the carry. */
  readonly carry: number
  /** How many of the parameters are scanned over; the others are constants. */
  readonly scanned: number
  readonly length: number
  /** From the last element to the first; stacked outputs stay in the order of the elements. */
  readonly reverse: boolean
}

const scanOf = (y: Node): Scan => y.attrs as unknown as Scan

const stackedBy = (length: number, { shape, dtype }: Signature): Signature => ({ shape: [length, ...shape], dtype })

/** The results of a scan: the last carry and the stacked outputs. */
export const layoutOfScan = ({ step, carry, length }: Scan): Layout =>
  layoutOf(step.outputs.map((y, i) => (i < carry ? y : stackedBy(length, y))))

/** The results of a scan over some operands. */
export const scanNodes = (scan: Scan, operands: ReadonlyArray<Node>): ReadonlyArray<Node> =>
  unpack(apply(scanOp, operands, Object.freeze({ ...scan })), layoutOfScan(scan))

/** Splits a list that is ordered as operands are. */
const split = <T>({ carry, scanned }: Scan, list: ReadonlyArray<T>) =>
  ({ carry: list.slice(0, carry), scanned: list.slice(carry, carry + scanned), constants: list.slice(carry + scanned) }) as const

/** The steps in the order they are taken. */
const order = ({ length, reverse }: Scan): ReadonlyArray<number> => Array.from({ length }, (_, i) => (reverse ? length - 1 - i : i))

const run = (scan: Scan, buffers: ReadonlyArray<Buffer>): Buffer => {
  const { step, carry, length } = scan
  const body = program(step.parameters, step.outputs)
  const operands = split(scan, buffers)
  const parameters = split(scan, step.parameters)
  const stacks = step.outputs.slice(carry).map((y) => allocate(y.dtype, length * sizeOf(y.shape)))
  let state: ReadonlyArray<Buffer> = operands.carry
  for (const i of order(scan)) {
    const row = operands.scanned.map((xs, k) => {
      const size = sizeOf(parameters.scanned[k]!.shape)
      return xs.subarray(i * size, (i + 1) * size)
    })
    const results = body([...state, ...row, ...operands.constants])
    state = results.slice(0, carry)
    stacks.forEach((stack, k) => stack.set(results[carry + k]!, i * results[carry + k]!.length))
  }
  return packBuffers([...state, ...stacks], layoutOfScan(scan))
}

const scanOp: Primitive = Object.freeze<Primitive>({
  name: 'scan',
  infer: (_, attrs) => flatSignature(layoutOfScan(attrs as unknown as Scan)),
  evaluate: (buffers, y) => run(scanOf(y), buffers),
  vjp: (g, y, k) => pullback(g, y, y.inputs.map((_, i) => i === k), false)[k]!,
  pullback: (g, y, wanted, masked) => pullback(g, y, wanted, masked),
  jvp: (tangents, y) => pushforward(tangents, y),
  batch: (inputs, mapped, y, size) => batch(inputs, mapped, y, size),
})

/** One scan over a batch of sequences: steps stay the leading axis, and every carry belongs to one element. */
const batch: BatchRule = (inputs, mapped, y, size) => {
  const scan = scanOf(y)
  const given = split(scan, inputs)
  const flags = split(scan, mapped)
  const step = batchClosed(scan.step, [...flags.carry.map(() => true), ...flags.scanned, ...flags.constants], size)
  const results = scanNodes({ ...scan, step }, [
    ...aligned(given.carry, flags.carry, size),
    ...given.scanned.map((xs, k) => (flags.scanned[k] ? swapped(xs) : xs)),
    ...given.constants,
  ])
  return packBatch(results.map((r, i) => (i < scan.carry ? r : swapped(r))), layoutOfScan(scan), size)
}

/** The first two axes exchanged. */
const swapped = (x: Node): Node => transpose(x, [1, 0, ...x.shape.slice(2).map((_, i) => i + 2)])

/** The carry before each step, stacked. */
const carriesOf = (y: Node): ReadonlyArray<Node> => {
  const scan = scanOf(y)
  const { parameters, outputs } = scan.step
  const own = parameters.slice(0, scan.carry)
  const saving = { ...scan, step: closedOf(parameters, [...outputs.slice(0, scan.carry), ...own]) }
  return scan.carry === 0 ? [] : scanNodes(saving, y.inputs).slice(scan.carry)
}

const pullback = (g: Node, y: Node, wanted: ReadonlyArray<boolean>, masked: boolean): ReadonlyArray<Node | null> => {
  const scan = scanOf(y)
  const { step, carry } = scan
  const at = split(scan, step.parameters)
  const inputs = split(scan, y.inputs)
  const asked = split(scan, step.parameters.map((p, k) => isFloat(p.dtype) && (k < carry || wanted[k] === true)))
  const given = unpack(g, layoutOfScan(scan))
  const cotangents = cotangentParameters(step)
  const adjoints = split(scan, adjointsIn(step, cotangents, [...asked.carry, ...asked.scanned, ...asked.constants], masked))
  // The carry of the backward scan: the adjoint of the carry, and the sums of the adjoints of the constants.
  const sums = at.constants.map((x, k) => (asked.constants[k] ? parameter(x) : undefined))
  const isAsked = <T>(list: ReadonlyArray<T>, flags: ReadonlyArray<boolean>): ReadonlyArray<T> => list.filter((_, k) => flags[k])
  const floatOutputs = cotangents.map((c) => c !== undefined)
  const back: Scan = {
    step: closedOf(
      [
        ...isAsked(cotangents.slice(0, carry), floatOutputs.slice(0, carry)),
        ...sums,
        ...at.carry,
        ...at.scanned,
        ...isAsked(cotangents.slice(carry), floatOutputs.slice(carry)),
        ...at.constants,
      ].filter((p) => p !== undefined),
      [
        ...isAsked(adjoints.carry, asked.carry),
        ...sums.flatMap((s, k) => (s === undefined ? [] : [add(s, adjoints.constants[k]!)])),
        ...isAsked(adjoints.scanned, asked.scanned),
      ].filter((a) => a !== null),
    ),
    carry: asked.carry.filter(Boolean).length + asked.constants.filter(Boolean).length,
    scanned: carry + at.scanned.length + floatOutputs.slice(carry).filter(Boolean).length,
    length: scan.length,
    reverse: !scan.reverse,
  }
  const results = scanNodes(back, [
    ...isAsked(given.slice(0, carry), floatOutputs.slice(0, carry)),
    ...isAsked(inputs.constants, asked.constants).map((x) => full(0, x)),
    ...carriesOf(y),
    ...inputs.scanned,
    ...isAsked(given.slice(carry), floatOutputs.slice(carry)),
    ...inputs.constants,
  ])
  const take = (flags: ReadonlyArray<boolean>, from: number) => {
    let next = from
    return flags.map((is) => (is ? results[next++]! : null))
  }
  const carries = asked.carry.filter(Boolean).length
  return [...take(asked.carry, 0), ...take(asked.scanned, back.carry), ...take(asked.constants, carries)]
}

const pushforward = (tangents: ReadonlyArray<Node | null>, y: Node): Node => {
  const scan = scanOf(y)
  const { step, carry } = scan
  const moving = step.parameters.map((p, k) => (k < carry ? isFloat(p.dtype) : tangents[k] !== null))
  const dxs = tangentParameters(step, moving)
  const dys = tangentsIn(step, dxs)
  const [parameters, derivatives, inputs] = [split(scan, step.parameters), split(scan, dxs), split(scan, y.inputs)]
  const given = split(scan, tangents.map((t, k) => (moving[k] ? (t ?? full(0, y.inputs[k]!)) : null)))
  const present = <T>(list: ReadonlyArray<T | null>): ReadonlyArray<T> => list.filter((p) => p !== null)
  const floats = step.outputs.map((o) => isFloat(o.dtype))
  const both: Scan = {
    step: closedOf(
      [
        ...parameters.carry, ...present(derivatives.carry),
        ...parameters.scanned, ...present(derivatives.scanned),
        ...parameters.constants, ...present(derivatives.constants),
      ],
      [...step.outputs.slice(0, carry), ...dys.filter((_, i) => floats[i] && i < carry), ...dys.filter((_, i) => floats[i] && i >= carry)],
    ),
    carry: carry + present(derivatives.carry).length,
    scanned: scan.scanned + present(derivatives.scanned).length,
    length: scan.length,
    reverse: scan.reverse,
  }
  const results = scanNodes(both, [
    ...inputs.carry, ...present(given.carry),
    ...inputs.scanned, ...present(given.scanned),
    ...inputs.constants, ...present(given.constants),
  ])
  let next = carry
  return pack(floats.map((is) => (is ? results[next++]! : null)), layoutOfScan(scan))
}
