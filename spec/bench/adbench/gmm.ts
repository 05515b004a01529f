/** The log posterior of a mixture of Gaussians. */
import { add, concat, exp, expandDims, eye, item, lgamma, logSumExp, matmul, mul, reshape, slice, square, sub, sum, take, tensor, transpose, zeros, type Node } from '../../../lib/index.js'
import type { Gmm } from './data.js'

/** What is fitted: `[k]`, `[k, d]` and `[k, d (d + 1) / 2]`. */
export interface Mixture {
  readonly alpha: Node
  readonly means: Node
  readonly icf: Node
}

/** Where the entries of `[d, d]` below the diagonal stand in a row of `icf`, column by column; all others just behind it. */
const placesBelow = (d: number): Int32Array =>
  Int32Array.from({ length: d * d }, (_, e) => {
    const [row, column] = [Math.floor(e / d), e % d]
    return row > column ? d + column * d - (column * (column + 1)) / 2 + row - column - 1 : (d * (d + 1)) / 2
  })

/** The logarithm of the normaliser of a Wishart prior. */
export const wishart = (d: number, gamma: number, m: number): number => {
  const degrees = d + m + 1
  const gammas = Array.from({ length: d }, (_, j) => item(lgamma((degrees - j) / 2)))
  return degrees * d * (Math.log(gamma) - 0.5 * Math.log(2)) - (d * (d - 1) * Math.log(Math.PI)) / 4 - gammas.reduce((a, b) => a + b, 0)
}

export const logPosterior = ({ d, k, n, x, gamma, m }: Gmm): ((mixture: Mixture) => Node) => {
  const points = tensor(x, { shape: [n, d] })
  const below = tensor(placesBelow(d), { dtype: 'i32' })
  const constant = -0.5 * n * d * Math.log(2 * Math.PI) - k * wishart(d, gamma, m)
  return ({ alpha, means, icf }) => {
    const [logs, rest] = [slice(icf, [[], [0, d]]), slice(icf, [[], [d, null]])]
    const diagonal = exp(logs)
    const lower = reshape(take(concat([icf, zeros([k, 1])], { axis: 1 }), below, { axis: 1 }), [k, d, d])
    const q = add(lower, mul(expandDims(diagonal, 2), eye(d)))
    const moved = sub(reshape(matmul(points, transpose(reshape(q, [k * d, d]))), [n, k, d]), sum(mul(q, expandDims(means, 1)), { axis: 2 }))
    const scores = sub(add(alpha, sum(logs, { axis: 1 })), mul(0.5, sum(square(moved), { axis: 2 })))
    const likelihood = sub(sum(logSumExp(scores, { axis: 1 })), mul(n, logSumExp(alpha)))
    const prior = sub(mul(0.5 * gamma * gamma, add(sum(square(diagonal)), sum(square(rest)))), mul(m, sum(logs)))
    return add(constant, add(likelihood, prior))
  }
}
