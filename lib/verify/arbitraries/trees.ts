/** Parameter trees of a given structure. */
import * as fc from 'fast-check'
import { isNode, type Node } from '../../core/Node.js'
import type { Shape } from '../../core/Shape.js'
import { isTensor, type Tensor } from '../../core/Tensor.js'
import { reals, type Domain } from './domains.js'
import { tensors, type TensorOptions } from './tensors.js'

/**
 * What a tree looks like: records and arrays, and at the leaves shapes, arbitraries, or a tensor or node whose shape is meant.
 * An array of numbers alone is a shape; a number is one of the scalars of an example.
 */
export type TreeStructure = Shape | fc.Arbitrary<unknown> | Tensor | Node | number | ReadonlyArray<unknown> | object

/** The trees of a structure. */
export type TreeOf<S> =
  S extends fc.Arbitrary<infer T> ? T
  : S extends Tensor | Node | number ? Tensor
  : S extends ReadonlyArray<number> ? Tensor
  : { readonly [K in keyof S]: TreeOf<S[K]> }

const isArbitrary = (x: unknown): x is fc.Arbitrary<unknown> =>
  typeof x === 'object' && x !== null && 'generate' in x && typeof x.generate === 'function' && 'canShrinkWithoutContext' in x

const isShape = (x: unknown): x is Shape => Array.isArray(x) && x.every((length) => typeof length === 'number')

/**
 * Trees of a structure, typed as it is: shapes stand for tensors with elements from the domain, arbitraries for what they draw.
 *
 * @example
 * const layers = trees({ w: [2, 3], b: [3], rate: tensors([], positive) })
 * fc.sample(layers, 1)[0].w.shape                        // [2, 3]
 * fc.sample(trees([{ w: tensor([1, 2]) }, 0.5]), 1)[0].length // 2
 */
export const trees = <const S extends TreeStructure>(structure: S, domain: Domain = reals, options: TensorOptions = {}): fc.Arbitrary<TreeOf<S>> => {
  const walk = (part: unknown): fc.Arbitrary<unknown> => {
    if (isArbitrary(part)) return part
    if (isShape(part)) return tensors(part, domain, options)
    if (isTensor(part) || isNode(part)) return tensors(part.shape, domain, options)
    if (Array.isArray(part)) return fc.tuple(...part.map(walk)).map((branches) => Object.freeze(branches))
    if (typeof part !== 'object' || part === null) return tensors([], domain, options)
    const keys = Object.keys(part)
    return fc.tuple(...Object.values(part).map(walk)).map((branches) => Object.freeze(Object.fromEntries(keys.map((key, i) => [key, branches[i]]))))
  }
  return walk(structure) as fc.Arbitrary<TreeOf<S>>
}
