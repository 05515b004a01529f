/**
 * The call styles: one function per operation, data-first as in `sub(a, b)` and data-last as in `pipe(a, sub(b))`, with
 * options last.
 */
import { isNode, type Node } from '../core/Node.js'
import { scalarShape } from '../core/Shape.js'
import { snapshot } from '../core/snapshot.js'
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
  // Said again, since the compiler goes by the last signature when a function is handed to another, as in pipe(x, sum).
  (x: Operand): Node
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

/** The data-last form of a call. The rest may be written to before the data comes, so it is copied. */
const last = <A, R>(rest: A, call: (x: Operand, rest: A) => R): ((x: Operand) => R) => {
  const kept = snapshot(rest)
  return (x) => call(x, kept)
}

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

/** An operand that needs no broadcasting and no promotion beside another of its kind: graphs of scalars consist of them. */
const isDoubleScalar = (x: Operand): x is Node | number =>
  typeof x === 'number' || (isNode(x) && x.dtype === 'f64' && x.shape === scalarShape)

/** Lifts an elementwise operation on two nodes to operands, broadcast to one shape and promoted to one dtype. */
export const binaryFunction = (name: string, op: (a: Node, b: Node) => Node, kind: Kind = 'float'): Binary => {
  const call = (a: Operand, b: Operand): Node => {
    if (isDoubleScalar(a) && isDoubleScalar(b)) return op(toNode(a), toNode(b))
    const nodes = broadcastOperands(name, [a, b], kind)
    return isNode(nodes) ? nodes : op(nodes[0]!, nodes[1]!)
  }
  return ((...args: [Operand, Operand?]) =>
    args.length === 1 ? last(args[0], call) : call(args[0], args[1]!)) as Binary
}

/** Gives an operation with options its data-last form. */
export const withOptions = <O extends object>(call: (x: Operand, options: O) => Node): WithOptions<O> =>
  ((x: Operand | O, options?: O) =>
    isOptions(x) ? last(x as O, call) : call(x as Operand, options ?? ({} as O))) as WithOptions<O>

/** Gives an operation with a required argument its data-last form. */
export const withArgument = <A>(call: (x: Operand, argument: A) => Node): WithArgument<A> =>
  ((...args: [Operand | A, A?]) =>
    args.length === 1 ? last(args[0] as A, call) : call(args[0] as Operand, args[1] as A)) as WithArgument<A>

/** Gives an operation with a required argument and options its data-last form. */
export const withArgumentAndOptions = <A, O extends object>(
  call: (x: Operand, argument: A, options: O) => Node,
): WithArgumentAndOptions<A, O> =>
  ((...args: [Operand | A, (A | O)?, O?]) => {
    const dataLast = args.length === 1 || (args.length === 2 && isOptions(args[1]))
    return dataLast
      ? last([args[0] as A, (args[1] ?? {}) as O] as const, (x, [argument, options]) => call(x, argument, options))
      : call(args[0] as Operand, args[1] as A, args[2] ?? ({} as O))
  }) as WithArgumentAndOptions<A, O>

/** An operation on one array with several arguments and options: `moveaxis(x, 0, 1)`, `pipe(x, moveaxis(0, 1))`. */
export interface WithArguments<A extends ReadonlyArray<unknown>, O = never, R = Node> {
  (x: Operand, ...rest: [...args: A, options?: O]): R
  (...rest: [...args: A, options?: O]): (x: Operand) => R
}

/** Gives an operation with `count` required arguments (and perhaps options) its data-last form. */
export const withArguments = <A extends ReadonlyArray<unknown>, O extends object = never, R = Node>(
  count: number,
  call: (x: Operand, args: A, options: O) => R,
): WithArguments<A, O, R> =>
  ((...given: ReadonlyArray<unknown>) => {
    const final = given[given.length - 1]
    const options = (given.length > count && isOptions(final) ? final : given[count + 1]) ?? {}
    const args = options === final ? given.slice(0, -1) : given
    return args.length <= count
      ? last([args as unknown as A, options as O] as const, (x, [rest, chosen]) => call(x, rest, chosen))
      : call(args[0] as Operand, args.slice(1) as unknown as A, options as O)
  }) as WithArguments<A, O, R>
