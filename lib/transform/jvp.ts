/** Forward mode on functions of trees: `jvp`, and `linearize`, which keeps the value and gives the derivative as a function. */
import { isFloat } from '../core/DType.js'
import { refuse } from '../core/FoldgradError.js'
import { invalid, isInvalid, type Node } from '../core/Node.js'
import { sameShape, showShape } from '../core/Shape.js'
import { snapshot } from '../core/snapshot.js'
import { mapTree, rebuild, type NodeTree } from '../core/Tree.js'
import { astype } from '../primitive/arithmetic.js'
import { asNode, full, leafNodes } from '../primitive/leaf.js'
import { tangentsOf } from './forward.js'
import { matched, traced, treeOf } from './trace.js'
import type { ArgumentInputs } from './vjp.js'

/** A tangent fit for an input: its shape and dtype, or an invalid node that says what is wrong. */
const fitted = (input: Node, tangent: Node): Node => {
  if (isInvalid(tangent) || isInvalid(input)) return invalid('jvp', [input, tangent])
  if (!isFloat(input.dtype))
    return invalid('jvp', [input], refuse('DType', `an argument is ${input.dtype}, only floats have derivatives`, "Pass it as a float, with astype('f64')"))
  return sameShape(tangent.shape, input.shape)
    ? astype(tangent, input.dtype)
    : invalid('jvp', [input, tangent], refuse('Shape', `the tangent needs the shape of its argument, ${showShape(input.shape)}`, `Give a tangent of shape ${showShape(input.shape)}`))
}

/**
 * The value of a function of trees at some arguments, and its derivative there as a linear function of their tangents,
 * `v ↦ J v`. Calling the linear function twice does not trace `f` again, and evaluated together they share the value.
 *
 * @example
 * const [y, dy] = linearize((x: Node) => sin(x))(0)
 * item(y)     // 0
 * item(dy(2)) // 2
 */
export const linearize =
  <A extends ReadonlyArray<unknown>, R>(f: (...args: A) => R) =>
  (...args: ArgumentInputs<A>): readonly [NodeTree<R>, (...tangents: ArgumentInputs<A>) => NodeTree<R>] => {
    const inputs = args.map(traced)
    const result = snapshot(f(...(inputs.map(treeOf) as unknown as A)))
    const ys = leafNodes(result)
    const pushforward = (...tangents: ArgumentInputs<A>): NodeTree<R> => {
      const given = inputs.flatMap((t, i) => matched('jvp', 'tangent', t.tree, tangents[i]))
      const seeds = inputs.flatMap((t) => t.inputs).map((input, k) => fitted(input, given[k]!))
      const bad = seeds.filter(isInvalid)
      const found = bad.length > 0 ? ys.map(() => invalid('jvp', bad)) : tangentsOf(ys, inputs.flatMap((t) => t.inputs), seeds)
      return rebuild(result, found.map((t, i) => (isInvalid(ys[i]!) ? ys[i]! : (t ?? full(0, ys[i]!))))) as NodeTree<R>
    }
    return Object.freeze([mapTree(result, asNode) as NodeTree<R>, pushforward] as const)
  }

/**
 * The value of a function of trees and its derivative along tangents of the arguments, from one forward pass:
 * `jvp(f)(args, tangents)` is `[f(args), J tangents]`.
 *
 * @example
 * const [y, dy] = jvp((x: Node, y: Node) => mul(x, y))([2, 3], [1, 10])
 * item(dy) // 23
 */
export const jvp =
  <A extends ReadonlyArray<unknown>, R>(f: (...args: A) => R) =>
  (args: ArgumentInputs<A>, tangents: ArgumentInputs<A>): readonly [NodeTree<R>, NodeTree<R>] => {
    const [y, pushforward] = linearize(f)(...args)
    return Object.freeze([y, pushforward(...tangents)] as const)
  }
