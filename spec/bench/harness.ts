/** Timing in one run: every contestant takes its turn in every round, so that what disturbs one disturbs all. */
import { cpus, totalmem } from 'node:os'

/** One way to do the work; it returns numbers, so that the ways can be checked against each other. */
export interface Contestant {
  readonly name: string
  readonly run: () => ArrayLike<number>
}

export interface Timing {
  readonly name: string
  /** Milliseconds by the clock, and of processor time, which counts the garbage collector's threads: medians over the rounds. */
  readonly clock: number
  readonly processor: number
  /** How many times as fast as the first contestant by the clock: the median of the ratios within each round. */
  readonly speed: number
  /** The same by processor time, which a busy machine disturbs less. */
  readonly thrift: number
}

const median = (xs: ReadonlyArray<number>): number => {
  const sorted = [...xs].sort((a, b) => a - b)
  const half = sorted.length >> 1
  return sorted.length % 2 === 1 ? sorted[half]! : (sorted[half - 1]! + sorted[half]!) / 2
}

/** The largest difference between two results, relative to the largest number in the first. */
export const difference = (a: ArrayLike<number>, b: ArrayLike<number>): number => {
  if (a.length !== b.length) return Infinity
  const scale = Array.from(a).reduce((m, x) => Math.max(m, Math.abs(x)), 0)
  let worst = 0
  for (let i = 0; i < a.length; i++) {
    const d = Math.abs(a[i]! - b[i]!)
    if (!(d <= worst)) worst = d
  }
  return worst === 0 ? 0 : worst / scale
}

/** Throws unless all contestants compute the same numbers. */
export const agree = (contestants: ReadonlyArray<Contestant>, tolerance: number): number => {
  const [first, ...others] = contestants.map(({ run }) => run())
  const worst = others.reduce((m, result) => Math.max(m, difference(first!, result)), 0)
  if (!(worst <= tolerance)) throw new Error(`${contestants.map((c) => c.name).join(', ')}: the results differ by ${worst}`)
  return worst
}

interface Sample {
  readonly clock: number
  readonly processor: number
}

const sample = (run: () => unknown, times: number): Sample => {
  const used = process.cpuUsage()
  const start = performance.now()
  for (let i = 0; i < times; i++) run()
  const clock = performance.now() - start
  const { user, system } = process.cpuUsage(used)
  return { clock: clock / times, processor: (user + system) / 1000 / times }
}

/** How often to measure: rounds that count, rounds before them, and runs within a round. */
export interface Rounds {
  readonly rounds: number
  readonly warmup?: number
  readonly times?: number
}

/** Runs the contestants in turns, beginning with another one each round. */
export const race = (contestants: ReadonlyArray<Contestant>, { rounds, warmup = 3, times = 1 }: Rounds): ReadonlyArray<Timing> => {
  const samples = contestants.map((): Array<Sample> => [])
  for (let round = -warmup; round < rounds; round++) {
    for (let turn = 0; turn < contestants.length; turn++) {
      const k = (turn + round + warmup) % contestants.length
      const taken = sample(contestants[k]!.run, times)
      if (round >= 0) samples[k]!.push(taken)
    }
  }
  const ratio = (k: number, of: (s: Sample) => number): number =>
    median(samples[k]!.map((s, round) => of(samples[0]![round]!) / of(s)))
  return contestants.map(({ name }, k) => ({
    name,
    clock: median(samples[k]!.map((s) => s.clock)),
    processor: median(samples[k]!.map((s) => s.processor)),
    speed: ratio(k, (s) => s.clock),
    thrift: ratio(k, (s) => s.processor),
  }))
}

/** What the figures were measured on. */
export const machine = (): string => {
  const all = cpus()
  const memory = `${Math.round(totalmem() / 2 ** 30)} GiB`
  const model = all[0]?.model.trim() ?? 'unknown processor'
  return `${model}, ${all.length} cores, ${memory}, Node ${process.versions.node}, ${process.platform} ${process.arch}`
}

const ms = (x: number): string => (x >= 100 ? x.toFixed(0) : x >= 1 ? x.toFixed(2) : x.toPrecision(3))

/** The rows of one comparison, aligned. */
export const table = (title: string, timings: ReadonlyArray<Timing>, note: string): string => {
  const width = Math.max(...timings.map((t) => t.name.length))
  const row = (name: string, ...cells: ReadonlyArray<string>): string => `  ${name.padEnd(width)}${cells.map((c) => c.padStart(13)).join('')}`
  const times = (x: number): string => `${x.toFixed(2)}×`
  return [
    title,
    row('', 'clock', 'ratio', 'processor', 'ratio'),
    ...timings.map((t) => row(t.name, `${ms(t.clock)} ms`, times(t.speed), `${ms(t.processor)} ms`, times(t.thrift))),
    `  ${note}`,
    '',
  ].join('\n')
}
