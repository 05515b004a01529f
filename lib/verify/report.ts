/** What checks answer, as data. */
import type { FoldgradError } from '../core/FoldgradError.js'
import type { Shape } from '../core/Shape.js'
import type { Comparison } from './compare.js'
import type { Blame } from './explain.js'
import type { Coordinate } from './locate.js'

/** What was compared: reverse mode, forward mode, one of them applied to one of them, or the two with each other. */
export type Mode = 'vjp' | 'jvp' | 'vjp of vjp' | 'jvp of vjp' | 'vjp of jvp' | 'jvp of jvp' | 'transposition'

/** One comparison of a check. */
export interface Checked extends Comparison {
  readonly mode: Mode
  /** `f32` for a derivative that is compared as single precision computes it. */
  readonly precision: 'f64' | 'f32'
  /** The line was drawn as this one of its seed. */
  readonly direction: number
}

/** A kink on the line of a comparison: the one-sided derivatives differ. */
export interface Kink {
  readonly mode: Mode
  readonly direction: number
  /** The derivatives along the line, from the left and from the right, and what is claimed. */
  readonly left: number
  readonly right: number
  readonly claimed: number
  /** The first node that has a kink there, by its line in the listing of the program. */
  readonly line?: string
}

/** A check that was passed: what was compared, and whether the numbers were good enough to tell. */
export interface Report {
  /** `inconclusive` if any comparison was: take another point, nearer to 1 or away from cancellation. */
  readonly verdict: 'consistent' | 'inconclusive'
  readonly comparisons: ReadonlyArray<Checked>
  /** Where the function has no derivative, and what is claimed lies between the one-sided ones. */
  readonly kinks: ReadonlyArray<Kink>
}

/** A derivative that differs from numerical differentiation. The same seed finds it again. */
export interface GradientMismatch extends Checked {
  readonly _tag: 'GradientMismatch'
  readonly seed: number
  /** The program whose derivative it is, as `pretty` lists it, on variables that hold the arguments. Empty for another library's. */
  readonly program: string
  /** The entry of the Jacobian that is wrong, if a single one can be shown to be. */
  readonly coordinate?: Coordinate
  /** The node whose rule is wrong; absent if it was not looked for. */
  readonly blame?: Blame
  /** A script that shows the failure again; absent if blame was not looked for. */
  readonly code?: string
}

/** A derivative of another shape than what it is the derivative of. */
export interface ShapeMismatch {
  readonly _tag: 'ShapeMismatch'
  readonly mode: Mode
  readonly expected: ReadonlyArray<Shape>
  readonly found: ReadonlyArray<Shape>
  readonly program: string
  readonly blame?: Blame
  readonly code?: string
}

/** A kink where the options refuse them. */
export interface KinkRefused extends Kink {
  readonly _tag: 'KinkRefused'
  readonly seed: number
  readonly program: string
}

/** The function returns other numbers each time it is called, so there is nothing to differentiate. */
export interface Impure {
  readonly _tag: 'Impure'
  readonly mode: Mode
}

/** The function, or its derivative, misuses an operation. */
export interface Misuse {
  readonly _tag: 'Misuse'
  readonly errors: ReadonlyArray<FoldgradError>
}

export type CheckFailure = GradientMismatch | ShapeMismatch | KinkRefused | Impure | Misuse
