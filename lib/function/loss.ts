/**
 * Losses: how far predictions are from what they should be, as one number, the mean over everything that is predicted.
 *
 * The operands are never broadcast against each other: predictions `[n, 1]` against targets `[n]` would silently compare
 * each with each.
 */
import { join } from '../core/DType.js'
import { refuse, type Refusal } from '../core/FoldgradError.js'
import { invalid, isInvalid, isNode, type Node } from '../core/Node.js'
import { sameShape, showShape } from '../core/Shape.js'
import { add, astype, eq, le, mul, neg, square, sub, where } from '../primitive/arithmetic.js'
import { softplus, xlog1py, xlogy } from '../primitive/exponential.js'
import { full } from '../primitive/leaf.js'
import { abs } from '../primitive/rounding.js'
import { reshape, sum } from '../primitive/shape.js'
import { withArgument, withArgumentAndOptions, type Binary, type WithArgumentAndOptions } from './call.js'
import { takeAlongAxis } from './indexing.js'
import { toIndices } from './indices.js'
import { promoteOperands, toFloatNode, toNode, type Operand } from './operand.js'
import { argmax, mean } from './reduce.js'
import { logSoftmax } from './softmax.js'

/** The mean of an elementwise loss of floats of one shape. */
const meanOf = (name: string, a: Operand, b: Operand, loss: (a: Node, b: Node) => Node): Node => {
  const nodes = promoteOperands(name, [a, b], 'float')
  if (isNode(nodes)) return nodes
  const [y, t] = nodes as readonly [Node, Node]
  return sameShape(y.shape, t.shape) ? mean(loss(y, t)) : invalid(name, [y, t], differ(y, t))
}

const differ = (y: Node, t: Node): Refusal =>
  refuse(
    'Shape',
    `predictions of shape ${showShape(y.shape)} and targets of shape ${showShape(t.shape)} need one shape`,
    'Reshape one of them, or write the broadcast out with broadcastTo',
  )

const elementwiseLoss = (name: string, loss: (y: Node, t: Node) => Node): Binary =>
  withArgument<Operand>((y, t) => meanOf(name, y, t, loss))

/**
 * The mean over all elements of `(y - t)²`. Both need one shape.
 *
 * @example
 * item(meanSquaredError([1, 2, 3], [1, 2, 6])) // 3
 * pipe([1, 2], meanSquaredError([0, 0]), item) // 2.5
 */
export const meanSquaredError: Binary = elementwiseLoss('meanSquaredError', (y, t) => square(sub(y, t)))

/**
 * The mean over all elements of `|y - t|`, with derivative 0 where they are equal. Both need one shape.
 *
 * @example
 * item(meanAbsoluteError([1, 2, 3], [1, 2, 6])) // 1
 */
export const meanAbsoluteError: Binary = elementwiseLoss('meanAbsoluteError', (y, t) => abs(sub(y, t)))

/** Where `huber` turns from a parabola into lines. */
export interface HuberOptions {
  /** The distance, 1 unless told otherwise; positive. */
  readonly delta?: number
}

const notPositive = (delta: number): Refusal =>
  refuse('Argument', `delta is ${delta}, a positive number is needed`, 'Give the distance from which on the loss is linear')

/**
 * The mean over all elements of Huber's loss (1964): `d²/2` for distances up to `delta`, `delta (|d| - delta/2)` beyond.
 * Both operands need one shape.
 *
 * @example
 * item(huber([0, 0], [1, 3]))               // 1.5
 * item(huber([0, 0], [1, 3], { delta: 2 })) // 2.25
 */
export const huber: WithArgumentAndOptions<Operand, HuberOptions> = withArgumentAndOptions((y, t, { delta = 1 }) =>
  delta > 0
    ? meanOf('huber', y, t, (a, b) => {
        const distance = abs(sub(a, b))
        return where(le(distance, delta), mul(0.5, square(distance)), mul(delta, sub(distance, delta / 2)))
      })
    : invalid('huber', [], notPositive(delta)),
)

/**
 * The mean over all elements of the cross-entropy `-(t log p + (1 - t) log(1 - p))` of a yes-or-no outcome with logits `x`,
 * `p = sigmoid(x)`, computed without overflow or cancellation as `softplus(x) - t x`. The targets `t` are 0, 1 or
 * probabilities. Both need one shape.
 *
 * @example
 * item(sigmoidCrossEntropy([0], [1]))      // 0.6931471805599453
 * item(sigmoidCrossEntropy([-1000], [1]))  // 1000
 */
export const sigmoidCrossEntropy: Binary = elementwiseLoss('sigmoidCrossEntropy', (x, t) => sub(softplus(x), mul(t, x)))

/**
 * The same for probabilities `p` instead of logits: `-(t log p + (1 - t) log(1 - p))`, where 0 log 0 is 0. Prefer
 * {@link sigmoidCrossEntropy}, which does not lose the digits of probabilities near 0 and 1.
 *
 * @example
 * item(binaryCrossEntropy([0.5, 1], [1, 1])) // 0.34657359027997264
 */
export const binaryCrossEntropy: Binary = elementwiseLoss('binaryCrossEntropy', (p, t) =>
  neg(add(xlogy(t, p), xlog1py(sub(full(1, t), t), neg(p)))),
)

/**
 * The mean cross-entropy of classes with logits `x`, of shape `[…, classes]`, computed without overflow. The targets are
 * either integer labels of shape `[…]`, or probabilities of the shape of `x`. A label out of range is an error.
 *
 * @example
 * item(softmaxCrossEntropy([[0, 0], [1000, 0]], [1, 0]))           // 0.34657359027997264
 * item(softmaxCrossEntropy([[0, 0], [1000, 0]], [[0, 1], [1, 0]])) // 0.34657359027997264
 */
export const softmaxCrossEntropy: Binary = withArgument<Operand>((x, t) => {
  const logits = toFloatNode(x, 'softmaxCrossEntropy')
  const targets = toNode(t, 'softmaxCrossEntropy')
  if (isInvalid(logits) || isInvalid(targets)) return invalid('softmaxCrossEntropy', [logits, targets])
  return logits.shape.length > 0 && sameShape(logits.shape, targets.shape)
    ? crossEntropyOf(logits, targets)
    : onLabels('softmaxCrossEntropy', logits, targets, (labels) =>
        neg(mean(takeAlongAxis(logSoftmax(logits), reshape(labels, [...labels.shape, 1])))),
      )
})

const crossEntropyOf = (logits: Node, probabilities: Node): Node => {
  const dtype = join(logits.dtype, probabilities.dtype)
  const products = mul(astype(probabilities, dtype), logSoftmax(astype(logits, dtype)))
  return neg(mean(sum(products, [logits.shape.length - 1])))
}

/** Continues with the targets as integer labels, one for each row of `[…, classes]`. */
const onLabels = (name: string, x: Node, t: Operand, f: (labels: Node) => Node): Node => {
  const labels = toIndices(name, t)
  if (isInvalid(labels) || isInvalid(x)) return invalid(name, [x, labels])
  return x.shape.length > 0 && sameShape(labels.shape, x.shape.slice(0, -1))
    ? f(labels)
    : invalid(name, [x, labels], mislabelled(x, labels))
}

const mislabelled = (x: Node, labels: Node): Refusal =>
  refuse(
    'Shape',
    `scores of shape ${showShape(x.shape)} and labels of shape ${showShape(labels.shape)} do not go together`,
    'Give scores with one more axis, the last, for the classes',
  )

/**
 * The share of rows of scores `y`, of shape `[…, classes]`, whose highest score (the first of equal ones) is at the integer
 * label `t`. Not differentiable.
 *
 * @example
 * item(accuracy([[0.2, 0.8], [0.6, 0.4]], [1, 1])) // 0.5
 */
export const accuracy: Binary = withArgument<Operand>((y, t) => {
  const scores = toNode(y, 'accuracy')
  return onLabels('accuracy', scores, t, (labels) => mean(eq(argmax(scores, { axis: -1 }), labels)))
})
