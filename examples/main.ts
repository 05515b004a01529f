/** `npm start`: the whole job at full size. Exits with 1 if the classifier or its gradient is not good enough. */
import { fileURLToPath } from 'node:url'
import { fullJob } from './digits/job.js'
import { run } from './run.js'

const failures = await run(fullJob, fileURLToPath(new URL('../out/', import.meta.url)), { accuracy: 0.95, gradientError: 1e-7 })
for (const failure of failures) console.error(`failed: ${failure}`)
process.exitCode = failures.length === 0 ? 0 : 1
