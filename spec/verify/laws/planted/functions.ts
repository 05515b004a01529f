/** Functions that obey every law: of arrays, of trees, with integers, in single precision, with sharing. */
import fc from 'fast-check'
import type { Node } from '../../../../lib/core/Node.js'
import { tensor } from '../../../../lib/core/Tensor.js'
import { add, exp, matmul, mean, mul, relu, sin, softmax, square, sub, sum, take, tanh, where, greater } from '../../../../lib/function/index.js'
import { subject, type Subject } from '../../../../lib/verify/laws/index.js'
import { matrices, points, vectors } from './examples.js'

interface Layer {
  readonly w: Node
  readonly b: Node
}

const layer = fc.constantFrom(
  { w: tensor([[0.5, -0.25], [1.5, 0.75]]), b: tensor([0.125, -0.5]) },
  { w: tensor([[1, 2], [-0.5, 0.25]]), b: tensor([-1, 0.375]) },
)

const loss = ({ w, b }: Layer, x: Node): Node => mean(square(sub(tanh(add(matmul(x, w), b)), 0.5)))

export const sine = subject((x: Node) => sin(x), [points], { name: 'sin' })
export const ladder = subject((x: Node) => { const y = mul(x, sin(x)); return mul(y, add(y, exp(mul(-0.5, y)))) }, [vectors], { name: 'a program with sharing' })
export const network = subject(loss, [layer, matrices], { name: 'the loss of a layer' })
export const chosen = subject((x: Node, i: Node) => mul(take(x, i), take(sin(x), i)), [vectors, fc.constant(tensor([1, 0, 1], { dtype: 'i32' }))], { name: 'elements by index' })
export const masked = subject((x: Node) => where(greater(x, 0), mul(x, x), relu(sub(1, x))), [points], { name: 'a choice' })
export const single = subject((x: Node) => softmax(mul(x, sin(x))), [fc.constantFrom(tensor(new Float32Array([0.5, -1.25, 2])))], { name: 'softmax in single precision' })
export const pair = subject((x: Node) => ({ total: sum(mul(x, x)), parts: [exp(mul(-1, x)), tanh(x)] }), [vectors], { name: 'a tree of results' })

/** They obey every law that says something about any function. */
export const functions: ReadonlyArray<Subject> = [sine, ladder, network, chosen, masked, single, pair]
