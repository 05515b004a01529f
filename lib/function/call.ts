/**
 * The call styles: one function per operation, data-first as in `sub(a, b)` and data-last as in `pipe(a, sub(b))`, with
 * options last.
 */
import { isNode, type Node } from '../core/Node.js'
import { isTensor } from '../core/Tensor.js'
import { broadcastOperands, toFloatNode, toNode, type Kind, type Operand } from './operand.js'

/** An operation on one array: `sin(x)`, `pipe(x, sin)`. */
export type Unary = (x: Operand) => Node

/** An operation on two arrays: `sub(a, b)`, `pipe(a, sub(b))`. */
export interface Binary {
  (a: Operand, b: Operand): Node
  (b: Operand): (a: Operand) => Node
}

/** An operation on one array with options: `sum(x)`, `sum(x, options)`, `pipe(x, sum)`, `pipe(x, sum(options))`. */
export interface WithOptions<O> {
  (x: Operand, options?: O): Node
  (options: O): (x: Operand) => Node
}

/** An operation on one array with a required argument: `reshape(x, shape)`, `pipe(x, reshape(shape))`. */
export interface WithArgument<A> {
  (x: Operand, argument: A): Node
  (argument: A): (x: Operand) => Node
}

/** An operation on one array with a required argument and options. */
export interface WithArgumentAndOptions<A, O> {
  (x: Operand, argument: A, options?: O): Node
  (argument: A, options?: O): (x: Operand) => Node
}

/** A plain record of options, as opposed to an operand. */
export const isOptions = (x: unknown): x is object =>
  typeof x === 'object' && x !== null && !isNode(x) && !isTensor(x) && !Array.isArray(x) && !ArrayBuffer.isView(x)

/** Lifts an elementwise operation on one float node to operands. */
export const unaryFunction =
  (name: string, op: (x: Node) => Node): Unary =>
  (x) =>
    op(toFloatNode(x, name))

/** Lifts an elementwise operation that takes any dtype. */
export const unaryAny =
  (name: string, op: (x: Node) => Node): Unary =>
  (x) =>
    op(toNode(x, name))

/** Lifts an elementwise operation on two nodes to operands, broadcast to one shape and promoted to one dtype. */
export const binaryFunction = (name: string, op: (a: Node, b: Node) => Node, kind: Kind = 'float'): Binary => {
  const call = (a: Operand, b: Operand): Node => {
    const nodes = broadcastOperands(name, [a, b], kind)
    return isNode(nodes) ? nodes : op(nodes[0]!, nodes[1]!)
  }
  return ((...args: [Operand, Operand?]) =>
    args.length === 1 ? (a: Operand) => call(a, args[0]) : call(args[0], args[1]!)) as Binary
}

/** Gives an operation with options its data-last form. */
export const withOptions = <O extends object>(call: (x: Operand, options: O) => Node): WithOptions<O> =>
  ((x: Operand | O, options?: O) =>
    isOptions(x) ? (data: Operand) => call(data, x as O) : call(x as Operand, options ?? ({} as O))) as WithOptions<O>

/** Gives an operation with a required argument its data-last form. */
export const withArgument = <A>(call: (x: Operand, argument: A) => Node): WithArgument<A> =>
  ((...args: [Operand | A, A?]) =>
    args.length === 1 ? (x: Operand) => call(x, args[0] as A) : call(args[0] as Operand, args[1] as A)) as WithArgument<A>

/** Gives an operation with a required argument and options its data-last form. */
export const withArgumentAndOptions = <A, O extends object>(
  call: (x: Operand, argument: A, options: O) => Node,
): WithArgumentAndOptions<A, O> =>
  ((...args: [Operand | A, (A | O)?, O?]) => {
    const dataLast = args.length === 1 || (args.length === 2 && isOptions(args[1]))
    return dataLast
      ? (x: Operand) => call(x, args[0] as A, (args[1] ?? {}) as O)
      : call(args[0] as Operand, args[1] as A, args[2] ?? ({} as O))
  }) as WithArgumentAndOptions<A, O>
