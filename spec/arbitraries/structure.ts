/**
 * Random programs of control flow, from pairs of numbers to pairs of numbers. Each has two readings: with the primitives of
 * control flow, and written out without them. Sums go through tanh, so that values stay of moderate size and derivatives can be
 * compared.
 */
import fc from 'fast-check'
import { checkpoint } from '../../lib/control/call.js'
import { cond, switchCase } from '../../lib/control/cond.js'
import { foriLoop, map, scan } from '../../lib/control/scan.js'
import { whileLoop } from '../../lib/control/whileLoop.js'
import type { Node } from '../../lib/core/Node.js'
import { tensor } from '../../lib/core/Tensor.js'
import { add, flip, greater, less, mul, sin, stack, sum, tanh, where } from '../../lib/function/index.js'
import { constant, full, gather } from '../../lib/primitive/index.js'
import { vmap } from '../../lib/transform/vmap.js'

/** A step on a pair, which may mention another one from outside. */
type Step = (x: Node, w: Node) => Node

/** What a program means with control flow, and without. */
export interface Structured {
  readonly structured: Step
  readonly written: Step
  readonly toString: () => string
}

const program = (text: string, structured: Step, written: Step): Structured => ({ structured, written, toString: () => text })

const simple = (text: string, f: Step): Structured => program(text, f, f)

const leaves = [
  simple('sin x', (x) => sin(x)),
  simple('tanh(x w)', (x, w) => tanh(mul(x, w))),
  simple('(x + w) / 2', (x, w) => mul(0.5, add(x, w))),
  simple('tanh(x) tanh(sum(x))', (x) => mul(tanh(x), tanh(sum(x)))),
  simple('flip x', (x) => flip(x)),
]

const rows = (n: number): Node => constant(tensor(Float64Array.from({ length: 2 * n }, (_, i) => Math.cos(5 * i + 1)), { shape: [n, 2] }))
const row = (xs: Node, i: number): Node => gather(xs, full(i, { shape: [], dtype: 'i32' }), 0)
const counter = full(0, { shape: [], dtype: 'i32' })
const repeat = (f: Step, n: number, x: Node, w: Node): Node => Array.from({ length: n }).reduce<Node>((y) => f(y, w), x)

const then = (a: Structured, b: Structured): Structured =>
  program(`${a}; ${b}`, (x, w) => b.structured(a.structured(x, w), w), (x, w) => b.written(a.written(x, w), w))

const scanned = (f: Structured, n: number, reverse: boolean, sparse: boolean): Structured =>
  program(
    `scan[${n}, ${reverse}, ${sparse}](${f})`,
    (x, w) => {
      const [last, ys] = scan((c: Node, r: Node) => [f.structured(add(c, r), w), mul(c, r)] as const, x, rows(n), { reverse, checkpoint: sparse })
      return n === 0 ? last : tanh(add(last, sum(ys, { axis: 0 })))
    },
    (x, w) => {
      const order = Array.from({ length: n }, (_, i) => (reverse ? n - 1 - i : i))
      const ys = new Array<Node>(n)
      const last = order.reduce((c, i) => {
        ys[i] = mul(c, row(rows(n), i))
        return f.written(add(c, row(rows(n), i)), w)
      }, x)
      return n === 0 ? last : tanh(add(last, sum(stack(ys), { axis: 0 })))
    },
  )

const looped = (f: Structured, n: number): Structured =>
  program(`for[${n}](${f})`, (x, w) => foriLoop(0, n, (_, c: Node) => f.structured(c, w), x), (x, w) => repeat(f.written, n, x, w))

const whiles = (f: Structured, n: number): Structured =>
  program(
    `while[${n}](${f})`,
    (x, w) => whileLoop((s: { readonly i: Node; readonly c: Node }) => less(s.i, n), (s) => ({ c: f.structured(s.c, w), i: add(s.i, 1) }), { i: counter, c: x }).c,
    (x, w) => repeat(f.written, n, x, w),
  )

const chosen = (a: Structured, b: Structured): Structured =>
  program(
    `cond(${a}, ${b})`,
    (x, w) => cond(greater(sum(x), 0.1), (u: Node) => a.structured(u, w), (u: Node) => b.structured(u, w), x),
    (x, w) => where(greater(sum(x), 0.1), a.written(x, w), b.written(x, w)),
  )

const switched = (a: Structured, b: Structured, k: number): Structured =>
  program(
    `switch[${k}](${a}, ${b})`,
    (x, w) => switchCase(full(k, { shape: [], dtype: 'i32' }), [a.structured, b.structured], x, w),
    (x, w) => [a, b][k]!.written(x, w),
  )

const recomputed = (a: Structured): Structured => program(`checkpoint(${a})`, (x, w) => checkpoint(a.structured)(x, w), (x, w) => a.written(x, w))

const mapped = (a: Structured): Structured => {
  const both = (f: Step, over: (g: (s: Node) => Node, xs: Node) => Node): Step => (x, w) => tanh(sum(over((s) => f(mul(w, s), x), x), { axis: 0 }))
  return program(
    `map(${a})`,
    both(a.structured, (g, xs) => map(g, xs)),
    both(a.written, (g, xs) => stack([0, 1].map((i) => g(row(xs, i))))),
  )
}

const batched = (a: Structured): Structured =>
  program(
    `vmap(${a})`,
    (x, w) => tanh(sum(vmap((s: Node) => a.structured(mul(w, s), x))(x), { axis: 0 })),
    (x, w) => tanh(sum(stack([0, 1].map((i) => a.written(mul(w, row(x, i)), x))), { axis: 0 })),
  )

/** Programs nested no deeper than this. */
export const structures = (depth: number): fc.Arbitrary<Structured> => {
  const leaf = fc.constantFrom(...leaves)
  if (depth === 0) return leaf
  const inner = structures(depth - 1)
  return fc.oneof(
    leaf,
    fc.tuple(inner, inner).map(([a, b]) => then(a, b)),
    fc.tuple(inner, fc.integer({ min: 0, max: 5 }), fc.boolean(), fc.boolean()).map(([f, n, reverse, sparse]) => scanned(f, n, reverse, sparse)),
    fc.tuple(inner, fc.nat(3)).map(([f, n]) => looped(f, n)),
    fc.tuple(inner, fc.nat(2)).map(([f, n]) => whiles(f, n)),
    fc.tuple(inner, inner).map(([a, b]) => chosen(a, b)),
    fc.tuple(inner, inner, fc.nat(1)).map(([a, b, k]) => switched(a, b, k)),
    inner.map(recomputed),
    inner.map(mapped),
    inner.map(batched),
  )
}
