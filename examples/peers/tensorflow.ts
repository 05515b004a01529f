/** The gradients of TensorFlow.js. */
import { adapted, type Peer } from './Case.js'

/** A tensor of TensorFlow.js: what is used of it. */
interface Tensor {
  readonly dataSync: () => Float32Array
}

type Unary = (x: Tensor) => Tensor

/** What is used of `@tensorflow/tfjs`. */
export interface Tensorflow extends Readonly<
  Record<'sum' | 'square' | 'sin' | 'softplus' | 'relu' | 'max' | 'logSumExp' | 'tanh' | 'sigmoid' | 'elu' | 'prod' | 'sqrt' | 'norm' | 'zerosLike' | 'asinh', Unary>
> {
  readonly version: { readonly tfjs: string }
  readonly tidy: <T>(f: () => T) => T
  readonly tensor1d: (x: Float32Array) => Tensor
  readonly greater: (x: Tensor, y: number) => Tensor
  readonly where: (condition: Tensor, x: Tensor, y: Tensor) => Tensor
  readonly slice: (x: Tensor, start: number, length: number) => Tensor
  readonly atan2: (y: Tensor, x: Tensor) => Tensor
  readonly moments: (x: Tensor) => { readonly variance: Tensor }
  readonly valueAndGrad: (f: Unary) => (x: Tensor) => { readonly value: Tensor; readonly grad: Tensor }
}

const functions = (tf: Tensorflow) => ({
  square: (x: Tensor) => tf.sum(tf.square(x)),
  sin: (x: Tensor) => tf.sum(tf.sin(x)),
  softplus: (x: Tensor) => tf.sum(tf.softplus(x)),
  relu: (x: Tensor) => tf.sum(tf.relu(x)),
  max: (x: Tensor) => tf.max(x),
  logSumExp: (x: Tensor) => tf.logSumExp(x),
  tanh: (x: Tensor) => tf.sum(tf.tanh(x)),
  sigmoid: (x: Tensor) => tf.sum(tf.sigmoid(x)),
  elu: (x: Tensor) => tf.sum(tf.elu(x)),
  product: (x: Tensor) => tf.prod(x),
  // A condition that is computed from x is refused: there is no gradient of greater, not even none.
  where: (x: Tensor) => tf.sum(tf.where(tf.greater(tf.tensor1d(x.dataSync()), 0), tf.sqrt(x), tf.zerosLike(x))),
  norm: (x: Tensor) => tf.norm(x),
  normSquared: (x: Tensor) => tf.square(tf.norm(x)),
  normLarge: (x: Tensor) => tf.norm(x),
  deviation: (x: Tensor) => tf.sqrt(tf.moments(x).variance),
  atan2: (x: Tensor) => tf.sum(tf.atan2(tf.slice(x, 0, 1), tf.slice(x, 1, 1))),
  asinh: (x: Tensor) => tf.sum(tf.asinh(x)),
})

export const tensorflow = (tf: Tensorflow): Peer => ({
  name: `TensorFlow.js ${tf.version.tfjs}`,
  precision: 'f32',
  gradients: adapted<Unary>(functions(tf), (f) => (x) =>
    tf.tidy(() => {
      const { value, grad } = tf.valueAndGrad(f)(tf.tensor1d(Float32Array.from(x)))
      return [value.dataSync()[0]!, grad.dataSync()]
    }),
  ),
})
