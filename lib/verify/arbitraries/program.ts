/**
 * Programs as data: lists of instructions whose operands are numbers. A number that names no earlier value that fits counts on
 * to the next that does, so every list is a well-typed program, whatever is removed from it or changed.
 */
import { isInvalid, type Node } from '../../core/Node.js'
import { showShape, sizeOf, type Shape } from '../../core/Shape.js'
import type { Tensor } from '../../core/Tensor.js'
import { parameter } from '../../primitive/leaf.js'
import { sum } from '../../function/reduce.js'
import { globalsIn, named, print, read, type Code } from './code.js'
import type { Operation } from './operation.js'
import { code } from './operations/write.js'
import { showTensorCode } from './showCode.js'

/** One step of a program. */
export interface Instruction {
  /** The name of an operation. */
  readonly op: string
  /** Numbers of earlier values, inputs first. */
  readonly operands: ReadonlyArray<number>
  /** Chooses among the options of the operation. */
  readonly pick: number
}

/** What a program is made of. */
export interface Listing {
  readonly inputs: ReadonlyArray<Tensor>
  readonly instructions: ReadonlyArray<Instruction>
  /** The numbers of the values that are returned. */
  readonly results: ReadonlyArray<number>
}

/** What listings are read by. */
export interface Setting {
  readonly operations: Readonly<Record<string, Operation>>
  /** Values have no more elements than this. */
  readonly maxSize: number
  readonly maxRank: number
  /** Results are summed to a scalar. */
  readonly scalar: boolean
}

/** A random program. */
export interface Program {
  readonly inputs: ReadonlyArray<Tensor>
  /** The program as a function: its (first) result. */
  readonly f: (...inputs: ReadonlyArray<Node>) => Node
  /** All of its results. */
  readonly outputs: (...inputs: ReadonlyArray<Node>) => ReadonlyArray<Node>
  /** All values on the way, inputs first. */
  readonly run: (...inputs: ReadonlyArray<Node>) => ReadonlyArray<Node>
  /** The instructions, each with the operands that it takes. */
  readonly instructions: ReadonlyArray<Instruction>
  /** The program and its inputs as TypeScript that runs; fast-check prints it. */
  readonly toString: () => string
}

/** A listing in which every operand fits, with the code of every instruction and the shape of every value. */
export interface Resolved extends Listing {
  readonly lines: ReadonlyArray<Code>
  readonly shapes: ReadonlyArray<Shape>
}

/** The name of a value: inputs are `x0`, `x1`, …, results of instructions `v1`, `v2`, …. */
const nameOf = (value: number, inputs: number): string => (value < inputs ? `x${value}` : `v${value - inputs + 1}`)

/** The operands counted on to those that fit, or `undefined` if none do. */
const fitting = (op: Operation, wanted: ReadonlyArray<number>, shapes: ReadonlyArray<Shape>): ReadonlyArray<number> | undefined => {
  const count = shapes.length
  const chosen = Array.from({ length: op.arity }, (_, k) => (wanted[k] ?? 0) % count)
  const search = (k: number): boolean => {
    if (k === op.arity) return op.fits(...chosen.map((i) => shapes[i]!))
    const first = chosen[k]!
    for (let offset = 0; offset < count; offset++) {
      chosen[k] = (first + offset) % count
      if (search(k + 1)) return true
    }
    chosen[k] = first
    return false
  }
  return search(0) ? chosen : undefined
}

/** What stands in for an instruction that nothing fits. */
const fallback: Operation = { arity: 1, smoothness: 'smooth', family: 'elementwise', fits: () => true, write: ([a]) => code.tanh(a!) }

interface Step {
  readonly instruction: Instruction
  readonly line: Code
  readonly node: Node
}

/** Reads instructions one after another, on stand-ins for the inputs. */
export interface Reader {
  /** How many values there are. */
  readonly count: () => number
  /** Takes the instruction if there are operands that fit it, and says whether there were. */
  readonly take: (instruction: Instruction) => boolean
  /** Takes `tanh` in its place. */
  readonly takeInstead: (instruction: Instruction) => void
  readonly finish: (results: ReadonlyArray<number>) => Resolved
}

/** A reader that has seen the inputs of a program. */
export const reader = (inputs: ReadonlyArray<Tensor>, setting: Setting): Reader => {
  const values: Array<Node> = inputs.map((t) => parameter(t))
  const shapes = values.map((x) => x.shape)
  const scope = new Map<string, unknown>(values.map((x, i) => [nameOf(i, inputs.length), x]))
  const steps: Array<Step> = []
  const names = (operands: ReadonlyArray<number>): ReadonlyArray<Code> => operands.map((i) => named(nameOf(i, inputs.length)))

  const push = (step: Step): void => {
    scope.set(nameOf(values.length, inputs.length), step.node)
    steps.push(step)
    values.push(step.node)
    shapes.push(step.node.shape)
  }

  return {
    count: () => values.length,
    take: ({ op, operands, pick }) => {
      const operation = setting.operations[op]
      const chosen = operation && fitting(operation, operands, shapes)
      if (chosen === undefined) return false
      const line = operation!.write(names(chosen), pick, chosen.map((i) => shapes[i]!))
      const node = read(line, scope) as Node
      const fits = !isInvalid(node) && sizeOf(node.shape) <= setting.maxSize && node.shape.length <= setting.maxRank
      if (fits) push({ instruction: { op, operands: chosen, pick }, line, node })
      return fits
    },
    takeInstead: ({ operands }) => {
      const operand = (operands[0] ?? 0) % values.length
      const line = fallback.write(names([operand]), 0, [])
      push({ instruction: { op: 'tanh', operands: [operand], pick: 0 }, line, node: read(line, scope) as Node })
    },
    finish: (results) => ({
      inputs,
      instructions: steps.map(({ instruction }) => instruction),
      lines: steps.map(({ line }) => line),
      results: results.map((i) => i % values.length),
      shapes,
    }),
  }
}

/** Reads a whole listing. */
export const resolve = ({ inputs, instructions, results }: Listing, setting: Setting): Resolved => {
  const { take, takeInstead, finish } = reader(inputs, setting)
  for (const instruction of instructions) if (!take(instruction)) takeInstead(instruction)
  return finish(results)
}

/** The values of a program on some inputs. */
const valuesOf = ({ inputs, lines }: Resolved, nodes: ReadonlyArray<Node>): ReadonlyArray<Node> => {
  const scope = new Map<string, unknown>()
  const values = nodes.slice(0, inputs.length)
  values.forEach((x, i) => scope.set(nameOf(i, inputs.length), x))
  lines.forEach((line) => {
    const node = read(line, scope) as Node
    scope.set(nameOf(values.length, inputs.length), node)
    values.push(node)
  })
  return values
}

const returned = ({ inputs, results }: Resolved, { scalar }: Setting): ReadonlyArray<Code> =>
  results.map((i) => named(nameOf(i, inputs.length))).map((y) => (scalar ? code.sum(y) : y))

/** The program as TypeScript. */
const textOf = (resolved: Resolved, setting: Setting): string => {
  const { inputs, lines, shapes } = resolved
  const outputs = returned(resolved, setting)
  const used = [...lines, ...outputs].flatMap(globalsIn)
  const own = new Set(Object.entries(setting.operations).flatMap(([name, { family }]) => (family === 'user' ? [name] : [])))
  const imported = [...new Set([...used.filter((name) => !own.has(name)), 'tensor'])].sort()
  const names = inputs.map((_, i) => nameOf(i, inputs.length))
  const body = lines.map((line, k) => {
    const value = inputs.length + k
    return `  const ${nameOf(value, inputs.length)} = ${print(line)} // ${showShape(shapes[value]!)}`
  })
  const result = outputs.length === 1 ? print(outputs[0]!) : print(outputs)
  return [
    `import { ${[...imported, 'type Node'].join(', ')} } from 'foldgrad'`,
    '',
    `const f = (${names.map((name) => `${name}: Node`).join(', ')}) => {`,
    ...body,
    `  return ${result}`,
    '}',
    `const inputs = [${inputs.map(showTensorCode).join(', ')}] as const`,
  ].join('\n')
}

/** A program that has been read. */
export const programOf = (resolved: Resolved, setting: Setting): Program => {
  const run: Program['run'] = (...nodes) => valuesOf(resolved, nodes)
  const outputs: Program['outputs'] = (...nodes) => {
    const values = run(...nodes)
    return resolved.results.map((i) => (setting.scalar ? sum(values[i]!) : values[i]!))
  }
  return Object.freeze({
    inputs: resolved.inputs,
    f: (...nodes: ReadonlyArray<Node>) => outputs(...nodes)[0]!,
    outputs,
    run,
    instructions: resolved.instructions,
    toString: () => `\n${textOf(resolved, setting)}\n`,
  })
}
