/** What a row of the table of primitives says: how to apply the primitive, and what kind of derivative it has. */
import fc from 'fast-check'
import type { Node } from '../../lib/core/Node.js'
import { showShape } from '../../lib/core/Shape.js'
import type { Tensor } from '../../lib/core/Tensor.js'
import { astype, constant } from '../../lib/primitive/index.js'
import { array, shapes, type Range } from '../arbitraries/array.js'

/** One application of a primitive: a function of the operands it is differentiable in, and such operands. */
export interface Application {
  readonly f: (...xs: ReadonlyArray<Node>) => Node
  readonly args: ReadonlyArray<Tensor>
  readonly label: string
  /** How fast-check prints it. */
  readonly toString: () => string
}

/**
 * - `smooth`: derivatives of every order, of both modes;
 * - `linear`: smooth, and linear in its operands together;
 * - `stepwise`: the derivative is zero wherever there is one;
 * - `blocked`: declared to have derivative zero, whatever the values do;
 * - `rounded`: the identity but for rounding, which differencing would see and derivatives do not;
 * - `leaf`: no operands.
 */
export type Kind = 'smooth' | 'linear' | 'stepwise' | 'blocked' | 'rounded' | 'leaf'

export interface Row {
  readonly kind: Kind
  readonly application: fc.Arbitrary<Application>
}

export const application = (label: string, args: ReadonlyArray<Tensor>, f: Application['f']): Application => ({
  f,
  args,
  label,
  toString: () => `${label} of ${args.map((t) => `${showShape(t.shape)} ${JSON.stringify(t)}`).join(' and ')}`,
})

export const row = (kind: Kind, drawn: fc.Arbitrary<Application>): Row => ({ kind, application: drawn })

/** An elementwise primitive: operands of one shape, each from a range; later operands never equal an earlier one. */
export const elementwise = (kind: Kind, f: (...xs: ReadonlyArray<Node>) => Node, ...ranges: ReadonlyArray<Range>): Row =>
  row(
    kind,
    shapes.chain((shape) =>
      fc
        .tuple(...ranges.map((range, k) => array(shape, range, k / 4)))
        .map((args) => application('elementwise', args, f)),
    ),
  )

/** An elementwise primitive whose domain is a union of ranges on either side of a kink or a pole. */
export const piecewise = (kind: Kind, f: (x: Node) => Node, ...pieces: ReadonlyArray<Range>): Row =>
  row(kind, fc.oneof(...pieces.map((range) => elementwise(kind, (x) => f(x!), range).application)))

/** The application as a function of its last operand alone: the others are conditions, which no derivative passes through. */
export const lastOnly = ({ f, args, label }: Application): Application =>
  application(`${label} in its last operand`, args.slice(-1), (x) => f(...args.slice(0, -1).map((t) => astype(constant(t), x!.dtype)), x!))
