/**
 * Where a file's answer is not this library's by decision: the case with the answer of the convention that holds here, and
 * the convention in words. The case passes only with that answer.
 */
import { isTensorData, type Datum, type DezeroCase, type GoldenCase, type Named, type TensorData } from './schema.js'

export interface Decided {
  readonly expected: DezeroCase
  readonly convention?: string
}

const mapData = (t: TensorData, f: (x: number, i: number) => Datum): TensorData => ({ ...t, data: t.data.map((x, i) => f(Number(x), i)) })

const mapNamed = (named: Named, f: (t: TensorData, name: string) => TensorData): Named =>
  Object.fromEntries(Object.entries(named).map(([name, t]) => [name, f(t, name)]))

/** The case with every expected figure multiplied. */
const scaled = (c: DezeroCase, factor: number): DezeroCase => {
  const times = (t: TensorData) => mapData(t, (x) => x * factor)
  return {
    ...c,
    ...(c.value && { value: times(c.value) }),
    ...(c.grads && { grads: mapNamed(c.grads, times) }),
    ...(c.second && { second: { v: c.second.v, grads: mapNamed(c.second.grads, times) } }),
  }
}

/** DeZero divides by the length of the first axis, this library by the number of elements. */
const meanOverAll = (c: DezeroCase): Decided => {
  const [x] = Object.values(c.inputs)
  const factor = x === undefined ? 1 : x.shape[0]! / x.data.length
  if (factor === 1) return { expected: c }
  return { expected: scaled(c, factor), convention: `${c.op?.name.replaceAll('_', ' ')}: mean over all elements` }
}

/** The losses that are compared element by element. */
const meanLosses: ReadonlySet<string> = new Set(['mean_squared_error', 'sigmoid_cross_entropy', 'binary_cross_entropy'])

/** DeZero passes all of the gradient to an element at a bound. */
const halfAtBounds = (c: DezeroCase): Decided => {
  const [[name, x] = ['', undefined]] = Object.entries(c.inputs)
  const bounds = Object.values(c.op?.attrs ?? {})
  const bound = x?.data.map((datum) => bounds.includes(datum)) ?? []
  if (!bound.includes(true)) return { expected: c }
  const halved = (t: TensorData, key: string) => (key === name || key === 'gy' ? mapData(t, (g, i) => (bound[i] === true ? g / 2 : g)) : t)
  return {
    expected: {
      ...c,
      ...(c.grads && { grads: mapNamed(c.grads, halved) }),
      ...(c.second && { second: { v: c.second.v, grads: mapNamed(c.second.grads, halved) } }),
    },
    convention: 'clip: half of the gradient at a bound',
  }
}

/** DeZero passes all of the gradient to every tied element. */
const evenSplit = (c: DezeroCase): Decided | undefined => {
  const [, grads] = Object.entries(c.alternatives ?? {}).find(([name]) => name.startsWith('even split')) ?? []
  return grads && { expected: { ...c, grads: { ...c.grads, ...grads } }, convention: 'maximum and minimum: ties share the gradient evenly' }
}

/** What DeZero shows for a variable without data, which is refused here. */
const withData = (c: DezeroCase): Decided | undefined => {
  if (typeof c.expected !== 'object' || c.expected === null || !('repr(None)' in c.expected)) return undefined
  const { 'repr(None)': _, ...expected } = c.expected
  return { expected: { ...c, expected }, convention: 'a variable always holds data' }
}

/** The case as this library decides it. */
export const decide = (c: DezeroCase): Decided => {
  if (meanLosses.has(c.op?.name ?? '')) return meanOverAll(c)
  if (c.op?.name === 'clip') return halfAtBounds(c)
  return evenSplit(c) ?? withData(c) ?? { expected: c }
}

interface Correction {
  readonly quantity: 'vjp' | 'hvp'
  readonly arg: number
  readonly index: number
  readonly right: number
  readonly why: string
}

/** Golden figures that are not the derivative: where they stand, what is right, and why. */
const corrections: Readonly<Record<string, Correction>> = {
  'unary_extreme/exp/0': {
    quantity: 'hvp',
    arg: 0,
    index: 3,
    // cotangent · tangent · exp''(1e-300), and exp'' is exp.
    right: -0.069 * -1.261,
    why: 'exp″(x) = exp(x) at 1e-300 too, where the difference quotient of the file vanishes',
  },
}

/** Golden `take` wraps an index that is out of range; here that is an error (as `edge.json` has it). */
export const takesOutOfRange = ({ op, params, args }: GoldenCase): boolean => {
  const [x] = args
  const [indices, axis] = [params?.['indices'], params?.['axis']]
  if (op !== 'take' || x === undefined || !isTensorData(indices)) return false
  const length = typeof axis === 'number' ? x.shape.at(axis)! : x.data.length
  return indices.data.some((i) => Number(i) < -length || Number(i) >= length)
}

/** The golden case with its figure corrected, if it is one of those. */
export const correct = (c: GoldenCase): { readonly expected: GoldenCase; readonly convention?: string } => {
  const correction = corrections[c.id]
  const given = correction && c[correction.quantity]?.[correction.arg]
  if (correction === undefined || given === undefined) return { expected: c }
  const { quantity, arg, index, right, why } = correction
  const corrected = mapData(given, (x, i) => (i === index ? right : x))
  return { expected: { ...c, [quantity]: c[quantity]!.map((t, k) => (k === arg ? corrected : t)) }, convention: why }
}
