/** A kernel on its own: a module with nothing else in it, and arrays in its memory. */
import type { Buffer } from '../../../lib/core/DType.js'
import { ModuleBuilder } from '../../../lib/compile/wasm/encoder.js'
import { Library, type KernelCall } from '../../../lib/compile/wasm/Library.js'
import { newMemory, runOf } from './engine.js'

/** Bytes before, between and after arrays. A kernel that writes there is found out. */
const margin = 64
const sentinel = 0xa5

const up = (bytes: number): number => Math.ceil(bytes / 16) * 16

const isSentinel = (bytes: Uint8Array): boolean => bytes.every((byte) => byte === sentinel)

/**
 * What three arrays hold after a kernel ran on them, and what it returned. The array `last` ends where memory does, so that nothing
 * beyond it can be read; nothing outside the arrays and the workspace may change. The kernel gets the addresses of the elements
 * `first` of the arrays.
 */
export const runKernel = <T extends Buffer>(
  make: (library: Library) => KernelCall,
  arrays: readonly [Buffer, Buffer, T],
  last = 2,
  first: readonly [number, number, number] = [0, 0, 0],
): { readonly results: readonly [Buffer, Buffer, T]; readonly status: number | undefined } => {
  const module = new ModuleBuilder()
  const call = make(new Library(module))
  const lengths = [...arrays.map(({ byteLength }) => byteLength), call.workspace]
  const order = [0, 1, 2, 3].filter((i) => i !== last)
  const total = lengths.reduce((sum, length) => sum + up(length) + margin, margin)
  const pages = Math.ceil(total / 65536)
  module.importMemory('env', 'memory', pages)
  module.exportFunction('run', call.callee)
  const memory = newMemory(pages)
  const bytes = new Uint8Array(memory.buffer).fill(sentinel)
  const places = new Array<number>(4)
  places[last] = bytes.length - lengths[last]!
  let end = margin
  for (const i of order) {
    places[i] = end
    end += up(lengths[i]!) + margin
  }
  const held = arrays.map((array, i) => {
    const copy = new (array.constructor as new (buffer: ArrayBuffer, offset: number, length: number) => Buffer)(memory.buffer, places[i]!, array.length)
    copy.set(array)
    return copy
  })
  const status = runOf(module, memory)(...arrays.map((array, i) => places[i]! + first[i]! * array.BYTES_PER_ELEMENT), places[3]!, ...call.numbers)
  const starts = [...order.map((i) => places[i]!), places[last]!]
  const edges = [0, ...order.map((i) => places[i]! + lengths[i]!)].map((from, i) => [from, starts[i]!] as const)
  for (const [from, to] of edges) if (!isSentinel(bytes.subarray(from, to))) throw new Error(`bytes from ${from} to ${to} have changed`)
  return { results: held.map((array) => array.slice()) as unknown as readonly [Buffer, Buffer, T], status }
}
