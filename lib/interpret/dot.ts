/** Drawing: a graph as Graphviz text, in which variables are orange ovals and functions light-blue boxes. */
import type { VariableId } from '../core/Gradients.js'
import { positionsIn, sort, type Sorted } from '../core/Graph.js'
import { isInvalid, isNode, nameOf, type Node } from '../core/Node.js'
import type { Shape } from '../core/Shape.js'
import { fullValue, heldTensor, variableId } from '../primitive/leaf.js'

/** What the drawing of a graph shows. */
export interface DotOptions {
  /** Names for nodes of the graph, such as `{ y, gx }`. Variables are named by their ids unless named here. */
  readonly names?: Readonly<Record<VariableId, Node>>
  /** Adds the shape and the dtype to each variable: `x: (2, 3) f64`. */
  readonly verbose?: boolean
}

/**
 * The Graphviz text of what these nodes compute. An operation is a box, its result an oval of its own, and edges run
 * from operand to box to result; a node that several others use is drawn once. Names of drawn things follow the
 * topological order, so equal programs give equal text. Misuse is drawn too, in red.
 *
 * @example
 * const x = variable('x', 2)
 * toDot(mul(x, x)).split('\n')[0] // 'digraph g {'
 */
export const toDot = (results: Node | ReadonlyArray<Node>, options: DotOptions = {}): string => {
  const outputs = isNode(results) ? [results] : results
  const sorted = sort(outputs)
  const operands = sorted.nodes.map((node, i) => operandsOf(sorted, node, i))
  const drawn = reached(operands, positionsIn(sorted, outputs))
  const label = labels(options)
  const lines = sorted.nodes.flatMap((node, i) =>
    drawn[i] === 1 ? [`v${i} [label=${quoted(label(node))}, color=orange, style=filled]`, ...drawFunction(node, i, operands[i]!)] : [],
  )
  return ['digraph g {', ...lines, '}', ''].join('\n')
}

/** A number in the exponent of a power is no operand here: it is written in the box, as in `Pow 2`. */
const exponentOf = (node: Node): number | undefined => (node.op.name === 'pow' ? fullValue(node.inputs[1]!) : undefined)

const operandsOf = ({ first, operands }: Sorted, node: Node, i: number): Int32Array =>
  operands.subarray(first[i]!, exponentOf(node) === undefined ? first[i + 1]! : first[i]! + 1)

/** What is drawn: the results and, from the last to the first, the operands of what is drawn. */
const reached = (operands: ReadonlyArray<Int32Array>, outputs: ReadonlyArray<number>): Uint8Array => {
  const drawn = new Uint8Array(operands.length)
  for (const i of outputs) drawn[i] = 1
  for (let i = operands.length - 1; i >= 0; i--) if (drawn[i] === 1) for (const operand of operands[i]!) drawn[operand] = 1
  return drawn
}

/** The box of an operation with its edges; a leaf has none. */
const drawFunction = (node: Node, i: number, operands: Int32Array): ReadonlyArray<string> => {
  if (node.inputs.length === 0 && !isInvalid(node)) return []
  const name = `${capitalized(nameOf(node))} ${exponentOf(node) ?? ''}`.trimEnd()
  const color = isInvalid(node) ? 'red' : 'lightblue'
  const edges = Array.from(operands, (operand) => `v${operand} -> f${i}`)
  return [`f${i} [label=${quoted(name)}, color=${color}, style=filled, shape=box]`, ...edges, `f${i} -> v${i}`]
}

/** What is written on a variable: its name, or the number of a scalar constant, and its type if asked for. */
const labels = ({ names = {}, verbose = false }: DotOptions): ((node: Node) => string) => {
  const given = new Map(Object.entries(names).map(([name, node]) => [node, name]))
  return (node) => {
    const name = given.get(node) ?? variableId(node) ?? literal(node)
    if (!verbose || isInvalid(node)) return name
    return `${name}${name === '' ? '' : ': '}${tuple(node.shape)} ${node.dtype}`
  }
}

const literal = (node: Node): string => {
  const held = heldTensor(node)
  return held === undefined ? String(fullValue(node) ?? '') : held.shape.length === 0 ? held.toString() : ''
}

/** A shape as Python prints it. */
const tuple = (shape: Shape): string => `(${shape.join(', ')}${shape.length === 1 ? ',' : ''})`

const capitalized = (name: string): string => name.charAt(0).toUpperCase() + name.slice(1)

const quoted = (text: string): string => `"${text.replace(/[\\"]/g, '\\$&').replace(/\n/g, '\\n')}"`
