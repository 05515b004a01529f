/**
 * Parameter trees: any nesting of readonly records, arrays and tuples with nodes, tensors or numbers at the leaves.
 * Every transform takes and returns them with their TypeScript type kept.
 */
import { refuse, type Refusal } from './FoldgradError.js'
import { invalid, isNode, type Node } from './Node.js'
import { isPlain } from './snapshot.js'
import { isTensor, type Tensor } from './Tensor.js'

/** What may stand at the leaves of a tree. */
export type Leaf = Node | Tensor | number

/** The tree type `T` with a node at each leaf. */
export type NodeTree<T> = [Node] extends [T] ? Node : T extends Leaf ? Node : { readonly [K in keyof T]: NodeTree<T[K]> }

/** The tree type `T` with a tensor at each leaf. */
export type TensorTree<T> = [Node] extends [T] ? Tensor : T extends Leaf ? Tensor : { readonly [K in keyof T]: TensorTree<T[K]> }

/** What a function of `T` can be given when a transform calls it: any leaf where it expects a node. */
export type Input<T> = [Node] extends [T] ? Leaf : T extends Leaf ? Leaf : { readonly [K in keyof T]: Input<T[K]> }

export const isLeaf = (x: unknown): x is Leaf => typeof x === 'number' || isNode(x) || isTensor(x)

/** The branches of a tree by key, or `undefined` for a leaf (or something that does not belong in a tree). */
const branches = (tree: unknown): ReadonlyArray<readonly [string, unknown]> | undefined => {
  if (typeof tree !== 'object' || tree === null || isLeaf(tree)) return undefined
  if (Array.isArray(tree)) return tree.map((branch, i) => [String(i), branch] as const)
  return isPlain(tree) ? Object.entries(tree) : undefined
}

/** The path of a branch. A dot or a backslash in a key is escaped, so that paths are unambiguous. */
const within = (path: string, key: string): string => {
  const step = /[.\\]/.test(key) ? key.replaceAll(/[.\\]/g, '\\$&') : key
  return path === '' ? step : `${path}.${step}`
}

/** The leaves in order (array order, insertion order of keys), each with its path such as `layers.0.w`. */
export const leavesOf = (tree: unknown): ReadonlyArray<readonly [path: string, leaf: unknown]> => {
  const out: Array<readonly [string, unknown]> = []
  const walk = (part: unknown, path: string): void => {
    const parts = branches(part)
    if (parts === undefined) out.push([path, part])
    else for (const [key, branch] of parts) walk(branch, within(path, key))
  }
  walk(tree, '')
  return out
}

/** The keys that lead to each leaf, in the same order. */
export const keysOf = (tree: unknown): ReadonlyArray<ReadonlyArray<string>> => {
  const parts = branches(tree)
  return parts === undefined ? [[]] : parts.flatMap(([key, branch]) => keysOf(branch).map((keys) => [key, ...keys]))
}

/** A tree of the same structure, whose leaves are the results of `f` on each leaf and its path. */
export const mapLeaves = (tree: unknown, f: (leaf: unknown, path: string) => unknown): unknown => {
  const walk = (part: unknown, path: string): unknown => {
    const parts = branches(part)
    if (parts === undefined) return f(part, path)
    const mapped = parts.map(([key, branch]) => [key, walk(branch, within(path, key))] as const)
    return Object.freeze(Array.isArray(part) ? mapped.map(([, branch]) => branch) : Object.fromEntries(mapped))
  }
  return walk(tree, '')
}

/** How to make a tree of this structure from its leaves, in the order of {@link leavesOf}: looked at once, done many times. */
export const rebuilder = (tree: unknown, done: <T>(branch: T) => unknown = Object.freeze): ((leaf: (k: number) => unknown) => unknown) => {
  let next = 0
  const within = (part: unknown): ((leaf: (k: number) => unknown) => unknown) => {
    const parts = branches(part)
    if (parts === undefined) {
      const k = next++
      return (leaf) => leaf(k)
    }
    const keys = parts.map(([key]) => key)
    const inner = parts.map(([, branch]) => within(branch))
    if (Array.isArray(part)) return (leaf) => done(inner.map((make) => make(leaf)))
    // That name by itself would set the prototype.
    if (keys.includes('__proto__')) return (leaf) => done(Object.fromEntries(inner.map((make, k) => [keys[k]!, make(leaf)])))
    return (leaf) => {
      const out: Record<string, unknown> = {}
      for (let k = 0; k < keys.length; k++) out[keys[k]!] = inner[k]!(leaf)
      return done(out)
    }
  }
  return within(tree)
}

/** The tree with these leaves, in the order of {@link leavesOf}. */
export const rebuild = (tree: unknown, leaves: ReadonlyArray<unknown>): unknown => rebuilder(tree)((k) => leaves[k])

/**
 * The leaves of `other` in the order of those of `tree`; `undefined` if they are others. They correspond by their paths, so
 * the order in which a record names its fields does not matter.
 */
export const alignedLeaves = (tree: unknown, other: unknown): ReadonlyArray<readonly [path: string, leaf: unknown]> | undefined => {
  const own = leavesOf(tree)
  const others = new Map(leavesOf(other))
  return own.length === others.size && own.every(([path]) => others.has(path)) ? own.map(([path]) => [path, others.get(path)] as const) : undefined
}

/** The paths of the leaves of a tree, as words. */
export const showPaths = (tree: unknown): string => {
  const paths = leavesOf(tree).map(([path]) => path)
  return paths.length === 0 ? 'no leaves' : paths[0] === '' ? 'a single leaf' : `leaves at ${paths.join(', ')}`
}

/**
 * A tree of the same structure and type, with `f` applied at each leaf.
 *
 * @example
 * mapTree({ w: tensor([1, 2]), b: 3 }, (leaf) => mul(leaf, 2)) // { w: [2, 4], b: 6 }
 */
export const mapTree = <T>(tree: T, f: (leaf: Leaf, path: string) => Node): NodeTree<T> =>
  mapLeaves(tree, (leaf, path) => (isLeaf(leaf) ? f(leaf, path) : stranger(leaf, path))) as NodeTree<T>

/**
 * `f` applied to corresponding leaves of two trees of one structure; the result has the structure of the first.
 * Leaves correspond by their paths. Trees of different structures give invalid nodes that name the leaves of both.
 *
 * @example
 * const params = { w: tensor([1, 2]), b: 3 }
 * const gradients = { w: tensor([10, 10]), b: 10 }
 * zipTree(params, gradients, (p, g) => sub(p, mul(0.1, g))) // { w: [0, 1], b: 2 }
 */
export const zipTree = <T>(tree: T, other: unknown, f: (a: Leaf, b: Leaf, path: string) => Node): NodeTree<T> => {
  const partners = new Map(alignedLeaves(tree, other))
  return mapTree(tree, (leaf, path) => {
    if (partners.size === 0) return invalid('zipTree', [], differs(tree, other))
    const partner = partners.get(path)
    return isLeaf(partner) ? f(leaf, partner, path) : stranger(partner, path)
  })
}

const differs = (tree: unknown, other: unknown): Refusal =>
  refuse('Structure', `the first tree has ${showPaths(tree)}, the second ${showPaths(other)}`, 'Give both trees the same structure')

/** The invalid node for something that does not belong in a tree. */
export const stranger = (x: unknown, path: string): Node =>
  invalid('tree', [], refuse('Structure', `${path === '' ? 'the tree' : `'${path}'`} is ${describe(x)}, which is no leaf`, 'Use nodes, tensors or numbers at the leaves of plain records and arrays'))

const describe = (x: unknown): string =>
  typeof x === 'object' && x !== null ? `a ${x.constructor?.name ?? 'record'}` : x === undefined ? 'undefined' : `the ${typeof x} ${String(x as string | boolean | bigint | symbol)}`
