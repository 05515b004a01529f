/** Machine code that runs: the door to the engine's `WebAssembly`, which may be missing, or forbidden by a Content-Security-Policy. */

declare const WebAssembly: undefined | {
  readonly Memory: new (pages: { readonly initial: number }) => { readonly buffer: ArrayBuffer }
  readonly Module: new (bytes: Uint8Array) => object
  readonly Instance: new (module: object, imports: object) => { readonly exports: unknown }
  readonly CompileError: new () => Error
  readonly validate: (bytes: Uint8Array) => boolean
}

/** Whether there is an engine. */
export const isOpen = (): boolean => typeof WebAssembly !== 'undefined'

/** Whether the engine knows all instructions of a module. */
export const isValid = (bytes: Uint8Array): boolean => isOpen() && WebAssembly!.validate(bytes)

/** A module with its memory. */
export interface Instance {
  readonly memory: ArrayBuffer
  /** Its exported function `run`. */
  readonly run: () => number
}

/**
 * A module with so many bytes of memory, which it imports as `env.memory`, and with what else it imports, for that memory; `undefined`
 * if the engine refuses.
 */
export const instanceOf = (bytes: Uint8Array, size: number, imports: (memory: ArrayBuffer) => Readonly<Record<string, unknown>>): Instance | undefined => {
  if (typeof WebAssembly === 'undefined') return undefined
  const engine = WebAssembly
  try {
    const memory = new engine.Memory({ initial: Math.ceil(size / 65536) })
    const { exports } = new engine.Instance(new engine.Module(bytes), { env: { memory, ...imports(memory.buffer) } })
    return { memory: memory.buffer, run: (exports as { readonly run: () => number }).run }
  } catch (refused) {
    if (refused instanceof engine.CompileError || refused instanceof RangeError) return undefined
    throw refused
  }
}

/** The function, but `undefined` for a call while another one is running: what it works on is in use. */
export const oneAtATime = <A, R>(f: (a: A) => R): ((a: A) => R | undefined) => {
  let running = false
  return (a) => {
    if (running) return undefined
    running = true
    try {
      return f(a)
    } finally {
      running = false
    }
  }
}
