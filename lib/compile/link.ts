/** Linking: a graph as a WebAssembly program with a memory of its own, and the way in and out. */
import { bufferFrom, copyOf, type Buffer } from '../core/DType.js'
import type { Node } from '../core/Node.js'
import { sizeOf } from '../core/Shape.js'
import type { Details } from './inspect.js'
import { instanceOf, isOpen, isValid, oneAtATime } from './instance.js'
import type { BufferInfo } from './ir.js'
import { loopProgram } from './lower/index.js'
import { planMemory } from './plan.js'
import { emitProgram, type EmittedProgram } from './wasm/program.js'

/** A program that is ready to run. */
export interface Linked {
  /**
   * Runs the program on these arguments (`undefined` for one that is in its place already). Returns how to read the results, which
   * stay where they are until the next run; `undefined` if the numbers are unfit, or the program is running already.
   */
  readonly run: (inputs: ReadonlyArray<Buffer | number | undefined>) => ((k: number) => Buffer) | undefined
  readonly details: Pick<Details, 'program' | 'plan' | 'bytes'>
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
  if (!isOpen()) return undefined
  const { program, contents } = loopProgram(parameters, outputs, carried)
  const plan = planMemory(program)
  const quick = relaxed ? emitProgram(program, plan, { relaxed }) : undefined
  const emitted = quick !== undefined && isValid(quick.bytes) ? quick : emitProgram(program, plan)
  let views: ReadonlyArray<View> = []
  const linked = instanceOf(emitted.bytes, emitted.memory, (memory) => {
    views = program.buffers.map((info, i) => viewOf(memory, info, plan.offsets[i]!))
    return { host: hostOf(emitted, views), ...Object.fromEntries(emitted.scalars.map((f, k) => [`f${k}`, f])) }
  })
  if (linked === undefined) return undefined
  contents.forEach((numbers, i) => views[i]!.set(numbers))

  const result = (k: number): Buffer => {
    const found = views[k < carried ? k : parameters.length + k]!
    return outputs[k]!.dtype === 'bool' ? bufferFrom('bool', found) : copyOf(found)
  }
  return {
    details: { program, plan, bytes: emitted.bytes.length },
    run: oneAtATime((inputs) => {
      for (let k = 0; k < inputs.length; k++) {
        const numbers = inputs[k]
        if (typeof numbers === 'number') views[k]![0] = numbers
        else if (numbers !== undefined) views[k]!.set(numbers)
      }
      return linked.run() === 0 ? result : undefined
    }),
  }
}

/** What a program calls for operations that have no code: their kernels, on copies. */
const hostOf =
  ({ hosts }: EmittedProgram, views: ReadonlyArray<View>) =>
  (k: number): void => {
    const { node, inputs, output } = hosts[k]!
    const operands = node.inputs.map((x, j) => {
      const place = inputs[j]!
      const found = views[place.buffer]!.slice(place.offset, place.offset + sizeOf(x.shape))
      return x.dtype === 'bool' ? bufferFrom('bool', found) : found
    })
    const result = node.op.evaluate(operands, node)
    if (result.length === sizeOf(node.shape)) views[output.buffer]!.set(result, output.offset)
    else views[output.buffer]!.fill(result[0]!, output.offset, output.offset + sizeOf(node.shape))
  }
