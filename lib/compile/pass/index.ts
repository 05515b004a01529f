/** The passes, in the order in which they are applied. Each keeps the meaning of a program. */
import type { Node } from '../../core/Node.js'
import { algebra } from './algebra.js'
import { expand } from './expand.js'
import { fold } from './fold.js'
import { mergeScans } from './mergeScans.js'
import { movement } from './movement.js'
import { rewriting, type Pass, type Rule } from './rewrite.js'
import { saveForward } from './saveForward.js'
import { share } from './share.js'

/** One rule after another, again and again while they find something. */
const settled =
  (...rules: ReadonlyArray<Rule>): Rule =>
  (node) => {
    let now = node
    for (let round = 0; round < 8; round++) {
      const before = now
      for (const rule of rules) now = rule(now)
      if (now === before) break
    }
    return now
  }

export const passes: ReadonlyArray<readonly [name: string, pass: Pass]> = [
  ['merge scans', mergeScans],
  ['expand', expand],
  ['simplify', rewriting(settled(fold, algebra, movement))],
  ['save forward', saveForward],
  ['share', share],
]

/** All passes, one after another. */
export const optimise = (outputs: ReadonlyArray<Node>): ReadonlyArray<Node> => passes.reduce((graph, [, pass]) => pass(graph), outputs)
