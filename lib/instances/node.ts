/** Nodes as numbers: the algebra of the arrays that they evaluate to. */
import type { Field } from 'fp-ts/Field'
import type { Ring } from 'fp-ts/Ring'
import type { Show } from 'fp-ts/Show'
import type { Node } from '../core/Node.js'
import { scalarShape } from '../core/Shape.js'
import { add, div, mul, sub } from '../function/arithmetic.js'
import { full } from '../primitive/leaf.js'

const scalar = (value: number): Node => full(value, { shape: scalarShape, dtype: 'f64' })

/**
 * The ring of arrays, elementwise and with broadcasting. The laws hold for the values, as far as arithmetic is exact;
 * as graphs, `a + b` and `b + a` are different.
 *
 * @example
 * item(nodeRing.add(nodeRing.one, nodeRing.one)) // 2
 */
export const nodeRing: Ring<Node> = Object.freeze({
  add: (a: Node, b: Node) => add(a, b),
  mul: (a: Node, b: Node) => mul(a, b),
  sub: (a: Node, b: Node) => sub(a, b),
  zero: scalar(0),
  one: scalar(1),
})

/**
 * The ring with division, by any divisor without zeros. With it, code that is written for any `Field` differentiates.
 *
 * @example
 * const quarter = <A>(F: Field<A>) => (x: A): A => F.div(x, F.add(F.add(F.one, F.one), F.add(F.one, F.one)))
 * item(quarter(nodeField)(variable('x', 3))) // 0.75
 */
export const nodeField: Field<Node> = Object.freeze({
  ...nodeRing,
  div: (a: Node, b: Node) => div(a, b),
  mod: () => nodeRing.zero,
  degree: () => 1,
})

/**
 * The operation, dtype and shape.
 *
 * @example
 * nodeShow.show(square(variable('x', [1, 2]))) // 'square: f64[2]'
 */
export const nodeShow: Show<Node> = Object.freeze({ show: String })
