/**
 * Small programs as one generated function that takes the arguments apart, computes, and puts the results together: a call
 * costs a few nanoseconds beside its arithmetic.
 */
import { isFloat, type Buffer } from '../core/DType.js'
import type { Node } from '../core/Node.js'
import { sizeOf } from '../core/Shape.js'
import { tensorOf } from '../core/Tensor.js'
import { isLeaf } from '../core/Tree.js'
import { readArgument, type ArgumentLeaf } from './signature.js'
import type { Taped } from './tape/elements.js'
import { scriptOf, type Script } from './tape/script.js'

/** What the results of a compiled function are: immutable tensors, or numbers and fresh typed arrays. */
export type Results = 'tensors' | 'arrays'

/** The most operations in one function: engines do not optimise longer ones. */
export const scriptLimit = 3000

/** What to write a function for. */
export interface Direct {
  readonly parameters: ReadonlyArray<Node>
  readonly leaves: ReadonlyArray<ArgumentLeaf>
  readonly arguments: number
  readonly outputs: ReadonlyArray<Node>
  /** The tree of the results, with something at each leaf. */
  readonly result: unknown
  readonly results: Results
}

/** A small program as a script; `undefined` if it is not small, or has other arguments and results than floats. */
export const smallScript = (taped: Taped, parameters: ReadonlyArray<Node>, outputs: ReadonlyArray<Node>): Script | undefined => {
  const isOpen = [...parameters, ...outputs].every(({ dtype }) => isFloat(dtype)) && taped.results.reduce((sum, cells) => sum + cells.length, 0) <= scriptLimit
  return isOpen ? scriptOf(taped, scriptLimit, {
    element: (argument, offset) => (parameters[argument]!.shape.length === 0 ? `x${argument}` : `x${argument}[${offset}]`),
    place: (k, offset) => (outputs[k]!.shape.length === 0 ? undefined : `r${k}[${offset}]`),
  }) : undefined
}

const arrayOf = { f64: 'Float64Array', f32: 'Float32Array' } as const

/** A field of a record; in the one case in which a name by itself means something else, as an expression. */
const field = (key: string): string => (key === '__proto__' ? `['__proto__']` : JSON.stringify(key))

/** A function of more lines than this is not merged into its callers by engines; and more parameters than this cost more than that. */
const mergedLimit = { lines: 24, parameters: 16 } as const

/** The text of the function. What computes is a function of its own if it is long, so that the rest can be merged into the caller. */
export const directText = ({ leaves, arguments: count, outputs, result, results }: Direct, { lines, scalars, values }: Script): string => {
  const args = Array.from({ length: count }, (_, k) => `a${k}`)
  const read = leaves.map(({ keys: [k, ...keys], shape, dtype }, i) => {
    const given = `a${k!}${keys.map((key) => `?.[${JSON.stringify(key)}]`).join('')}`
    const quick = shape.length === 0 ? `typeof g${i}==='number'` : `g${i} instanceof ${arrayOf[dtype as 'f64']}&&g${i}.length===${sizeOf(shape)}`
    const own = shape.length === 0 && dtype === 'f32' ? `Math.fround(g${i})` : `g${i}`
    return [`const g${i}=${given}`, `const x${i}=${quick}?${own}:read(g${i},${i},[${args.join(',')}])`]
  })
  const arrays = outputs.flatMap(({ shape, dtype }, k) => (shape.length === 0 ? [] : [`const r${k}=new ${arrayOf[dtype as 'f64']}(${sizeOf(shape)})`]))
  const single = outputs.flatMap(({ shape }, k) => (shape.length === 0 ? [k] : []))
  const names = [...leaves.map((_, i) => `x${i}`), ...outputs.flatMap(({ shape }, k) => (shape.length === 0 ? [] : [`r${k}`]))].join(',')
  const isSplit = lines.length > mergedLimit.lines && single.length <= 1 && leaves.length + outputs.length <= mergedLimit.parameters
  const number = (k: number): string => (isSplit ? `core(${names})` : values[k]![0]!)
  const numbers = single.map((k) => `const r${k}=${results === 'arrays' ? number(k) : `${arrayOf[outputs[k]!.dtype as 'f64']}.of(${number(k)})`}`)
  const core = single.length === 1 ? [...lines, `return ${values[single[0]!]![0]!}`] : lines
  const compute = isSplit ? (single.length === 0 ? [`core(${names})`] : []) : lines
  let next = 0
  const tree = (part: unknown): string => {
    if (isLeaf(part) || typeof part !== 'object' || part === null) {
      const k = next++
      return results === 'arrays' ? `r${k}` : `tensor(r${k},${k})`
    }
    const text = Array.isArray(part) ? `[${part.map(tree).join(',')}]` : `{${Object.entries(part).map(([key, value]) => `${field(key)}:${tree(value)}`).join(',')}}`
    return results === 'arrays' ? text : `Object.freeze(${text})`
  }
  const given = scalars.map((_, k) => `s${k}`)
  const body = [...read.flat(), ...arrays, ...compute, ...numbers, `return ${tree(result)}`]
  const own = isSplit ? `const core=(${names})=>{\n${core.join('\n')}\n}\n` : ''
  return `'use strict';\nconst [${given.join(',')}]=scalars;\n${own}return (${args.join(',')})=>{\n${body.join('\n')}\n}`
}

/** The function of a text; `undefined` where no text may become a function, as under a Content-Security-Policy. */
export const directFunction = (direct: Direct, script: Script, text: string): ((...args: ReadonlyArray<unknown>) => unknown) | undefined => {
  const { leaves, outputs } = direct
  const read = (given: unknown, i: number, all: ReadonlyArray<unknown>): Buffer | number => {
    const found = readArgument(given, i, all, leaves)
    return leaves[i]!.shape.length === 0 && typeof found !== 'number' ? found[0]! : found
  }
  const tensor = (buffer: Buffer, k: number) => tensorOf(buffer, outputs[k]!.shape, outputs[k]!.dtype)
  try {
    // oxlint-disable-next-line typescript/no-implied-eval
    const make = new Function('scalars', 'read', 'tensor', text) as (...given: ReadonlyArray<unknown>) => (...args: ReadonlyArray<unknown>) => unknown
    return make(script.scalars, read, tensor)
  } catch (refused) {
    if (refused instanceof EvalError) return undefined
    throw refused
  }
}

