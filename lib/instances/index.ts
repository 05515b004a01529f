/** fp-ts instances: what gradients, nodes, tensors and errors are, in the words of algebra. */
export { errorShow } from './error.js'
export { gradientsMonoid } from './gradients.js'
export { nodeField, nodeRing, nodeShow } from './node.js'
export { tensorEq, tensorShow } from './tensor.js'
