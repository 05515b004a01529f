/** A WebAssembly module while it is written: its types, imports, functions, globals and exports, and in the end its bytes. */
import { Bytes } from './Bytes.js'
import { FunctionBuilder, type Callee } from './FunctionBuilder.js'
import { control, valueTypes, type ValueType } from './opcodes.js'

interface Signature {
  readonly params: ReadonlyArray<ValueType>
  readonly results: ReadonlyArray<ValueType>
}

interface Import {
  readonly module: string
  readonly name: string
  readonly type: number
}

interface Global {
  readonly type: 'i32' | 'i64' | 'f64'
  readonly initial: number
}

const sections = { type: 1, import: 2, function: 3, global: 6, export: 7, code: 10 } as const

export class ModuleBuilder {
  readonly #types: Array<Signature> = []
  readonly #typeIndex = new Map<string, number>()
  readonly #imports: Array<Import> = []
  readonly #functions: Array<FunctionBuilder> = []
  readonly #functionTypes: Array<number> = []
  readonly #globals: Array<Global> = []
  readonly #exports: Array<{ readonly name: string; readonly callee: Callee }> = []
  #memory: { readonly module: string; readonly name: string; readonly pages: number } | undefined

  #type(params: ReadonlyArray<ValueType>, results: ReadonlyArray<ValueType>): number {
    const key = `${params.join()}:${results.join()}`
    const known = this.#typeIndex.get(key)
    if (known !== undefined) return known
    this.#typeIndex.set(key, this.#types.length)
    return this.#types.push({ params, results }) - 1
  }

  /** The one memory, of at least so many pages of 64 KiB. */
  importMemory(module: string, name: string, pages: number): void {
    this.#memory = { module, name, pages }
  }

  importFunction(module: string, name: string, params: ReadonlyArray<ValueType>, results: ReadonlyArray<ValueType>): Callee {
    return { imported: true, index: this.#imports.push({ module, name, type: this.#type(params, results) }) - 1 }
  }

  /** A function of the module's own; its instructions are written afterwards. */
  addFunction(params: ReadonlyArray<ValueType>, results: ReadonlyArray<ValueType>, capacity?: number): FunctionBuilder {
    const builder = new FunctionBuilder(this.#functions.length, params, results, capacity)
    this.#functions.push(builder)
    this.#functionTypes.push(this.#type(params, results))
    return builder
  }

  /** A variable that all functions of the module share. */
  addGlobal(type: Global['type'], initial = 0): number {
    return this.#globals.push({ type, initial }) - 1
  }

  exportFunction(name: string, callee: Callee): void {
    this.#exports.push({ name, callee })
  }

  /** The module. */
  encode(): Uint8Array {
    const out = new Bytes(1024)
    for (const byte of [0, 0x61, 0x73, 0x6d, 1, 0, 0, 0]) out.u8(byte)
    section(out, sections.type, this.#types, writeSignature)
    const imports = this.#imports.map((entry) => (to: Bytes): void => writeImport(to, entry))
    const memory = this.#memory
    if (memory !== undefined)
      imports.push((to) => {
        to.name(memory.module)
        to.name(memory.name)
        for (const byte of [2, 0]) to.u8(byte)
        to.u32(memory.pages)
      })
    section(out, sections.import, imports, (to, write) => write(to))
    section(out, sections.function, this.#functionTypes, (to, type) => to.u32(type))
    section(out, sections.global, this.#globals, writeGlobal)
    section(out, sections.export, this.#exports, (to, { name, callee }) => {
      to.name(name)
      to.u8(0)
      to.u32(callee.imported ? callee.index : this.#imports.length + callee.index)
    })
    section(out, sections.code, this.#functions, (to, builder) => {
      const entry = builder.encode(this.#imports.length)
      to.u32(entry.length)
      to.append(entry)
    })
    return out.view().slice()
  }
}

/** A section: how many entries it has, and those. Without entries there is none. */
const section = <T>(out: Bytes, id: number, entries: ReadonlyArray<T>, write: (to: Bytes, entry: T) => void): void => {
  if (entries.length === 0) return
  const body = new Bytes(64)
  body.u32(entries.length)
  for (const entry of entries) write(body, entry)
  out.u8(id)
  out.u32(body.length)
  out.append(body)
}

const writeTypes = (to: Bytes, types: ReadonlyArray<ValueType>): void => {
  to.u32(types.length)
  for (const type of types) to.u8(valueTypes[type])
}

const writeSignature = (to: Bytes, { params, results }: Signature): void => {
  to.u8(0x60)
  writeTypes(to, params)
  writeTypes(to, results)
}

const writeImport = (to: Bytes, { module, name, type }: Import): void => {
  to.name(module)
  to.name(name)
  to.u8(0)
  to.u32(type)
}

const writeGlobal = (to: Bytes, { type, initial }: Global): void => {
  to.u8(valueTypes[type])
  to.u8(1)
  to.u8(control[type])
  if (type === 'i32') to.s32(initial)
  else if (type === 'i64') to.s64(initial)
  else to.f64(initial)
  to.u8(control.end)
}
