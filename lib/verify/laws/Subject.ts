/** What laws are checked of: functions, where they are defined, and what is declared of them. */
import * as fc from 'fast-check'
import type { ArgumentInputs } from '../../transform/vjp.js'
import { transforms as library, type Transforms } from './Transforms.js'

/** A function of trees of nodes. */
export type TreeFunction = (...args: ReadonlyArray<never>) => unknown

/** A function, and arguments to check it at. */
export interface Case {
  readonly f: TreeFunction
  /** One tree of tensors or numbers for each argument. */
  readonly args: ReadonlyArray<unknown>
  /** What reports call it. */
  readonly label?: string
  /** The whole case as code, where it can write itself out. */
  readonly code?: string
}

/**
 * A one-parameter family of changes of the arguments: at arguments `x` it moves them along `direction(x)`, and the results
 * along `change(y)`; not at all unless given.
 */
export interface Invariance<A extends ReadonlyArray<unknown> = ReadonlyArray<never>> {
  readonly name: string
  readonly direction: (...args: A) => unknown
  readonly change?: (result: never) => unknown
}

/** A change of the arguments that is the same as a change of the result: `f(p(x)) = q(f(x))`. */
export interface Equivariance<A extends ReadonlyArray<unknown> = ReadonlyArray<never>> {
  readonly name: string
  readonly ofArguments: (...args: A) => ReadonlyArray<unknown>
  readonly ofResult: (result: never) => unknown
}

/** An equation that the result solves, as when it was found by iteration. */
export interface Solution<A extends ReadonlyArray<unknown> = ReadonlyArray<never>> {
  /** Zero where `y` solves the equation for these arguments. */
  readonly residual: (y: never, ...args: A) => unknown
  /** How well it is solved, relative to the terms of the residual. 1e-10 unless given. */
  readonly accuracy?: number
  /** The same solution by steps that are differentiated one by one. */
  readonly unrolled?: (...args: A) => unknown
}

/** The function after a compiler: trees of tensors, typed arrays or numbers in the order of the results. */
export interface Compiled<A extends ReadonlyArray<unknown> = ReadonlyArray<never>> {
  readonly value: (...args: A) => unknown
  /** The gradient of the sum of all elements of the results, by argument. */
  readonly gradient?: (...args: A) => unknown
  /** The compiler may reorder sums: equal to rounding, not bit by bit. */
  readonly reorders?: boolean
}

/** What is used of the package `immer`: `produceWithPatches` and `applyPatches`, after a call of its `enablePatches`. */
export interface Patching {
  readonly produceWithPatches: (base: never, recipe: (draft: never) => void) => readonly [unknown, ReadonlyArray<unknown>, ReadonlyArray<unknown>]
  readonly applyPatches: (base: never, patches: never) => unknown
}

/** The arbitraries that arguments are drawn from. */
export type Domains<A extends ReadonlyArray<unknown>> = { readonly [K in keyof A]: fc.Arbitrary<ArgumentInputs<A>[K]> }

/** What is known of a function. Each entry makes laws apply, and none is needed. */
export interface Declarations<A extends ReadonlyArray<unknown> = ReadonlyArray<never>> {
  /** Element `i` of the result depends on the elements `i` of the arguments alone, which have its shape. */
  readonly elementwise?: boolean
  /** Linear in all arguments together, with coefficients that are small integers over a power of two. */
  readonly linear?: boolean
  /** Linear in each argument, likewise. */
  readonly multilinear?: boolean
  /** A polynomial of this degree, likewise. */
  readonly degree?: number
  /** `f(t x) = t^degree f(x) + logarithmic · log t`. */
  readonly homogeneous?: { readonly degree: number; readonly logarithmic?: number }
  readonly invariances?: ReadonlyArray<Invariance<A>>
  readonly equivariances?: ReadonlyArray<Equivariance<A>>
  readonly parity?: 'even' | 'odd'
  /** `f(x + period) = f(x)`. */
  readonly period?: number
  /** A function of the result that gives the arguments back: one of them, or a list of all. */
  readonly inverse?: (result: never) => unknown
  /** Other ways to compute the same, by name. */
  readonly identities?: Readonly<Record<string, (...args: A) => unknown>>
  readonly monotone?: 'increasing' | 'decreasing'
  readonly curvature?: 'convex' | 'concave'
  /** Points far out, and the derivative of a function of one number there. */
  readonly tails?: ReadonlyArray<readonly [x: number, derivative: number]>
  /** Arguments on kinks, an arbitrary for each. */
  readonly kinks?: Domains<A>
  /** It selects among its elements, as `max` does: adding a number to all of them adds it to the result. */
  readonly selects?: boolean
  /** Why the derivative is not that of the value, as for `stopGradient`. */
  readonly surrogate?: string
  /** How often it can be differentiated. As often as one likes unless given. */
  readonly order?: number
  /** The same function with the derivative that follows from its operations, beside a rule that states it. */
  readonly derived?: (...args: A) => unknown
  readonly solves?: Solution<A>
  /** Whether element `i` of the result may depend on element `j` of the arguments, both counted through all of them. */
  readonly sparsity?: (i: number, j: number) => boolean
  readonly compiled?: Compiled<A>
  readonly immer?: Patching
}

/** What laws are checked of. */
export interface Subject {
  readonly name: string
  readonly cases: fc.Arbitrary<Case>
  /** Cases on kinks, where some are declared. */
  readonly kinks: fc.Arbitrary<Case> | undefined
  readonly declared: Declarations
  readonly transforms: Transforms
}

/** What a subject is called, and the transforms it is checked with. */
export interface SubjectOptions {
  readonly name?: string
  /** Transforms to check in place of those of the library. */
  readonly transforms?: Partial<Transforms>
}

/**
 * A function of trees, with an arbitrary for each argument, and what is known of it.
 *
 * @example
 * const sine = subject((x: Node) => sin(x), [fc.constantFrom(tensor([0.5, 2]), tensor(-1))], { name: 'sin', parity: 'odd' })
 * lawTable(sine, { laws: ['L2', 'L15'] }).rows.map((row) => row.verdict) // ['holds', 'holds']
 */
export const subject = <A extends ReadonlyArray<unknown>>(
  f: (...args: A) => unknown,
  domains: Domains<A>,
  { name, transforms, ...declared }: Declarations<A> & SubjectOptions = {},
): Subject => {
  const call = f as TreeFunction
  const label = name ?? (f.name || 'f')
  const at = (args: ReadonlyArray<unknown>): Case => Object.freeze({ f: call, args, label })
  const drawn = (arbitraries: unknown): fc.Arbitrary<Case> => fc.tuple(...(arbitraries as ReadonlyArray<fc.Arbitrary<unknown>>)).map(at)
  return Object.freeze({
    name: label,
    cases: drawn(domains),
    kinks: declared.kinks === undefined ? undefined : drawn(declared.kinks),
    declared: Object.freeze(declared) as unknown as Declarations,
    transforms: Object.freeze({ ...library, ...transforms }),
  })
}

/** A drawn function with arguments to apply it to, as primitives with options are. */
export interface Application {
  readonly f: (...xs: ReadonlyArray<never>) => unknown
  readonly args: ReadonlyArray<unknown>
  readonly label?: string
}

/** A drawn program, as `programs` draws them: it writes itself out. */
export interface DrawnProgram {
  readonly f: (...xs: ReadonlyArray<never>) => unknown
  readonly inputs: ReadonlyArray<unknown>
  readonly toString: () => string
}

const caseOf = (name: string, drawn: Application | DrawnProgram): Case =>
  'args' in drawn
    ? Object.freeze({ f: drawn.f, args: drawn.args, label: drawn.label === undefined ? name : `${name} (${drawn.label})` })
    : Object.freeze({ f: drawn.f, args: drawn.inputs, label: name, code: drawn.toString() })

/**
 * A family of functions, drawn together with their arguments: a primitive with all its options, or random programs. What is
 * declared holds for every one of them.
 *
 * @example
 * const axes = fc.constantFrom(0, 1).map((axis) => ({ f: (x: Node) => sum(x, { axis }), args: [tensor([[1, 2], [3, 4]])] }))
 * lawTable(subjectOf('sum', axes, { linear: true }), { laws: ['L7'] }).rows[0].verdict   // 'holds'
 * lawTable(subjectOf('programs', programs({ size: 3 })), { laws: ['L2'] }).rows[0].verdict // 'holds'
 */
export const subjectOf = (
  name: string,
  drawn: fc.Arbitrary<Application> | fc.Arbitrary<DrawnProgram>,
  { transforms, ...declared }: Declarations & Omit<SubjectOptions, 'name'> = {},
): Subject =>
  Object.freeze({
    name,
    cases: (drawn as fc.Arbitrary<Application | DrawnProgram>).map((one) => caseOf(name, one)),
    kinks: undefined,
    declared: Object.freeze(declared),
    transforms: Object.freeze({ ...library, ...transforms }),
  })
