/** `whileLoop`: a loop whose number of steps depends on the numbers. */
import { refuse, type Refusal } from '../core/FoldgradError.js'
import { invalid, isInvalid, type Node } from '../core/Node.js'
import { showShape } from '../core/Shape.js'
import { leavesOf, rebuild, type Leaf, type NodeTree } from '../core/Tree.js'
import { astype } from '../primitive/arithmetic.js'
import { asNode, parameter } from '../primitive/leaf.js'
import { carryRefusal } from './scan.js'
import { loopFrom } from './whilePrimitive.js'

const leafNodes = (tree: unknown): ReadonlyArray<Node> => leavesOf(tree).map(([path, leaf]) => asNode(leaf, path))

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
  const treeOf = (carry: ReadonlyArray<Node>) => rebuild(init, carry) as NodeTree<S>
  const trial = state.map((x) => parameter(x))
  const [after, goesOn] = [leafNodes(body(treeOf(trial))), asNode(test(treeOf(trial)), '')]
  const bad = [...state, ...after, goesOn].filter(isInvalid)
  const refusal = bad.length > 0 ? undefined : (carryRefusal(state, after) ?? testRefusal(goesOn))
  if (bad.length > 0 || refusal)
    return rebuild(init, state.map(() => invalid('whileLoop', bad.length > 0 ? bad : state, refusal))) as NodeTree<S>
  const results = loopFrom(
    state,
    (carry) => astype(asNode(test(treeOf(carry)), ''), 'bool'),
    (carry) => leafNodes(body(treeOf(carry))).map((y, i) => astype(y, state[i]!.dtype)),
  )
  return treeOf(results)
}
