/** The gradient of the trained model, verified against numerical differentiation. */
import { add, astype, grad, mapTree, mul, tensor, value, type Node, type Tensor } from '../../lib/index.js'
import { numericalDerivative } from '../../lib/verify/index.js'
import { uniform } from '../random.js'
import { loss, type Params, type Weights } from './model.js'

/** One coordinate of the gradient, computed in two ways. */
export interface Comparison {
  readonly coordinate: string
  readonly byBackward: number
  readonly byDifferences: number
}

/** The comparisons, and the largest difference in them relative to the largest derivative. */
export interface Verdict {
  readonly comparisons: ReadonlyArray<Comparison>
  readonly error: number
}

/** A tensor of zeros with a one at the given place. */
const unit = ({ shape, size }: Tensor, place: number): Tensor =>
  tensor(Float64Array.from({ length: size }, (_, i) => (i === place ? 1 : 0)), { shape })

/** `count` places of a tensor that the seed determines, none twice, among those where it is not zero. */
const samplePlaces = (gradient: Tensor, count: number, seed: number): ReadonlyArray<number> =>
  Array.from(gradient.toTypedArray(), (g, i) => ({ i, g, draw: uniform(seed, i) }))
    .filter(({ g }) => g !== 0)
    .sort((a, b) => a.draw - b.draw)
    .slice(0, count)
    .map(({ i }) => i)

/** Compares `perLeaf` coordinates of the gradient in each leaf of the parameter tree, in double precision. */
export const verifyGradient = (weights: Weights, images: Tensor, labels: Tensor, perLeaf: number, seed: number): Verdict => {
  const exact = value({ weights: mapTree(weights, (w) => astype(w, 'f64')), images: astype(images, 'f64') })
  const lossOf = (params: Params): Node => loss(params, exact.images, labels)
  const gradient = value(grad(lossOf)(exact.weights))
  const comparisons = exact.weights.layers.flatMap((layer, k) =>
    (['w', 'b'] as const).flatMap((name) =>
      samplePlaces(gradient.layers[k]![name], perLeaf, seed + k).map((place) => {
        const path = `layers.${k}.${name}`
        const direction = unit(layer[name], place)
        const along = (t: Node): Node => lossOf(mapTree(exact.weights, (w, at) => add(w, at === path ? mul(t, direction) : 0)))
        return {
          coordinate: `${path}[${place}]`,
          byBackward: gradient.layers[k]![name].toTypedArray()[place]!,
          byDifferences: numericalDerivative(along, [0], [1]).value,
        }
      }),
    ),
  )
  const largest = Math.max(...comparisons.map((c) => Math.abs(c.byBackward)))
  const worst = Math.max(...comparisons.map((c) => Math.abs(c.byBackward - c.byDifferences)))
  return { comparisons, error: worst / largest }
}
