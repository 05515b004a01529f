/**
 * What a scan has computed, and its derivative would compute again: kept, where it is dear and not too large. The derivative of a
 * scan gets what was carried into each step, and runs the step again from there; with this pass the first run stacks the results of
 * elementary functions and products that the second would repeat. Scans with checkpoints are left as they are.
 */
import { closedOf } from '../../core/Closed.js'
import { sort } from '../../core/Graph.js'
import { apply, type Node } from '../../core/Node.js'
import { sameShape, sizeOf, type Shape } from '../../core/Shape.js'
import { callOp } from '../../control/call.js'
import { instantiate } from '../../control/Closed.js'
import { flatLength } from '../../control/flat.js'
import { layoutOfScan, scanOf, split, type Scan } from '../../control/runScan.js'
import { scanOp } from '../../control/scanPrimitive.js'
import { astype } from '../../primitive/arithmetic.js'
import { parameter } from '../../primitive/leaf.js'
import { rangeAlong, reshape, slice } from '../../primitive/shape.js'
import { stackOf } from '../lower/parts.js'
import { movement } from './movement.js'
import type { Pass } from './rewrite.js'

/** Operations that cost no more than reading what they give. */
const cheap: ReadonlySet<string> = new Set([
  ...'add sub mul div neg square where gate winner relu maximum minimum abs sign eq ne lt le gt ge astype identity stopGradient ratio nonNegative spoilt'.split(' '),
  ...'reshape transpose broadcastTo slice unslice concat sum full constant variable parameter'.split(' '),
])

/** Operations that cost far more than reading what they give, from wherever it is. */
const products: ReadonlySet<string> = new Set(['dot', 'conv', 'convTranspose', 'convFilters'])

/** The most elements that are kept: of anything while they stay in a cache, and of products. */
const cacheLimit = 4 << 20
const roomLimit = 8 << 20

/** The parameters of a step that are known when `first` runs, and what they are in its step. */
const knownIn = (second: Node, first: Node): ReadonlyMap<Node, Node> => {
  const [a, b] = [scanOf(first), scanOf(second)]
  const [from, to] = [split(a, first.inputs), split(b, second.inputs)]
  const [theirs, own] = [split(a, a.step.parameters), split(b, b.step.parameters)]
  const known = new Map<Node, Node>()
  to.scanned.forEach((xs, j) => {
    const stack = stackOf(xs)
    const same = from.scanned.indexOf(xs)
    if (stack !== undefined && stack.of === first && stack.part >= a.carry) known.set(own.scanned[j]!, a.step.outputs[stack.part]!)
    else if (same >= 0) known.set(own.scanned[j]!, theirs.scanned[same]!)
  })
  to.constants.forEach((x, j) => {
    const same = from.constants.indexOf(x)
    if (same >= 0) known.set(own.constants[j]!, theirs.constants[same]!)
  })
  return new Map([...known].filter(([p, e]) => p.dtype === e.dtype && sameShape(p.shape, e.shape)))
}

/** Whether a node is there to be computed again. */
const isCheckpoint = (node: Node): boolean => node.op === callOp || (node.op === scanOp && scanOf(node).checkpoint)

/** What a step computes from known parameters alone: whether it is dear, and what of it others need. */
const earlyIn = (scan: Scan, known: ReadonlyMap<Node, Node>) => {
  const { nodes } = sort(scan.step.outputs)
  const parameters = new Set(scan.step.parameters)
  const early = new Set<Node>()
  const dear = new Set<Node>()
  for (const node of nodes) {
    if (known.has(node)) early.add(node)
    if (parameters.has(node) || isCheckpoint(node) || !node.inputs.every((x) => early.has(x))) continue
    early.add(node)
    if (!cheap.has(node.op.name) || node.inputs.some((x) => dear.has(x))) dear.add(node)
  }
  const needed = new Set<Node>()
  for (const node of nodes) if (!early.has(node)) for (const x of node.inputs) if (dear.has(x)) needed.add(x)
  // What little it takes to make one of the others needs no room.
  const isMade = (node: Node): boolean => cheap.has(node.op.name) && node.inputs.every((x) => needed.has(x) || !dear.has(x))
  return { needed: [...needed].filter((node) => !isMade(node)), products: [...dear].filter(({ op }) => products.has(op.name)) }
}

/** What is worth keeping of it. */
const keptOf = (scan: Scan, known: ReadonlyMap<Node, Node>): ReadonlyArray<Node> => {
  const { needed, products: made } = earlyIn(scan, known)
  const room = (nodes: ReadonlyArray<Node>): number => nodes.reduce((n, { shape }) => n + sizeOf(shape), 0) * scan.length
  return room(needed) <= cacheLimit ? needed : room(made) <= roomLimit ? made : []
}

/** The outputs with some nodes in the place of others. */
const replaced = (outputs: ReadonlyArray<Node>, image: Map<Node, Node>): ReadonlyArray<Node> => {
  for (const node of sort(outputs).nodes)
    if (!image.has(node) && node.inputs.some((x) => image.has(x))) image.set(node, apply(node.op, node.inputs.map((x) => image.get(x) ?? x), node.attrs))
  return outputs.map((y) => image.get(y) ?? y)
}

const stackShape = (length: number, { shape }: Node): Shape => [length, ...shape]

/** A pair of scans, the second of which repeats parts of the first. */
interface Pair {
  readonly first: Node
  readonly second: Node
  readonly kept: ReadonlyArray<Node>
  readonly known: ReadonlyMap<Node, Node>
}

const findPair = (outputs: ReadonlyArray<Node>): Pair | undefined => {
  const scans = sort(outputs).nodes.filter(({ op }) => op === scanOp)
  for (const second of scans)
    for (const first of new Set(second.inputs.flatMap((x) => stackOf(x)?.of ?? []))) {
      const [a, b] = [scanOf(first), scanOf(second)]
      if (first.op !== scanOp || a.length !== b.length || a.checkpoint || b.checkpoint) continue
      const known = knownIn(second, first)
      const kept = keptOf(b, known)
      if (kept.length > 0) return { first, second, kept, known }
    }
  return undefined
}

export const saveForward: Pass = (outputs) => {
  const pair = findPair(outputs)
  if (pair === undefined) return outputs
  const { first, second, kept, known } = pair
  const [a, b] = [scanOf(first), scanOf(second)]
  const extra = instantiate({ parameters: [...known.keys()], outputs: kept }, [...known.values()])
  const all: Scan = { ...a, step: closedOf(a.step.parameters, [...a.step.outputs, ...extra]) }
  const before = flatLength(layoutOfScan(a))
  const whole = apply(scanOp, first.inputs, Object.freeze({ ...all }))
  let at = before
  const stacks = kept.map((y) => {
    const size = sizeOf(y.shape) * a.length
    const part = slice(whole, rangeAlong(whole.shape, 0, at, size))
    at += size
    return astype(reshape(part, stackShape(a.length, y)), y.dtype)
  })
  const handed = kept.map((y) => parameter(y))
  const own = split(b, b.step.parameters)
  const step = closedOf([...own.carry, ...own.scanned, ...handed, ...own.constants], replaced(b.step.outputs, new Map(kept.map((y, k) => [y, handed[k]!]))))
  const lighter = Object.freeze<Scan>({ ...b, step, scanned: b.scanned + kept.length })
  const image = new Map([[first, slice(whole, rangeAlong(whole.shape, 0, 0, before))]])
  for (const node of sort(outputs).nodes) {
    const inputs = node.inputs.map((x) => image.get(x) ?? x)
    const given = split(b, inputs)
    if (node === second) image.set(node, apply(scanOp, [...given.carry, ...given.scanned, ...stacks, ...given.constants], { ...lighter }))
    else if (node !== first && inputs.some((x, k) => x !== node.inputs[k])) image.set(node, movement(apply(node.op, inputs, node.attrs)))
  }
  return saveForward(outputs.map((y) => image.get(y) ?? y))
}

