/** Everything that can go wrong, as data: one union, one message table, one exception for scripts. */
import { showShape, type Shape } from './Shape.js'

/**
 * - `Shape`: shapes (or axes) that do not fit the operation;
 * - `DType`: an element type that the operation does not take;
 * - `Argument`: an option outside its domain;
 * - `Index`: an index out of range, found when the numbers are known;
 * - `Domain`: numbers for which a value does not exist;
 * - `Variable`: one variable id with two different meanings;
 * - `Derivative`: a derivative that does not exist or was not given;
 * - `Structure`: parameter trees that do not match;
 * - `Syntax`: text that does not parse.
 */
export type ErrorTag =
  | 'Shape'
  | 'DType'
  | 'Argument'
  | 'Index'
  | 'Domain'
  | 'Variable'
  | 'Derivative'
  | 'Structure'
  | 'Syntax'

/** What is said of a misuse: the rule it broke and how to mend it. */
export interface Refusal {
  readonly _tag: ErrorTag
  /** What was expected. */
  readonly rule: string
  /** How to mend the call. */
  readonly mend: string
}

/** A misuse, with the operation, the argument shapes it saw and the place of the call. */
export interface FoldgradError extends Refusal {
  readonly op: string
  readonly shapes: ReadonlyArray<Shape>
  /** `file:line:column` of the call, where the engine tells. */
  readonly at: string | undefined
}

export const refuse = (tag: ErrorTag, rule: string, mend: string): Refusal => Object.freeze({ _tag: tag, rule, mend })

/** Whether `infer` answered with a refusal rather than a signature. */
export const isRefusal = (answer: object): answer is Refusal => (answer as Refusal).rule !== undefined

/** The error as one readable paragraph: op, shapes, rule, mend, call site. */
export const showError = (e: FoldgradError): string => {
  const shapes = e.shapes.length === 0 ? '' : ` on ${e.shapes.map(showShape).join(', ')}`
  const at = e.at === undefined ? '' : `\n  at ${e.at}`
  return `${e.op}${shapes}: ${e.rule}.\n  ${e.mend}.${at}`
}

/** What `value`, `item` and friends throw: carries every error of the program, not only the first. */
export class FoldgradException extends Error {
  override readonly name = 'FoldgradException'
  readonly errors: ReadonlyArray<FoldgradError>
  constructor(errors: ReadonlyArray<FoldgradError>) {
    super(errors.map(showError).join('\n'))
    this.errors = Object.freeze([...errors])
    Object.freeze(this)
  }
}
Object.freeze(FoldgradException.prototype)
Object.freeze(FoldgradException)

/** An error with its call site; the stack is taken only here. */
export const errorAt = (op: string, shapes: ReadonlyArray<Shape>, refusal: Refusal): FoldgradError =>
  Object.freeze({ op, shapes: Object.freeze([...shapes]), at: callSite(), ...refusal })

/** Throws a failure found while numbers are computed; the evaluation fold turns it into a `Left`. */
export const fail = (refusal: Refusal): never => {
  throw new KernelFailure(refusal)
}

/** Carries a refusal out of a kernel to the fold that runs it. */
export class KernelFailure extends Error {
  readonly refusal: Refusal
  constructor(refusal: Refusal) {
    super(refusal.rule)
    this.refusal = refusal
  }
}

const location = /\(?((?:file:\/\/|https?:\/\/|\/|[A-Za-z]:\\)[^()\s]*:\d+:\d+)\)?$/

/** What V8 adds to the language. */
const engine: { stackTraceLimit?: number | undefined } = Error as object

/** More frames than the engine takes by itself: the call lies outside all helpers. The limit is put back at once. */
const deepStack = (): string => {
  const limit = engine.stackTraceLimit
  engine.stackTraceLimit = 50
  const stack = new Error().stack ?? ''
  engine.stackTraceLimit = limit
  return stack
}

const frames = (): ReadonlyArray<string> =>
  deepStack().split('\n').flatMap((line) => location.exec(line.trim())?.[1] ?? [])

/** The folder (or bundle) this library runs from, read off a stack frame of its own. */
const home = (frame: string): string => frame.replace(/(?:core[/\\])?[^/\\]*$/, '')

const callSite = (): string | undefined => {
  const all = frames()
  const own = all[0] === undefined ? '' : home(all[0])
  return all.find((frame) => !frame.startsWith(own))?.replace(/^file:\/\//, '')
}
