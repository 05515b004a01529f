/** Prints the tables of laws of the functions and the primitives of the library: `tsx spec/verify/laws/main.ts [runs] [seed]`. */
import { programs } from '../../../lib/verify/arbitraries/index.js'
import { lawTable, subjectOf, type LawRow } from '../../../lib/verify/laws/index.js'
import { functions } from './functions.js'
import { primitives } from './primitives.js'
import { families } from './programs.js'

const [runs = 20, seed = 0] = process.argv.slice(2).map(Number)

const random = [...families].map(([smoothness, declared]) => subjectOf(`${smoothness} programs`, programs({ smoothness }), declared))

const rows: Array<LawRow> = []
for (const subject of [...functions, ...primitives, ...random]) {
  const table = lawTable(subject, { runs, seed })
  rows.push(...table.rows)
  console.log(`${String(table)}\n`)
}

const count = (verdict: LawRow['verdict']): number => rows.filter((row) => row.verdict === verdict).length
console.log(`in all: ${count('holds')} hold, ${count('not applicable')} do not apply, ${count('failed')} failed, ${count('inconclusive')} inconclusive`)
process.exitCode = count('failed') === 0 ? 0 : 1
