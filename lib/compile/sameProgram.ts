/** Whether two programs are the same: operation by operation, however and whenever they were built. */
import { isClosed } from '../core/Closed.js'
import { positionsIn, sort, type Sorted } from '../core/Graph.js'
import type { Closed, Node } from '../core/Node.js'
import { sameShape } from '../core/Shape.js'
import { identicalTensor, isTensor } from '../core/Tensor.js'
import { isParameter } from '../primitive/leaf.js'

/** A function as a program. */
export interface SortedProgram {
  readonly sorted: Sorted
  /** Where the parameters and the outputs are in the list. */
  readonly ends: ReadonlyArray<number>
}

/** The same, with what identifies it at a glance. */
export interface Key extends SortedProgram {
  readonly hash: number
}

const mix = (hash: number, x: number): number => Math.imul((hash ^ x) >>> 0, 0x9e3779b1) ^ (hash >>> 15)

const hashOfText = (text: string): number => {
  let hash = 0
  for (let i = 0; i < text.length; i++) hash = mix(hash, text.charCodeAt(i))
  return hash
}

/** The key of a function: equal programs have equal ones. */
export const keyOf = (f: Closed): Key => keyOfSorted(sortedProgram(f))

/** The nodes of a function in order, and where its parameters and its outputs are among them. */
export const sortedProgram = ({ parameters, outputs }: Closed): SortedProgram => {
  const all = [...parameters, ...outputs]
  const sorted = sort(all)
  return { sorted, ends: positionsIn(sorted, all) }
}

export const keyOfSorted = ({ sorted, ends }: SortedProgram): Key => {
  const names = new Map<object, number>()
  let hash = sorted.nodes.length
  for (let i = 0; i < sorted.ops.length; i++) {
    const op = sorted.ops[i]!
    let name = names.get(op)
    if (name === undefined) names.set(op, (name = hashOfText(op.name)))
    hash = mix(hash, name)
    for (const n of sorted.nodes[i]!.shape) hash = mix(hash, n)
  }
  for (const at of sorted.operands) hash = mix(hash, at)
  for (const at of ends) hash = mix(hash, at)
  return { sorted, ends, hash }
}

const sameAttribute = (a: unknown, b: unknown): boolean => {
  if (Object.is(a, b)) return true
  if (isTensor(a) || isTensor(b)) return isTensor(a) && isTensor(b) && identicalTensor(a, b)
  if (isClosed(a) || isClosed(b)) return isClosed(a) && isClosed(b) && sameProgram(keyOf(a), keyOf(b))
  return Array.isArray(a) && Array.isArray(b) && a.length === b.length && a.every((x, i) => sameAttribute(x, b[i]))
}

const sameNode = (a: Node, b: Node): boolean => {
  if (a.dtype !== b.dtype || !sameShape(a.shape, b.shape)) return false
  if (a.attrs === b.attrs || isParameter(a)) return true
  const names = Object.keys(a.attrs)
  return names.length === Object.keys(b.attrs).length && names.every((name) => sameAttribute(a.attrs[name], b.attrs[name]))
}

const sameNumbers = (a: ArrayLike<number>, b: ArrayLike<number>): boolean => {
  if (a.length !== b.length) return false
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false
  return true
}

/** Whether two keys are of one program. */
export const sameProgram = (a: Key, b: Key): boolean =>
  a.hash === b.hash &&
  sameNumbers(a.ends, b.ends) &&
  sameNumbers(a.sorted.first, b.sorted.first) &&
  sameNumbers(a.sorted.operands, b.sorted.operands) &&
  a.sorted.ops.every((op, i) => op === b.sorted.ops[i]) &&
  a.sorted.nodes.every((node, i) => sameNode(node, b.sorted.nodes[i]!))
