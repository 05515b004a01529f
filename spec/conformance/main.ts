/**
 * `npm run conformance [-- [--verbose] [--compiled] FILE…]`: the library against numbers computed by others. Without files, those
 * in `data/`. With `--compiled` every number comes from a compiled function, once for each engine. The last line counts the cases;
 * the exit code is 1 if any failed.
 */
import { conformance, ownFiles, readCases } from './run.js'

const args = process.argv.slice(2)
const files = args.filter((arg) => !arg.startsWith('--'))
const { lines, exitCode } = conformance((files.length > 0 ? files : ownFiles).map(readCases), args.includes('--verbose'), args.includes('--compiled') ? 'compiled' : 'evaluated')
console.log(lines.join('\n'))
process.exitCode = exitCode
