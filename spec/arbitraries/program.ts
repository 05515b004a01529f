/** The random programs of specs. */
import { programs as random, type Program } from '../../lib/verify/arbitraries/index.js'

export type { Program }

/** Programs of smooth operations, which can be compared with numerical differentiation anywhere. */
export const smoothPrograms = random({ size: 10 })

/** Programs of all operations, with kinks, jumps and masks. */
export const programs = random({ smoothness: 'jumping' })

/** The same without loops and branches: one kernel for each node. */
export const straightPrograms = random({ smoothness: 'jumping', control: false })
