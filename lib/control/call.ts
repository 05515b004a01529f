/**
 * `checkpoint`: a closed function as one node. Its intermediate results live only while it runs, and its derivative is such
 * a node again, which runs it a second time.
 */
import { argumentsRefusal } from '../core/Closed.js'
import { isFloat } from '../core/DType.js'
import { invalid, isInvalid, type Node, type Primitive } from '../core/Node.js'
import { rebuild, type Input, type NodeTree } from '../core/Tree.js'
import { program } from '../interpret/evaluate.js'
import { leafNodes } from '../primitive/leaf.js'
import { adjointsIn, applied, batchClosed, closedOf, cotangentParameters, masksIn, reachedIn, tangentParameters, tangentsIn, trace, type Closed } from './Closed.js'
import { callCost } from './cost.js'
import { flatSignature, layoutOf, pack, packBatch, packBuffers, unpack } from './flat.js'

const bodyOf = (y: Node): Closed => y.attrs['body'] as Closed

/** The results of a closed function on some operands, as one node. */
export const call = (body: Closed, operands: ReadonlyArray<Node>): ReadonlyArray<Node> =>
  applied(callOp, [body], operands, Object.freeze({ body }), layoutOf(body.outputs))

export const callOp: Primitive = Object.freeze<Primitive>({
  name: 'call',
  infer: (inputs, attrs) => {
    const body = attrs['body'] as Closed
    return argumentsRefusal(body, inputs) ?? flatSignature(layoutOf(body.outputs))
  },
  evaluate: (buffers, y) => {
    const body = bodyOf(y)
    return packBuffers(program(body.parameters, body.outputs)(buffers), layoutOf(body.outputs))
  },
  cost: (y, costOf) => callCost(bodyOf(y), y, costOf),
  vjp: (g, y, k) => pullback(g, y, y.inputs.map((_, i) => i === k), false)[k]!,
  pullback: (g, y, wanted, masked) => pullback(g, y, wanted, masked),
  batch: (inputs, mapped, y, size) =>
    packBatch(call(batchClosed(bodyOf(y), mapped, size), inputs), layoutOf(bodyOf(y).outputs), size),
  jvp: (tangents, y) => {
    const body = bodyOf(y)
    const dxs = tangentParameters(body, tangents.map((t) => t !== null))
    const forward = closedOf([...body.parameters, ...dxs.filter((p) => p !== null)], tangentsIn(body, dxs))
    return pack(call(forward, [...y.inputs, ...tangents.filter((t) => t !== null)]), layoutOf(body.outputs))
  },
  masks: (y) => bodyOf(y).outputs.length > 1 || masksIn(bodyOf(y)),
})

const pullback = (g: Node, y: Node, wanted: ReadonlyArray<boolean>, masked: boolean): ReadonlyArray<Node | null> => {
  const body = bodyOf(y)
  const reached = reachedIn(body)
  const asked = y.inputs.map((x, k) => wanted[k] === true && reached[k]! && isFloat(x.dtype))
  const cotangents = cotangentParameters(body)
  const parts = unpack(g, layoutOf(body.outputs))
  // A result that nobody uses has a cotangent of zeros, which must do no harm.
  const adjoints = adjointsIn(body, cotangents, asked, masked || body.outputs.length > 1)
  const backward = closedOf([...body.parameters, ...cotangents.filter((p) => p !== undefined)], adjoints.filter((a) => a !== null))
  const results = call(backward, [...y.inputs, ...parts.filter((_, i) => cotangents[i] !== undefined)])
  let next = 0
  return asked.map((is) => (is ? results[next++]! : null))
}

/**
 * The same function, whose derivative saves only its arguments and computes everything else again: memory for time. It
 * nests. Values and gradients are the same to the last bit (if an argument is used outside as well, up to the order in which
 * contributions to its gradient are added).
 *
 * What is kept for the backward pass: the arguments, and the values captured from outside.
 *
 * @example
 * const block = checkpoint((x: Node) => tanh(mul(x, sin(x))))
 * item(grad(block)(0.5)) // 0.867411394085327
 */
export const checkpoint =
  <A extends ReadonlyArray<unknown>, R>(f: (...args: A) => R) =>
  (...args: { [K in keyof A]: Input<A[K]> }): NodeTree<R> => {
    const { closed, captured, result } = trace(f, args)
    const operands = [...leafNodes(args), ...captured]
    const bad = [...operands, ...closed.outputs].filter(isInvalid)
    const results = bad.length > 0 ? closed.outputs.map(() => invalid('checkpoint', bad)) : call(closed, operands)
    return rebuild(result, results) as NodeTree<R>
  }
