/** Lanes: the elements that the bodies of loop nests compute. */
import type { DType } from '../../core/DType.js'
import type { Node } from '../../core/Node.js'
import { astypeOp } from '../../primitive/arithmetic.js'
import type { Access, Lane, Storage } from '../ir.js'

/** The most operations in one nest: more would not stay in registers. */
export const laneLimit = 1000

const none: ReadonlyArray<Lane> = []

export const loadLane = (access: Access, truth: boolean): Lane => ({ op: 'load', args: none, truth, access })

export const constantLane = (value: number, dtype: DType): Lane => ({ op: 'constant', args: none, truth: dtype === 'bool', value })

const choice = (condition: Lane): Lane => ({ op: 'where', args: [condition, constantLane(1, 'f64'), constantLane(0, 'f64')], truth: false })

const lane = (op: string, ...args: ReadonlyArray<Lane>): Lane => ({ op, args, truth: false })

/**
 * A whole number as one of 32 bits, as in typed arrays: what is out of range is counted round, and what is no number, or infinite,
 * is 0. Every step is exact.
 */
const wrapped = (x: Lane): Lane => {
  const [half, turn] = [constantLane(2 ** 31, 'f64'), constantLane(2 ** 32, 'f64')]
  const rest = lane('sub', x, lane('mul', lane('floor', lane('mul', x, constantLane(2 ** -32, 'f64'))), turn))
  const test = (op: 'lt' | 'ge'): Lane => ({ op, args: [rest, half], truth: true })
  return lane('where', test('lt'), rest, lane('where', test('ge'), lane('sub', rest, turn), constantLane(0, 'f64')))
}

/** A value of one storage as one of another. Lanes of floats are rounded to `f32`, and cut off to integers, when they become such. */
export const convertLane = (x: Lane, from: Storage, to: Storage): Lane => {
  if (from === to) return x
  if (from === 'bool') return choice(x)
  if (to === 'bool') return { op: 'ne', args: [x, constantLane(0, 'f64')], truth: true }
  if (to === 'i32') return wrapped({ op: 'trunc', args: [x], truth: false })
  return to === 'f32' ? { op: 'fround', args: [x], truth: false, scalar: Math.fround } : x
}

/** An elementwise operation on lanes. */
export const operationLane = (node: Node, args: ReadonlyArray<Lane>): Lane => {
  if (node.op === astypeOp) return convertLane(args[0]!, node.inputs[0]!.dtype, node.dtype)
  const made = { op: node.op.name, args, truth: node.dtype === 'bool' }
  return node.op.scalar === undefined ? made : { ...made, scalar: node.op.scalar }
}

export const addLanes = (a: Lane, b: Lane): Lane => lane('add', a, b)
