/** Values of operations to 32 digits: the worst of 15,000 points of each box of `domains`, and others. `golden.py` finds values. */
import { readFileSync } from 'node:fs'

export interface Golden {
  readonly args: ReadonlyArray<number>
  /** The value, rounded, and what that lacks. */
  readonly high: number
  readonly low: number
}

type Rows = ReadonlyArray<ReadonlyArray<number>>

const table = JSON.parse(readFileSync(new URL('golden.json', import.meta.url), 'utf8')) as Readonly<Record<string, Rows>>

export const goldenOf = (name: string): ReadonlyArray<Golden> =>
  table[name]!.map((row) => ({ args: row.slice(0, -2), high: row.at(-2)!, low: row.at(-1)! }))
