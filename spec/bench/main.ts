/** Speed, as ratios within one run, against other ways to compute the same numbers. */
import { agree, machine, race, table, type Contestant } from './harness.js'
import { randomProgram, rosenbrock, scalarGraph } from './scalarGraph.js'
import { trainingStep } from './trainingStep.js'

interface Comparison {
  readonly title: string
  readonly contestants: () => ReadonlyArray<Contestant>
  /** How far the results may differ, relative to the largest number. */
  readonly tolerance: number
  readonly rounds: number
  readonly times?: number
}

const graphWork = 'build, backward, evaluate'
const step = 'training step, 784-256-128-10, batch 64'

const comparisons: ReadonlyArray<Comparison> = [
  { title: `100,000 scalars: ${graphWork}`, contestants: () => scalarGraph(randomProgram(1e5, 100, 1)), tolerance: 1e-12, rounds: 15 },
  { title: `10,000 scalars: ${graphWork}`, contestants: () => scalarGraph(randomProgram(1e4, 100, 2)), tolerance: 1e-12, rounds: 25, times: 4 },
  { title: `Rosenbrock of 1,000 variables: ${graphWork}`, contestants: () => rosenbrock(1000), tolerance: 1e-12, rounds: 25, times: 4 },
  { title: `f64 ${step}`, contestants: () => trainingStep('f64'), tolerance: 1e-12, rounds: 15 },
  { title: `f32 ${step}`, contestants: () => trainingStep('f32'), tolerance: 1e-5, rounds: 15 },
]

console.log(`${machine()}\n`)
for (const { title, contestants, tolerance, rounds, times = 1 } of comparisons) {
  const rivals = contestants()
  const worst = agree(rivals, tolerance)
  const agreement = worst === 0 ? 'the last bit' : worst.toExponential(1)
  console.log(table(title, race(rivals, { rounds, times }), `medians of ${rounds} interleaved rounds; the results agree to ${agreement}`))
}
