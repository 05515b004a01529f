/** The figures of the gate as a table. */
import { inconclusive, type Outcome, type Tally } from './gate.js'

const grouped = (n: number): string => n.toLocaleString('en-US')

const percent = (n: number, of: number): string => (of === 0 ? '–' : n === 0 ? '0' : `${((100 * n) / of).toFixed(2)} %`)

const heads = ['', 'false alarms', 'of', 'wrongly passed', 'of', 'share', 'error > 1e-2', 'of', 'share', 'inconclusive', 'time']

const cells = (t: Tally): ReadonlyArray<string> => [
  t.name,
  grouped(t.alarms),
  grouped(t.right),
  grouped(t.passed),
  grouped(t.wrong),
  percent(t.passed, t.wrong),
  grouped(t.passedGrossly),
  grouped(t.grossly),
  percent(t.passedGrossly, t.grossly),
  percent(inconclusive(t), 1),
  `${(t.milliseconds / 1000).toFixed(1)} s`,
]

const aligned = (rows: ReadonlyArray<ReadonlyArray<string>>): string => {
  const widths = rows[0]!.map((_, k) => Math.max(...rows.map((row) => row[k]!.length)))
  return rows.map((row) => row.map((cell, k) => (k === 0 ? cell.padEnd(widths[k]!) : cell.padStart(widths[k]! + 2))).join('')).join('\n')
}

/** The table, and with `incidents` a line for every derivative that this library misjudged or could not judge. */
export const report = ({ tallies, incidents, mutants, families }: Outcome, withIncidents = false): string =>
  [
    `${grouped(mutants)} mutants of ${families} functions, wrong by more than 1e-8 of the largest entry of the gradient`,
    '',
    aligned([heads, ...tallies.map(cells)]),
    ...(withIncidents ? ['', ...incidents.filter(({ checker }) => checker.startsWith('foldgrad')).map((i) => `${i.checker}: ${i.what}, ${i.family}: ${i.detail}`)] : []),
  ].join('\n')
