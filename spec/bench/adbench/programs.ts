/** The objectives of ADBench and their derivatives as compiled functions from parameters to results one behind the other. */
import { compile, tensor, valueAndGrad, type Node } from '../../../lib/index.js'
import { joined } from '../joined.js'
import { must } from '../must.js'
import { adjustment, type Scene } from './ba.js'
import type { Ba, Gmm, Hand, Lstm } from './data.js'
import { logPosterior, type Mixture } from './gmm.js'
import { tracking, type Pose } from './hand.js'
import { sequenceLoss, type Weights } from './lstm.js'

/** A compiled objective: alone, and with its derivative. */
export interface Program {
  readonly objective: () => unknown
  readonly derivative: () => unknown
  /** What `derivative` computes, in the order of the expected values. */
  readonly numbers: () => Float64Array
  /** The compiled derivative, for `inspect`. */
  readonly compiled: object
}

const arrays = { results: 'arrays' } as const

type Arrays<K extends string> = Readonly<Record<K, Float64Array>>

export const gmmProgram = (data: Gmm): Program => {
  const { d, k, alpha, means, icf } = data
  const f = logPosterior(data)
  const at = { alpha: tensor(alpha), means: tensor(means, { shape: [k, d] }), icf: tensor(icf, { shape: [k, (d * (d + 1)) / 2] }) }
  const objective = must(compile((mixture: Mixture) => f(mixture), [at], arrays))
  const derivative = must(compile((mixture: Mixture) => valueAndGrad(f)(mixture), [at], arrays))
  return {
    objective: () => objective(at),
    derivative: () => derivative(at),
    numbers: () => {
      const [value, gradient] = derivative(at) as readonly [number, Arrays<keyof Mixture>]
      return joined(value, gradient.alpha, gradient.means, gradient.icf)
    },
    compiled: derivative,
  }
}

export const lstmProgram = (data: Lstm): Program => {
  const { l, b, main, extra } = data
  const f = sequenceLoss(data)
  const at = { main: tensor(main, { shape: [2 * l, 4, b] }), extra: tensor(extra, { shape: [3, b] }) }
  const objective = must(compile((weights: Weights) => f(weights), [at], arrays))
  const derivative = must(compile((weights: Weights) => valueAndGrad(f)(weights), [at], arrays))
  return {
    objective: () => objective(at),
    derivative: () => derivative(at),
    numbers: () => {
      const [value, gradient] = derivative(at) as readonly [number, Arrays<keyof Weights>]
      return joined(value, gradient.main, gradient.extra)
    },
    compiled: derivative,
  }
}

export const baProgram = (data: Ba): Program => {
  const { n, m, cameras, points, weights } = data
  const { residuals, withJacobian } = adjustment(data)
  const at = { cameras: tensor(cameras, { shape: [n, 11] }), points: tensor(points, { shape: [m, 3] }), weights: tensor(weights) }
  const objective = must(compile((scene: Scene) => residuals(scene), [at], arrays))
  const derivative = must(compile((scene: Scene) => withJacobian(scene), [at], arrays))
  return {
    objective: () => objective(at),
    derivative: () => derivative(at),
    numbers: () => {
      const { deviations, penalties, blocks, slopes } = derivative(at) as Arrays<'deviations' | 'penalties' | 'blocks' | 'slopes'>
      return joined(deviations, penalties, blocks, slopes)
    },
    compiled: derivative,
  }
}

export const handProgram = (data: Hand): Program => {
  const { theta } = data
  const { residuals, withJacobian } = tracking(data)
  const at = { rotation: tensor(theta.slice(0, 3)), translation: tensor(theta.slice(3, 6)), angles: tensor(theta.slice(6)) }
  const objective = must(compile((pose: Pose): Node => residuals(pose), [at], arrays))
  const derivative = must(compile((pose: Pose) => withJacobian(pose), [at], arrays))
  return {
    objective: () => objective(at),
    derivative: () => derivative(at),
    numbers: () => {
      const { residuals, columns } = derivative(at) as Arrays<'residuals' | 'columns'>
      return joined(residuals, columns)
    },
    compiled: derivative,
  }
}
