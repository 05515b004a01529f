/** What the body of a nest does at each of its loops, in order, and how much of it at a time. */
import type { Nest } from '../../ir.js'
import type { Accumulator } from './Accumulator.js'
import type { Loops } from './arrange.js'
import type { Site } from './Site.js'
import type { Term } from './Term.js'

/** Something done with a value: it is stored, or taken into a reduction. */
export interface Action {
  readonly value: Term
  readonly site: Site
  /** The reduction, if it is not a store. */
  readonly accumulator: Accumulator | undefined
  /** The innermost loop that it belongs to. */
  readonly level: number
  /** It is done for every instance of the body. */
  readonly vector: boolean
  /** Others read what it overwrites, so it comes last. */
  readonly late: boolean
}

export type Step = Term | Action

/** The steps of a loop level; the first list is that of before all loops. */
export type Schedule = ReadonlyArray<ReadonlyArray<Step>>

/** Terms nested deeper than this are kept in a local: engines recurse on what is nested. */
const deepest = 24

export const isAction = (step: Step): step is Action => 'accumulator' in step

/** Sets the innermost loop that each term depends on. */
export const assignLevels = (order: ReadonlyArray<Term>, stridesOf: (term: Term) => ReadonlyArray<number>, { vector }: Loops): void => {
  for (const term of order) {
    const isLeaf = term.site >= 0
    if (isLeaf) {
      const strides = stridesOf(term)
      term.level = strides.findLastIndex((s) => s !== 0)
      term.vector = vector >= 0 && strides[vector] !== 0
    } else
      for (const x of term.args) {
        if (x.level > term.level) term.level = x.level
        if (x.vector) term.vector = true
      }
  }
}

const countUse = (x: Term, level: number, together: boolean): void => {
  x.uses++
  if (level > x.lastLevel) x.lastLevel = level
  if (!together) x.together = false
}

/**
 * The steps at each level. Terms that are used once, at their own level, are written where they are used, unless there are
 * several `instances` of the place.
 */
export const schedule = (order: ReadonlyArray<Term>, actions: ReadonlyArray<Action>, { extents, vector }: Loops, instances: number): Schedule => {
  const together = (x: Term, level: number, isVector: boolean): boolean =>
    x.level === level && (x.vector === isVector || instances === 1 || level < vector)
  for (const term of order) for (const x of term.args) countUse(x, term.level, together(x, term.level, term.vector))
  for (const { value, level, vector: isVector, late } of actions) countUse(value, level, !late && together(value, level, isVector))
  const steps: ReadonlyArray<Array<Step>> = Array.from({ length: extents.length + 1 }, () => [])
  // An action comes after its value; where that has been computed before the loop, or needs no computing, it waits for nothing.
  const waiting = new Map<Term, ReadonlyArray<Action>>()
  for (const action of actions) {
    const { value, level, late } = action
    if (late) continue
    if (value.isConstant || value.level < level) steps[level + 1]!.push(action)
    else waiting.set(value, [...(waiting.get(value) ?? []), action])
  }
  for (const term of order) {
    let depth = 0
    for (const x of term.args) if (x.inline && x.depth > depth) depth = x.depth
    term.depth = depth + 1
    term.inline = term.uses === 1 && term.together && term.depth < deepest
    const block = steps[term.level + 1]!
    if (!term.inline && term.uses > 0) block.push(term)
    const actionsNow = waiting.size === 0 ? undefined : waiting.get(term)
    if (actionsNow !== undefined) for (const action of actionsNow) block.push(action)
  }
  for (const action of actions) if (action.late) steps[action.level + 1]!.push(action)
  return steps
}

/** The most registers that reductions take, so that they stay registers. */
const mostCells = 8

/** What a body is like: its operations, how many of them wait for one another, and what it loads and stores. */
export interface Weight {
  readonly work: number
  readonly chain: number
  readonly moves: number
}

/** How many long bodies overlap in time: more of what waits longer, none of what waits for memory. */
const overlap = ({ work, chain, moves }: Weight): number => (2 * moves > work ? 1 : work <= 100 ? 4 : chain > 100 ? 3 : 2)

/**
 * How many registers' worth of points are handled at a time. Several sums, and several long chains of operations, overlap in time;
 * cheap loops run less often.
 */
export const instancesOf = ({ reductions, stores }: Nest, { vector, extents }: Loops, weight: Weight, vectors: number): number => {
  const { work } = weight
  if (vector < 0) return 1
  const across = vector === extents.length - 1
  const wanted =
    reductions.length > 0 && stores.length === 0 && !across ? (work <= 3 ? 8 : work <= 12 ? 4 : work <= 24 ? 2 : 1)
    : reductions.length > 0 && work <= 24 ? (work <= 6 ? 4 : 2)
    : work > 24 ? Math.min(overlap(weight), Math.max(1, vectors >> 1))
    : work <= 2 ? 2
    : 1
  const cells = reductions.reduce((sum, { op }) => sum + (op === 'max' || op === 'min' ? 2 : 1), 0)
  return Math.max(1, Math.min(wanted, vectors, cells === 0 ? wanted : Math.floor(mostCells / cells)))
}
