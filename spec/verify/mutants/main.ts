/** The mutation gate over every registered rule, beside the published rules of other checkers: `npm run verify:mutants`. */
import { misses, runGate, unseen, type Extent } from './gate.js'
import { report } from './report.js'

const full: Extent = { right: 100, mutants: 3, seed: 20 }
const quick: Extent = { right: 8, mutants: 1, seed: 20 }

const flags = new Set(process.argv.slice(2))
const extent = flags.has('--quick') ? quick : full
const terminal = process.stderr.isTTY

const outcome = runGate(extent, (done, of, { name }) => {
  if (terminal) process.stderr.write(`\r\x1b[K${done + 1} of ${of}: ${name}`)
})
if (terminal) process.stderr.write('\r\x1b[K')

console.log(report(outcome, flags.has('--incidents')))
const missed = [...misses(outcome), ...unseen(outcome).map((name) => `nothing was learnt about the mistake: ${name}`)]
for (const miss of missed) console.error(miss)
process.exitCode = missed.length > 0 ? 1 : 0
