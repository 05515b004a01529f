/** The classifier: a multilayer perceptron as a pure function of its parameters. */
import { pipe } from 'fp-ts/function'
import { add, matmul, softmaxCrossEntropy, tanh, tensor, type Leaf, type Node, type Operand, type TensorTree } from '../../lib/index.js'
import { normal } from '../random.js'

/** A tree of parameters: a weight matrix and a bias for each layer. */
export interface Params<L = Node> {
  readonly layers: ReadonlyArray<{ readonly w: L; readonly b: L }>
}

/** The parameters as numbers. */
export type Weights = TensorTree<Params>

/** Small random weights, scaled so that a layer neither swells nor shrinks what passes through it (Glorot). */
export const initialWeights = (seed: number, widths: ReadonlyArray<number>): Weights => ({
  layers: widths.slice(1).map((outputs, layer) => {
    const inputs = widths[layer]!
    const scale = Math.sqrt(2 / (inputs + outputs))
    const w = Float32Array.from({ length: inputs * outputs }, (_, i) => scale * normal(seed + layer, i))
    return { w: tensor(w, { shape: [inputs, outputs] }), b: tensor(new Float32Array(outputs)) }
  }),
})

/** The scores of the ten digits for each row of pixels. */
export const logits = <L extends Leaf>(params: Params<L>, images: Operand): Node =>
  params.layers.reduce<Operand>(
    (x, { w, b }, layer) => pipe(layer === 0 ? x : tanh(x), matmul(w), add(b)),
    images,
  ) as Node

/** The mean surprise at the true digits. */
export const loss = <L extends Leaf>(params: Params<L>, images: Operand, labels: Operand): Node =>
  softmaxCrossEntropy(logits(params, images), labels)
