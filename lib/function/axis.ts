/** Checked arguments of operations on axes: axes and shapes as users give them, or an invalid node with the numbers. */
import { refuse, type Refusal } from '../core/FoldgradError.js'
import { invalid, isInvalid, type Node } from '../core/Node.js'
import { normalizeAxes, normalizeAxis, showShape, type Axes, type Shape } from '../core/Shape.js'
import { toNode, type Operand } from './operand.js'

const mend = (rank: number): string => (rank === 0 ? 'A scalar has no axes; expandDims gives it one' : `Give axes from ${-rank} to ${rank - 1}`)

/** What is said of an axis that is not there. */
export const noAxis = (axis: number, rank: number): Refusal => refuse('Shape', `there is no axis ${axis} in rank ${rank}`, mend(rank))

const noAxes = (axes: Axes, rank: number): Refusal =>
  typeof axes === 'number'
    ? noAxis(axes, rank)
    : refuse('Shape', `the axes [${(axes ?? []).join(', ')}] are not different axes of rank ${rank}`, mend(rank))

/** Continues with the axis counted from the front, if there is such an axis. */
export const onAxis = (op: string, operand: Operand, axis: number, f: (x: Node, axis: number) => Node): Node => {
  const x = toNode(operand, op)
  if (isInvalid(x)) return invalid(op, [x])
  const a = normalizeAxis(axis, x.shape.length)
  return a === undefined ? invalid(op, [x], noAxis(axis, x.shape.length)) : f(x, a)
}

/** Continues with the axes sorted and counted from the front (`null` or absent: all), if there are such axes. */
export const onAxes = (op: string, operand: Operand, axes: Axes, f: (x: Node, axes: ReadonlyArray<number>) => Node): Node => {
  const x = toNode(operand, op)
  if (isInvalid(x)) return invalid(op, [x])
  const list = normalizeAxes(axes, x.shape.length)
  return list === undefined ? invalid(op, [x], noAxes(axes, x.shape.length)) : f(x, list)
}

/** Whether this is a list of axis lengths. */
export const isShape = (shape: unknown): shape is Shape =>
  Array.isArray(shape) && shape.every((n) => Number.isInteger(n) && n >= 0)

/** What is said of something else. */
export const noShape = (shape: unknown): Refusal =>
  refuse('Argument', `${Array.isArray(shape) ? showShape(shape) : String(shape)} is no shape`, 'Give a list of axis lengths, integers from 0 on')

/** Whether this is an integer not below `least`. */
export const isCount = (n: unknown, least = 0): n is number => Number.isInteger(n) && (n as number) >= least

/** What is said of another number. */
export const noCount = (name: string, n: unknown, least = 0): Refusal =>
  refuse('Argument', `${name} is ${String(n)}, an integer from ${least} on is needed`, `Give ${name} as such an integer`)
