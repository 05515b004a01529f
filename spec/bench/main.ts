/**
 * Speed, as ratios within one run, against other ways to compute the same numbers. Words after `npm run bench --` choose the rows
 * whose titles have them.
 */
import { openFolder } from './adbench/data.js'
import { tell } from './report.js'
import { rows } from './rows.js'

const folder = openFolder(new URL('../spec/bench/data/', import.meta.url))
tell(rows({ folder, long: process.argv.includes('--long') }))
