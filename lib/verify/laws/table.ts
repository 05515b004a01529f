/** All laws of one subject: which hold, which do not apply and why, which failed and where. */
import * as fc from 'fast-check'
import { law, laws as catalogue, type LawId } from './catalogue.js'
import type { Law } from './Law.js'
import type { Outcome } from './Outcome.js'
import { showCase } from './property.js'
import type { Case, Subject } from './Subject.js'

export interface LawTableOptions {
  /** Equal seeds draw equal cases. 0 unless given. */
  readonly seed?: number
  /** How many cases each law is checked at. 10 unless given. */
  readonly runs?: number
  /** Which laws; all of them unless given. */
  readonly laws?: ReadonlyArray<LawId>
}

/** What is known of one law. */
export interface LawRow {
  readonly law: Law
  /** `inconclusive` if rounding hid the answer at more cases than it did not. */
  readonly verdict: Outcome['verdict']
  /** How many cases were decided, and where it failed the smallest case and what differs there. */
  readonly evidence: string
}

/** The laws of one subject. `String(table)` is the table as text. */
export interface LawTable {
  readonly name: string
  readonly seed: number
  readonly rows: ReadonlyArray<LawRow>
  readonly toString: () => string
}

const row = (one: Law, verdict: LawRow['verdict'], evidence: string): LawRow => Object.freeze({ law: one, verdict, evidence })

const times = (n: number, what: string): string => `${n} ${what}${n === 1 ? '' : 's'}`

/** What was found at the cases that were drawn. */
const summary = (found: ReadonlyArray<Outcome>): Outcome => {
  const of = (verdict: Outcome['verdict']): ReadonlyArray<Outcome> => found.filter((f) => f.verdict === verdict)
  const [decided, hidden, silent] = [of('holds'), of('inconclusive'), of('not applicable')]
  if (decided.length === 0 && hidden.length === 0) return { verdict: 'not applicable', evidence: silent[0]?.evidence ?? 'no case was drawn' }
  const counts = `${times(decided.length, 'case')}${hidden.length === 0 ? '' : `, ${hidden.length} undecided`}`
  return hidden.length > decided.length
    ? { verdict: 'inconclusive', evidence: `${counts}: ${hidden[0]!.evidence}` }
    : { verdict: 'holds', evidence: counts }
}

const rowOf = (subject: Subject, one: Law, seed: number, runs: number): LawRow => {
  const reason = one.applies(subject)
  if (reason !== true) return row(one, 'not applicable', reason)
  const found: Array<Outcome> = []
  /** What is wrong with the smallest case so far, as it was when the case was checked: a function may be another one by now. */
  let wrong = ''
  const property = fc.property(one.cases(subject), fc.nat(), (at: Case, point: number) => {
    const before = showCase(at)
    const outcome = one.check(subject, at, point)
    found.push(outcome)
    if (outcome.verdict === 'failed') wrong = `${before}, seed ${point}\n${outcome.evidence}`
    return outcome.verdict !== 'failed'
  })
  if (fc.check(property, { seed, numRuns: runs }).failed) return row(one, 'failed', wrong)
  const { verdict, evidence } = summary(found)
  return row(one, verdict, evidence)
}

/**
 * Checks every law that applies to a subject at some cases drawn from its domain. Where a law fails, the case is shrunk to the
 * smallest that fails. Equal seeds give equal tables.
 *
 * @example
 * const table = lawTable(subject((x: Node) => sin(x), [fc.constantFrom(tensor([0.5, 2]), tensor(1))], { name: 'sin' }), { runs: 2 })
 * table.rows.filter((row) => row.verdict === 'failed') // []
 * String(table).split('\n')[0]                         // 'sin, seed 0'
 * table.rows[12].evidence                              // 'declare a degree of homogeneity'
 */
export const lawTable = (subject: Subject, { seed = 0, runs = 10, laws }: LawTableOptions = {}): LawTable => {
  const chosen = laws?.map(law) ?? catalogue
  const table = { name: subject.name, seed, rows: Object.freeze(chosen.map((one) => rowOf(subject, one, seed, runs))) }
  return Object.freeze({ ...table, toString: () => showLawTable(table) })
}

const marks: Readonly<Record<LawRow['verdict'], string>> = Object.freeze({
  holds: 'holds', failed: 'FAILED', inconclusive: 'inconclusive', 'not applicable': 'n/a',
})

const columns = (cells: ReadonlyArray<ReadonlyArray<string>>): ReadonlyArray<string> => {
  const widths = cells[0]?.map((_, k) => Math.max(...cells.map((line) => line[k]!.length))) ?? []
  return cells.map((line) => line.map((cell, k) => (k === line.length - 1 ? cell : cell.padEnd(widths[k]!))).join('  ').trimEnd())
}

/**
 * The table as aligned text: a line for each law, what differs under those that failed, and how many of each there are.
 *
 * @example
 * const table = lawTable(subject((x: Node) => sin(x), [fc.constant(tensor(1))], { name: 'sin' }), { laws: ['L2', 'L13'], runs: 1 })
 * showLawTable(table).split('\n')[2] // "L13  n/a    Euler's theorem                         declare a degree of homogeneity"
 */
export const showLawTable = ({ name, seed, rows }: Omit<LawTable, 'toString'>): string => {
  const heads = columns(rows.map(({ law: { id, name: title }, verdict, evidence }) => [id, marks[verdict], title, evidence.split('\n')[0]!]))
  const lines = rows.flatMap(({ evidence, verdict, law: { formula, tolerance } }, k) => [
    heads[k]!,
    ...(verdict === 'failed' ? [...evidence.split('\n').slice(1), `law: ${formula}`, `tolerance: ${tolerance}`].map((line) => `       ${line}`) : []),
  ])
  const count = (verdict: LawRow['verdict']): number => rows.filter((one) => one.verdict === verdict).length
  const counts = `${count('holds')} hold, ${count('not applicable')} do not apply, ${count('failed')} failed, ${count('inconclusive')} inconclusive`
  return [`${name}, seed ${seed}`, ...lines, counts].join('\n')
}
