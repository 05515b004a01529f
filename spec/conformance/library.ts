/** The library as the cases see it: functions by name, looked up when a case runs. */
import * as lib from '../../lib/index.js'
import { isNode, tensor, variable, type Node, type Tensor } from '../../lib/index.js'
import { constant, full } from '../../lib/primitive/leaf.js'
import type { TensorData } from './schema.js'

/** Thrown for something the library does not have: the case is counted as not supported, under this name. */
export class NotSupported extends Error {}

/** Thrown for a wrong answer that is not a wrong number. */
export class Wrong extends Error {}

const plain = (name: string): string => name.replaceAll('_', '').toLowerCase()

const functions: ReadonlyMap<string, (...args: ReadonlyArray<unknown>) => unknown> = new Map(
  Object.entries(lib).flatMap(([name, f]: [string, unknown]) =>
    typeof f === 'function' ? [[plain(name), f as (...args: ReadonlyArray<unknown>) => unknown] as const] : [],
  ),
)

/** Whether the library exports a function of this name; `log_softmax` and `logsumexp` find `logSoftmax` and `logSumExp`. */
export const has = (name: string): boolean => functions.has(plain(name))

const apply = (name: string, args: ReadonlyArray<unknown>): unknown => {
  const f = functions.get(plain(name))
  if (f === undefined) throw new NotSupported(name)
  return f(...args)
}

/** What the function of this name makes of these arguments. */
export const call = (name: string, ...args: ReadonlyArray<unknown>): Node => {
  const y = apply(name, args)
  if (!isNode(y)) throw new Wrong(`${name} answers ${String(y)}, which is no node`)
  return y
}

/** The same for functions with several results. */
export const callMany = (name: string, ...args: ReadonlyArray<unknown>): ReadonlyArray<Node> => {
  const ys = apply(name, args)
  if (!Array.isArray(ys) || !ys.every(isNode)) throw new Wrong(`${name} does not answer several nodes`)
  return ys
}

/** One of the results of a function that names them. */
export const callRecord = (name: string, field: string, ...args: ReadonlyArray<unknown>): Node => {
  const ys = apply(name, args)
  const y = typeof ys === 'object' && ys !== null ? (ys as Readonly<Record<string, unknown>>)[field] : undefined
  if (!isNode(y)) throw new Wrong(`${name} has no result named ${field}`)
  return y
}

/** The tensor that a case file describes. */
export const tensorFrom = ({ shape, data, dtype }: TensorData): Tensor =>
  tensor(Float64Array.from(data, Number), { shape, dtype: dtype === 'int64' ? 'i32' : dtype === 'bool' ? 'bool' : 'f64' })

export const indicesFrom = (t: TensorData): Tensor => tensor(Float64Array.from(t.data, Number), { shape: t.shape, dtype: 'i32' })

export const variableFrom = (name: string, t: TensorData): Node => variable(name, tensorFrom(t))

export const constantFrom = (t: TensorData): Node => constant(tensorFrom(t))

/** Zeros like a node: the derivative of what does not depend on it. */
export const zerosLike = (x: Node): Node => full(0, x)

export const onesLike = (x: Node): Node => full(1, x)

export { evaluate, item, value } from './numbers.js'
