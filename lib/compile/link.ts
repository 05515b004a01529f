/** Linking: a graph as a WebAssembly program with a memory of its own, and the way in and out. */
import { bufferFrom, copyOf, type Buffer } from '../core/DType.js'
import type { Node } from '../core/Node.js'
import { sizeOf } from '../core/Shape.js'
import { inBlocks, type BlockLimits } from './blocks.js'
import { Builder } from './builder.js'
import { intoCarry, noted, type Noted } from './carry.js'
import { copyNest } from './context.js'
import { fuseNests } from './fuse.js'
import type { Details } from './inspect.js'
import type { BufferInfo, LoopProgram, Statement } from './ir.js'
import { lowerGraph } from './lower.js'
import { planMemory } from './plan.js'
import { mayStop } from './touch.js'
import { dense, type View as Array_ } from './view.js'
import { emitProgram, type EmittedProgram } from './wasm/program.js'

/** The part of the engine's `WebAssembly` that is used here; it may be missing, or forbidden by a Content-Security-Policy. */
declare const WebAssembly: undefined | {
  readonly Memory: new (pages: { readonly initial: number }) => { readonly buffer: ArrayBuffer }
  readonly Module: new (bytes: Uint8Array) => object
  readonly Instance: new (module: object, imports: object) => { readonly exports: unknown }
  readonly CompileError: new () => Error
  readonly validate: (bytes: Uint8Array) => boolean
}

/** A program that is ready to run. */
export interface Linked {
  /**
   * Runs the program on these arguments (`undefined` for one that is in its place already). Returns how to read the results, which
   * stay where they are until the next run; `undefined` if the numbers are unfit, or the program is running already.
   */
  readonly run: (inputs: ReadonlyArray<Buffer | number | undefined>) => ((k: number) => Buffer) | undefined
  readonly details: Pick<Details, 'program' | 'plan' | 'bytes'>
}

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
const carriedOn = (statements: ReadonlyArray<Statement>, next: ReadonlyArray<Array_>, places: ReadonlyArray<Array_>): ReadonlyArray<Statement> => {
  if (next.length === 0) return statements
  const inPlace = next.reduce<ReadonlyArray<Noted>>((sofar, view, k) => intoCarry(sofar, view, places[k]!, false), statements.map(noted))
  const first = inPlace.findIndex(({ writes }) => places.some(({ buffer }) => writes.has(buffer)))
  const isSafe = first < 0 || inPlace.findLastIndex(({ statement }) => mayStop(statement)) < first
  return isSafe ? inPlace.map(({ statement }) => statement) : [...statements, ...next.map((view, k) => copyNest(view, places[k]!))]
}

type View = Float64Array | Float32Array | Int32Array

const viewOf = (memory: ArrayBuffer, { storage, size }: BufferInfo, offset: number): View =>
  storage === 'f64' ? new Float64Array(memory, offset, size) : storage === 'f32' ? new Float32Array(memory, offset, size) : new Int32Array(memory, offset, size)

/** How to link. */
export interface LinkOptions {
  /** How many of the first results take the places of the first arguments. */
  readonly carried?: number
  /** Products may be added without rounding them first, if the engine can. */
  readonly relaxed?: boolean
}

/** A program for a graph; `undefined` where there is no WebAssembly. */
export const link = (parameters: ReadonlyArray<Node>, outputs: ReadonlyArray<Node>, { carried = 0, relaxed = false }: LinkOptions = {}): Linked | undefined => {
  if (typeof WebAssembly === 'undefined') return undefined
  const { program, contents } = loopProgram(parameters, outputs, carried)
  const plan = planMemory(program)
  const quick = relaxed ? emitProgram(program, plan, { relaxed }) : undefined
  const emitted = quick !== undefined && WebAssembly.validate(quick.bytes) ? quick : emitProgram(program, plan)
  const views: Array<View> = []
  const run = instantiate(emitted, program, plan.offsets, views)
  if (run === undefined) return undefined
  contents.forEach((numbers, i) => views[i]!.set(numbers))

  const result = (k: number): Buffer => {
    const found = views[k < carried ? k : parameters.length + k]!
    return outputs[k]!.dtype === 'bool' ? bufferFrom('bool', found) : copyOf(found)
  }
  let running = false
  return {
    details: { program, plan, bytes: emitted.bytes.length },
    run: (inputs) => {
      if (running) return undefined
      running = true
      try {
        for (let k = 0; k < inputs.length; k++) {
          const numbers = inputs[k]
          if (typeof numbers === 'number') views[k]![0] = numbers
          else if (numbers !== undefined) views[k]!.set(numbers)
        }
        return run() === 0 ? result : undefined
      } finally {
        running = false
      }
    },
  }
}

/** Makes the memory, views of all buffers in it, and the function that runs the program; `undefined` if the engine refuses. */
const instantiate = (emitted: EmittedProgram, program: LoopProgram, offsets: ReadonlyArray<number>, views: Array<View>): (() => number) | undefined => {
  const engine = WebAssembly!
  try {
    const memory = new engine.Memory({ initial: Math.ceil(emitted.memory / 65536) })
    program.buffers.forEach((info, i) => views.push(viewOf(memory.buffer, info, offsets[i]!)))
    const host = (k: number): void => {
      const { node, inputs, output } = emitted.hosts[k]!
      const operands = node.inputs.map((x, j) => {
        const place = inputs[j]!
        const found = views[place.buffer]!.slice(place.offset, place.offset + sizeOf(x.shape))
        return x.dtype === 'bool' ? bufferFrom('bool', found) : found
      })
      const result = node.op.evaluate(operands, node)
      if (result.length === sizeOf(node.shape)) views[output.buffer]!.set(result, output.offset)
      else views[output.buffer]!.fill(result[0]!, output.offset, output.offset + sizeOf(node.shape))
    }
    const scalars = Object.fromEntries(emitted.scalars.map((f, k) => [`f${k}`, f]))
    const instance = new engine.Instance(new engine.Module(emitted.bytes), { env: { memory, host, ...scalars } })
    return (instance.exports as { readonly run: () => number }).run
  } catch (refused) {
    if (refused instanceof engine.CompileError || refused instanceof RangeError) return undefined
    throw refused
  }
}
