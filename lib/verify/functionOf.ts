/** A program on variables as a function of them. */
import type { Graph } from '../core/Graph.js'
import { sort } from '../core/Graph.js'
import type { VariableId } from '../core/Gradients.js'
import { isNode, type Node } from '../core/Node.js'
import type { Tensor } from '../core/Tensor.js'
import { heldTensor, variableId } from '../primitive/leaf.js'
import { substitute } from './promote.js'

/** Nodes by the ids of the variables that they stand for. */
export type Variables = Readonly<Record<VariableId, Node>>

/** A function, and arguments for it: what the checks take. */
export interface FunctionOfVariables {
  readonly f: (variables: Variables) => ReadonlyArray<Node>
  readonly args: [Readonly<Record<VariableId, Tensor>>]
}

/**
 * A program that was built on variables, as a function of a record of them, with the numbers that they hold as its argument:
 * so that it can be checked, or differentiated, as functions are. Takes nodes, or a graph such as `parseGraph` returns.
 *
 * @example
 * const x = variable('x', 2)
 * const { f, args } = functionOf(mul(x, sin(x)))
 * E.isRight(checkGradient(f, args)) // true
 */
export const functionOf = (program: Node | ReadonlyArray<Node> | Graph): FunctionOfVariables => {
  const outputs = isNode(program) ? [program] : 'outputs' in program ? program.outputs : program
  const variables = sort(outputs).nodes.filter((node) => variableId(node) !== undefined)
  const ids = variables.map((node) => variableId(node)!)
  const args = Object.fromEntries(variables.map((node, k) => [ids[k]!, heldTensor(node)!]))
  return Object.freeze({
    f: (given: Variables) => substitute(outputs, variables, ids.map((id) => given[id]!)),
    args: [Object.freeze(args)] as [Readonly<Record<VariableId, Tensor>>],
  })
}
