/** The primitives of the library as subjects of laws. */
import * as p from '../../../lib/primitive/index.js'
import type { Primitive } from '../../../lib/core/Node.js'
import { subjectOf, type Declarations, type Subject } from '../../../lib/verify/laws/index.js'
import { table } from '../../primitive/table.js'
import type { Kind } from '../../primitive/application.js'

const declared: Readonly<Partial<Record<Kind, Declarations>>> = {
  linear: { linear: true },
  blocked: { surrogate: 'its derivative is declared to be zero' },
  rounded: { surrogate: 'differences would see the rounding' },
}

/** What is known of all applications of a primitive. */
const known: Readonly<Record<string, Declarations>> = {
  add: { homogeneous: { degree: 1 } },
  sub: { homogeneous: { degree: 1 } },
  mul: { multilinear: true, degree: 2, homogeneous: { degree: 2 } },
  div: { homogeneous: { degree: 0 } },
  square: { degree: 2, homogeneous: { degree: 2 }, parity: 'even', curvature: 'convex' },
  reciprocal: { homogeneous: { degree: -1 }, parity: 'odd' },
  sqrt: { homogeneous: { degree: 0.5 }, monotone: 'increasing', curvature: 'concave' },
  abs: { homogeneous: { degree: 1 }, parity: 'even' },
  hypot: { homogeneous: { degree: 1 } },
  atan2: { homogeneous: { degree: 0 } },
  maximum: { homogeneous: { degree: 1 } },
  cbrt: { homogeneous: { degree: 1 / 3 }, parity: 'odd' },
  exp: { monotone: 'increasing', curvature: 'convex' },
  log: { monotone: 'increasing', curvature: 'concave' },
  sinh: { parity: 'odd', monotone: 'increasing' },
  cosh: { parity: 'even', curvature: 'convex' },
  sin: { parity: 'odd' },
  cos: { parity: 'even' },
  tan: { parity: 'odd', monotone: 'increasing' },
  atan: { parity: 'odd', monotone: 'increasing' },
  asinh: { parity: 'odd', monotone: 'increasing' },
  erf: { parity: 'odd', monotone: 'increasing' },
  erfinv: { parity: 'odd', monotone: 'increasing' },
  sinc: { parity: 'even' },
  euclideanNorm: { homogeneous: { degree: 1 } },
  max: { homogeneous: { degree: 1 }, curvature: 'convex' },
  min: { homogeneous: { degree: 1 }, curvature: 'concave' },
  dot: { multilinear: true, homogeneous: { degree: 2 } },
  conv: { multilinear: true, homogeneous: { degree: 2 } },
  convTranspose: { multilinear: true, homogeneous: { degree: 2 } },
  convFilters: { multilinear: true, homogeneous: { degree: 2 } },
}

const records = new Map(Object.entries(p).map(([name, build]) => [name, (build as { readonly op?: Primitive }).op]))

/** Applied to one element after another, with operands of one shape. */
const isElementwise = (name: keyof typeof table): boolean => records.get(name)?.scalar !== undefined && name !== 'winner' && name !== 'gate'

export const primitives: ReadonlyArray<Subject> = (Object.keys(table) as ReadonlyArray<keyof typeof table>)
  .filter((name) => table[name].kind !== 'leaf')
  .map((name) => subjectOf(name, table[name].application, { ...declared[table[name].kind], ...(isElementwise(name) && { elementwise: true }), ...known[name] }))
