/** Lowering: from a graph to a loop program. */
import type { Buffer } from '../../core/DType.js'
import type { Node } from '../../core/Node.js'
import { sizeOf } from '../../core/Shape.js'
import type { LoopProgram, Statement } from '../ir.js'
import { mayStop } from '../touch.js'
import { inBlocks, type BlockLimits } from './blocks.js'
import { Builder } from './builder.js'
import { intoCarry, noted, type Noted } from './carry.js'
import { copyNest } from './context.js'
import { fuseNests } from './fuse.js'
import { lowerGraph } from './lower.js'
import { dense, type View } from './view.js'

/**
 * The loop program of a graph, and the numbers of its constant buffers. Arguments come first, then the results, of which the first
 * `carried` take the places of the first arguments.
 */
export const loopProgram = (
  parameters: ReadonlyArray<Node>,
  outputs: ReadonlyArray<Node>,
  carried = 0,
  limits?: BlockLimits,
): { readonly program: LoopProgram; readonly contents: ReadonlyMap<number, Buffer> } => {
  const builder = new Builder()
  const places = parameters.map((p) => dense(builder.buffer(p.dtype, sizeOf(p.shape), 'argument'), p.dtype, p.shape))
  const targets = outputs.map((node, k) => ({ node, view: dense(builder.buffer(node.dtype, sizeOf(node.shape), k < carried ? 'temporary' : 'result'), node.dtype, node.shape) }))
  const emitted: Array<Statement> = []
  // What is told comes first, and with it most of what may stop.
  const [next, told] = [targets.slice(0, carried), targets.slice(carried)]
  lowerGraph(builder, [...told, ...next].map(({ node }) => node), new Map(parameters.map((p, k) => [p, places[k]!])), targets, emitted)
  const statements = carriedOn(fuseNests(emitted), next.map(({ view }) => view), places)
  return { program: inBlocks({ buffers: builder.buffers, statements, repeats: builder.repeats }, limits), contents: builder.contents }
}

/**
 * The statements, and what carries the results on into the places of the arguments: in place, unless the program may still stop
 * then, because it must not have touched its arguments by that time.
 */
const carriedOn = (statements: ReadonlyArray<Statement>, next: ReadonlyArray<View>, places: ReadonlyArray<View>): ReadonlyArray<Statement> => {
  if (next.length === 0) return statements
  const inPlace = next.reduce<ReadonlyArray<Noted>>((sofar, view, k) => intoCarry(sofar, view, places[k]!, false), statements.map(noted))
  const first = inPlace.findIndex(({ writes }) => places.some(({ buffer }) => writes.has(buffer)))
  const isSafe = first < 0 || inPlace.findLastIndex(({ statement }) => mayStop(statement)) < first
  return isSafe ? inPlace.map(({ statement }) => statement) : [...statements, ...next.map((view, k) => copyNest(view, places[k]!))]
}
