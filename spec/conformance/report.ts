/** Outcomes of cases, and the text that tells them. */
import { NotSupported } from './library.js'

/** How a case went. */
export type Outcome =
  | { readonly _tag: 'Passed'; readonly convention?: string }
  | { readonly _tag: 'Failed'; readonly details: ReadonlyArray<string> }
  | { readonly _tag: 'NotSupported'; readonly name: string }

export interface Result {
  readonly group: string
  readonly id: string
  readonly outcome: Outcome
}

/** Runs the checks of one case: they return what is wrong, or throw for what the library lacks. */
export const judge = (check: () => ReadonlyArray<string>, convention?: string): Outcome => {
  try {
    const details = check()
    if (details.length > 0) return { _tag: 'Failed', details }
    return convention === undefined ? { _tag: 'Passed' } : { _tag: 'Passed', convention }
  } catch (e) {
    if (e instanceof NotSupported) return { _tag: 'NotSupported', name: e.message }
    return { _tag: 'Failed', details: [`threw ${e instanceof Error ? `${e.name}: ${e.message}` : String(e)}`] }
  }
}

interface Count {
  readonly passed: number
  readonly failed: number
  readonly notSupported: number
}

export const count = (results: ReadonlyArray<Result>): Count => {
  const of = (tag: Outcome['_tag']) => results.filter((r) => r.outcome._tag === tag).length
  return { passed: of('Passed'), failed: of('Failed'), notSupported: of('NotSupported') }
}

const showCount = ({ passed, failed, notSupported }: Count): string =>
  `${passed} passed, ${failed} failed, ${notSupported} not supported`

const groupBy = <T>(items: ReadonlyArray<T>, key: (item: T) => string): ReadonlyArray<readonly [string, ReadonlyArray<T>]> => {
  const groups = new Map<string, Array<T>>()
  for (const item of items) {
    const group = groups.get(key(item))
    if (group === undefined) groups.set(key(item), [item])
    else group.push(item)
  }
  return [...groups]
}

/** What is not supported, by name, with the number of cases. */
export const notSupported = (results: ReadonlyArray<Result>): ReadonlyArray<readonly [name: string, cases: ReadonlyArray<string>]> =>
  groupBy(
    results.flatMap(({ id, outcome }) => (outcome._tag === 'NotSupported' ? [{ id, name: outcome.name }] : [])),
    ({ name }) => name,
  )
    .map(([name, cases]) => [name, cases.map(({ id }) => id)] as const)
    .sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0))

/** The report: a line for each group, what lacks, what went wrong, and the sum as the last line. */
export const report = (results: ReadonlyArray<Result>, verbose: boolean): ReadonlyArray<string> => {
  const groups = groupBy(results, ({ group }) => group)
  const width = Math.max(0, ...groups.map(([name]) => name.length))
  return [
    ...groups.map(([name, members]) => `${name.padEnd(width)}  ${showCount(count(members))}`),
    ...conventions(results),
    ...notSupported(results).map(([name, cases]) => `not supported: ${name} (${cases.length})${verbose ? `: ${cases.join(', ')}` : ''}`),
    ...results.flatMap(({ id, outcome }) => (outcome._tag === 'Failed' ? failure(id, outcome.details, verbose) : [])),
    showCount(count(results)),
  ]
}

const conventions = (results: ReadonlyArray<Result>): ReadonlyArray<string> =>
  results.flatMap(({ id, outcome }) =>
    outcome._tag === 'Passed' && outcome.convention !== undefined ? [`convention: ${outcome.convention} (${id})`] : [],
  )

const failure = (id: string, details: ReadonlyArray<string>, verbose: boolean): ReadonlyArray<string> =>
  verbose ? [`failed: ${id}`, ...details.map((detail) => `  ${detail.replaceAll('\n', '\n  ')}`)] : [`failed: ${id}`]
