/** Derivatives to be judged: right ones and mutants, each as the checkers want to see it. */
import fc from 'fast-check'
import { bufferOf } from '../../../lib/core/Tensor.js'
import { sizeOf } from '../../../lib/core/Shape.js'
import { program } from '../../../lib/interpret/evaluate.js'
import { parameter } from '../../../lib/primitive/leaf.js'
import type { Node, Tensor } from '../../../lib/index.js'
import { errorOf, observable } from '../../../lib/verify/mutants/judge.js'
import { derivativeOf, type LinearMap } from '../../../lib/verify/mutants/linear.js'
import { mutantsOf, type TreeFunction } from '../../../lib/verify/mutants/mutants.js'
import type { Subject } from './peers/index.js'
import type { Family } from './subjects.js'

export type Mode = 'vjp' | 'jvp'

/** A function at a point, with the derivative that it claims to have. */
export interface Trial {
  readonly f: TreeFunction
  readonly args: ReadonlyArray<Tensor>
  readonly seed: number
  /** The same for checkers that know nothing but numbers. */
  readonly subject: () => Subject
}

/** A mutant as it is judged: how far its derivative is from the right one. */
export interface MutantTrial extends Trial {
  readonly name: string
  readonly generic: boolean
  readonly error: number
}

/** The values of a function along all its arguments at once, traced once. */
const valuesOf = (f: TreeFunction, args: ReadonlyArray<Tensor>): ((x: Float64Array) => Float64Array) => {
  const xs = args.map((t) => parameter(t))
  const run = program(xs, [f(...xs) as Node])
  const sizes = args.map((t) => sizeOf(t.shape))
  return (x) => {
    let next = 0
    return Float64Array.from(run(sizes.map((size) => x.slice(next, (next += size))))[0]!)
  }
}

const flat = (args: ReadonlyArray<Tensor>): Float64Array => Float64Array.from(args.flatMap((t) => [...bufferOf(t)]))

const total = (xs: ReadonlyArray<number>): number => xs.reduce((a, b) => a + b, 0)

const subjectOf = (values: (x: Float64Array) => Float64Array, args: ReadonlyArray<Tensor>, map: () => LinearMap): (() => Subject) => {
  let made: Subject | undefined
  return () => {
    if (made === undefined) {
      const { from, to, at } = map()
      made = { x: flat(args), sizes: to, results: total(from), f: values, vjp: at }
    }
    return made
  }
}

/** Points of a family: applications with something to differentiate in them, no more than `count`. */
export const pointsOf = ({ application }: Family, count: number, seed: number) =>
  fc
    .sample(application, { numRuns: 2 * count, seed })
    .filter(({ args }) => args.some((t) => sizeOf(t.shape) > 0))
    .slice(0, count)

/** The function as it is. */
export const rightTrial = (f: TreeFunction, args: ReadonlyArray<Tensor>, seed: number): Trial => ({
  f,
  args,
  seed,
  subject: subjectOf(valuesOf(f, args), args, () => derivativeOf(f, args, 'vjp')),
})

/** Its mutants, as far as their derivatives are wrong at this point. */
export const mutantTrials = function* (f: TreeFunction, args: ReadonlyArray<Tensor>, seed: number, mode: Mode): Generator<MutantTrial> {
  const right = derivativeOf(f, args, mode)
  const values = valuesOf(f, args)
  for (const mutant of mutantsOf(f, args, { mode })) {
    const error = errorOf(right, mutant.f, args, mode, seed)
    if (error === undefined || !(error > observable)) continue
    const subject = subjectOf(values, args, () => derivativeOf(mutant.f, args, mode))
    yield { f: mutant.f, args, seed, subject, name: `${mutant.operation}: ${mutant.mistake}`, generic: mutant.generic, error }
  }
}
