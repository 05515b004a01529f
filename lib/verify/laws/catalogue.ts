/** All laws, in the order of their numbers. */
import { L10, L11, L19, L6 } from './accuracy.js'
import { L26 } from './batches.js'
import { L20, L21, L22 } from './composition.js'
import { L49 } from './cost.js'
import { L12, L18 } from './curvature.js'
import { L51 } from './failure.js'
import { L40, L41, L42, L43, L47 } from './graphs.js'
import { L16, L17, L30 } from './identities.js'
import { L7 } from './integers.js'
import type { Law } from './Law.js'
import { L2, L3, L4, L5 } from './linearity.js'
import { L23, L24, L25 } from './modes.js'
import { L50 } from './nesting.js'
import { L27, L28, L29 } from './programs.js'
import { L44, L45, L46, L52 } from './purity.js'
import { L31 } from './series.js'
import { L32 } from './solutions.js'
import { L33 } from './sparsity.js'
import { L13, L14, L15 } from './symmetry.js'
import { L48 } from './text.js'
import { L1, L8, L9 } from './values.js'

/**
 * All laws of derivatives that can be checked, in the order of their numbers.
 *
 * @example
 * laws.length                      // 46
 * laws[1].formula                  // '⟨w, J v⟩ = ⟨Jᵀ w, v⟩'
 * laws.map(({ id }) => id).at(-1)  // 'L52'
 */
export const laws: ReadonlyArray<Law> = Object.freeze([
  L1, L2, L3, L4, L5, L6, L7, L8, L9, L10, L11, L12, L13, L14, L15, L16, L17, L18, L19,
  L20, L21, L22, L23, L24, L25, L26, L27, L28, L29, L30, L31, L32, L33,
  L40, L41, L42, L43, L44, L45, L46, L47, L48, L49, L50, L51, L52,
])

/** The names of the laws. */
export type LawId =
  | 'L1' | 'L2' | 'L3' | 'L4' | 'L5' | 'L6' | 'L7' | 'L8' | 'L9' | 'L10' | 'L11' | 'L12' | 'L13' | 'L14' | 'L15' | 'L16' | 'L17' | 'L18' | 'L19'
  | 'L20' | 'L21' | 'L22' | 'L23' | 'L24' | 'L25' | 'L26' | 'L27' | 'L28' | 'L29' | 'L30' | 'L31' | 'L32' | 'L33'
  | 'L40' | 'L41' | 'L42' | 'L43' | 'L44' | 'L45' | 'L46' | 'L47' | 'L48' | 'L49' | 'L50' | 'L51' | 'L52'

/**
 * The law of a number.
 *
 * @example
 * law('L13').name // "Euler's theorem"
 */
export const law = (id: LawId): Law => laws.find((one) => one.id === id)!
