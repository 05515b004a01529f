/** `Gradients`: an immutable map from variable ids to gradient nodes, and its monoid. */
import type { Monoid } from 'fp-ts/Monoid'
import * as O from 'fp-ts/Option'
import type { Node } from './Node.js'

/** The name of a variable: a word of the user's, or a path in a parameter tree such as `layers.0.w`. */
export type VariableId = string

/** The gradient of one scalar with respect to each variable that reaches it. */
export type Gradients = ReadonlyMap<VariableId, Node>

/** A map that nobody can write to, not even through `Map.prototype`. */
class FrozenMap<K, V> implements ReadonlyMap<K, V> {
  readonly #map: Map<K, V>
  constructor(entries: Iterable<readonly [K, V]>) {
    this.#map = new Map(entries)
    Object.freeze(this)
  }
  get size(): number {
    return this.#map.size
  }
  get(key: K): V | undefined {
    return this.#map.get(key)
  }
  has(key: K): boolean {
    return this.#map.has(key)
  }
  forEach(f: (value: V, key: K, map: ReadonlyMap<K, V>) => void): void {
    this.#map.forEach((value, key) => f(value, key, this))
  }
  entries(): MapIterator<[K, V]> {
    return this.#map.entries()
  }
  keys(): MapIterator<K> {
    return this.#map.keys()
  }
  values(): MapIterator<V> {
    return this.#map.values()
  }
  [Symbol.iterator](): MapIterator<[K, V]> {
    return this.#map.entries()
  }
  [Symbol.for('nodejs.util.inspect.custom')](): ReadonlyMap<K, V> {
    return new Map(this.#map)
  }
}
Object.freeze(FrozenMap.prototype)
Object.freeze(FrozenMap)

/** An immutable `ReadonlyMap` with these entries, in this order. */
export const frozenMap = <K, V>(entries: Iterable<readonly [K, V]>): ReadonlyMap<K, V> => new FrozenMap(entries)

/**
 * The gradient of one variable, if the variable reaches the result.
 *
 * @example
 * pipe(backward(square(variable('x', 3))), gradientOf('x'), O.map(item)) // some(6)
 */
export const gradientOf =
  (id: VariableId) =>
  (gradients: Gradients): O.Option<Node> =>
    Object.freeze(O.fromNullable(gradients.get(id)))

/** Pointwise combination with a given sum of nodes; the empty map is neutral. See `instances/gradients`. */
export const gradientsMonoidWith = (add: (a: Node, b: Node) => Node): Monoid<Gradients> => ({
  empty: frozenMap([]),
  concat: (a, b) => {
    const sum = new Map(a)
    for (const [id, node] of b) {
      const other = sum.get(id)
      sum.set(id, other === undefined ? node : add(other, node))
    }
    return frozenMap(sum)
  },
})
