/** The transforms that laws are about. Those of the library, unless a subject brings its own. */
import { checkpoint } from '../../control/call.js'
import { cond } from '../../control/cond.js'
import { scan } from '../../control/scan.js'
import { evaluate } from '../../interpret/evaluate.js'
import { printGraph } from '../../interpret/pretty.js'
import { parseGraph } from '../../text/parse.js'
import { backward } from '../../transform/backward.js'
import { grad, valueAndGrad } from '../../transform/grad.js'
import { jacobian } from '../../transform/jacobian.js'
import { jvp, linearize } from '../../transform/jvp.js'
import { vjp } from '../../transform/vjp.js'
import { vmap } from '../../transform/vmap.js'

/** One implementation of each transform. */
export interface Transforms {
  readonly vjp: typeof vjp
  readonly jvp: typeof jvp
  readonly linearize: typeof linearize
  readonly grad: typeof grad
  readonly valueAndGrad: typeof valueAndGrad
  readonly jacobian: typeof jacobian
  readonly vmap: typeof vmap
  readonly checkpoint: typeof checkpoint
  readonly scan: typeof scan
  readonly cond: typeof cond
  readonly backward: typeof backward
  readonly evaluate: typeof evaluate
  readonly printGraph: typeof printGraph
  readonly parseGraph: typeof parseGraph
}

/** The transforms of the library. */
export const transforms: Transforms = Object.freeze({
  vjp, jvp, linearize, grad, valueAndGrad, jacobian, vmap, checkpoint, scan, cond, backward, evaluate, printGraph, parseGraph,
})
