/** A conformance run: case files in, a report and an exit code out. */
import { readFileSync } from 'node:fs'
import { basename } from 'node:path'
import { fileURLToPath } from 'node:url'
import { runDezero } from './dezero.js'
import { runEdge } from './edge.js'
import { runGolden } from './golden.js'
import { inWay, type Way } from './numbers.js'
import { count, report, type Outcome, type Result } from './report.js'
import { caseFile, type CaseFile } from './schema.js'

/** The case files of this folder. */
export const ownFiles: ReadonlyArray<string> = ['golden', 'edge', 'dezero'].map((name) =>
  fileURLToPath(new URL(`data/${name}.json`, import.meta.url)),
)

export const readCases = (path: string): CaseFile => caseFile(basename(path), JSON.parse(readFileSync(path, 'utf8')) as unknown)

/** How a run computes: by evaluation, or compiled for every engine. */
export type Mode = 'evaluated' | 'compiled'

const waysOf: Readonly<Record<Mode, ReadonlyArray<Way>>> = { evaluated: ['evaluate'], compiled: ['script', 'wasm', 'slots'] }

/** The outcome of a case, which passes if it does in every way. */
const judged = (mode: Mode, run: () => Outcome): Outcome => {
  const outcomes = waysOf[mode].map((way) => [way, inWay(way, run)] as const)
  const [way, outcome] = outcomes.find(([, { _tag }]) => _tag !== 'Passed') ?? outcomes[0]!
  return outcome._tag === 'Failed' && mode === 'compiled' ? { ...outcome, details: outcome.details.map((line) => `${way}: ${line}`) } : outcome
}

/** The results of every case of a file, in order. */
export const runCases = (file: CaseFile, mode: Mode = 'evaluated'): ReadonlyArray<Result> => {
  switch (file.schema) {
    case 'golden':
      return file.cases.map((c) => ({ group: `golden ${c.group}`, id: c.id, outcome: judged(mode, () => runGolden(c)) }))
    case 'edge':
      return file.cases.map((c) => ({ group: 'edge', id: c.id, outcome: judged(mode, () => runEdge(c)) }))
    case 'dezero':
      return file.cases.map((c) => ({ group: `dezero ${c.kind}`, id: c.id, outcome: judged(mode, () => runDezero(c, file.cases)) }))
  }
}

/** The lines that a run prints, and its exit code: 1 if any case failed. */
export const conformance = (
  files: ReadonlyArray<CaseFile>,
  verbose: boolean,
  mode: Mode = 'evaluated',
): { readonly results: ReadonlyArray<Result>; readonly lines: ReadonlyArray<string>; readonly exitCode: 0 | 1 } => {
  const results = files.flatMap((file) => runCases(file, mode))
  return { results, lines: report(results, verbose), exitCode: count(results).failed > 0 ? 1 : 0 }
}
