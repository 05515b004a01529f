/**
 * Timing in one run: every contestant takes its turn in every round, so that what disturbs one disturbs all. Other programs on the
 * machine lengthen a turn by the clock, and threads of the engine that collect garbage or compile in the background its processor
 * time; the lesser of the two is what the turn took.
 */
import { cpus, totalmem } from 'node:os'

/** One way to do the work. */
export interface Contestant {
  readonly name: string
  /** Does the work once, or `calls` times. */
  readonly run: () => unknown
  readonly calls?: number
  /** What was computed, to be checked against the others; the result of `run` unless given, nothing if it has nothing to compare. */
  readonly numbers?: () => ArrayLike<number> | undefined
  /** How far its results may be from those of the first, if not as far as those of all others. */
  readonly within?: number
}

/** Milliseconds. */
export interface Sample {
  readonly clock: number
  readonly processor: number
  /** The lesser of the two. */
  readonly time: number
}

/** Medians over the rounds, of a call. */
export interface Timing extends Sample {
  readonly name: string
  /** The same for each round, to take ratios within rounds. */
  readonly rounds: ReadonlyArray<Sample>
}

export const median = (xs: ReadonlyArray<number>): number => {
  const sorted = [...xs].sort((a, b) => a - b)
  const half = sorted.length >> 1
  return sorted.length % 2 === 1 ? sorted[half]! : (sorted[half - 1]! + sorted[half]!) / 2
}

/** Milliseconds of processor time that this process has used. */
export const processorTime = (): number => {
  const { user, system } = process.cpuUsage()
  return (user + system) / 1000
}

/** The largest difference between two results, relative to the largest number in the first. */
export const difference = (a: ArrayLike<number>, b: ArrayLike<number>): number => {
  if (a.length !== b.length) return Infinity
  let scale = 0
  let worst = 0
  for (let i = 0; i < a.length; i++) {
    scale = Math.max(scale, Math.abs(a[i]!))
    const d = Math.abs(a[i]! - b[i]!)
    if (!(d <= worst)) worst = d
  }
  return worst === 0 ? 0 : worst / scale
}

const isNumbers = (x: unknown): x is ArrayLike<number> => Array.isArray(x) || ArrayBuffer.isView(x)

/** Throws unless all contestants compute the same numbers; returns how far they are apart. */
export const agree = (contestants: ReadonlyArray<Contestant>, tolerance: number): number => {
  const results = contestants.flatMap(({ name, run, numbers, within = tolerance }) => {
    const found = numbers === undefined ? run() : numbers()
    return isNumbers(found) ? [{ name, found, within }] : []
  })
  const [first, ...others] = results
  let worst = 0
  for (const { name, found, within } of others) {
    const apart = difference(first!.found, found)
    if (!(apart <= within)) throw new Error(`${first!.name} and ${name}: the results differ by ${apart}`)
    worst = Math.max(worst, apart)
  }
  return worst
}

/** What each of so many runs takes, or each of the calls that a run consists of. */
export const sample = (run: () => unknown, times = 1, calls = 1): Sample => {
  const used = processorTime()
  const start = performance.now()
  for (let i = 0; i < times; i++) run()
  const clock = (performance.now() - start) / times / calls
  const processor = (processorTime() - used) / times / calls
  return { clock, processor, time: Math.min(clock, processor) }
}

export const typical = (samples: ReadonlyArray<Sample>): Sample => ({
  clock: median(samples.map(({ clock }) => clock)),
  processor: median(samples.map(({ processor }) => processor)),
  time: median(samples.map(({ time }) => time)),
})

/** How long to measure: milliseconds of processor time for each turn and for all of them, and the fewest rounds. */
export interface Pace {
  readonly turn?: number
  readonly total?: number
  readonly rounds?: number
}

/** Runs the contestants in turns, beginning with another one each round, after turns that do not count. */
export const race = (contestants: ReadonlyArray<Contestant>, { turn = 12, total = 1500, rounds = 7 }: Pace = {}): ReadonlyArray<Timing> => {
  const times = contestants.map(({ run, calls = 1 }) => {
    const warm = processorTime()
    let last = sample(run, 1, calls)
    for (let i = 0; i < 200 && processorTime() - warm < 8 * turn; i++) last = sample(run, 1, calls)
    return Math.max(1, Math.ceil(turn / (last.processor * calls + 1e-3)))
  })
  const samples = contestants.map((): Array<Sample> => [])
  const begun = processorTime()
  for (let round = 0; round < rounds || (round < 25 && processorTime() - begun < total); round++) {
    for (let k = 0; k < contestants.length; k++) {
      const at = (k + round) % contestants.length
      const { run, calls = 1 } = contestants[at]!
      samples[at]!.push(sample(run, times[at]!, calls))
    }
  }
  return contestants.map(({ name }, k) => ({
    name,
    ...typical(samples[k]!),
    rounds: samples[k]!,
  }))
}

/** How long `of` takes in units of `against`: the median of the ratios within each round. */
export const ratio = (of: Timing, against: Timing): number => median(of.rounds.map(({ time }, i) => time / against.rounds[i]!.time))

/** What the figures were measured on. */
export const machine = (): string => {
  const all = cpus()
  const memory = `${Math.round(totalmem() / 2 ** 30)} GiB`
  const model = all[0]?.model.trim() ?? 'unknown processor'
  return `${model}, ${all.length} cores, ${memory}, Node ${process.versions.node}, ${process.platform} ${process.arch}`
}
