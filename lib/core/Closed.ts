/** Closed functions: immutable graphs from parameters to outputs, as attributes of the primitives that run them. */
import { refuse, type Refusal } from './FoldgradError.js'
import { isNode, type Closed, type Node, type Signature } from './Node.js'
import { sameShape, showShape } from './Shape.js'

export const closedOf = (parameters: ReadonlyArray<Node>, outputs: ReadonlyArray<Node>): Closed =>
  Object.freeze({ parameters: Object.freeze([...parameters]), outputs: Object.freeze([...outputs]) })

const areNodes = (x: unknown): boolean => Array.isArray(x) && x.every(isNode)

/** Whether an attribute is a closed function. */
export const isClosed = (x: unknown): x is Closed =>
  typeof x === 'object' && x !== null && 'parameters' in x && 'outputs' in x && areNodes(x.parameters) && areNodes(x.outputs)

const showTypes = (parts: ReadonlyArray<Signature>): string => `(${parts.map(({ dtype, shape }) => dtype + showShape(shape)).join(', ')})`

/** What keeps a closed function from taking such arguments, if anything does. */
export const argumentsRefusal = ({ parameters }: Closed, args: ReadonlyArray<Signature>): Refusal | undefined =>
  parameters.length === args.length && parameters.every((p, k) => p.dtype === args[k]!.dtype && sameShape(p.shape, args[k]!.shape))
    ? undefined
    : refuse('Structure', `the function takes ${showTypes(parameters)}, its arguments are ${showTypes(args)}`, 'Give an operand for each parameter')
