/**
 * The stacks of a loop that only other loops read, row by row, as one array: what a step writes lies side by side, and so does what
 * a step of the other loop reads. Of many arrays at once a processor fetches nothing ahead.
 */
import type { Node } from '../../core/Node.js'
import { sizeOf, stridesOf } from '../../core/Shape.js'
import { scanOf, split } from '../../control/runScan.js'
import { scanOp } from '../../control/scanPrimitive.js'
import type { Context } from './context.js'
import { partsOf, stackOf } from './parts.js'
import type { View } from './view.js'

/** For each loop, the parts of its result that other loops go through, and nothing else reads. */
export const rowwiseParts = (nodes: ReadonlyArray<Node>, outputs: ReadonlyArray<Node>): ReadonlyMap<Node, ReadonlySet<number>> => {
  const [scanned, whole] = [new Map<Node, Set<number>>(), new Map<Node, Set<number>>()]
  const note = (into: Map<Node, Set<number>>, x: Node): void => {
    const stack = stackOf(x)
    if (stack === undefined) return
    const known = into.get(stack.of) ?? new Set()
    into.set(stack.of, known.add(stack.part))
  }
  for (const node of nodes) {
    if (node.op === scanOp) {
      const operands = split(scanOf(node), node.inputs)
      for (const xs of operands.scanned) note(scanned, xs)
      for (const x of [...operands.carry, ...operands.constants]) note(whole, x)
    } else if (stackOf(node) === undefined) for (const x of node.inputs) note(whole, x)
  }
  for (const y of outputs) note(whole, y)
  return new Map([...scanned].map(([of, parts]) => [of, new Set([...parts].filter((part) => part >= scanOf(of).carry && whole.get(of)?.has(part) !== true))]))
}

/** Places for the parts of a loop that are read row by row, side by side where there are several of one type. */
export const sideBySide = (node: Node, { builder, rowwise }: Context): ReadonlyMap<number, View> => {
  const parts = [...rowwise(node)].map((k) => ({ k, ...partsOf(node)![k]! }))
  const made = new Map<number, View>()
  for (const storage of new Set(parts.map(({ dtype }) => dtype))) {
    const own = parts.filter(({ dtype }) => dtype === storage)
    if (own.length < 2) continue
    const sizes = own.map(({ shape }) => sizeOf(shape.slice(1)))
    const row = sizes.reduce((a, b) => a + b, 0)
    const buffer = builder.temporary(storage, scanOf(node).length * row)
    own.reduce((offset, { k, shape }, i) => {
      made.set(k, { buffer, offset, rounds: [], storage, shape, strides: [row, ...stridesOf(shape.slice(1))] })
      return offset + sizes[i]!
    }, 0)
  }
  return made
}
