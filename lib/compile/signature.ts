/** The arguments of a compiled function: what they must be, and how their numbers are found. */
import { bufferFrom, type Buffer, type DType } from '../core/DType.js'
import { errorAt, FoldgradException, refuse, type FoldgradError } from '../core/FoldgradError.js'
import { isNode, signature, type Node, type Signature } from '../core/Node.js'
import { sameShape, showShape, sizeOf, type Shape } from '../core/Shape.js'
import { bufferOf, isTensor, tensor, type Tensor } from '../core/Tensor.js'
import { isLeaf, keysOf, leavesOf, mapLeaves, stranger } from '../core/Tree.js'
import { parameter } from '../primitive/leaf.js'

/** Typed arrays of numbers, as callers hold them. */
export type NumberArray = Float64Array | Float32Array | Int32Array | Uint8Array

/** What a compiled function takes at a leaf. */
export type Argument = Tensor | number | NumberArray

/** The tree type `T` with an argument at each leaf. */
export type ArgumentTree<T> = [Node] extends [T] ? Argument : T extends Node | Tensor | number ? Argument : { readonly [K in keyof T]: ArgumentTree<T[K]> }

/** What describes an argument at a leaf: {@link shaped}, or an example of it. */
export type SpecTree<T> = [Node] extends [T] ? Node | Argument : T extends Node | Tensor | number ? Node | Argument : { readonly [K in keyof T]: SpecTree<T[K]> }

/**
 * The shape and dtype of an argument, for {@link compile}: something to trace a function on, without numbers.
 *
 * @example
 * shaped([2, 3]).shape        // [2, 3]
 * shaped([2], 'f32').dtype    // 'f32'
 */
export const shaped = (shape: Shape, dtype: DType = 'f64'): Node => parameter(signature(shape, dtype))

/** One leaf of the arguments. */
export interface ArgumentLeaf extends Signature {
  /** The argument and the keys that lead to the leaf. */
  readonly keys: ReadonlyArray<string>
  /** The same in words, such as `argument 0, layers.1.w`. */
  readonly name: string
}

/** Arguments to trace a function on, and their leaves. */
export interface Parameters {
  readonly trees: ReadonlyArray<unknown>
  readonly parameters: ReadonlyArray<Node>
  /** What was given at the leaves: a misuse among it is one of the program. */
  readonly given: ReadonlyArray<Node>
  readonly leaves: ReadonlyArray<ArgumentLeaf>
}

const isArray = (x: unknown): x is NumberArray => ArrayBuffer.isView(x)

const dtypes: ReadonlyArray<readonly [new (n: number) => NumberArray, DType]> = [
  [Float64Array, 'f64'],
  [Float32Array, 'f32'],
  [Int32Array, 'i32'],
  [Uint8Array, 'bool'],
]

const specOf = (leaf: unknown, path: string): Node | Tensor => {
  if (isNode(leaf)) return leaf
  if (isTensor(leaf)) return leaf
  if (isArray(leaf)) return tensor(leaf, { dtype: dtypes.find(([of]) => leaf instanceof of)?.[1] ?? 'f64' })
  return isLeaf(leaf) ? shaped([]) : stranger(leaf, path)
}

/** Fresh parameters for arguments like the given ones. */
export const parametersFor = (specs: ReadonlyArray<unknown>): Parameters => {
  const parameters: Array<Node> = []
  const given: Array<Node> = []
  const trees = specs.map((spec) =>
    mapLeaves(spec, (leaf, path) => {
      const like = specOf(leaf, path)
      const p = parameter(signature(like.shape, like.dtype))
      if (isNode(like)) given.push(like)
      parameters.push(p)
      return p
    }),
  )
  const leaves = specs.flatMap((spec, k) => {
    const keys = keysOf(spec)
    return leavesOf(spec).map(([path], i) => ({ keys: [String(k), ...keys[i]!], name: path === '' ? `argument ${k}` : `argument ${k}, ${path}` }))
  })
  return { trees, parameters, given, leaves: leaves.map((leaf, i) => ({ ...leaf, shape: parameters[i]!.shape, dtype: parameters[i]!.dtype })) }
}

const at = (tree: unknown, keys: ReadonlyArray<string>): unknown => {
  let found = tree
  for (const key of keys) found = typeof found === 'object' && found !== null ? (found as Readonly<Record<string, unknown>>)[key] : undefined
  return found
}

const describe = (given: unknown): string =>
  isTensor(given) ? `a tensor ${given.dtype}${showShape(given.shape)}` : isArray(given) ? `a ${given.constructor.name} of ${given.length}` : isNode(given) ? 'a node' : given === undefined ? 'missing' : given === null ? 'null' : `${typeof given === 'object' ? 'an' : 'a'} ${typeof given}`

/** What is wrong with an argument, if anything is. */
const misfit = (given: unknown, { name, shape, dtype }: ArgumentLeaf): FoldgradError => {
  const shapes = isTensor(given) ? [given.shape] : isArray(given) ? [[given.length]] : []
  return errorAt('compile', shapes, refuse('Argument', `${name} is ${describe(given)}, the program is for ${dtype}${showShape(shape)}`, 'Pass an argument of that type, or compile for this one'))
}

/** The numbers of an argument, of its dtype and not copied if they are; `undefined` for one that does not fit. */
const numbersOf = (given: unknown, { shape, dtype }: ArgumentLeaf): Buffer | number | undefined => {
  if (typeof given === 'number') return shape.length === 0 ? (dtype === 'f64' ? given : bufferFrom(dtype, [given])[0]!) : undefined
  if (isTensor(given)) return given.dtype === dtype && sameShape(given.shape, shape) ? bufferOf(given) : undefined
  if (!isArray(given)) return undefined
  const fits = dtypes.some(([of, type]) => type === dtype && given instanceof of)
  if (!fits || given.length !== sizeOf(shape)) return undefined
  return dtype === 'bool' ? bufferFrom(dtype, given) : given
}

/** The numbers of the argument at leaf `i`. Throws for all arguments that do not fit, if it does not. */
export const readArgument = (given: unknown, i: number, all: ReadonlyArray<unknown>, leaves: ReadonlyArray<ArgumentLeaf>): Buffer | number =>
  numbersOf(given, leaves[i]!) ?? readArguments(all, leaves)[i]!

/** What is given at a leaf. */
export const valueAt = (args: ReadonlyArray<unknown>, { keys }: ArgumentLeaf): unknown => at(args, keys)

interface ReadArguments {
  (args: ReadonlyArray<unknown>, leaves: ReadonlyArray<ArgumentLeaf>): ReadonlyArray<Buffer | number>
  (args: ReadonlyArray<unknown>, leaves: ReadonlyArray<ArgumentLeaf>, known: ReadonlyArray<unknown>): ReadonlyArray<Buffer | number | undefined>
}

/**
 * The numbers of all arguments; those of which something is `known` are left out. Throws a {@link FoldgradException} that names those that do
 * not fit.
 */
export const readArguments: ReadArguments = (args: ReadonlyArray<unknown>, leaves: ReadonlyArray<ArgumentLeaf>, known?: ReadonlyArray<unknown>) => {
  const found = new Array<Buffer | number>(leaves.length)
  let errors: Array<FoldgradError> | undefined
  for (let i = 0; i < leaves.length; i++) {
    if (known?.[i] !== undefined) continue
    const leaf = leaves[i]!
    const given = at(args, leaf.keys)
    const numbers = numbersOf(given, leaf)
    if (numbers === undefined) (errors ??= []).push(misfit(given, leaf))
    else found[i] = numbers
  }
  if (errors !== undefined) throw new FoldgradException(errors)
  return found
}
