/** Gradients written by hand on typed arrays, two of them wrong. */
import type { Peer } from './Case.js'
import { cases } from './Case.js'

const softmax = (x: Float64Array): Float64Array => {
  const largest = Math.max(...x)
  const weights = x.map((a) => Math.exp(a - largest))
  const sum = weights.reduce((s, a) => s + a, 0)
  return weights.map((a) => a / sum)
}

export const written: Peer = {
  name: 'gradients written by hand',
  precision: 'f64',
  gradients: {
    square: (x) => [cases.square.value(x), x.map((a) => 2 * a)],
    sin: (x) => [cases.sin.value(x), x.map(Math.cos)],
    relu: (x) => [cases.relu.value(x), x.map((a) => (a > 0 ? 1 : 0))],
    logSumExp: (x) => [cases.logSumExp.value(x), softmax(x)],
    // Wrong: a sigmoid is the derivative of softplus, and this is the derivative of the sigmoid.
    softplus: (x) => [cases.softplus.value(x), x.map((a) => Math.exp(-Math.abs(a)) / (1 + Math.exp(-Math.abs(a))) ** 2)],
    // Wrong where a factor is zero: the product of the others is not the product divided by it.
    product: (x) => [cases.product.value(x), x.map((a) => cases.product.value(x) / a)],
  },
}
