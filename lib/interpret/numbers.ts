/** Programs of scalars in plain numbers: the forward and the backward fold over flat arrays, without a node or a buffer each. */
import { positionsIn, type Sorted } from '../core/Graph.js'
import type { Node } from '../core/Node.js'
import { sweepOf, type Course, type Numbers } from '../core/Sweep.js'
import { scalarResult } from '../kernel/elementwise.js'
import { slotCount } from '../primitive/contribution.js'
import { numberOf } from '../primitive/leaf.js'

/** The number of each node of a numeric program. */
export const forwardNumbers = ({ nodes, ops, first, operands, floats }: Sorted): Float64Array => {
  const x = new Float64Array(nodes.length)
  for (let i = 0; i < nodes.length; i++) {
    const [op, from, to] = [ops[i]!, first[i]!, first[i + 1]!]
    if (from === to) x[i] = numberOf(nodes[i]!)
    else if (op.within !== undefined) op.within(x, i, operands, from)
    else x[i] = scalarResult(op.scalar!, x, operands, from, to)
    // Truth values are stored in a byte.
    if (floats[i] === 0) x[i] = x[i]! & 255
  }
  return x
}

/** The numbers of a program and of the adjoints: the fold of `transform/backward.ts`, step by step. */
const backwardNumbers = ({ sorted, reaches, cotangents, behindMask }: Course): Numbers => {
  const { nodes, ops, first, operands } = sorted
  const values = forwardNumbers(sorted)
  const adjoints = new Float64Array(nodes.length)
  const reached = new Uint8Array(nodes.length)
  const masked = new Uint8Array(nodes.length)
  const slots = new Float64Array(slotCount)
  for (const [i, g] of cotangents) {
    adjoints[i] = reached[i] === 1 ? adjoints[i]! + numberOf(g) : numberOf(g)
    reached[i] = 1
    masked[i] = behindMask ? 1 : 0
  }
  for (let i = nodes.length - 1; i >= 0; i--) {
    const [from, to] = [first[i]!, first[i + 1]!]
    if (reached[i] === 0 || reaches[i] === 0 || from === to) continue
    const op = ops[i]!
    const contributions = op.contributions!(nodes[i]!)!
    const g = adjoints[i]!
    slots[0] = g
    slots[1] = values[i]!
    for (let e = from; e < to; e++) slots[2 + e - from] = values[operands[e]!]!
    for (let e = from; e < to; e++) {
      const operand = operands[e]!
      const contribution = contributions[e - from]!
      if (reaches[operand] === 0 || contribution === null) continue
      if (contribution.slot === -1) contribution.compute(slots)
      const c = slots[contribution.result]!
      const x = masked[i] === 1 && op.masks !== true && g === 0 && !Number.isFinite(c) ? 0 : c
      adjoints[operand] = reached[operand] === 1 ? adjoints[operand]! + x : x
      reached[operand] = 1
      if (masked[i] === 1 || op.masks === true) masked[operand] = 1
    }
  }
  return { values, adjoints }
}

/** The numbers of deferred gradients, and of other nodes that lie on the way to them; `undefined` for the rest. */
export const deferredNumbers = (nodes: ReadonlyArray<Node>): ReadonlyArray<number | undefined> => {
  const sweeps = nodes.map(sweepOf)
  const known = nodes.map((node, k) => sweeps[k]?.numbers(backwardNumbers).adjoints[sweeps[k].placeOf(node)])
  for (const sweep of new Set(sweeps)) {
    const open = known.flatMap((x, k) => (x === undefined ? [k] : []))
    if (sweep === undefined || open.length === 0) continue
    const { values } = sweep.numbers(backwardNumbers)
    positionsIn(sweep.course.sorted, open.map((k) => nodes[k]!)).forEach((at, j) => {
      if (at >= 0) known[open[j]!] = values[at]!
    })
  }
  return known
}
