/** Whether two lists of arrays are equal: bit by bit, or as far as rounding lets one tell. */
import * as E from 'fp-ts/Either'
import { bufferFrom, isFloat } from '../../core/DType.js'
import { sort } from '../../core/Graph.js'
import { apply, isInvalid, type Node } from '../../core/Node.js'
import { sameShape, showShape, sizeOf, stridesOf, type Shape } from '../../core/Shape.js'
import { bufferOf, tensorOf, type Tensor } from '../../core/Tensor.js'
import { evaluateAll } from '../../interpret/evaluate.js'
import { astype, mul } from '../../primitive/index.js'
import { constant, fullValue } from '../../primitive/leaf.js'
import { tensorsOf } from '../numeric.js'
import { signed, split } from '../random.js'
import { fails, holds, inconclusive, type Outcome } from './Outcome.js'
import type { Nodes } from './Trial.js'

/** How much larger the planted errors are than those of rounding: large enough to be measured, small enough to act linearly. */
const magnification = 2 ** 13

/** How many times the planted errors are drawn. */
const draws = 3

/** How many measured errors two equal numbers may be apart. */
const safety = 16

/** A tolerance must be this small against what it is compared with, or it would let mistakes through. */
const sharpness = { f32: 1e-3, f64: 1e-6 } as const

/** The relative error of one rounding. */
export const roundoff = (dtype: Node['dtype']): number => (dtype === 'f32' ? 2 ** -23 : 2 ** -52)

/** The results of an operation, each multiplied by a number near 1. */
const shaken = (y: Node, seed: number): Node => {
  const h = magnification * roundoff(y.dtype)
  const factors = Array.from({ length: sizeOf(y.shape) }, (_, i) => 1 + h * signed(seed, i))
  return mul(y, constant(tensorOf(bufferFrom(y.dtype, factors), y.shape, y.dtype)))
}

/** The same program with an error planted in every float that it reads or computes. */
const withErrors = (outputs: Nodes, seed: number): Nodes => {
  const copies = new Map<Node, Node>()
  sort(outputs).nodes.forEach((node, i) => {
    const copy = node.inputs.length === 0 ? node : apply(node.op, node.inputs.map((x) => copies.get(x)!), node.attrs)
    const exact = !isFloat(node.dtype) || fullValue(node) !== undefined || isInvalid(copy)
    copies.set(node, exact ? copy : shaken(copy, split(seed, i)))
  })
  return outputs.map((y) => copies.get(y)!)
}

/**
 * The rounding error of each element of some results, measured: what happens to it when every intermediate result is off by
 * a little more than rounding makes it. This finds cancellation wherever it is, which no bound on the terms of the result
 * does.
 */
export const roundingOf = (outputs: Nodes, values: ReadonlyArray<Tensor>, seed: number): ReadonlyArray<Float64Array> => {
  const errors = values.map((t) => new Float64Array(t.size))
  for (let draw = 0; draw < draws; draw++) {
    const nearby = evaluateAll(withErrors(outputs, split(seed, draw)))
    errors.forEach((error, k) => {
      const here = bufferOf(values[k]!)
      const shifted = E.isRight(nearby) ? bufferOf(nearby.right[k]!) : undefined
      for (let i = 0; i < error.length; i++) {
        const moved = shifted === undefined ? Infinity : Math.abs(shifted[i]! - here[i]!) / magnification
        error[i] = moved <= error[i]! ? error[i]! : moved
      }
    })
  }
  return errors
}

const indexOf = (shape: Shape, offset: number): string =>
  shape.length === 0 ? '' : `, element ${showShape(stridesOf(shape).map((stride, axis) => Math.floor(offset / stride) % shape[axis]!))}`

const place = (what: string, count: number, k: number, shape: Shape, i: number): string =>
  `${what}${count > 1 ? `, array ${k}` : ''}${indexOf(shape, i)}`

const types = (xs: ReadonlyArray<Tensor>): string => xs.map((t) => t.dtype + showShape(t.shape)).join(', ')

const typesDiffer = (what: string, a: ReadonlyArray<Tensor>, b: ReadonlyArray<Tensor>): Outcome | undefined =>
  a.length === b.length && a.every((t, k) => sameShape(t.shape, b[k]!.shape) && t.dtype === b[k]!.dtype)
    ? undefined
    : fails(`${what}: ${types(a)} on one side, ${types(b)} on the other`)

const same = (x: number, y: number): boolean => x === y || (x !== x && y !== y)

/** Equal bit by bit, but for the sign of zero and the kind of NaN. */
export const identical = (what: string, a: ReadonlyArray<Tensor>, b: ReadonlyArray<Tensor>): Outcome => {
  const differ = typesDiffer(what, a, b)
  if (differ !== undefined) return differ
  for (let k = 0; k < a.length; k++) {
    const [x, y] = [bufferOf(a[k]!), bufferOf(b[k]!)]
    const i = x.findIndex((element: number, at: number) => !same(element, y[at]!))
    if (i >= 0) return fails(`${place(what, a.length, k, a[k]!.shape, i)}: ${x[i]!} and ${y[i]!} are not the same number`)
  }
  return holds
}

/** The same for nodes, which are evaluated together. */
export const identicalNodes = (what: string, a: Nodes, b: Nodes): Outcome => {
  const values = tensorsOf([...a, ...b])
  return identical(what, values.slice(0, a.length), values.slice(a.length))
}

/** What the comparison may know beside the two sides. */
export interface Comparing {
  /** The size of the terms that both sides are sums of, where those cancel. */
  readonly scale?: number
  /** A relative difference of the two sides that is allowed on top of rounding. */
  readonly accuracy?: number
}

/** Where two sides are compared: a seed for the planted errors, and the size of the values that derivatives are taken of. */
export interface Setting {
  readonly seed: number
  readonly size: () => number
}

const largest = (t: Tensor): number => Float64Array.from(bufferOf(t)).reduce((most, x) => Math.max(most, Math.abs(x)), 0)

/** Equal but for the last digits, element by element: then nothing needs to be measured. */
const nearlySame = (a: Tensor, b: Tensor, eps: number): boolean => {
  const [x, y] = [bufferOf(a), bufferOf(b)]
  return x.every((e: number, i: number) => same(e, y[i]!) || Math.abs(e - y[i]!) <= 32 * eps * Math.max(Math.abs(e), Math.abs(y[i]!)))
}

const isSingle = (outputs: Nodes): boolean => sort(outputs).nodes.some(({ dtype }) => dtype === 'f32')

/** The same numbers in double precision, where the two sides may have types of their own. */
export const doubles = (xs: Nodes): Nodes => xs.map((x) => astype(x, 'f64'))

/** Equal but for the last digits, or up to the measured rounding error of both sides. */
export const agree = (what: string, left: Nodes, right: Nodes, { seed, size }: Setting, { scale = 0, accuracy = 0 }: Comparing = {}): Outcome => {
  const values = tensorsOf([...left, ...right])
  const [a, b] = [values.slice(0, left.length), values.slice(left.length)]
  const differ = typesDiffer(what, a, b)
  if (differ !== undefined) return differ
  const precision = isSingle([...left, ...right]) ? 'f32' : 'f64'
  if (a.every((t, k) => nearlySame(t, b[k]!, roundoff(precision)))) return holds
  const rounding = roundingOf([...left, ...right], values, seed)
  const sharp = Math.max(sharpness[precision], 2 * accuracy)
  let hidden: string | undefined
  for (let k = 0; k < a.length; k++) {
    const [x, y] = [bufferOf(a[k]!), bufferOf(b[k]!)]
    const magnitude = Math.max(scale, largest(a[k]!), largest(b[k]!))
    const allowed = Array.from(x, (_, i) =>
      safety * (rounding[k]![i]! + rounding[left.length + k]![i]!) + 4 * roundoff(precision) * (Math.abs(x[i]!) + Math.abs(y[i]!) + scale) + accuracy * magnitude)
    // An array that is zero through and through has no size of its own; the values whose derivative it is have.
    const compared = allowed.every((tolerance) => magnitude <= tolerance) ? size() : magnitude
    for (const [i, tolerance] of allowed.entries()) {
      if (same(x[i]!, y[i]!)) continue
      const at = place(what, a.length, k, a[k]!.shape, i)
      if (!Number.isFinite(tolerance)) hidden ??= `${at}: ${x[i]!} and ${y[i]!} vary without bound nearby`
      else if (!(Math.abs(x[i]! - y[i]!) <= tolerance)) return fails(`${at}: ${x[i]!} and ${y[i]!} differ by more than ${tolerance}`)
      else if (!(tolerance <= sharp * compared)) hidden ??= `${at}: ${x[i]!} and ${y[i]!} are equal within ${tolerance}, which says little`
    }
  }
  return hidden === undefined ? holds : inconclusive(hidden)
}
