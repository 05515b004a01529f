/**
 * The scan primitive: a closed step run over the leading axis of some arrays. Its derivatives are scans, so a program does
 * not grow with the number of steps.
 *
 * The backward scan needs the carry before each step, which a second run of the step saves; whatever else a step computes is
 * computed again there. So what is kept is one carry for each step, or with `checkpoint` one for each of about √n segments
 * and one for each step of the segment at hand.
 */
import { argumentsRefusal } from '../core/Closed.js'
import { isFloat } from '../core/DType.js'
import { refuse } from '../core/FoldgradError.js'
import { type BatchRule, type Node, type Primitive } from '../core/Node.js'
import { showShape } from '../core/Shape.js'
import { aligned } from '../primitive/batching.js'
import { add } from '../primitive/declare.js'
import { full, parameter } from '../primitive/leaf.js'
import { concat, rangeAlong, reshape, slice, transpose } from '../primitive/shape.js'
import { adjointsIn, applied, batchClosed, close, closedOf, cotangentParameters, tangentParameters, tangentsIn } from './Closed.js'
import { scanCost } from './cost.js'
import { flatSignature, pack, packBatch, unpack } from './flat.js'
import { layoutOfScan, runScan, scanOf, split, type Scan } from './runScan.js'

/** The results of a scan over some operands. */
export const scanNodes = (scan: Scan, operands: ReadonlyArray<Node>): ReadonlyArray<Node> =>
  applied(scanOp, [scan.step], operands, Object.freeze({ ...scan }), layoutOfScan(scan))

export const scanOp: Primitive = Object.freeze<Primitive>({
  name: 'scan',
  infer: (inputs, attrs) => {
    const scan = attrs as unknown as Scan
    const { carry, scanned, constants } = split(scan, inputs)
    const odd = scanned.find(({ shape }) => shape[0] !== scan.length)
    if (odd !== undefined) return refuse('Shape', `an array of shape ${showShape(odd.shape)} is scanned in ${scan.length} steps`, 'Scan over as many elements as there are steps')
    const elements = scanned.map(({ shape, dtype }) => ({ shape: shape.slice(1), dtype }))
    return argumentsRefusal(scan.step, [...carry, ...elements, ...constants]) ?? flatSignature(layoutOfScan(scan))
  },
  evaluate: (buffers, y) => runScan(scanOf(y), buffers),
  cost: (y, costOf) => scanCost(scanOf(y), y, costOf),
  vjp: (g, y, k) => pullback(g, y, y.inputs.map((_, i) => i === k))[k]!,
  pullback: (g, y, wanted) => pullback(g, y, wanted),
  jvp: (tangents, y) => pushforward(tangents, y),
  batch: (inputs, mapped, y, size) => batch(inputs, mapped, y, size),
  masks: true,
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

/** Operands of a scan, in their three parts. */
type Operands = Readonly<Record<'carry' | 'scanned' | 'constants', ReadonlyArray<Node>>>

/** The carry before each step, stacked; after them the last carry. */
const carriesOf = (scan: Scan, { carry, scanned, constants }: Operands): ReadonlyArray<Node> => {
  const { parameters, outputs } = scan.step
  const saving = { ...scan, step: closedOf(parameters, [...outputs.slice(0, scan.carry), ...parameters.slice(0, scan.carry)]) }
  const results = scanNodes(saving, [...carry, ...scanned, ...constants])
  return [...results.slice(scan.carry), ...results.slice(0, scan.carry)]
}

/** The results of the backward scan, whose scanned arrays are the carries before each step and then `others`. */
const backward = (scan: Scan, back: Scan, forth: Operands, carry: ReadonlyArray<Node>, others: ReadonlyArray<Node>): ReadonlyArray<Node> =>
  scanNodes(back, [...carry, ...carriesOf(scan, forth).slice(0, scan.carry), ...others, ...forth.constants])

/** Elements `from … from + length - 1` along the leading axis. */
const taken = (xs: ReadonlyArray<Node>, from: number, length: number): ReadonlyArray<Node> =>
  xs.map((x) => slice(x, rangeAlong(x.shape, 0, from, length)))

/**
 * The same results, segment by segment: an outer scan keeps the carry before each of about √n segments, and within a segment
 * the carries are found anew. Sums run on from one segment to the next, so they are the same to the last bit.
 */
const backwardBySegments = (scan: Scan, back: Scan, forth: Operands, init: ReadonlyArray<Node>, others: ReadonlyArray<Node>): ReadonlyArray<Node> => {
  const size = Math.floor(Math.sqrt(scan.length))
  const rows = Math.floor(scan.length / size)
  const [whole, rest] = [rows * size, scan.length - rows * size]
  const [segment, tail] = [{ ...scan, checkpoint: false, length: size }, { ...scan, checkpoint: false, length: rest }]
  const inRows = (xs: ReadonlyArray<Node>) => taken(xs, 0, whole).map((x) => reshape(x, [rows, size, ...x.shape.slice(1)]))
  const last = { ...forth, scanned: taken(forth.scanned, whole, rest) }
  const ends = (carry: ReadonlyArray<Node>, xs: ReadonlyArray<Node>, part: Scan) =>
    carriesOf(part, { ...forth, carry, scanned: xs }).slice(scan.carry)

  const rowsFrom = scan.reverse && rest > 0 ? ends(forth.carry, last.scanned, tail) : forth.carry
  const starts = overRows(rows, scan.reverse, rowsFrom, inRows(forth.scanned), (carry, xs) => [...ends(carry, xs, segment), ...carry])
  const tailFrom = scan.reverse ? forth.carry : starts.slice(0, scan.carry)

  const backRows = (carry: ReadonlyArray<Node>) =>
    overRows(rows, back.reverse, carry, [...starts.slice(scan.carry), ...inRows(forth.scanned), ...inRows(others)], (c, parts) => {
      const [start, xs, cotangents] = [parts.slice(0, scan.carry), parts.slice(scan.carry, scan.carry + scan.scanned), parts.slice(scan.carry + scan.scanned)]
      return backward(segment, { ...back, length: size }, { ...forth, carry: start, scanned: xs }, c, [...xs, ...cotangents])
    })
  const backTail = (carry: ReadonlyArray<Node>) =>
    rest === 0 ? carry : backward(tail, { ...back, length: rest }, { ...last, carry: tailFrom }, carry, [...last.scanned, ...taken(others, whole, rest)])

  const first = scan.reverse ? backRows(init) : backTail(init)
  const second = scan.reverse ? backTail(first.slice(0, back.carry)) : backRows(first.slice(0, back.carry))
  const [heads, tails] = (scan.reverse ? [first, second] : [second, first]).map((results) => results.slice(back.carry))
  return [
    ...second.slice(0, back.carry),
    ...heads!.map((x, i) => {
      const flat = reshape(x, [whole, ...x.shape.slice(2)])
      return rest === 0 ? flat : concat([flat, tails![i]!], 0)
    }),
  ]
}

/** A scan over rows, by a function from nodes to nodes; what it captures becomes an operand. What its steps find anew is not kept either. */
const overRows = (
  length: number,
  reverse: boolean,
  carry: ReadonlyArray<Node>,
  rows: ReadonlyArray<Node>,
  f: (carry: ReadonlyArray<Node>, row: ReadonlyArray<Node>) => ReadonlyArray<Node>,
): ReadonlyArray<Node> => {
  const own = [...carry.map((x) => parameter(x)), ...rows.map((x) => parameter({ shape: x.shape.slice(1), dtype: x.dtype }))]
  const { closed, captured } = close(own, f(own.slice(0, carry.length), own.slice(carry.length)))
  const scan = { step: closed, carry: carry.length, scanned: rows.length, length, reverse, checkpoint: true }
  return scanNodes(scan, [...carry, ...rows, ...captured])
}

const pullback = (g: Node, y: Node, wanted: ReadonlyArray<boolean>): ReadonlyArray<Node | null> => {
  const scan = scanOf(y)
  const { step, carry } = scan
  const at = split(scan, step.parameters)
  const inputs = split(scan, y.inputs)
  const asked = split(scan, step.parameters.map((p, k) => isFloat(p.dtype) && (k < carry || wanted[k] === true)))
  const given = unpack(g, layoutOfScan(scan))
  const cotangents = cotangentParameters(step)
  // Zeros must do no harm: the adjoint of a carry or of an output that nobody uses, or what a mask in a later step hides.
  const adjoints = split(scan, adjointsIn(step, cotangents, [...asked.carry, ...asked.scanned, ...asked.constants], true))
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
    checkpoint: false,
  }
  const init = [
    ...isAsked(given.slice(0, carry), floatOutputs.slice(0, carry)),
    ...isAsked(inputs.constants, asked.constants).map((x) => full(0, x)),
  ]
  const stacked = isAsked(given.slice(carry), floatOutputs.slice(carry))
  const results =
    scan.checkpoint && scan.length > 3
      ? backwardBySegments(scan, back, inputs, init, stacked)
      : backward(scan, back, inputs, init, [...inputs.scanned, ...stacked])
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
    checkpoint: scan.checkpoint,
  }
  const results = scanNodes(both, [
    ...inputs.carry, ...present(given.carry),
    ...inputs.scanned, ...present(given.scanned),
    ...inputs.constants, ...present(given.constants),
  ])
  let next = carry
  return pack(floats.map((is) => (is ? results[next++]! : null)), layoutOfScan(scan))
}
