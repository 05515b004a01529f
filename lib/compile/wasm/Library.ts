/**
 * Functions that several statements of a program share: each is written once per module, when it is first asked for.
 *
 * Every kernel is called in one way. Its parameters are all `i32`: the byte addresses of its three operands, the byte address of
 * a workspace (16-byte aligned, of the size that the call names; free for other uses between calls), and then the numbers
 * that the call lists.
 */
import type { ModuleBuilder } from './encoder.js'
import type { Callee, FunctionBuilder } from './FunctionBuilder.js'
import type { ValueType } from './opcodes.js'

/** How a statement is carried out. */
export interface KernelCall {
  readonly callee: Callee
  /** What is passed after the four addresses. */
  readonly numbers: ReadonlyArray<number>
  /** Bytes of workspace. */
  readonly workspace: number
}

/** Writes the body of a function with these parameters. */
export type Write = (f: FunctionBuilder) => void

export class Library {
  readonly #module: ModuleBuilder
  readonly #functions = new Map<string, FunctionBuilder>()

  constructor(module: ModuleBuilder) {
    this.#module = module
  }

  /** The function of this name, with so many parameters. Its body is written unless it is known already. */
  function(name: string, params: number, write: Write, result?: ValueType): FunctionBuilder {
    const known = this.#functions.get(name)
    if (known !== undefined) return known
    const made = this.#module.addFunction(new Array<ValueType>(params).fill('i32'), result === undefined ? [] : [result])
    this.#functions.set(name, made)
    write(made)
    return made
  }
}
