/** `whileLoop`: a loop whose number of steps depends on the numbers. */
import { isRefusal, refuse, type Refusal } from '../core/FoldgradError.js'
import { invalid, isInvalid, type Node } from '../core/Node.js'
import { showShape } from '../core/Shape.js'
import { rebuild, type Leaf, type NodeTree } from '../core/Tree.js'
import { astype } from '../primitive/arithmetic.js'
import { asNode, leafNodes, parameter } from '../primitive/leaf.js'
import { nextCarry } from './structure.js'
import { loopOver } from './whilePrimitive.js'

const testRefusal = (test: Node): Refusal | undefined =>
  test.shape.length === 0 ? undefined : refuse('Shape', `the test has shape ${showShape(test.shape)}, a scalar is needed`, 'Reduce it with all or any')

/**
 * The first state that fails the test: `while (test(state)) state = body(state)`. Both functions are traced once; what they
 * capture becomes an operand by itself.
 *
 * Forward mode carries tangents along. Reverse mode runs the loop once more and records its states, whose number is known
 * only then; derivatives of the reverse pass take time quadratic in the number of steps. A test that always holds never ends.
 *
 * @example
 * const newton = (a: Node) => whileLoop(
 *   (x: Node) => greater(abs(sub(square(x), a)), 1e-12),
 *   (x: Node) => mul(0.5, add(x, div(a, x))),
 *   a,
 * )
 * item(newton(variable('a', 9))) // 3
 */
export const whileLoop = <S>(test: (state: NodeTree<S>) => Leaf, body: (state: NodeTree<S>) => unknown, init: S): NodeTree<S> => {
  const state = leafNodes(init)
  const carry = state.map((x) => parameter(x))
  const tree = rebuild(init, carry) as NodeTree<S>
  const [goesOn, next] = [asNode(test(tree), ''), nextCarry(init, body(tree))]
  const bad = [...state, goesOn, ...(isRefusal(next) ? [] : next)].filter(isInvalid)
  const refusal = bad.length > 0 ? undefined : isRefusal(next) ? next : testRefusal(goesOn)
  const results =
    bad.length > 0 || refusal || isRefusal(next)
      ? state.map(() => invalid('whileLoop', bad.length > 0 ? bad : state, refusal))
      : loopOver(carry, astype(goesOn, 'bool'), next, state)
  return rebuild(init, results) as NodeTree<S>
}
