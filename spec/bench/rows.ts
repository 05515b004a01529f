/** Everything that is measured, in order. */
import { adbench } from './adbench/rows.js'
import type { Folder } from './adbench/data.js'
import type { Row } from './report.js'

export interface Setting {
  readonly folder: Folder
  /** Whether to measure for minutes what is otherwise measured for seconds. */
  readonly long: boolean
}

export const rows = ({ folder }: Setting): ReadonlyArray<Row> => [...adbench(folder)]
