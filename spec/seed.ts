/** Properties draw new cases in every run, unless `SEED` says which to draw. */
import fc from 'fast-check'

const seed = process.env['SEED']

if (seed !== undefined) fc.configureGlobal({ ...fc.readConfigureGlobal(), seed: Number(seed) })
