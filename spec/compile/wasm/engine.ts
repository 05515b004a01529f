/** The engine's WebAssembly, as far as modules without host functions need it. */
import type { ModuleBuilder } from '../../../lib/compile/wasm/encoder.js'

export interface Memory {
  readonly buffer: ArrayBuffer
}

declare const WebAssembly: {
  readonly Memory: new (size: { readonly initial: number }) => Memory
  readonly Module: new (bytes: Uint8Array) => object
  readonly Instance: new (module: object, imports?: object) => { readonly exports: Readonly<Record<string, (...numbers: ReadonlyArray<number>) => number>> }
}

export const newMemory = (pages: number): Memory => new WebAssembly.Memory({ initial: pages })

/** The function that a module exports as `run`; its memory, if it has one, is `env.memory`. */
export const runOf = (module: ModuleBuilder, memory?: Memory): ((...numbers: ReadonlyArray<number>) => number) =>
  new WebAssembly.Instance(new WebAssembly.Module(module.encode()), { env: { memory } }).exports['run']!
