/**
 * The module of a loop program. Its memory is imported (`env.memory`), and so are the functions that it calls: `env.host`, which
 * is told the number of a host statement, and `env.f0`, `env.f1` …, operations on numbers. `run` carries the program out, and
 * answers 0, or one more than the number of the check that failed.
 */
import type { Branch, Host, LoopProgram, MemoryPlan, Nest, Repeat, Rows, Statement, Stop, While } from '../ir.js'
import type { Scalar, WriteContext } from './context.js'
import { pushAddress } from './context.js'
import { ModuleBuilder } from './encoder.js'
import type { Callee, FunctionBuilder, Label } from './FunctionBuilder.js'
import { kernelOf } from './kernels.js'
import { Library } from './Library.js'
import { writeFill } from './fill.js'
import { writeNest } from './nest.js'

/** A statement that can stop the program: rows whose indices must be in range, a loop that must end, or one that does nothing else. */
export type Check = Rows | While | Stop

export interface EmittedProgram {
  readonly bytes: Uint8Array
  /** What `env.f0`, `env.f1` … must be. */
  readonly scalars: ReadonlyArray<Scalar>
  /** The statements that `env.host` is called for. */
  readonly hosts: ReadonlyArray<Host>
  /** What may fail. */
  readonly checks: ReadonlyArray<Check>
  /** How many bytes of memory it takes, the plan's among them, and how many of them are scratch. */
  readonly memory: number
  readonly scratch: number
}

export interface EmitOptions {
  /** Products may be added without rounding them first, where the machine can: faster, but no longer the same everywhere. */
  readonly relaxed?: boolean
}

const pageBytes = 65536
const lineBytes = 64
const align = (bytes: number): number => Math.ceil(bytes / lineBytes) * lineBytes

export const emitProgram = (program: LoopProgram, plan: MemoryPlan, { relaxed = false }: EmitOptions = {}): EmittedProgram => {
  const writer = new ProgramWriter(program, plan, relaxed)
  writer.write()
  return writer.result()
}

class ProgramWriter {
  readonly #program: LoopProgram
  readonly #module = new ModuleBuilder()
  readonly #library: Library
  readonly #context: WriteContext
  readonly #scalars: Array<Scalar> = []
  readonly #hosts: Array<Host> = []
  readonly #checks: Array<Check> = []
  readonly #host: Callee | undefined
  readonly #scratchAddress: number
  #scratch = 0

  constructor(program: LoopProgram, plan: MemoryPlan, relaxed: boolean) {
    const module = this.#module
    const callees = new Map<Scalar, Callee>()
    this.#program = program
    this.#library = new Library(module)
    this.#scratchAddress = align(plan.size)
    this.#host = module.importFunction('env', 'host', ['i32'], [])
    this.#context = {
      module,
      buffers: program.buffers,
      plan,
      counters: Array.from({ length: program.repeats }, () => module.addGlobal('i32')),
      relaxed,
      scalar: (operation, operands) => {
        const known = callees.get(operation)
        if (known !== undefined) return known
        const name = `f${this.#scalars.push(operation) - 1}`
        const made = module.importFunction('env', name, new Array<'f64'>(operands).fill('f64'), ['f64'])
        callees.set(operation, made)
        return made
      },
      scratch: (bytes) => {
        this.#scratch = Math.max(this.#scratch, align(bytes))
        return this.#scratchAddress
      },
    }
  }

  write(): void {
    const main = this.#module.addFunction([], ['i32'])
    this.#statements(main, this.#program.statements)
    main.i32(0)
    this.#module.exportFunction('run', main)
  }

  result(): EmittedProgram {
    const memory = this.#scratchAddress + this.#scratch
    this.#module.importMemory('env', 'memory', Math.ceil(memory / pageBytes))
    return {
      bytes: this.#module.encode(),
      scalars: this.#scalars,
      hosts: this.#hosts,
      checks: this.#checks,
      memory,
      scratch: this.#scratch,
    }
  }

  #statements(f: FunctionBuilder, statements: ReadonlyArray<Statement>): void {
    for (const statement of statements) this.#statement(f, statement)
  }

  #statement(f: FunctionBuilder, statement: Statement): void {
    switch (statement.kind) {
      case 'nest': return this.#nest(f, statement)
      case 'fill': return writeFill(this.#context, f, statement)
      case 'host':
        f.i32(this.#hosts.push(statement) - 1).call(this.#host!)
        return
      case 'repeat': return this.#repeat(f, statement)
      case 'while': return this.#while(f, statement)
      case 'if': return this.#branch(f, statement)
      case 'stop': return this.#fail(f, statement)
      case 'gemm':
      case 'conv':
      case 'gather':
      case 'scatter':
      case 'windows':
      case 'unwindows':
      case 'argMaxPool':
      case 'pick':
      case 'unpick': {
        const { operands, call } = kernelOf(this.#library, statement)
        for (const place of operands) pushAddress(this.#context, f, place)
        f.i32(call.workspace === 0 ? 0 : this.#context.scratch(call.workspace))
        for (const number of call.numbers) f.i32(number)
        f.call(call.callee)
        if (statement.kind === 'gather' || statement.kind === 'scatter') f.if(() => this.#fail(f, statement))
      }
    }
  }

  #fail(f: FunctionBuilder, check: Check): void {
    f.i32(this.#checks.push(check)).op('return')
  }

  /** A nest is a function of its own: engines compile those one by one, and better when they are small. */
  #nest(f: FunctionBuilder, nest: Nest): void {
    const body = this.#module.addFunction([], [])
    writeNest(this.#context, body, nest)
    f.call(body)
  }

  #repeat(f: FunctionBuilder, { repeat, count, reverse, body }: Repeat): void {
    if (count === 0) return
    const counter = this.#context.counters[repeat]!
    f.i32(reverse ? count - 1 : 0).globalSet(counter)
    f.loop((again) => {
      this.#statements(f, body)
      f.globalGet(counter)
      if (reverse) f.i32(1).op('i32.sub').globalSet(counter).globalGet(counter).i32(0).op('i32.ge_s')
      else f.i32(1).op('i32.add').globalSet(counter).globalGet(counter).i32(count).op('i32.lt_s')
      f.brIf(again)
    })
  }

  #while(f: FunctionBuilder, statement: While): void {
    const { test, flag, body, repeat, limit } = statement
    const counter = this.#context.counters[repeat]!
    f.i32(0).globalSet(counter)
    f.block((exit: Label) => {
      f.loop((again) => {
        this.#statements(f, test)
        pushAddress(this.#context, f, flag).memory('i32.load').op('i32.eqz').brIf(exit)
        if (limit <= maxRounds) f.globalGet(counter).i32(limit).op('i32.ge_u').if(() => this.#fail(f, statement))
        this.#statements(f, body)
        f.globalGet(counter).i32(1).op('i32.add').globalSet(counter).br(again)
      })
    })
  }

  #branch(f: FunctionBuilder, { flag, onTrue, onFalse }: Branch): void {
    pushAddress(this.#context, f, flag).memory('i32.load')
    if (onFalse.length === 0) f.if(() => this.#statements(f, onTrue))
    else f.if(() => this.#statements(f, onTrue), () => this.#statements(f, onFalse))
  }
}

/** The most rounds that a counter can tell apart. */
const maxRounds = 2 ** 32 - 1
