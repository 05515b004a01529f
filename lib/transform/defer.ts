/**
 * Gradients as deferred nodes, for programs of scalars. To hand one out, the nodes of the backward fold need not exist, but it
 * must be known which of them are the same: the adjoint of `x` in `mul(x, w)` is `w` itself, those of both operands of a
 * sum are one node. So the fold is run on names of nodes first, which are plain integers.
 */
import type { Node } from '../core/Node.js'
import { Sweep, type Course } from '../core/Sweep.js'
import { positionsIn } from '../core/Graph.js'
import { isNumeric } from '../primitive/contribution.js'
import { fullValue, holdsNumber } from '../primitive/leaf.js'

/**
 * The name of the node that is the adjoint of each node, where there is one; `undefined` if the program does not consist of
 * operations on scalars. With `n` nodes, `i < n` is the name of node `i`, `n + i` of a node that the fold makes for the
 * adjoint of node `i`, and `2n + k` of the `k`-th cotangent; -1 says that there is no adjoint.
 */
const namesOf = ({ sorted, reaches, cotangents, behindMask }: Course): Int32Array | undefined => {
  const { nodes, ops, first, operands } = sorted
  const n = nodes.length
  const names = new Int32Array(n).fill(-1)
  const masked = new Uint8Array(n)
  const among = positionsIn(sorted, cotangents.map(([, g]) => g))
  cotangents.forEach(([i], k) => {
    names[i] = names[i] !== -1 ? n + i : among[k] !== -1 ? among[k]! : 2 * n + k
    masked[i] = behindMask ? 1 : 0
  })
  for (let i = n - 1; i >= 0; i--) {
    const [g, from, to] = [names[i]!, first[i]!, first[i + 1]!]
    if (g === -1 || reaches[i] === 0 || from === to) continue
    const contributions = ops[i]!.contributions?.(nodes[i]!)
    if (contributions === undefined) return undefined
    const unit = (g < n || g >= 2 * n) && fullValue(g < n ? nodes[g]! : cotangents[g - 2 * n]![1]) === 1
    for (let e = from; e < to; e++) {
      const operand = operands[e]!
      const c = contributions[e - from]!
      if (reaches[operand] === 0 || c === null) continue
      const slot = unit ? c.unitSlot : c.slot
      const name = slot === -1 ? n + operand : slot === 0 ? g : slot === 1 ? i : operands[from + slot - 2]!
      const hidden = masked[i] === 1 && name !== g && ops[i]!.masks !== true
      names[operand] = names[operand] !== -1 || hidden ? n + operand : name
      if (masked[i] === 1 || ops[i]!.masks === true) masked[operand] = 1
    }
  }
  return names
}

/**
 * The adjoints at the wanted positions as deferred nodes, which `fold` settles when somebody asks; `undefined` if the program
 * does not consist of operations on scalars.
 */
export const deferredAdjoints = (
  course: Course,
  wanted: ReadonlyArray<number>,
  fold: (course: Course, gradients: ReadonlyMap<number, Node>) => void,
): ReadonlyArray<Node | undefined> | undefined => {
  const names = isNumeric(course.sorted) && course.cotangents.every(([, g]) => holdsNumber(g)) ? namesOf(course) : undefined
  if (names === undefined) return undefined
  const { nodes } = course.sorted
  const n = nodes.length
  const sweep = new Sweep(course, fold)
  return wanted.map((i) => {
    const name = i < 0 ? -1 : names[i]!
    return name === -1 ? undefined : name < n ? nodes[name] : name < 2 * n ? sweep.gradient(name - n) : course.cotangents[name - 2 * n]![1]
  })
}
