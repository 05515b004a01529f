/** Compiled functions beside evaluation: the same types, and numbers that agree to rounding, or to the last bit. */
import * as E from 'fp-ts/Either'
import { compile, evaluate, FoldgradException, inspect, type CompileOptions, type Engine, type Node, type Tensor } from '../../lib/index.js'
import { bufferOf } from '../../lib/core/Tensor.js'
import { leavesOf } from '../../lib/core/Tree.js'
import { variable } from '../../lib/primitive/leaf.js'

export type AnyFunction = (...args: ReadonlyArray<Node>) => unknown

type Run = (...args: ReadonlyArray<unknown>) => unknown

/** The right side; throws for the left. */
export const right = <T>(either: E.Either<ConstructorParameters<typeof FoldgradException>[0], T>): T => {
  if (E.isLeft(either)) throw new FoldgradException(either.left)
  return either.right
}

/** A function compiled for arguments like these. */
export const compiled = (f: unknown, like: ReadonlyArray<unknown>, options: CompileOptions = {}): Run =>
  right(compile(f as AnyFunction, like as never, options as { readonly results: 'tensors' })) as unknown as Run

export const engineOf = (run: Run): Engine | undefined => inspect(run)?.engine

/** The tensors at the leaves of a tree. */
export const tensorsOf = (tree: unknown): ReadonlyArray<Tensor> => leavesOf(tree).map(([, leaf]) => leaf as Tensor)

/** What evaluation says of a function at some tensors. */
export const evaluated = (f: unknown, args: ReadonlyArray<Tensor>): ReadonlyArray<Tensor> =>
  tensorsOf(right(evaluate((f as AnyFunction)(...args.map((t, i) => variable(`x${i}`, t))))))

/** Units in the last place of 1, for a number of this type. */
const unit = { f64: 2 ** -52, f32: 2 ** -23, i32: 0, bool: 0 } as const

/** How far numbers may be from those of evaluation: in units, relative to the greatest number beside them (but to 1 at least). */
export interface Bound {
  readonly units: number
}

/** To the last bit, but for the sign of zero. */
export const exactly: Bound = { units: 0 }

/**
 * What compiled programs of some dozens of operations keep to: formulas are right to a few units, sums are added up in another order,
 * and what follows carries that on.
 */
export const rounding: Bound = { units: 64 }

const differs = (a: number, b: number, slack: number): boolean => !(a === b || (Number.isNaN(a) && Number.isNaN(b)) || Math.abs(a - b) <= slack)

/** What is wrong with some tensors, if anything is. What was computed in single precision on the way is as exact as that (`single`). */
export const disagreement = (got: ReadonlyArray<Tensor>, want: ReadonlyArray<Tensor>, { units }: Bound, single = false): string | undefined => {
  if (got.length !== want.length) return `${got.length} results instead of ${want.length}`
  for (const [k, b] of want.entries()) {
    const a = got[k]!
    if (a.dtype !== b.dtype || a.shape.join() !== b.shape.join()) return `result ${k} is ${a.dtype}[${a.shape.join()}] instead of ${b.dtype}[${b.shape.join()}]`
    const [x, y] = [bufferOf(a), bufferOf(b)]
    if (x.length !== y.length) return `result ${k} has ${x.length} elements instead of ${y.length}`
    const size = Math.max(1, ...Array.from(y, Math.abs).filter(Number.isFinite))
    for (let i = 0; i < y.length; i++) if (differs(x[i]!, y[i]!, units * unit[b.dtype === 'f64' && single ? 'f32' : b.dtype] * size)) return `result ${k}[${i}] is ${x[i]} instead of ${y[i]}`
  }
  return undefined
}

/** Checks that a compiled function agrees with evaluation, in two calls running. Returns the engine that ran. */
export const agrees = (f: unknown, args: ReadonlyArray<Tensor>, engine: Engine | undefined, bound: Bound = rounding): Engine => {
  const run = compiled(f, args, engine === undefined ? {} : { engine })
  const want = evaluated(f, args)
  for (const call of ['first', 'second']) {
    const wrong = disagreement(tensorsOf(run(...args)), want, bound, args.some(({ dtype }) => dtype === 'f32'))
    if (wrong !== undefined) throw new Error(`${engineOf(run)}, ${call} call: ${wrong}\n${String(inspect(run))}`)
  }
  return engineOf(run)!
}
