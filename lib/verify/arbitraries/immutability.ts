/** Sequences of uses of one graph, none of which may change what a later one finds. */
import * as fc from 'fast-check'
import type { Gradients } from '../../core/Gradients.js'
import { sort } from '../../core/Graph.js'
import type { Node } from '../../core/Node.js'
import { bufferOf, sameTensor, type Tensor } from '../../core/Tensor.js'
import { sum } from '../../function/reduce.js'
import { mul, sub } from '../../function/arithmetic.js'
import { value } from '../../interpret/evaluate.js'
import { pretty } from '../../interpret/pretty.js'
import { variable } from '../../primitive/leaf.js'
import { backward } from '../../transform/backward.js'
import { jvp } from '../../transform/jvp.js'
import { vjp } from '../../transform/vjp.js'
import type { Program } from './program.js'

/** A graph in use: what was found of it at first. */
export interface GraphInUse {
  readonly program: Program
  readonly variables: ReadonlyArray<Node>
  readonly y: Node
  readonly nodes: ReadonlyArray<Node>
  readonly value: Tensor
  readonly gradients: ReadonlyMap<string, Tensor>
  readonly listing: string
  /** The elements of the inputs. */
  readonly data: ReadonlyArray<ReadonlyArray<number>>
}

const valuesOf = (gradients: Gradients): ReadonlyMap<string, Tensor> => new Map([...gradients].map(([id, g]) => [id, value(g)]))

/** The graph of the sum of the result of a program, before anything has been done with it. */
export const graphInUse = (program: Program): GraphInUse => {
  const variables = program.inputs.map((t, i) => variable(`x${i}`, t))
  const y = sum(program.f(...variables))
  return {
    program,
    variables,
    y,
    nodes: sort([y]).nodes,
    value: value(y),
    gradients: valuesOf(backward(y)),
    listing: pretty(y),
    data: program.inputs.map((t) => [...bufferOf(t)]),
  }
}

const must = (holds: boolean, what: string): void => {
  if (!holds) throw new Error(what)
}

/** One use of the graph, which says if it finds something else than at first. */
class Use implements fc.Command<object, GraphInUse> {
  readonly #name: string
  readonly #run: (graph: GraphInUse) => void

  constructor(name: string, run: (graph: GraphInUse) => void) {
    this.#name = name
    this.#run = run
  }

  check(): boolean {
    return true
  }

  run(_model: object, graph: GraphInUse): void {
    this.#run(graph)
  }

  toString(): string {
    return this.#name
  }
}

const sameGradients = (a: ReadonlyMap<string, Tensor>, b: ReadonlyMap<string, Tensor>): boolean =>
  a.size === b.size && [...a].every(([id, t]) => b.has(id) && sameTensor(t, b.get(id)!))

/** Overwrites every copy that a tensor gives away. */
const scribble = (t: Tensor): void => {
  t.toTypedArray().fill(99)
}

const uses: Readonly<Record<string, (graph: GraphInUse) => void>> = {
  evaluate: (graph) => must(sameTensor(value(graph.y), graph.value), 'evaluating again gives another value'),
  backward: (graph) => must(sameGradients(valuesOf(backward(graph.y)), graph.gradients), 'backward again gives other gradients'),
  scribbleOnValue: (graph) => scribble(value(graph.y)),
  scribbleOnGradients: (graph) => valuesOf(backward(graph.y)).forEach(scribble),
  scribbleOnInputs: (graph) => graph.program.inputs.forEach(scribble),
  descend: (graph) => backward(graph.y).forEach((g, id) => value(sub(graph.variables[Number(id.slice(1))]!, mul(0.1, g)))),
  extend: (graph) => must(backward(mul(graph.y, graph.y)).size === graph.gradients.size, 'a larger graph has other variables'),
  vjp: ({ program }) => {
    const [result, pull] = vjp(program.f)(...program.inputs)
    value(pull(result))
  },
  jvp: ({ program }) => {
    value(jvp(program.f)([...program.inputs], [...program.inputs])[1])
  },
  secondOrder: (graph) => backward(graph.y).forEach((g) => valuesOf(backward(sum(g)))),
  nodes: (graph) => must(sort([graph.y]).nodes.every((node, i) => node === graph.nodes[i]), 'the graph has other nodes'),
  print: (graph) => must(pretty(graph.y) === graph.listing, 'the graph prints otherwise'),
  inputs: ({ program, data }) => {
    const same = program.inputs.every((t, i) => [...bufferOf(t)].every((x, j) => Object.is(x, data[i]![j])))
    must(same, 'the inputs hold other numbers')
  },
}

/**
 * Sequences of uses of a graph, for `fc.modelRun`: evaluation, derivatives, and writing into whatever is handed out. Each use
 * finds what the first one found, or throws.
 *
 * @example
 * const uses = fc.property(programs({ size: 4 }), graphUses(), (program, commands) => {
 *   fc.modelRun(() => ({ model: {}, real: graphInUse(program) }), commands)
 * })
 * fc.assert(uses, { numRuns: 10 })
 */
export const graphUses = (options: fc.CommandsContraints = {}): fc.Arbitrary<Iterable<fc.Command<object, GraphInUse>>> =>
  fc.commands(
    Object.entries(uses).map(([name, run]) => fc.constant(new Use(name, run))),
    options,
  )
