/** Simpler programs: fewer instructions first, then smaller arrays, then simpler numbers. */
import * as E from 'fp-ts/Either'
import { bufferFrom } from '../../core/DType.js'
import { sameShape, sizeOf, shapeOf, type Shape } from '../../core/Shape.js'
import { bufferOf, tensorOf, type Tensor } from '../../core/Tensor.js'
import { constant } from '../../primitive/leaf.js'
import { evaluateAll } from '../../interpret/evaluate.js'
import { programOf, type Instruction, type Listing, type Resolved, type Setting } from './program.js'
import { fractionBits, simplerNumbers } from './simpler.js'

/** How complicated a listing is, the most important first. */
const measure = ({ inputs, instructions, results }: Listing): ReadonlyArray<number> => {
  const data = inputs.flatMap((t) => [...bufferOf(t)])
  const total = (f: (x: number) => number): number => data.reduce((sum, x) => sum + f(x), 0)
  return [
    instructions.length,
    results.length,
    inputs.length,
    data.length,
    inputs.reduce((sum, t) => sum + t.shape.length, 0),
    instructions.reduce((sum, { pick }) => sum + pick, 0),
    total(fractionBits),
    total((x) => (Number.isFinite(x) ? Math.abs(x) : 1e308)),
    total((x) => (x < 0 || Object.is(x, -0) ? 1 : 0)),
  ]
}

const isLess = (a: ReadonlyArray<number>, b: ReadonlyArray<number>): boolean => {
  const first = a.findIndex((x, i) => x !== b[i])
  return first >= 0 && a[first]! < b[first]!
}

/** The values that some values are computed from, themselves included. */
const reached = ({ inputs, instructions }: Listing, from: ReadonlyArray<number>): ReadonlySet<number> => {
  const live = new Set(from)
  for (let k = instructions.length - 1; k >= 0; k--) if (live.has(inputs.length + k)) instructions[k]!.operands.forEach((i) => live.add(i))
  return live
}

/** The instructions with other operands. */
const relinked = (instructions: ReadonlyArray<Instruction>, operand: (value: number) => number): ReadonlyArray<Instruction> =>
  instructions.map((one) => ({ ...one, operands: one.operands.map(operand) }))

/** The listing without what its results do not need; some values are read from elsewhere. */
const pruned = (listing: Listing, instead: (value: number) => number = (value) => value): Listing => {
  const { inputs, instructions, results } = listing
  const redirected = { ...listing, instructions: relinked(instructions, instead), results: results.map(instead) }
  const live = reached(redirected, redirected.results)
  const kept = [...inputs, ...instructions].map((_, i) => i).filter((i) => live.has(i))
  const place = new Map(kept.map((i, at) => [i, at]))
  const moved = (i: number): number => place.get(i)!
  return {
    inputs: inputs.filter((_, i) => live.has(i)),
    instructions: relinked(redirected.instructions.filter((_, k) => live.has(inputs.length + k)), moved),
    results: redirected.results.map(moved),
  }
}

/** The listing in which some values are inputs, with the numbers that they have. */
const lifted = (listing: Resolved, values: ReadonlyArray<Tensor>, which: ReadonlySet<number>): Listing => {
  const { inputs, instructions, results } = listing
  const fresh = [...which].filter((i) => i >= inputs.length)
  const place = (i: number): number => (i < inputs.length ? i : fresh.includes(i) ? inputs.length + fresh.indexOf(i) : i + fresh.length)
  return pruned({
    inputs: [...inputs, ...fresh.map((i) => values[i]!)],
    instructions: relinked(instructions, place),
    results: results.map(place),
  })
}

/** The part of an array up to some lengths. */
const cut = (t: Tensor, shape: Shape): Tensor => {
  const data = bufferOf(t)
  const strides = t.shape.map((_, axis) => sizeOf(t.shape.slice(axis + 1)))
  const inner = shape.map((_, axis) => sizeOf(shape.slice(axis + 1)))
  const at = (n: number): number => shape.reduce((offset, length, axis) => offset + (Math.floor(n / inner[axis]!) % length) * strides[axis]!, 0)
  return tensorOf(bufferFrom(t.dtype, Array.from({ length: sizeOf(shape) }, (_, n) => data[at(n)]!)), shapeOf(shape), t.dtype)
}

const withData = (t: Tensor, data: ArrayLike<number>): Tensor => tensorOf(bufferFrom(t.dtype, data), t.shape, t.dtype)

/** The same program on smaller arrays: an axis length shortened everywhere, or the leading axis of one input dropped. */
function* smaller(listing: Listing, minLength: number): Generator<Listing> {
  const { inputs } = listing
  const lengths = [...new Set(inputs.flatMap((t) => t.shape))].filter((n) => n > minLength)
  const shortest = minLength > 0 ? [1] : [0, 1]
  for (const length of lengths)
    for (const shorter of new Set([...shortest, length - 1]))
      if (shorter >= minLength && shorter < length)
        yield { ...listing, inputs: inputs.map((t) => cut(t, t.shape.map((n) => (n === length ? shorter : n)))) }
  for (const [k, t] of inputs.entries())
    for (const [axis, length] of t.shape.entries()) {
      if (length > minLength && length > 1) yield { ...listing, inputs: inputs.with(k, cut(t, t.shape.with(axis, Math.max(minLength, 1)))) }
      if (length === 1) yield { ...listing, inputs: inputs.with(k, tensorOf(bufferOf(t), shapeOf(t.shape.toSpliced(axis, 1)), t.dtype)) }
    }
}

/** The same program on simpler numbers: whole arrays, then one number at a time. */
function* plainer(listing: Listing): Generator<Listing> {
  const { inputs } = listing
  const replaced = (k: number, data: ArrayLike<number>): Listing => ({ ...listing, inputs: inputs.with(k, withData(inputs[k]!, data)) })
  for (const [k, t] of inputs.entries()) {
    const data = bufferOf(t)
    for (const x of [0, 1]) yield replaced(k, data.map(() => x))
    for (const bits of [0, 1, 2, 4, 6, 12, 24]) yield replaced(k, data.map((x) => Math.round(x * 2 ** bits) / 2 ** bits))
  }
  for (const [k, t] of inputs.entries()) {
    const data = bufferOf(t)
    for (let i = 0; i < Math.min(data.length, 24); i++) for (const x of simplerNumbers(data[i]!)) yield replaced(k, data.with(i, x))
  }
}

/** The numbers of all values; none if the program has none. */
const numbersOf = (resolved: Resolved, setting: Setting): ReadonlyArray<Tensor> => {
  const { run } = programOf(resolved, setting)
  return E.match(() => [], (values: ReadonlyArray<Tensor>) => values)(evaluateAll(run(...resolved.inputs.map((t) => constant(t)))))
}

/** Simpler listings, in the order in which they are worth trying. */
function* candidates(resolved: Resolved, setting: Setting, minLength: number): Generator<Listing> {
  const { inputs, instructions, results, shapes } = resolved
  const own = instructions.map((_, k) => inputs.length + k)
  const values = numbersOf(resolved, setting)
  // One instruction alone, on the numbers that it meets.
  if (values.length > 0) for (const i of own) yield lifted({ ...resolved, results: [i] }, values, new Set(instructions[i - inputs.length]!.operands))
  yield pruned(resolved)
  // What leads to one value, the smallest part first.
  const parts = own.map((i) => pruned({ ...resolved, results: [i] }))
  yield* parts.sort((a, b) => a.instructions.length - b.instructions.length)
  for (const i of results) yield pruned({ ...resolved, results: results.filter((j) => j !== i) })
  // One value given, or passed over.
  if (values.length > 0) for (const i of own.toReversed()) yield lifted(resolved, values, new Set([i]))
  for (const i of [...own, ...inputs.keys()])
    for (let other = 0; other < i; other++)
      if (sameShape(shapes[i]!, shapes[other]!)) yield pruned(resolved, (value) => (value === i ? other : value))
  for (const k of instructions.keys())
    for (const pick of [0, instructions[k]!.pick >> 1, instructions[k]!.pick - 1])
      yield { ...resolved, instructions: instructions.with(k, { ...instructions[k]!, pick: Math.max(0, pick) }) }
  yield* smaller(resolved, minLength)
  yield* plainer(resolved)
}

/** Listings that are simpler than one. The order is well-founded, so shrinking ends. */
export function* simplerListings(resolved: Resolved, setting: Setting, minLength: number): Generator<Listing> {
  const size = measure(resolved)
  for (const { inputs, instructions, results } of candidates(resolved, setting, minLength)) {
    const candidate: Listing = { inputs, instructions, results }
    if (results.length > 0 && instructions.length > 0 && isLess(measure(candidate), size)) yield candidate
  }
}
