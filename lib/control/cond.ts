/** Branches: `cond` and `switchCase` run one of several closed functions; derivatives flow through the one that ran. */
import { argumentsRefusal } from '../core/Closed.js'
import { isFloat } from '../core/DType.js'
import { fail, refuse, type Refusal } from '../core/FoldgradError.js'
import { invalid, isInvalid, type Node, type Primitive } from '../core/Node.js'
import { sameShape, showShape } from '../core/Shape.js'
import { alignedLeaves, rebuild, showPaths, type Input, type Leaf, type NodeTree } from '../core/Tree.js'
import { program } from '../interpret/evaluate.js'
import { astype, eq, lt, where } from '../primitive/arithmetic.js'
import { wrapIndices } from '../primitive/indexing.js'
import { asNode, leafNodes, parameter } from '../primitive/leaf.js'
import { broadcastTo, reshape } from '../primitive/shape.js'
import { adjointsIn, applied, batchClosed, closedOf, cotangentParameters, instantiate, tangentParameters, tangentsIn, trace, type Closed, type TracedFunction } from './Closed.js'
import { condCost } from './cost.js'
import { flatSignature, layoutOf, pack, packBatch, packBuffers, unpack } from './flat.js'

type Branches = ReadonlyArray<Closed>

const branchesOf = (y: Node): Branches => y.attrs['branches'] as Branches

/** The results of the branch at `index` (an i32 scalar) on some operands, which every branch takes all of. */
export const branch = (branches: Branches, index: Node, operands: ReadonlyArray<Node>): ReadonlyArray<Node> =>
  applied(condOp, branches, [index, ...operands], Object.freeze({ branches }), layoutOf(branches[0]!.outputs))

export const condOp: Primitive = Object.freeze<Primitive>({
  name: 'cond',
  infer: ([, ...operands], attrs) => {
    const branches = attrs['branches'] as Branches
    const refusals = branches.map((taken) => argumentsRefusal(taken, operands))
    return refusals.find((r) => r !== undefined) ?? flatSignature(layoutOf(branches[0]!.outputs))
  },
  evaluate: ([index, ...operands], y) => {
    const taken = branchesOf(y)[index![0]!]
    if (taken === undefined)
      return fail(refuse('Index', `branch ${index![0]!} does not exist, there are ${branchesOf(y).length}`, 'Clip the index to the branches'))
    return packBuffers(program(taken.parameters, taken.outputs)(operands), layoutOf(taken.outputs))
  },
  cost: (y, costOf) => condCost(branchesOf(y), y, costOf),
  vjp: (g, y, k) => pullback(g, y, y.inputs.map((_, i) => i === k), false)[k]!,
  pullback: (g, y, wanted, masked) => pullback(g, y, wanted, masked),
  batch: ([index, ...operands], [each, ...mapped], y, size) => {
    const branches = branchesOf(y).map((b) => batchClosed(b, mapped, size))
    const results = each ? selected(branches, index!, operands, size) : branch(branches, index!, operands)
    return packBatch(results, layoutOf(branchesOf(y)[0]!.outputs), size)
  },
  jvp: ([, ...tangents], y) => {
    const moving = tangents.map((t) => t !== null)
    const forward = branchesOf(y).map((b) => {
      const dxs = tangentParameters(b, moving)
      return closedOf([...b.parameters, ...dxs.filter((p) => p !== null)], tangentsIn(b, dxs))
    })
    const [index, ...operands] = y.inputs
    const results = branch(forward, index!, [...operands, ...tangents.filter((t) => t !== null)])
    return pack(results.map((t) => (isFloat(t.dtype) ? t : null)), layoutOf(branchesOf(y)[0]!.outputs))
  },
  // What only the branch not taken depends on has the derivative zero, as behind a where.
  masks: true,
})

/** A choice for each element of a batch: all branches run, and each element takes its own; the others have no derivative. */
const selected = (branches: Branches, index: Node, operands: ReadonlyArray<Node>, size: number): ReadonlyArray<Node> => {
  const checked = wrapIndices(where(lt(index, 0), branches.length, index), branches.length)
  const [first, ...others] = branches.map((b) => instantiate(b, operands))
  return others.reduce(
    (results, own, k) =>
      own.map((y, i) => {
        if (isInvalid(y)) return y
        const takes = reshape(eq(checked, k + 1), [size, ...y.shape.slice(1).map(() => 1)])
        return where(broadcastTo(takes, y.shape), y, results[i]!)
      }),
    first!,
  )
}

const pullback = (g: Node, y: Node, wanted: ReadonlyArray<boolean>, masked: boolean): ReadonlyArray<Node | null> => {
  const [index, ...operands] = y.inputs
  const asked = operands.map((x, k) => wanted[k + 1] === true && isFloat(x.dtype))
  const parts = unpack(g, layoutOf(branchesOf(y)[0]!.outputs))
  const backward = branchesOf(y).map((b) => {
    const cotangents = cotangentParameters(b)
    const adjoints = adjointsIn(b, cotangents, asked, masked || b.outputs.length > 1)
    return closedOf([...b.parameters, ...cotangents.filter((p) => p !== undefined)], adjoints.filter((a) => a !== null))
  })
  const results = branch(backward, index!, [...operands, ...parts.filter((p) => isFloat(p.dtype))])
  let next = 0
  return [null, ...asked.map((is) => (is ? results[next++]! : null))]
}

const show = (list: ReadonlyArray<Node>): string => list.map((x) => `${x.dtype}${showShape(x.shape)}`).join(', ')

/** What is wrong with the results of branch `k`, which must be like those of the first. */
const mismatch = (first: TracedFunction, other: TracedFunction, k: number): Refusal | undefined => {
  const [a, b] = [first.closed.outputs, other.closed.outputs]
  const mend = 'Return the same structure, shapes and dtypes from every branch'
  if (alignedLeaves(first.result, other.result) === undefined)
    return refuse('Structure', `branch 0 returns ${showPaths(first.result)} and branch ${k} returns ${showPaths(other.result)}`, mend)
  return a.every((x, i) => sameShape(x.shape, b[i]!.shape) && x.dtype === b[i]!.dtype)
    ? undefined
    : refuse('Structure', `branch 0 returns ${show(a)} and branch ${k} returns ${show(b)}`, mend)
}

/**
 * The result of one of several functions of the same operands, chosen by an integer when the numbers are known. Only that one
 * runs, and only it has derivatives: nothing that the others would compute can spoil them. (What a branch computes from
 * captured nodes alone is captured whole and computed in any case: pass it what it should work on as operands.)
 *
 * Both modes and all orders. Errors: branches that return different structures or shapes, an index that is no integer scalar
 * or (on evaluation) names no branch.
 *
 * @example
 * const f = (k: Leaf, x: Leaf) => switchCase(k, [(x: Node) => sin(x), (x: Node) => square(x)], x)
 * item(f(1, 3)) // 9
 */
export const switchCase = <A extends ReadonlyArray<unknown>, R>(
  index: Leaf,
  functions: ReadonlyArray<(...operands: A) => R>,
  ...operands: { [K in keyof A]: Input<A[K]> }
): NodeTree<R> => {
  const given = asNode(index, '')
  const whole = typeof index === 'number' ? Number.isInteger(index) : !isFloat(given.dtype)
  const refusal = refuse('Argument', 'the index is no integer', "Convert it with astype('i32')")
  return choose('switchCase', whole || isInvalid(given) ? astype(given, 'i32') : invalid('switchCase', [given], refusal), functions, operands)
}

/**
 * `onTrue(operands)` where the condition holds, `onFalse(operands)` otherwise; see {@link switchCase}. The condition is a
 * scalar: to choose element by element use `where`.
 *
 * @example
 * const root = (x: Node) => cond(greater(x, 0), (x: Node) => sqrt(x), () => 0, x)
 * item(grad(root)(0)) // 0
 */
export const cond = <A extends ReadonlyArray<unknown>, R, Q>(
  condition: Leaf | boolean,
  onTrue: (...operands: A) => R,
  onFalse: (...operands: A) => Q,
  ...operands: { [K in keyof A]: Input<A[K]> }
): NodeTree<R> => {
  const index = typeof condition === 'boolean' ? Number(condition) : condition
  return choose('cond', astype(astype(asNode(index, ''), 'bool'), 'i32'), [onFalse, onTrue] as never, operands as never)
}

const choose = <R>(name: string, index: Node, functions: ReadonlyArray<(...operands: never) => R>, operands: ReadonlyArray<unknown>): NodeTree<R> => {
  const [one, ...others] = functions
  if (one === undefined) return invalid(name, [index], refuse('Argument', 'there are no branches', 'Give at least one function')) as NodeTree<R>
  const first = trace(one, operands)
  const traced = [first, ...others.map((f) => trace(f, operands, first.result))]
  const own = leafNodes(operands)
  const bad = [index, ...own, ...traced.flatMap(({ closed }) => closed.outputs)].filter(isInvalid)
  const refusal =
    bad.length > 0
      ? undefined
      : index.shape.length > 0
        ? refuse('Shape', `the choice has shape ${showShape(index.shape)}, a scalar is needed`, 'Use where to choose element by element')
        : traced.map((other, k) => mismatch(first, other, k)).find((r) => r !== undefined)
  if (bad.length > 0 || refusal)
    return rebuild(first.result, first.closed.outputs.map(() => invalid(name, bad.length > 0 ? bad : [index], refusal))) as NodeTree<R>
  // Every branch takes the operands and then what each of the branches captured, its own part of it among them.
  const branches = traced.map(({ closed }, k) =>
    closedOf(
      [
        ...closed.parameters.slice(0, own.length),
        ...traced.flatMap(({ captured }, j) => (j === k ? closed.parameters.slice(own.length) : captured.map((x) => parameter(x)))),
      ],
      closed.outputs,
    ),
  )
  return rebuild(first.result, branch(branches, index, [...own, ...traced.flatMap((t) => t.captured)])) as NodeTree<R>
}
