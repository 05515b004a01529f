/** Batches, loops and simulations: runs the examples of this folder. */
import { mkdirSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import * as pendulum from './pendulum.js'
import * as perExample from './perExample.js'
import * as rnn from './rnn.js'

const folder = fileURLToPath(new URL('../../out/', import.meta.url))
mkdirSync(folder, { recursive: true })

perExample.run(console.log)
console.log()
rnn.run(console.log)
console.log()
pendulum.run(folder, console.log)
