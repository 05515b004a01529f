/** Printing: a graph as a numbered, typed listing, one line per node, with closed functions indented under theirs. */
import { isClosed } from '../core/Closed.js'
import { sort, type Graph } from '../core/Graph.js'
import { errorOf, isInvalid, isNode, nameOf, type Node, type Signature } from '../core/Node.js'
import { showShape } from '../core/Shape.js'
import { isTensor, type NestedArray, type Tensor } from '../core/Tensor.js'
import { fullValue, heldTensor, isParameter, variableId } from '../primitive/leaf.js'

/** How a listing is written. */
export interface PrettyOptions {
  /** Tensors of more elements than this are kept aside and written as `#0`, `#1` …; 16 unless told otherwise. */
  readonly limit?: number
}

/** The text of a program, and the tensors it mentions as `#0`, `#1` …. */
export interface Listing {
  readonly text: string
  readonly constants: ReadonlyArray<Tensor>
}

/**
 * The listing of what these nodes compute: one line per node in topological order, each with its number, type, operation,
 * operands and options, and the results at the end. Closed functions (the step of a scan, the branches of a cond) are
 * listed under their node, with parameters and numbers of their own. Equal programs give equal text, and `parseGraph`
 * reads it back.
 *
 * @example
 * const x = variable('x', 2)
 * pretty(mul(x, 3)).split('\n')
 * // ['%0: f64[] = variable("x", 2)', '%1: f64[] = full(3)', '%2: f64[] = mul(%0, %1)', 'return %2']
 */
export const pretty = (results: Node | ReadonlyArray<Node> | Graph, options: PrettyOptions = {}): string =>
  printGraph(results, options).text

/**
 * The listing together with the tensors that are too large to be written in it: all that `parseGraph` needs.
 *
 * @example
 * const { text, constants } = printGraph(sum(constant(new Float64Array(100))))
 * text.split('\n')[0] // '%0: f64[100] = constant(#0)'
 * constants.length    // 1
 */
export const printGraph = (results: Node | ReadonlyArray<Node> | Graph, { limit = 16 }: PrettyOptions = {}): Listing => {
  const outputs = isNode(results) ? [results] : 'outputs' in results ? results.outputs : results
  const aside = new Map<Tensor, number>()
  const text = new Printer(limit, aside).block([], outputs, '').join('\n')
  return Object.freeze({ text, constants: Object.freeze([...aside.keys()]) })
}

const typeOf = ({ dtype, shape }: Signature): string => `${dtype}${showShape(shape)}`

/** Names that can be written as they are; others are quoted. */
const plainName = /^(?!return$)[A-Za-z_$][\w$.]*$/

const showName = (name: string): string => (plainName.test(name) ? name : JSON.stringify(name))

/** The shortest text that reads back as the same number; the sign of zero is kept. */
const showNumber = (x: number): string => (Object.is(x, -0) ? '-0' : String(x))

const showNested = (x: NestedArray): string =>
  Array.isArray(x) ? `[${x.map(showNested).join(', ')}]` : typeof x === 'number' ? showNumber(x) : String(x)

/** Attributes in an order that does not depend on how they were put together. */
const entriesOf = (x: object): ReadonlyArray<readonly [string, unknown]> =>
  Object.entries(x).filter(([, part]) => part !== undefined).sort(([a], [b]) => (a < b ? -1 : 1))

/** What is listed under a node rather than beside it: closed functions, nodes, and lists of closed functions. */
const isListed = (x: unknown): boolean => isNode(x) || isClosed(x) || (Array.isArray(x) && x.length > 0 && x.every(isClosed))

/** Writes programs; those inside others share its tensors. */
class Printer {
  readonly #limit: number
  readonly #aside: Map<Tensor, number>

  constructor(limit: number, aside: Map<Tensor, number>) {
    this.#limit = limit
    this.#aside = aside
  }

  /** The lines of a program, in which the parameters have the first numbers. */
  block(parameters: ReadonlyArray<Node>, outputs: ReadonlyArray<Node>, indent: string): ReadonlyArray<string> {
    const own = new Set(parameters)
    const nodes = sort(outputs).nodes.filter((node) => !own.has(node))
    const number = new Map([...parameters, ...nodes].map((node, i) => [node, `%${i}`]))
    const list = (parts: ReadonlyArray<Node>): string => parts.map((part) => number.get(part)!).join(', ')
    const lines = nodes.flatMap((node) => {
      const type = isInvalid(node) ? 'invalid' : typeOf(node)
      const args = this.#leafData(node) ?? list(node.inputs)
      const line = `${indent}${number.get(node)!}: ${type} = ${showName(nameOf(node))}(${args})${this.#options(node)}${misuse(node)}`
      return [line, ...this.#functions(node, `${indent}  `)]
    })
    return [...lines, `${indent}return ${list(outputs)}`.trimEnd()]
  }

  /** What a leaf holds; `undefined` for an operation. */
  #leafData(node: Node): string | undefined {
    const number = fullValue(node)
    if (number !== undefined) return showNumber(number)
    const held = heldTensor(node)
    if (held === undefined) return undefined
    const id = variableId(node)
    const data = held.size > this.#limit ? this.#keptAside(held) : showNested(held.toArray())
    return id === undefined ? data : `${JSON.stringify(id)}, ${data}`
  }

  #keptAside(tensor: Tensor): string {
    const at = this.#aside.get(tensor) ?? this.#aside.size
    this.#aside.set(tensor, at)
    return `#${at}`
  }

  /** The options of an operation, if it has any; those of a leaf are its data and its type, which are written already. */
  #options(node: Node): string {
    if (isInvalid(node) || isParameter(node) || fullValue(node) !== undefined || heldTensor(node) !== undefined) return ''
    const entries = entriesOf(node.attrs).filter(([, x]) => !isListed(x))
    return entries.length === 0 ? '' : ` ${this.#record(entries)}`
  }

  #record(entries: ReadonlyArray<readonly [string, unknown]>): string {
    return entries.length === 0 ? '{}' : `{ ${entries.map(([key, x]) => `${showName(key)}: ${this.#data(x)}`).join(', ')} }`
  }

  /** An option: plain data as JavaScript writes it, and a word for what is not data. */
  #data(x: unknown): string {
    if (typeof x === 'number') return showNumber(x)
    if (isTensor(x)) return this.#keptAside(x)
    if (Array.isArray(x)) return `[${x.map((part) => this.#data(part)).join(', ')}]`
    if (typeof x === 'string' || typeof x === 'boolean' || x === null) return JSON.stringify(x)
    if (typeof x === 'object' && !isNode(x) && !isClosed(x)) return this.#record(entriesOf(x))
    return `<${typeof x === 'function' ? x.name || 'function' : isNode(x) ? 'node' : typeof x}>`
  }

  /** The closed functions of a node, each under its name. A node without parameters of its own is a program on its own. */
  #functions(node: Node, indent: string): ReadonlyArray<string> {
    if (isInvalid(node)) return []
    const listed = entriesOf(node.attrs).flatMap(([key, x]): ReadonlyArray<readonly [string, unknown]> =>
      !isListed(x) ? [] : Array.isArray(x) ? x.map((part, i) => [`${showName(key)}[${i}]`, part] as const) : [[showName(key), x]],
    )
    return listed.flatMap(([name, x]) => {
      if (isNode(x)) return [`${indent}${name}:`, ...this.block([], [x], `${indent}  `)]
      if (!isClosed(x)) return []
      const parameters = x.parameters.map((p, i) => `%${i}: ${typeOf(p)}`).join(', ')
      return [`${indent}${name}(${parameters}):`, ...this.block(x.parameters, x.outputs, `${indent}  `)]
    })
  }
}

/** What is wrong with this very node, as a comment. The place of the call is left out: it is no part of the program. */
const misuse = (node: Node): string => {
  const error = errorOf(node)
  return error === undefined ? '' : ` // ${error._tag}: ${error.rule}. ${error.mend}.`.replaceAll('\n', ' ')
}
