/** Closed functions: immutable graphs from parameters to outputs, as attributes of the primitives that run them. */
import { isNode, type Closed, type Node } from './Node.js'

export const closedOf = (parameters: ReadonlyArray<Node>, outputs: ReadonlyArray<Node>): Closed =>
  Object.freeze({ parameters: Object.freeze([...parameters]), outputs: Object.freeze([...outputs]) })

const areNodes = (x: unknown): boolean => Array.isArray(x) && x.every(isNode)

/** Whether an attribute is a closed function. */
export const isClosed = (x: unknown): x is Closed =>
  typeof x === 'object' && x !== null && 'parameters' in x && 'outputs' in x && areNodes(x.parameters) && areNodes(x.outputs)
