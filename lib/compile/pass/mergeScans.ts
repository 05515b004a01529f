/**
 * Scans that run the same steps: one scan gives the results of all. A derivative runs the steps of its function again to keep
 * what they carry; together with the function itself they need to run only once.
 */
import { sort } from '../../core/Graph.js'
import type { Node } from '../../core/Node.js'
import { sizeOf } from '../../core/Shape.js'
import { apply } from '../../core/Node.js'
import { closedOf } from '../../core/Closed.js'
import { layoutOfScan, scanOf, type Scan } from '../../control/runScan.js'
import { scanOp } from '../../control/scanPrimitive.js'
import { concat, rangeAlong, slice } from '../../primitive/shape.js'
import { rewriting, type Pass } from './rewrite.js'

/** Whether two scans carry the same things on over the same operands. */
const together = (a: Node, b: Node): boolean => {
  const [s, t] = [scanOf(a), scanOf(b)]
  return (
    s.length === t.length &&
    s.reverse === t.reverse &&
    s.carry === t.carry &&
    s.scanned === t.scanned &&
    a.inputs.length === b.inputs.length &&
    a.inputs.every((x, k) => x === b.inputs[k]) &&
    s.step.parameters.every((p, k) => p === t.step.parameters[k]) &&
    s.step.outputs.slice(0, s.carry).every((y, k) => y === t.step.outputs[k])
  )
}

/** The scan that gives the results of some, and each of those as parts of its result. */
const merged = (scans: ReadonlyArray<Node>): ReadonlyMap<Node, Node> => {
  const [first] = scans as readonly [Node]
  const scan = scanOf(first)
  const outputs = [...new Set(scans.flatMap((node) => scanOf(node).step.outputs.slice(scan.carry)))]
  const all: Scan = { ...scan, step: closedOf(scan.step.parameters, [...scan.step.outputs.slice(0, scan.carry), ...outputs]) }
  const whole = apply(scanOp, first.inputs, Object.freeze({ ...all }))
  const layout = layoutOfScan(all)
  const starts: Array<number> = []
  layout.reduce((at, { shape }) => (starts.push(at), at + sizeOf(shape)), 0)
  const part = (k: number): Node => slice(whole, rangeAlong(whole.shape, 0, starts[k]!, sizeOf(layout[k]!.shape)))
  return new Map(
    scans.map((node) => {
      const own = scanOf(node).step.outputs
      const parts = own.map((y, k) => part(k < scan.carry ? k : scan.carry + outputs.indexOf(y)))
      return [node, parts.length === 1 ? parts[0]! : concat(parts, 0)] as const
    }),
  )
}

/**
 * Merges scans of one graph. Their operands must be the same nodes, so scans that depend on one another never are merged; and a step is
 * traced once, so equal steps are the same nodes.
 */
export const mergeScans: Pass = (outputs) => {
  const scans = sort(outputs).nodes.filter(({ op }) => op === scanOp)
  const groups: Array<Array<Node>> = []
  for (const node of scans) {
    const group = groups.find(([first]) => together(first!, node))
    if (group === undefined) groups.push([node])
    else group.push(node)
  }
  const merges = groups.filter((group) => group.length > 1)
  if (merges.length === 0) return outputs
  const image = new Map(merges.flatMap((group) => [...merged(group)]))
  // A merged scan may be an operand of another one, so what is left is looked at again.
  return mergeScans(rewriting((node) => image.get(node) ?? node)(outputs))
}
