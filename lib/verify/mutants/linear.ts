/** The derivative of a function at a point as a linear map of numbers, made once and applied as often as needed. */
import { bufferFrom, isFloat } from '../../core/DType.js'
import { FoldgradException } from '../../core/FoldgradError.js'
import { errorsIn, sort } from '../../core/Graph.js'
import type { Node } from '../../core/Node.js'
import { sizeOf } from '../../core/Shape.js'
import { rebuild } from '../../core/Tree.js'
import { program } from '../../interpret/evaluate.js'
import { leafNodes, parameter } from '../../primitive/leaf.js'
import { jvp } from '../../transform/jvp.js'
import { vjp } from '../../transform/vjp.js'
import { uniform } from '../random.js'
import type { TreeFunction } from './mutants.js'

/** A linear map from the elements of some arrays to those of others. */
export interface LinearMap {
  /** How many elements each array has that the map takes, and each that it gives. */
  readonly from: ReadonlyArray<number>
  readonly to: ReadonlyArray<number>
  readonly at: (w: Float64Array) => Float64Array
}

const sizes = (nodes: ReadonlyArray<Node>): ReadonlyArray<number> => nodes.map(({ shape }) => sizeOf(shape))

/** `Jᵀ` or `J` of a function of trees, over the float leaves of its arguments and results. Throws on misuse. */
export const derivativeOf = (f: TreeFunction, args: ReadonlyArray<unknown>, mode: 'vjp' | 'jvp'): LinearMap => {
  const leaves = leafNodes(args)
  const floats = leaves.filter((x) => isFloat(x.dtype))
  const call = (xs: ReadonlyArray<Node>): ReadonlyArray<Node> => {
    let next = 0
    const result = f(...(rebuild(args, leaves.map((x) => (isFloat(x.dtype) ? xs[next++]! : x))) as ReadonlyArray<unknown>))
    return leafNodes(result).filter((y) => isFloat(y.dtype))
  }
  const [ys, pull] = vjp(call)(floats)
  const seeds = (mode === 'vjp' ? ys : floats).map((x) => parameter(x))
  const results = mode === 'vjp' ? pull(seeds)[0]! : jvp(call)([floats], [seeds])[1]
  const errors = errorsIn(sort([...ys, ...results]))
  if (errors.length > 0) throw new FoldgradException(errors)
  const run = program(seeds, results)
  const from = sizes(seeds)
  return {
    from,
    to: sizes(results),
    at: (w) => {
      let next = 0
      const buffers = run(seeds.map(({ dtype }, k) => bufferFrom(dtype, w.subarray(next, (next += from[k]!)))))
      return Float64Array.from(buffers.flatMap((buffer) => [...buffer]))
    },
  }
}

const total = (xs: ReadonlyArray<number>): number => xs.reduce((a, b) => a + b, 0)

/** Numbers for a linear map to be applied to: of both signs, of sizes from ½ to 1½. */
export const seedOf = ({ from }: LinearMap, seed: number): Float64Array =>
  Float64Array.from({ length: total(from) }, (_, i) => {
    const u = 2 * uniform(seed, i) - 1
    // The first two differ in sign, so that both signs occur wherever they can.
    return (i === 0 ? 1 : i === 1 ? -1 : Math.sign(u) || 1) * (0.5 + Math.abs(u))
  })

/** How far two maps differ at some numbers: the largest difference in an array, relative to the largest number in it. */
export const differenceOf = (right: LinearMap, wrong: LinearMap, w: Float64Array): number => {
  const [a, b] = [right.at(w), wrong.at(w)]
  if (a.length !== b.length) return Infinity
  let next = 0
  return right.to.reduce((worst, size) => {
    let [difference, scale] = [0, 0]
    for (const end = next + size; next < end; next++) {
      const d = Math.abs(a[next]! - b[next]!)
      if (!(d <= difference) && !Object.is(a[next], b[next])) difference = Number.isNaN(d) ? Infinity : d
      scale = Math.max(scale, Math.abs(a[next]!))
    }
    return Math.max(worst, difference === 0 ? 0 : difference / scale)
  }, 0)
}

/** Powers of two, so that nothing is rounded: a derivative turns with its seed, and shrinks with it. */
const factors = [-1, 2 ** -20]

/** Rules may round differently where they take logarithms of a seed. */
const tolerance = 1e-12

/**
 * Whether `vjp(2ᵏ w) = 2ᵏ vjp(w)` and `vjp(-w) = -vjp(w)`, and likewise for the pushforward. Differencing knows the derivative
 * along one seed at a time, and cannot see what this sees: a cotangent that is ignored, or a number that is added.
 */
export const isHomogeneous = (map: LinearMap, seed: number): boolean => {
  const w = seedOf(map, seed)
  return factors.every((k) => {
    const outside: LinearMap = { ...map, at: (x) => map.at(x).map((y) => k * y) }
    const inside: LinearMap = { ...map, at: (x) => map.at(x.map((y) => k * y)) }
    return differenceOf(outside, inside, w) <= tolerance
  })
}
