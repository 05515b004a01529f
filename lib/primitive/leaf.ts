/** Nodes without operands: constants, named variables, and arrays of one repeated number. */
import { bufferFrom, type DType } from '../core/DType.js'
import { fail, refuse } from '../core/FoldgradError.js'
import type { VariableId } from '../core/Gradients.js'
import { apply, isNode, signature, type Node, type Primitive, type Signature } from '../core/Node.js'
import { scalarShape, type Shape } from '../core/Shape.js'
import { bufferOf, isTensor, type Tensor } from '../core/Tensor.js'
import { leavesOf, stranger } from '../core/Tree.js'

/** The attributes of a leaf that holds data. */
interface Held {
  readonly value: Tensor
}

/** A leaf has no operand, hence no derivative in one. */
const leaf = (name: string, rest: Pick<Primitive, 'infer' | 'evaluate' | 'uniform'>): Primitive =>
  Object.freeze({ name, vjp: () => null, jvp: () => null, batch: 'leading', ...rest })

const held = (node: Node): Tensor => (node.attrs as unknown as Held).value

const holdsTensor = {
  infer: (_: ReadonlyArray<Node>, attrs: unknown) => (attrs as Held).value,
  evaluate: (_: unknown, y: Node) => held(y).toTypedArray(),
}

const constantOp = leaf('constant', holdsTensor)
const variableOp = leaf('variable', holdsTensor)
const fullOp = leaf('full', {
  uniform: true,
  infer: (_, { shape, dtype }) => signature(shape as Shape, dtype as DType),
  evaluate: (_, y) => bufferFrom(y.dtype, [fullValue(y)!]),
})

const parameterOp = leaf('parameter', {
  infer: (_, { shape, dtype }) => signature(shape as Shape, dtype as DType),
  evaluate: () => fail(refuse('Argument', 'a parameter has no value outside the function it belongs to', 'Return what depends on it from that function')),
})

/** An argument of a function that is traced once and run on many values. It is what it is by reference. */
export const parameter = ({ shape, dtype }: Signature): Node => apply(parameterOp, [], Object.freeze({ shape, dtype }))

/** Whether a node is an argument of a function that is traced. */
export const isParameter = (node: Node): boolean => node.op === parameterOp

/** A node that holds a tensor. */
export const constant = (value: Tensor): Node => apply(constantOp, [], Object.freeze({ value }))

/** A node that holds a tensor under a name, by which `backward` reports its gradient. */
export const variable = (id: VariableId, value: Tensor): Node => apply(variableOp, [], Object.freeze({ id, value }))

/** An array of one repeated number; it takes no memory until something writes it out. */
export const full = (value: number, { shape, dtype }: Signature): Node =>
  apply(fullOp, [], Object.freeze({ value: dtype === 'f32' ? Math.fround(value) : value, shape, dtype }))

/** The repeated number of a `full` node. */
export const fullValue = (node: Node): number | undefined =>
  node.op === fullOp ? (node.attrs['value'] as number) : undefined

/** The id of a variable; `undefined` for every other node. */
export const variableId = (node: Node): VariableId | undefined =>
  node.op === variableOp ? (node.attrs['id'] as VariableId) : undefined

/** The tensor held by a constant or a variable; `undefined` for every other node. */
export const heldTensor = (node: Node): Tensor | undefined =>
  node.op === variableOp || node.op === constantOp ? held(node) : undefined

/** Whether a node holds data; for one with a single element, the number. */
export const holdsNumber = ({ op }: Node): boolean => op === fullOp || op === variableOp || op === constantOp
export const numberOf = (node: Node): number => fullValue(node) ?? bufferOf(held(node))[0]!

/** A leaf of a tree as a node; anything else is an invalid node that names its path. */
export const asNode = (leaf: unknown, path: string): Node =>
  isNode(leaf)
    ? leaf
    : isTensor(leaf)
      ? constant(leaf)
      : typeof leaf === 'number'
        ? full(leaf, { shape: scalarShape, dtype: 'f64' })
        : stranger(leaf, path)

/** The leaves of a tree as nodes, in order. */
export const leafNodes = (tree: unknown): ReadonlyArray<Node> => leavesOf(tree).map(([path, leaf]) => asNode(leaf, path))
