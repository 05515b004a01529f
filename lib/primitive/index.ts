/** Every primitive, by family: the operations that carry rules of their own. All else is composed of these. */
export { add } from './declare.js'
export { astype, div, eq, ge, gt, le, lt, mul, ne, neg, reciprocal, sqrt, square, sub, where } from './arithmetic.js'
export { identity, stopGradient } from './identity.js'
export { constant, full, variable } from './leaf.js'
export { broadcastTo, concat, reshape, slice, sum, transpose, unslice } from './shape.js'
