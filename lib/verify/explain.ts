/** Which node is to blame for a mismatch, with the entry of its Jacobian that is wrong; or why none is. */
import * as E from 'fp-ts/Either'
import { isFloat } from '../core/DType.js'
import { apply, type Node } from '../core/Node.js'
import type { Shape } from '../core/Shape.js'
import type { Tensor } from '../core/Tensor.js'
import { pretty } from '../interpret/pretty.js'
import { astype } from '../primitive/arithmetic.js'
import { asNode } from '../primitive/leaf.js'
import { culprits, type Culprit } from './blame.js'
import type { Comparison } from './compare.js'
import { lineOf, type Line } from './direction.js'
import { locate, type Coordinate } from './locate.js'
import { along, attempt, results, tensorsOf, type Numeric } from './numeric.js'
import { promote, substitute, widened } from './promote.js'
import { sameNumbers } from './sum.js'
import { courseOf, firstKink, ladderOf, programOf, type Program } from './traced.js'
import { singleTrial, trialOf, type Way } from './trial.js'

/** The node of a program whose own rule is wrong; where there are several, the first. */
export interface NodeBlame {
  readonly _tag: 'Node'
  readonly node: Node
  /** Its number in the listing of the program, such as `%3`. */
  readonly number: string
  /** Its line of the listing. */
  readonly line: string
  /** The operand in which its derivative is wrong, where a single one is. */
  readonly operand?: number
  /** The wrong entry of its Jacobian; `at` is the number in the operand. */
  readonly entry?: Coordinate
  /** The shape of what the rule hands on to the operand, if that is wrong. */
  readonly misshapen?: Shape
  /** The numbers of other nodes with wrong rules. */
  readonly others: ReadonlyArray<string>
}

/** No node is to blame by itself. */
export interface NoBlame {
  readonly _tag: 'NoNode'
  readonly reason: string
}

export type Blame = NodeBlame | NoBlame

/** A rule put beside a value that is computed otherwise: the first operand is the value, the others are what the rule is about. */
const isRuled = (node: Node): boolean => node.op.view === true && node.inputs.length > 1

/** One application of an operation as a function of its float operands, called by their positions. */
const operationOf = (node: Node, values: ReadonlyMap<Node, Tensor>): Numeric => {
  const first = isRuled(node) ? 1 : 0
  const given = node.inputs.map((x) => asNode(values.get(x)!, ''))
  const moving = node.inputs.flatMap((x, k) => (k >= first && isFloat(x.dtype) ? [k] : []))
  const call = (xs: ReadonlyArray<Node>): ReadonlyArray<Node> => {
    const inputs = given.map((x, k) => (moving.includes(k) ? astype(xs[moving.indexOf(k)]!, x.dtype) : x))
    const value = first === 1 ? substitute([node.inputs[0]!], node.inputs.slice(1), inputs.slice(1)) : []
    return [apply(node.op, [...value, ...inputs.slice(first)], node.attrs)]
  }
  const point = moving.map((k) => values.get(node.inputs[k]!)!)
  const written = { point, names: moving.map(String), resultNames: () => ['result'], call }
  return { ...written, point: point.map(widened), call: (xs) => promote(call(xs)), single: written }
}

/** The entry of the Jacobian of a single operation that is wrong, in double precision or in the precision that it is used in. */
const wrongEntry = (node: Node, values: ReadonlyMap<Node, Tensor>, way: Way, inSingle: boolean): Coordinate | undefined => {
  const g = operationOf(node, values)
  const ys = results(g)
  const compare = (line: Line) => (inSingle ? singleTrial(g, g.single!, way === 'forward', line) : trialOf(way, g, ys, line))
  for (let direction = 0; direction < 3; direction++) {
    const line = lineOf(g, ys, 0, direction)
    const found = compare(line)
    if ('verdict' in found && found.verdict === 'refuted') return locate(g, ys, compare, line)
  }
  return undefined
}

const valuesOf = ({ nodes }: Program): ReadonlyMap<Node, Tensor> => {
  const values = tensorsOf(nodes)
  return new Map(nodes.map((node, i) => [node, values[i]!]))
}

/** The node at a position, and what is known of it. */
const nodeBlame = ({ nodes, outputs }: Program, position: number, found: Pick<NodeBlame, 'operand' | 'entry' | 'misshapen' | 'others'>): NodeBlame => {
  const node = nodes[position]!
  const number = `%${position}`
  const { operand, entry, misshapen, others } = found
  const named = (k: number, { input, output, ...rest }: Coordinate): Coordinate =>
    Object.freeze({ ...rest, input: { ...input, name: `%${nodes.indexOf(node.inputs[k]!)}` }, output: { ...output, name: number } })
  return Object.freeze({
    _tag: 'Node',
    node,
    number,
    line: pretty(outputs).split('\n').find((text) => text.startsWith(`${number}:`)) ?? '',
    ...(operand === undefined ? {} : { operand }),
    ...(entry === undefined || operand === undefined ? {} : { entry: named(operand, entry) }),
    ...(misshapen === undefined ? {} : { misshapen }),
    others: Object.freeze(others),
  })
}

/** What the rule of a node does wrong by itself, if it can be shown on that node alone. */
const entryAt = (program: Program, values: ReadonlyMap<Node, Tensor>, position: number, way: Way): Coordinate | undefined => {
  const found = attempt(() => wrongEntry(program.nodes[position]!, values, way, false))
  return E.isRight(found) ? found.right : undefined
}

const describe = (program: Program, all: ReadonlyArray<Culprit>, way: Way): NodeBlame | undefined => {
  const values = valuesOf(program)
  const entries = all.map(({ position, misshapen }) => (misshapen === undefined ? entryAt(program, values, position, way) : undefined))
  // A rule may choose at a kink, so there a single entry has to be wrong.
  const guilty = all.flatMap((culprit, i) => (culprit.kink && entries[i] === undefined ? [] : [{ ...culprit, entry: entries[i] }]))
  const [first, ...rest] = guilty
  if (first === undefined) return undefined
  const { position, misshapen, entry } = first
  const node = program.nodes[position]!
  const floats = node.inputs.flatMap((x, k) => (isFloat(x.dtype) && !(k === 0 && isRuled(node)) ? [k] : []))
  const operand = misshapen?.operand ?? (entry === undefined ? (floats.length === 1 ? floats[0] : undefined) : Number(entry.input.name))
  return nodeBlame(program, position, {
    ...(operand === undefined ? {} : { operand }),
    ...(entry === undefined ? {} : { entry }),
    ...(misshapen === undefined ? {} : { misshapen: misshapen.found }),
    others: rest.map((other) => `%${other.position}`),
  })
}

/** Why no node is to blame, as far as that can be told. */
const reasonOf = (g: Numeric, program: Program, { v }: Line, step: number): string => {
  const f = along(g, v)
  const course = courseOf(g, program, v, step)
  const positions = program.outputs.map((y) => program.nodes.indexOf(y))
  if (!sameNumbers(ladderOf(course, positions).after[0]!, f(step)))
    return 'the program that the function builds at this point is not the one that it builds beside it: it reads numbers while it builds (with item or value), and what depends on them has no derivative; use where, cond or whileLoop'
  const kink = firstKink(course, program)
  return kink === undefined
    ? 'the rule of each node agrees with its own operation along this line; the mistake is in how they are put together, or is spread too thin to tell'
    : `some nodes (the first is %${kink}) have a kink at this point; each rule chooses between the two sides of its own, and together they give what is no derivative of the whole`
}

/** The node to blame for a line that was refuted. */
export const blameFor = (g: Numeric, ys: ReadonlyArray<Tensor>, way: Way, line: Line, found: Pick<Comparison, 'step' | 'tolerance'>): Blame => {
  const program = programOf(g)
  return (
    describe(program, culprits(g, program, ys, way, line, found), way) ??
    Object.freeze({ _tag: 'NoNode', reason: reasonOf(g, program, line, found.step) })
  )
}

/** The node to blame for a derivative that is right in double precision and wrong in single precision. */
export const blameInSingle = (single: Numeric, way: Way): Blame => {
  const program = programOf(single)
  const values = valuesOf(program)
  for (const [position, node] of program.nodes.entries()) {
    if (node.inputs.length === 0 || !isFloat(node.dtype)) continue
    const found = attempt(() => wrongEntry(node, values, way, true))
    if (E.isRight(found) && found.right !== undefined)
      return nodeBlame(program, position, { operand: Number(found.right.input.name), entry: found.right, others: [] })
  }
  return Object.freeze({ _tag: 'NoNode', reason: 'each rule agrees with its own operation in single precision at these numbers; together they lose more than rounding can explain' })
}
