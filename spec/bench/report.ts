/** What is measured, and how it is told: a table for each comparison, and at the end which targets were reached. */
import { spawnSync } from 'node:child_process'
import { agree, machine, race, ratio, type Contestant, type Pace, type Sample, type Timing } from './harness.js'

/** A figure to reach: the time of one contestant in units of that of another. */
export interface Target {
  readonly of: string
  readonly against: string
  readonly atMost: number
  /** What that many units are. */
  readonly as?: string
}

/** Something that was to be reached, and whether it was. */
export interface Outcome {
  readonly title: string
  readonly target: string
  readonly measured: string
  readonly reached: boolean
}

export interface Report {
  readonly lines: ReadonlyArray<string>
  readonly outcomes: ReadonlyArray<Outcome>
}

/** One thing to measure. */
export interface Row {
  readonly title: string
  /** What is measured in processes of its own, where a process can do it for the first time but once. */
  readonly first?: () => Sample
  readonly measure: () => Report
}

/** Ways to do the same work. Times are given in units of the first. */
export interface Comparison {
  readonly title: string
  readonly contestants: () => ReadonlyArray<Contestant>
  /** How far the results may differ, relative to the largest number. */
  readonly tolerance: number
  /** Targets that name a contestant who is not there are left out. */
  readonly targets?: ReadonlyArray<Target>
  /** Ratios that are told, with no target. */
  readonly told?: ReadonlyArray<Omit<Target, 'atMost'>>
  /** Operations in a call, for operations per nanosecond. */
  readonly operations?: number
  readonly pace?: Pace
}

const time = (ms: number): string => {
  const [x, unit] = ms >= 1 ? [ms, 'ms'] : ms >= 1e-3 ? [ms * 1e3, 'µs'] : [ms * 1e6, 'ns']
  return `${x >= 100 ? x.toFixed(0) : x.toPrecision(3)} ${unit}`
}

const figure = (x: number): string => (x >= 100 ? x.toFixed(0) : x.toPrecision(3))

/** The rows of one comparison, aligned. */
const table = (timings: ReadonlyArray<Timing>, operations: number | undefined): ReadonlyArray<string> => {
  const width = Math.max(...timings.map((t) => t.name.length))
  const row = (name: string, cells: ReadonlyArray<string>): string => `  ${name.padEnd(width)}${cells.map((c) => c.padStart(12)).join('')}`
  const rate = operations === undefined ? [] : ['op/ns']
  return [
    row('', ['time', 'ratio', ...rate, 'clock', 'processor']),
    ...timings.map((t) => {
      const speed = operations === undefined ? [] : [(operations / t.time / 1e6).toFixed(1)]
      return row(t.name, [time(t.time), figure(ratio(t, timings[0]!)), ...speed, time(t.clock), time(t.processor)])
    }),
  ]
}

const named = (timings: ReadonlyArray<Timing>, name: string): Timing | undefined => timings.find((t) => t.name === name)

/** A comparison as something to measure. */
export const comparison = ({ title, contestants, tolerance, targets = [], told = [], operations, pace }: Comparison): Row => ({
  title,
  measure: () => {
    const rivals = contestants()
    const worst = agree(rivals, tolerance)
    const timings = race(rivals, pace)
    const outcomes = targets.flatMap(({ of, against, atMost, as }): ReadonlyArray<Outcome> => {
      const [a, b] = [named(timings, of), named(timings, against)]
      if (a === undefined || b === undefined) return []
      const measured = ratio(a, b)
      return [{ title, target: `${of}: at most ${figure(atMost)} × ${against}${as === undefined ? '' : `, ${as}`}`, measured: figure(measured), reached: measured <= atMost }]
    })
    const ratios = told.flatMap(({ of, against }) => {
      const [a, b] = [named(timings, of), named(timings, against)]
      return a === undefined || b === undefined ? [] : [`  ${of} / ${against}: ${figure(ratio(a, b))}`]
    })
    const agreement = worst === 0 ? 'the last bit' : worst.toExponential(1)
    return { lines: [...table(timings, operations), ...ratios, `  ${timings[0]!.rounds.length} rounds; the results agree to ${agreement}`], outcomes }
  },
})

const verdict = ({ target, measured, reached }: Outcome): string => `${target}; measured ${measured}: ${reached ? 'reached' : 'NOT REACHED'}`

const [flag, firstFlag] = ['--row=', '--first='] as const

/** What a process of its own says of a row in its last line. */
const toldApart = (order: string): unknown => {
  const others = process.argv.slice(1).filter((word) => !word.startsWith(flag))
  const { status, stdout } = spawnSync(process.execPath, ['--expose-gc', ...others, order], { stdio: ['ignore', 'pipe', 'inherit'], encoding: 'utf8' })
  if (status !== 0) throw new Error(`${order}: the measurement failed\n${stdout}`)
  return JSON.parse(stdout.slice(stdout.lastIndexOf('\n', stdout.length - 2) + 1))
}

/** Measures a row in a process of its own, so that no row finds the engine as another one left it. */
const measuredApart = (title: string): Report => toldApart(`${flag}${title}`) as Report

/** What a row measures first, in so many processes. */
export const firsts = (title: string, times: number): ReadonlyArray<Sample> => Array.from({ length: times }, () => toldApart(`${firstFlag}${title}`) as Sample)

/** Measures the rows whose titles have one of the words of the command line in them (all of them without words), and tells. */
export const tell = (rows: ReadonlyArray<Row>): void => {
  const ordered = (order: string): Row | undefined => rows.find(({ title }) => process.argv.includes(`${order}${title}`))
  const own = ordered(firstFlag)?.first ?? ordered(flag)?.measure
  if (own !== undefined) {
    console.log(JSON.stringify(own()))
    return
  }
  const words = process.argv.slice(2).filter((word) => !word.startsWith('--'))
  const wanted = rows.filter(({ title }) => words.length === 0 || words.some((word) => title.toLowerCase().includes(word.toLowerCase())))
  console.log(`${machine()}\nTimes of one call, medians over interleaved rounds: the lesser of clock and processor time; ratios to the first line.\n`)
  const outcomes = wanted.flatMap(({ title }) => {
    const { lines, outcomes } = measuredApart(title)
    console.log([title, ...lines, ...outcomes.map((o) => `  target ${verdict(o)}`), ''].join('\n'))
    return outcomes
  })
  if (outcomes.length === 0) return
  const width = Math.max(...outcomes.map(({ title }) => title.length))
  console.log(`${outcomes.filter(({ reached }) => reached).length} of ${outcomes.length} targets reached`)
  for (const outcome of outcomes) console.log(`  ${outcome.reached ? '✓' : '✗'} ${outcome.title.padEnd(width)}  ${outcome.target}; measured ${outcome.measured}`)
}
