/** The gradients of jax-js. Arrays are consumed where they are used; `ref` keeps one for another use. */
import { adapted, type Peer } from './Case.js'

/** An array of jax-js: what is used of it. */
interface Tracer {
  readonly ref: Tracer
  readonly js: () => unknown
}

type Unary = (x: Tracer) => Tracer
type Names<K extends string> = Readonly<Record<K, Unary>>

/** What is used of `@jax-js/jax`. */
export interface Jax {
  readonly init: (device: string) => Promise<unknown>
  readonly defaultDevice: (device: string) => unknown
  readonly valueAndGrad: (f: Unary) => (x: Tracer) => readonly [value: Tracer, gradient: Tracer]
  readonly nn: Names<'softplus' | 'relu' | 'logsumexp' | 'sigmoid' | 'elu'>
  readonly numpy: Names<'sum' | 'square' | 'sin' | 'max' | 'tanh' | 'prod' | 'sqrt' | 'std' | 'zerosLike' | 'asinh'> & {
    readonly array: (x: ReadonlyArray<number>, options: { readonly dtype: string }) => Tracer
    readonly greater: (x: Tracer, y: number) => Tracer
    readonly where: (condition: Tracer, x: Tracer, y: Tracer) => Tracer
    readonly split: (x: Tracer, parts: number) => ReadonlyArray<Tracer>
    readonly atan2: (y: Tracer, x: Tracer) => Tracer
    readonly linalg: Names<'norm'>
  }
}

const functions = ({ nn, numpy: np }: Jax) => ({
  square: (x: Tracer) => np.sum(np.square(x)),
  sin: (x: Tracer) => np.sum(np.sin(x)),
  softplus: (x: Tracer) => np.sum(nn.softplus(x)),
  relu: (x: Tracer) => np.sum(nn.relu(x)),
  max: (x: Tracer) => np.max(x),
  logSumExp: (x: Tracer) => nn.logsumexp(x),
  tanh: (x: Tracer) => np.sum(np.tanh(x)),
  sigmoid: (x: Tracer) => np.sum(nn.sigmoid(x)),
  elu: (x: Tracer) => np.sum(nn.elu(x)),
  product: (x: Tracer) => np.prod(x),
  where: (x: Tracer) => np.sum(np.where(np.greater(x.ref, 0), np.sqrt(x.ref), np.zerosLike(x))),
  norm: (x: Tracer) => np.linalg.norm(x),
  normSquared: (x: Tracer) => np.square(np.linalg.norm(x)),
  normLarge: (x: Tracer) => np.linalg.norm(x),
  deviation: (x: Tracer) => np.std(x),
  atan2: (x: Tracer) => {
    const [a, b] = np.split(x, 2)
    return np.sum(np.atan2(a!, b!))
  },
  asinh: (x: Tracer) => np.sum(np.asinh(x)),
})

/** In one of its two precisions, on its WebAssembly backend, once `init('wasm')` is done. */
export const jax = (library: Jax, precision: 'f64' | 'f32', version: string): Peer => ({
  name: `jax-js ${version}, ${precision}`,
  precision,
  gradients: adapted<Unary>(functions(library), (f) => (x) => {
    const [value, gradient] = library.valueAndGrad(f)(library.numpy.array([...x], { dtype: precision === 'f64' ? 'float64' : 'float32' }))
    return [value.js() as number, gradient.js() as ReadonlyArray<number>]
  }),
})
