/** One training step of a perceptron of 784-256-128-10 on a batch of 64, by this library and by plain loops. */
import { pipe } from 'fp-ts/function'
import {
  add,
  matmul,
  mul,
  softmaxCrossEntropy,
  sub,
  tanh,
  tensor,
  value,
  valueAndGrad,
  zipTree,
  type DType,
  type Node,
  type Operand,
  type Tensor,
} from '../../lib/index.js'
import type { Contestant } from './harness.js'
import { plainStep } from './plainMlp.js'
import { randomNumbers } from './random.js'

const widths = [784, 256, 128, 10]
const batch = 64
const rate = 0.1

interface Layer<L> {
  readonly w: L
  readonly b: L
}

const loss = (layers: ReadonlyArray<Layer<Node>>, images: Tensor, labels: Tensor): Node =>
  softmaxCrossEntropy(
    layers.reduce<Operand>((x, { w, b }, i) => pipe(i === 0 ? x : tanh(x), matmul(w), add(b)), images),
    labels,
  )

/** The same step by plain loops and by this library, from the same weights, on the same data. */
export const trainingStep = (dtype: DType & ('f64' | 'f32')): ReadonlyArray<Contestant> => {
  const random = randomNumbers(7)
  const make = (size: number): Float64Array | Float32Array => (dtype === 'f64' ? new Float64Array(size) : new Float32Array(size))
  const drawn = (size: number, scale: number): Float64Array | Float32Array => make(size).map(() => scale * (random() - 0.5))
  const images = drawn(batch * widths[0]!, 1)
  const labels = Int32Array.from({ length: batch }, () => Math.floor(random() * 10))
  const start = widths.slice(1).map((outputs, i) => ({
    inputs: widths[i]!,
    outputs,
    w: drawn(widths[i]! * outputs, 2 / Math.sqrt(widths[i]!)),
    b: drawn(outputs, 0.1),
  }))

  const byLoops = (): ArrayLike<number> => {
    const layers = start.map((layer) => ({ ...layer, w: layer.w.slice(), b: layer.b.slice() }))
    const before = plainStep(layers, images, labels, rate, make)
    return [before, ...layers.flatMap(({ w, b }) => [w[0]!, w[w.length - 1]!, b[0]!, ...w.subarray(0, 10)])]
  }

  const parameters = start.map(({ inputs, outputs, w, b }) => ({ w: tensor(w, { shape: [inputs, outputs] }), b: tensor(b) }))
  const data = tensor(images, { shape: [batch, widths[0]!] })
  const truth = tensor(labels)
  const byFold = (): ArrayLike<number> => {
    const [before, gradient] = valueAndGrad((layers: ReadonlyArray<Layer<Node>>) => loss(layers, data, truth))(parameters)
    const step = value({ before, layers: zipTree(parameters, gradient, (p, g) => sub(p, mul(g, rate))) })
    return [
      step.before.at(),
      ...step.layers.flatMap(({ w, b }) => {
        const flat = w.toTypedArray()
        return [flat[0]!, flat[flat.length - 1]!, b.at(0), ...flat.subarray(0, 10)]
      }),
    ]
  }
  return [
    { name: `plain loops, ${dtype}`, run: byLoops },
    { name: `foldgrad, ${dtype}`, run: byFold },
  ]
}
