/**
 * How primitives are declared: one line for the common cases, so that the tables of rules read like a page of a calculus
 * book. A derivative is written as a differential, `sin: (dx, x) => mul(dx, cos(x))`. An elementwise operation has a
 * diagonal Jacobian, so the one line is both its pushforward and its pullback.
 */
import { isFloat, type DType } from '../core/DType.js'
import { refuse, type Refusal } from '../core/FoldgradError.js'
import { apply, applyFitting, arityOf, isInvalid, operandOf, type Attrs, type Node, type Primitive, type Signature } from '../core/Node.js'
import { sameShape, scalarShape, showShape, sizeOf } from '../core/Shape.js'
import { addLoop, addWithin, type Within } from '../kernel/arithmetic.js'
import { elementwise as kernel, type Loop } from '../kernel/elementwise.js'
import { contributionsOf, contributionsOfFamily } from './contribution.js'
import { full } from './leaf.js'

/** A node, or a number that takes the shape and dtype of the node beside it. */
export type Term = Node | number

/** The part of a differential that belongs to one operand: linear in `dx`, given the operands and then the result. */
export type Differential = (dx: Node, ...operands: ReadonlyArray<Node>) => Node

/** An operand that the result does not depend on smoothly: an index, a condition, a count. */
export const notDifferentiable = null

type Scalar = (...elements: ReadonlyArray<number>) => number

interface ElementwiseOptions {
  /** The dtype of the result, when it is not that of the operands. */
  readonly result?: DType
  /** The pullback hides entries behind a condition. */
  readonly masks?: boolean
  /** The operands may have any dtype; otherwise they are floats. */
  readonly anyDtype?: boolean
  /** What to do instead with truth values, which are refused then. */
  readonly forTruth?: string
  /** One of a family: the operands without differentials are its orders, constants that the differentials read. */
  readonly family?: boolean
  /** The operation as a loop of its own, for the ones that programs consist of. */
  readonly loop?: Loop
  readonly within?: Within
}

const agree =
  ({ result, anyDtype, forTruth }: ElementwiseOptions) =>
  (inputs: ReadonlyArray<Node>): Signature | Refusal => {
    const a = inputs[0]!
    for (let k = 1; k < inputs.length; k++) {
      const b = inputs[k]!
      if (!sameShape(a.shape, b.shape))
        return refuse('Shape', `the operands need one shape, got ${inputs.map((x) => showShape(x.shape)).join(', ')}`, 'Broadcast them first')
      if (a.dtype !== b.dtype)
        return refuse('DType', `the operands need one dtype, got ${inputs.map((x) => x.dtype).join(', ')}`, 'Convert them with astype')
    }
    if (anyDtype !== true && !isFloat(a.dtype))
      return refuse('DType', `the operands are ${a.dtype}, a float is needed`, "Convert them with astype('f64')")
    if (forTruth !== undefined && a.dtype === 'bool') return refuse('DType', 'the operands are truth values, numbers are needed', forTruth)
    return result === undefined || result === a.dtype ? a : { shape: a.shape, dtype: result }
  }

const evaluateBy =
  (f: Scalar, loop: Loop | undefined): Primitive['evaluate'] =>
  (inputs, y) =>
    kernel(f, inputs, y.dtype, sizeOf(y.shape), loop)

/** A differential applied to the operands and the result of `y`. */
const term = (d: Differential, dx: Node, y: Node): Node => {
  const n = arityOf(y)
  return n === 1 ? d(dx, operandOf(y, 0), y) : n === 2 ? d(dx, operandOf(y, 0), operandOf(y, 1), y) : d(dx, ...y.inputs, y)
}

const elementwiseOp = (name: string, f: Scalar, differentials: ReadonlyArray<Differential | null>, options: ElementwiseOptions): Primitive => {
  const { masks = false, family = false, loop, within } = options
  return defineOp({
    name,
    infer: agree(options),
    evaluate: evaluateBy(f, loop),
    vjp: (g: Node, y: Node, k: number) => {
      const d = differentials[k]!
      return d === notDifferentiable ? null : term(d, g, y)
    },
    jvp: (tangents: ReadonlyArray<Node | null>, y: Node) =>
      tangents.reduce<Node | null>((sum, dx, k) => {
        const d = differentials[k]!
        return dx === null || d === notDifferentiable ? sum : plus(sum, term(d, dx, y))
      }, null),
    batch: 'leading',
    scalar: f,
    ...(within && { within }),
    uniform: true,
    masks,
  }, family)
}

/** A primitive, frozen. One on single elements gets its pullback on plain numbers. */
export const defineOp = (record: Primitive, family = false): Primitive =>
  Object.freeze(record.scalar === undefined ? record : { ...record, contributions: (family ? contributionsOfFamily : contributionsOf)(record) })

/** Sum of tangents, in which `null` is zero. */
const plus = (a: Node | null, b: Node): Node => (a === null ? b : add(a, b))

/** A number as an array of it, with the shape and dtype of the node beside it. */
export const lift = (x: Term, other: Term): Node => (typeof x === 'number' ? full(x, other as Node) : x)

/** A function that applies a primitive, with the record of that primitive: `sin.op`. */
export type Builder<F> = F & { readonly op: Primitive }

export const builder = <F extends object>(op: Primitive, build: F): Builder<F> => Object.freeze(Object.assign(build, { op }))

/** An elementwise operation of one float operand, by its value and its differential. */
export const unary = (name: string, f: (x: number) => number, dx: Differential, options: ElementwiseOptions = {}) => {
  const op = elementwiseOp(name, f as Scalar, [dx], options)
  return builder(op, (x: Node): Node => (isValidScalar(x) && options.result === undefined ? applyFitting(op, x) : apply(op, [x])))
}

/** An elementwise operation of two float operands of one shape, by its value and its two partial differentials. */
export const binary = (
  name: string,
  f: (a: number, b: number) => number,
  da: Differential | null,
  db: Differential | null,
  options: ElementwiseOptions = {},
) => {
  const op = elementwiseOp(name, f as Scalar, [da, db], options)
  return builder(op, (a: Term, b: Term): Node => {
    const [x, y] = [lift(a, b), lift(b, a)]
    return isValidScalar(x) && isValidScalar(y) && options.result === undefined ? applyFitting(op, x, y) : apply(op, [x, y])
  })
}

/** Whether nothing need be inferred: graphs of many nodes consist of such scalars. */
const isValidScalar = (x: Node): boolean => x.shape === scalarShape && x.dtype === 'f64' && !isInvalid(x)

/** An elementwise operation of any number of operands, by its value and the differential of each. */
export const elementwise = (name: string, f: Scalar, differentials: ReadonlyArray<Differential | null>, options: ElementwiseOptions = {}) => {
  const op = elementwiseOp(name, f, differentials, options)
  return builder(op, (...xs: ReadonlyArray<Term>): Node => apply(op, liftAll(xs)))
}

const liftAll = (xs: ReadonlyArray<Term>): ReadonlyArray<Node> => {
  const node = xs.find((x) => typeof x !== 'number')!
  return xs.map((x) => lift(x, node))
}

/** An elementwise operation that is constant almost everywhere: derivative zero, result `bool` unless told otherwise. */
export const stepwise = (name: string, f: Scalar, options: ElementwiseOptions = { result: 'bool', anyDtype: true }) => {
  const op = elementwiseOp(name, f, [null, null, null], options)
  return builder(op, (...xs: ReadonlyArray<Term>): Node => apply(op, liftAll(xs)))
}

/** A sum of two arrays, or of the contributions to one adjoint. */
export const add = binary('add', (a, b) => a + b, (da) => da, (db) => db, {
  anyDtype: true,
  forTruth: "Use logicalOr, or convert them with astype('i32')",
  loop: addLoop,
  within: addWithin,
})

/** What a primitive that is linear in its only operand is made of. */
interface Linear extends Pick<Primitive, 'infer' | 'evaluate' | 'batch' | 'scalar' | 'uniform' | 'view' | 'masks'> {
  /** The transposed map: the adjoint of `x` from that of `y`. */
  readonly transpose: (g: Node, y: Node) => Node
}

/** A primitive that is linear in its one operand: its pushforward is itself, its pullback the transposed map. */
export const linear = (name: string, { transpose, ...rest }: Linear) => {
  const op: Primitive = defineOp({
    name,
    ...rest,
    vjp: (g: Node, y: Node) => transpose(g, y),
    jvp: ([dx]: ReadonlyArray<Node | null>, y: Node) => (dx ? apply(op, [dx], y.attrs) : null),
  })
  return builder(op, (x: Node, attrs?: Attrs): Node => apply(op, [x], attrs))
}

