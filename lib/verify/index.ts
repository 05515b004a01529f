/** foldgrad/verify: numerical differentiation, and checks of derivatives against it. */
export {
  checkGradient,
  checkJvp,
  checkSecondOrder,
  checkTransposition,
  showFailure,
  type CheckFailure,
  type CheckOptions,
  type GradientMismatch,
  type Misuse,
  type Mode,
  type Report,
  type ShapeMismatch,
} from './check.js'
export type { Comparison, Verdict } from './compare.js'
export type { Estimate } from './extrapolate.js'
export { numericalDerivative, numericalDiff } from './numerical.js'
