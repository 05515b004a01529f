/** Reading a program from its listing. */
import * as E from 'fp-ts/Either'
import { closedOf } from '../core/Closed.js'
import { bufferFrom } from '../core/DType.js'
import { errorAt, KernelFailure, type FoldgradError } from '../core/FoldgradError.js'
import { graph, type Graph } from '../core/Graph.js'
import { apply, errorOf, invalid, isInvalid, noAttrs, type Attrs, type Node, type Primitive, type Signature } from '../core/Node.js'
import { sameShape, showShape, sizeOf } from '../core/Shape.js'
import { tensorOf, type Tensor } from '../core/Tensor.js'
import type { Listing } from '../interpret/pretty.js'
import { constant, full, parameter, variable } from '../primitive/leaf.js'
import { loopOp } from '../transform/batch.js'
import { Reader } from './reader.js'
import { records } from './records.js'
import type { Token } from './tokens.js'

/** What a listing is read with. */
export interface ParseOptions {
  /** The records of the user's own primitives that it mentions: `cube(0).op`. One of them hides a built-in one of its name. */
  readonly primitives?: ReadonlyArray<Primitive>
}

/**
 * The program of a listing: the inverse of `pretty`. What it computes is the same to the last bit, and it prints the same.
 * Tensors that were kept aside come with the text, as `printGraph` returns both.
 *
 * `Left` with the line and the column of what is wrong: text that is no listing, an unknown primitive, operands that do not
 * fit, a type that is not the one that follows.
 *
 * @example
 * const listing = pretty(mul(variable('x', 2), 3))
 * pipe(parseGraph(listing), E.map((g) => pretty(g) === listing)) // right(true)
 * pipe(parseGraph(listing), E.map(({ outputs }) => item(outputs[0]))) // right(6)
 * pipe(parseGraph('%0: f64[] = full(1'), E.mapLeft(([e]) => e.rule)) // left("line 1, column 19: ')' is expected before the end of the text")
 */
export const parseGraph = (
  listing: string | Listing,
  { primitives = [] }: ParseOptions = {},
): E.Either<ReadonlyArray<FoldgradError>, Graph> => {
  const { text, constants } = typeof listing === 'string' ? { text: listing, constants: [] } : listing
  const parser = new Parser(new Reader(text, constants), new Map([...records, ...primitives].map((op) => [op.name, op])))
  try {
    const outputs = parser.program()
    return parser.errors.length > 0 ? Object.freeze(E.left(Object.freeze([...parser.errors]))) : graph(outputs)
  } catch (failure) {
    if (!(failure instanceof KernelFailure)) throw failure
    return Object.freeze(E.left(Object.freeze([...parser.errors, errorAt('parseGraph', [], failure.refusal)])))
  }
}

/** The nodes of a program by their numbers. */
type Scope = Map<string, Node>

/** A written application: what stands before its options. */
interface Written {
  /** The number that starts it, where errors point. */
  readonly at: Token
  readonly name: string
  readonly inputs: ReadonlyArray<Node>
  readonly attrs: Attrs
  readonly type: Signature
}

class Parser {
  /** Applications that do not fit; each is an invalid node in what follows, so that all are found. */
  readonly errors: Array<FoldgradError> = []
  readonly #reader: Reader
  readonly #primitives: ReadonlyMap<string, Primitive>

  constructor(reader: Reader, primitives: ReadonlyMap<string, Primitive>) {
    this.#reader = reader
    this.#primitives = primitives
  }

  /** The results of the whole text. */
  program(): ReadonlyArray<Node> {
    const outputs = this.#block(new Map())
    this.#reader.takeKind('end', 'the end of the text')
    return outputs
  }

  #block(scope: Scope): ReadonlyArray<Node> {
    const reader = this.#reader
    while (reader.peek().kind === 'node') this.#statement(scope)
    reader.expect('return')
    const outputs: Array<Node> = []
    // Without results, what comes next is a node of the program around this one.
    if (reader.peek().kind !== 'node' || reader.peek(1).text === ':') return outputs
    outputs.push(this.#operand(scope))
    while (reader.sees(',')) {
      reader.take()
      outputs.push(this.#operand(scope))
    }
    return outputs
  }

  #operand(scope: Scope): Node {
    const token = this.#reader.takeKind('node', 'a node such as %0')
    return scope.get(token.text) ?? this.#reader.fails(token, `${token.text} is not defined before`, 'List operands before results')
  }

  #define(scope: Scope, token: Token, node: Node): Node {
    if (scope.has(token.text)) this.#reader.fails(token, `${token.text} is defined twice`, 'Number the nodes of a program one after another')
    scope.set(token.text, node)
    return node
  }

  /** `%2: f64[] = mul(%0, %1) { options }`, and the closed functions under it. */
  #statement(scope: Scope): void {
    const reader = this.#reader
    const at = reader.takeKind('node', 'a node such as %0')
    reader.expect(':')
    if (reader.sees('invalid')) reader.fails(at, `${at.text} is a misuse`, 'Mend the program that was listed, then list it again')
    const type = reader.signature()
    reader.expect('=')
    const name = reader.name('the name of an operation')
    const held = this.#leaf(name, type, at)
    if (held !== undefined) {
      this.#define(scope, at, held)
      return
    }
    const inputs = reader.list('(', ')', () => this.#operand(scope))
    const options = reader.sees('{') ? reader.record() : noAttrs
    const before = this.errors.length
    const functions = this.#functions()
    const attrs = functions.length === 0 ? options : Object.freeze({ ...options, ...Object.fromEntries(functions) })
    const broken = this.errors.length > before
    this.#define(scope, at, broken ? invalid(name, inputs) : this.#apply({ at, name, inputs, attrs, type }))
  }

  /** A node that holds data, if the name is that of one. */
  #leaf(name: string, type: Signature, at: Token): Node | undefined {
    const reader = this.#reader
    const written = <T>(read: () => T): T => {
      reader.expect('(')
      const data = read()
      reader.expect(')')
      return data
    }
    switch (name) {
      case 'parameter':
        return written(() => parameter(type))
      case 'full':
        return written(() => full(Number(reader.takeKind('number', 'a number').text), type))
      case 'constant':
        return written(() => constant(this.#tensor(type, at)))
      case 'variable':
        return written(() => {
          const id = reader.name('the id of the variable')
          reader.expect(',')
          return variable(id, this.#tensor(type, at))
        })
      default:
        return undefined
    }
  }

  /** The tensor of a leaf, written out or kept aside. */
  #tensor(type: Signature, at: Token): Tensor {
    const reader = this.#reader
    if (reader.peek().kind === 'constant') {
      const kept = reader.constant()
      return kept.dtype === type.dtype && sameShape(kept.shape, type.shape)
        ? kept
        : reader.fails(at, `${at.text} is listed as ${showType(type)}, its constant is ${showType(kept)}`, 'Give the constants that belong to the text')
    }
    const numbers = flatNumbers(reader.data())
    return numbers?.length === sizeOf(type.shape)
      ? tensorOf(bufferFrom(type.dtype, numbers), type.shape, type.dtype)
      : reader.fails(at, `the data of ${at.text} is not ${showType(type)}`, `Write ${sizeOf(type.shape)} numbers in nested lists`)
  }

  /** The closed functions under a node: `step(%0: f64[]):`, `branches[0](…):` in a list, `single:` for a node. */
  #functions(): ReadonlyArray<readonly [string, unknown]> {
    const reader = this.#reader
    const found = new Map<string, unknown>()
    while ((reader.peek().kind === 'name' && !reader.sees('return')) || reader.peek().kind === 'string') {
      const at = reader.peek()
      const name = reader.name('the name of a function')
      const listed = reader.sees('[') ? reader.list('[', ']', () => Number(reader.takeKind('number', 'a position').text)) : undefined
      const scope: Scope = new Map()
      const parameters = reader.sees('(') ? reader.list('(', ')', () => this.#parameter(scope)) : undefined
      reader.expect(':')
      const outputs = this.#block(scope)
      const made = parameters === undefined ? outputs[0] : closedOf(parameters, outputs)
      const before = found.get(name)
      const list = Array.isArray(before) ? (before as ReadonlyArray<unknown>) : []
      if (listed === undefined ? before !== undefined : listed.length !== 1 || listed[0] !== list.length)
        reader.fails(at, `${name} is out of order`, 'List functions once each, and those of a list as name[0], name[1] …')
      found.set(name, listed === undefined ? made : Object.freeze([...list, made]))
    }
    return [...found]
  }

  #parameter(scope: Scope): Node {
    const token = this.#reader.takeKind('node', 'a parameter such as %0: f64[]')
    this.#reader.expect(':')
    return this.#define(scope, token, parameter(this.#reader.signature()))
  }

  /** The node that is written, if it is what the listing says that it is. */
  #apply({ at, name, inputs, attrs, type }: Written): Node {
    const shapes = inputs.map((x) => x.shape)
    const refused = (rule: string, mend: string, tag: FoldgradError['_tag'] = 'Syntax'): Node => {
      this.errors.push(this.#reader.error(at, rule, mend, { _tag: tag, shapes }))
      return invalid(name, inputs)
    }
    const op = this.#primitives.get(name) ?? (name.endsWith('.loop') ? loopOp(name.slice(0, -'.loop'.length)) : undefined)
    if (op === undefined) return refused(`no primitive is called '${name}'`, 'Give records of your own with the option primitives: [node.op]')
    const arity = op.scalar?.length ?? 0
    if (inputs.length < arity) return refused(`${name} takes ${arity} operands, not ${inputs.length}`, 'Give it as many')
    const node = applied(op, inputs, attrs)
    if (node === undefined) return refused(`${name} does not take these operands and options`, 'Write them as printGraph does')
    const error = errorOf(node)
    if (error !== undefined) return refused(`${name}: ${error.rule}`, error.mend, error._tag)
    return isInvalid(node) || (node.dtype === type.dtype && sameShape(node.shape, type.shape))
      ? node
      : refused(`${at.text} is listed as ${showType(type)}, ${name} gives ${showType(node)}`, 'Correct the type, or the operands')
  }
}

const showType = ({ dtype, shape }: Signature): string => `${dtype}${showShape(shape)}`

/** The node, or nothing if the rule of the operation cannot make sense of what it is applied to. */
const applied = (op: Primitive, inputs: ReadonlyArray<Node>, attrs: Attrs): Node | undefined => {
  try {
    return apply(op, inputs, attrs)
  } catch (failure) {
    if (failure instanceof TypeError || failure instanceof RangeError) return undefined
    throw failure
  }
}

/** The numbers in nested lists; `undefined` if there is anything else. */
const flatNumbers = (data: unknown): ReadonlyArray<number> | undefined => {
  if (typeof data === 'number' || typeof data === 'boolean') return [Number(data)]
  if (!Array.isArray(data)) return undefined
  const parts = data.map(flatNumbers)
  return parts.every((part) => part !== undefined) ? parts.flat() : undefined
}
