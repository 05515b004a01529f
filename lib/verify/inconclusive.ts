/** Answers that are neither yes nor no, inside properties and outside. */
import * as fc from 'fast-check'

/**
 * The numbers cannot tell. Thrown inside a property of fast-check it discards the case, as `fc.pre` does; elsewhere it fails the
 * test and says why.
 */
export class Inconclusive extends fc.PreconditionFailure {
  constructor(message: string) {
    super()
    this.name = 'Inconclusive'
    this.message = message
  }
}

/** How many of so many cases may be discarded. */
const allowance = (runs: number): number => 2 + 0.02 * runs

/**
 * Parameters of fast-check for properties that discard cases at which the numbers cannot tell: at most 2 % of the runs, two not
 * counted, or the property fails. For `fc.assert(property, conclusive())` and `test.prop([programs()], conclusive())`.
 *
 * @example
 * fc.check(fc.property(fc.nat(), () => fc.pre(false)), conclusive(50)).failed // true
 */
export const conclusive = (numRuns = 100): { readonly numRuns: number; readonly maxSkipsPerRun: number } =>
  Object.freeze({ numRuns, maxSkipsPerRun: allowance(numRuns) / numRuns })

type Property<Ts> = fc.IRawProperty<Ts, false>

/**
 * The property, which fails once more than 2 % of its cases have been inconclusive, two not counted. Nor are those counted that
 * shrinking comes by.
 */
export const mostlyConclusive = <Ts>(property: Property<Ts>): Property<Ts> => {
  let runs = 0
  let discarded = 0
  let shrinking = false
  let exceeded = false
  return {
    isAsync: () => false,
    generate: (random, run) => {
      if (run === 0) [runs, discarded, exceeded] = [0, 0, false]
      shrinking = false
      return property.generate(random, run)
    },
    shrink: (value) => {
      shrinking = true
      return exceeded ? fc.Stream.nil() : property.shrink(value)
    },
    run: (value) => {
      const found = property.run(value)
      if (shrinking) return found
      runs++
      if (!(found instanceof Inconclusive)) return found
      discarded++
      exceeded = discarded > allowance(runs)
      if (!exceeded) return found
      return { error: new Error(`${discarded} of ${runs} cases were inconclusive, more than 2 %; the last one:\n${found.message}`) }
    },
    runBeforeEach: () => property.runBeforeEach(),
    runAfterEach: () => property.runAfterEach(),
  }
}
