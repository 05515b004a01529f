/** What the nodes of a program hand on to their operands in the backward fold: the numbers that a derivative is summed from. */
import { isFloat } from '../core/DType.js'
import { isInvalid, masks, type Node } from '../core/Node.js'
import { sameShape, type Shape } from '../core/Shape.js'
import type { Tensor } from '../core/Tensor.js'
import { add } from '../primitive/declare.js'
import { identity } from '../primitive/identity.js'
import { constant, full } from '../primitive/leaf.js'
import { adjointsOfAll, contribution } from '../transform/backward.js'
import { unpack } from './numeric.js'
import type { Program } from './traced.js'

/** A contribution of the wrong shape. */
export interface Misshapen {
  readonly operand: number
  readonly found: Shape
}

/** What a node hands on to its operands; `null` to one that it has no derivative in. */
type Contributions = ReadonlyArray<Node | null>

const reverse = (g: Node, y: Node, masked: boolean): Contributions => {
  const wanted = y.inputs.map((x) => isFloat(x.dtype))
  return (y.op.pullback?.(g, y, wanted, masked) ?? y.inputs.map((_, k) => (wanted[k] ? contribution(g, masked, y, k) : null))).map((c, k) => (wanted[k] ? c : null))
}

/** The transposed pushforward. A tangent of a wrong shape is handed on to all operands, so that it is seen. */
const forward = (g: Node, y: Node): Contributions => {
  const tangents = y.inputs.map((x) => (isFloat(x.dtype) ? identity(full(0, x)) : null))
  const t = tangents.every((p) => p === null) ? null : y.op.jvp(tangents, y)
  if (t === null) return y.inputs.map(() => null)
  if (isInvalid(t) || !sameShape(t.shape, y.shape)) return tangents.map((p) => (p === null ? null : t))
  const moving = tangents.filter((p) => p !== null)
  const found = adjointsOfAll([[t, g]], moving, 'blame')
  let next = 0
  return tangents.map((p) => (p === null ? null : (found[next++] ?? null)))
}

/** The adjoint of every node and what it hands on, by position. */
export interface Flow {
  readonly adjoints: ReadonlyArray<Node | undefined>
  readonly contributions: ReadonlyArray<Contributions | undefined>
  /** A node that hands on an array that does not fit, where the flow ends. */
  readonly misshapen: readonly [position: number, Misshapen] | undefined
}

/**
 * The backward fold with everything that it hands on, from the cotangents `w` of the outputs. `transposed` takes the transposed
 * rules of forward mode instead of those of reverse mode.
 */
export const flowBack = ({ nodes, outputs, variables }: Program, ys: ReadonlyArray<Tensor>, w: Float64Array, transposed: boolean): Flow => {
  const at = new Map(nodes.map((node, i) => [node, i]))
  const adjoints = new Array<Node | undefined>(nodes.length).fill(undefined)
  const contributions = new Array<Contributions | undefined>(nodes.length).fill(undefined)
  const masked = new Uint8Array(nodes.length)
  const receive = (node: Node, g: Node): void => {
    const i = at.get(node)!
    adjoints[i] = adjoints[i] === undefined ? g : add(adjoints[i], g)
  }
  unpack(ys, w).forEach((t, i) => receive(outputs[i]!, constant(t)))
  const moves = new Set(variables)
  for (const node of nodes) if (node.inputs.some((x) => moves.has(x))) moves.add(node)
  for (let i = nodes.length - 1; i >= 0; i--) {
    const [y, g] = [nodes[i]!, adjoints[i]]
    if (g === undefined || y.inputs.length === 0) continue
    const given = (transposed ? forward(g, y) : reverse(g, y, masked[i] === 1)).map((c, k) => (moves.has(y.inputs[k]!) ? c : null))
    const wrong = given.findIndex((c, k) => c !== null && !isInvalid(c) && !sameShape(c.shape, y.inputs[k]!.shape))
    if (wrong >= 0) return { adjoints, contributions, misshapen: [i, { operand: wrong, found: given[wrong]!.shape }] }
    contributions[i] = given
    given.forEach((c, k) => {
      if (c === null) return
      receive(y.inputs[k]!, c)
      if (!transposed && (masked[i] === 1 || masks(y))) masked[at.get(y.inputs[k]!)!] = 1
    })
  }
  return { adjoints, contributions, misshapen: undefined }
}
