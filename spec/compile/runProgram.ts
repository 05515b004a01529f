/** Loop programs, run as WebAssembly. */
import { allocate, type Buffer } from '../../lib/core/DType.js'
import { bytesPer, type LoopProgram, type MemoryPlan, type Place } from '../../lib/compile/ir.js'
import { emitProgram, type EmitOptions, type EmittedProgram } from '../../lib/compile/wasm/program.js'
import { memoryOf, type Memory } from './interpretProgram.js'

/** Every buffer in a place of its own, with a gap before it. */
export const sparsePlan = ({ buffers }: LoopProgram): MemoryPlan => {
  let size = 64
  const offsets = buffers.map((buffer) => {
    const at = size
    size += Math.ceil((buffer.size * bytesPer[buffer.storage]) / 16) * 16 + 16
    return at
  })
  return { offsets, size }
}

interface EngineMemory {
  readonly buffer: ArrayBuffer
}

/** The part of the engine's interface that is used here. */
declare const WebAssembly: {
  readonly Memory: new (size: { readonly initial: number }) => EngineMemory
  readonly Module: new (bytes: Uint8Array) => object
  readonly Instance: new (module: object, imports: object) => { readonly exports: Readonly<Record<string, () => number>> }
}

const arrays = { f64: Float64Array, f32: Float32Array, i32: Int32Array, bool: Int32Array } as const

export interface Runner {
  readonly emitted: EmittedProgram
  /** The buffers, in memory. */
  readonly views: ReadonlyArray<Memory>
  /** Runs the program; see {@link EmittedProgram}. */
  readonly run: () => number
}

/** The program in a module of its own, with memory to run in. */
export const prepare = (program: LoopProgram, options: EmitOptions = {}, plan: MemoryPlan = sparsePlan(program)): Runner => {
  const emitted = emitProgram(program, plan, options)
  const memory = new WebAssembly.Memory({ initial: Math.ceil(emitted.memory / 65536) })
  const views = program.buffers.map(({ storage, size }, k) => new arrays[storage](memory.buffer, plan.offsets[k]!, size))
  const env: Record<string, object> = {
    memory,
    host: (k: number): void => {
      const { node, inputs, output } = emitted.hosts[k]!
      const at = ({ buffer, offset }: Place): Memory => views[buffer]!.subarray(offset)
      const operands = node.inputs.map((x, i): Buffer => {
        const operand = allocate(x.dtype, x.shape.reduce((a, b) => a * b, 1))
        operand.set(at(inputs[i]!).subarray(0, operand.length))
        return operand
      })
      at(output).set(node.op.evaluate(operands, node))
    },
  }
  emitted.scalars.forEach((scalar, k) => (env[`f${k}`] = scalar))
  const instance = new WebAssembly.Instance(new WebAssembly.Module(emitted.bytes), { env })
  return { emitted, views, run: instance.exports['run']! }
}

/** What the buffers hold after a run that finds these contents. */
export const runProgram = (program: LoopProgram, contents: ReadonlyArray<Memory>, options: EmitOptions = {}) => {
  const { views, run } = prepare(program, options)
  views.forEach((view, k) => view.set(contents[k]!))
  const status = run()
  return { status, memories: views.map((view, k) => memoryOf(program.buffers[k]!.storage, view)) }
}
