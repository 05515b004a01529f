/** The greater and the lesser of two numbers, and what derivatives make of such a choice. */
import { binary, elementwise, notDifferentiable, stepwise, unary } from './declare.js'
import type { Node } from '../core/Node.js'

const anyMask = { anyDtype: true, masks: true }

/** The greater of two; NaN if one is NaN. A tie shares its derivative evenly. */
export const maximum = binary('maximum', Math.max, (da, a, b) => winner(da, a, b), (db, a, b) => winner(db, b, a), anyMask)

/** The lesser of two; NaN if one is NaN. A tie shares its derivative evenly. */
export const minimum = binary('minimum', Math.min, (da, a, b) => winner(da, b, a), (db, a, b) => winner(db, a, b), anyMask)

/** `d` where `a > b`, half of it where they are equal, 0 where `a < b`. */
export const winner = (d: Node, a: Node, b: Node): Node => winnerOp(d, a, b)
export const winnerOp = elementwise(
  'winner',
  (d, a, b) => (a > b ? d : a === b ? d / 2 : a < b ? 0 : NaN),
  [(dd, _d, a, b) => winner(dd, a, b), null, null],
  { masks: true },
)

/** `x` where it is positive, else 0; derivative 0 at 0. */
export const relu = unary('relu', (x) => (x > 0 ? x : x <= 0 ? 0 : NaN), (dx, x) => gate(dx, x), anyMask)

/** `d` where `x > 0`, 0 where it is not, NaN where it is NaN. */
export const gate = (d: Node, x: Node): Node => gateOp(d, x)
export const gateOp = binary('gate', (d, x) => (x > 0 ? d : x <= 0 ? 0 : NaN), (dd, _d, x) => gate(dd, x), notDifferentiable, { masks: true })

/** Whether the pullback `c` of an adjoint `g` is spoilt: 0·∞ (or 0·NaN), where the adjoint is zero because a mask hides the point. */
export const spoilt = stepwise('spoilt', (g, c) => (g === 0 && !Number.isFinite(c) ? 1 : 0))
