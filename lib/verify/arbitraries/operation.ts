/** Operations of random programs. */
import type { Node } from '../../core/Node.js'
import { broadcastShapes, sizeOf, type Shape } from '../../core/Shape.js'
import { applied, global, type Code } from './code.js'

/**
 * - `smooth`: derivatives of every order everywhere;
 * - `kinked`: continuous, with one-sided derivatives at kinks;
 * - `jumping`: with jumps, at which there is no derivative.
 */
export type Smoothness = 'smooth' | 'kinked' | 'jumping'

/** An operation of random programs: which operands fit, and the code of what it does with them. */
export interface Operation {
  readonly arity: number
  readonly smoothness: Smoothness
  /** The family it belongs to, such as `reduction`. */
  readonly family: string
  /** Whether operands of these shapes fit. */
  readonly fits: (...operands: ReadonlyArray<Shape>) => boolean
  /** The expression; `pick` chooses among its options. */
  readonly write: (operands: ReadonlyArray<Code>, pick: number, shapes: ReadonlyArray<Shape>) => Code
}

/** Any operands that broadcast with each other. */
export const broadcasting = (...shapes: ReadonlyArray<Shape>): boolean => broadcastShapes(...shapes) !== undefined

/** An operand with elements and at least one axis. */
export const hasAxes = (a: Shape | undefined): boolean => a !== undefined && a.length > 0 && sizeOf(a) > 0

/** An axis of a shape. */
export const axisOf = (shape: Shape | undefined, pick: number): number => pick % Math.max(1, shape?.length ?? 1)

/** How an operation of the user's own takes part in programs. */
export interface OperationOptions {
  /** How many operands it takes; as many as the function has parameters unless given. */
  readonly arity?: number
  /** `smooth` unless given. */
  readonly smoothness?: Smoothness
  /** Whether operands of these shapes fit. Operands that broadcast with each other fit unless given. */
  readonly fits?: (...operands: ReadonlyArray<Shape>) => boolean
}

/**
 * A function of nodes as an operation of random programs. It should take all numbers, and give results of moderate size.
 *
 * @example
 * const swish = (x: Node) => mul(x, sigmoid(x))
 * const [program] = fc.sample(programs({ also: { swish: operation('swish', swish) }, only: ['swish'] }), 1)
 * program.instructions[0].op // 'swish'
 */
export const operation = (name: string, f: (...operands: ReadonlyArray<Node>) => Node, options: OperationOptions = {}): Operation => {
  const { arity = f.length, smoothness = 'smooth', fits = broadcasting } = options
  const callee = global(name, f)
  return Object.freeze({ arity, smoothness, family: 'user', fits, write: (operands: ReadonlyArray<Code>) => applied(callee, ...operands) })
}
