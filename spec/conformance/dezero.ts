/** DeZero cases: each kind by its own means, those that name an operation or an expression by the same. */
import { mismatches } from './compare.js'
import { decide } from './conventions.js'
import { toleranceOf, type Check } from './dezero-check.js'
import { checkComputed, compute } from './dezero-derivatives.js'
import { runningStatistics } from './dezero-ops.js'
import { ruleFor } from './dezero-rules.js'
import { trainings } from './dezero-training.js'
import { Unreadable } from './expression.js'
import { NotSupported, value } from './library.js'
import { judge, type Outcome } from './report.js'
import type { DezeroCase } from './schema.js'

const checkState = (c: DezeroCase, inputs: Parameters<typeof runningStatistics>[0]): ReadonlyArray<string> => {
  if (c.stateAfter === undefined) return []
  const [mean, variance] = runningStatistics(inputs, c.op?.attrs ?? {})
  const found = value({ mean, var: variance })
  const tol = toleranceOf(c)
  return [...mismatches('mean', found.mean, c.stateAfter['mean']!, tol), ...mismatches('var', found.var, c.stateAfter['var']!, tol)]
}

/** Whether the general check sees all that the case states: nothing may pass because nothing was compared. */
const isGeneral = (c: DezeroCase): boolean =>
  [c.value, c.grads, c.higher, c.graph].some((part) => part !== undefined) &&
  [c.expected, c.table, c.trajectory, c.sequence].every((part) => part === undefined)

/** What a case means without a rule of its own; an expression that cannot be read is not supported. */
const general: Check = (c) => {
  if (!isGeneral(c)) throw new NotSupported(`DeZero case ${c.id}`)
  try {
    const computed = compute(c)
    return [...checkComputed(c, computed), ...checkState(c, Object.values(computed.inputs))]
  } catch (e) {
    throw e instanceof Unreadable ? new NotSupported(`DeZero case ${c.id}`) : e
  }
}

/** The outcome of one DeZero case. */
export const runDezero = (c: DezeroCase, all: ReadonlyArray<DezeroCase>): Outcome => {
  const { expected, convention } = decide(c)
  const check = ruleFor(c) ?? trainings(c) ?? general
  return judge(() => check(expected, all), convention)
}
