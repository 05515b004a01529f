/** The gradients of this library, seen through the same adapter as those of others. */
import { asinh, atan2, elu, greater, logSumExp, max, norm, prod, relu, sigmoid, sin, softplus, sqrt, square, std, sum, take, item, tanh, tensor, valueAndGrad, value, where, type Node } from '../../lib/index.js'
import { adapted, type Peer } from './Case.js'

export const foldgrad: Peer = {
  name: 'foldgrad',
  precision: 'f64',
  gradients: adapted<(x: Node) => Node>(
    {
      square: (x) => sum(square(x)),
      sin: (x) => sum(sin(x)),
      softplus: (x) => sum(softplus(x)),
      relu: (x) => sum(relu(x)),
      max: (x) => max(x),
      logSumExp: (x) => logSumExp(x),
      tanh: (x) => sum(tanh(x)),
      sigmoid: (x) => sum(sigmoid(x)),
      elu: (x) => sum(elu(x)),
      product: (x) => prod(x),
      where: (x) => sum(where(greater(x, 0), sqrt(x), 0)),
      norm: (x) => norm(x),
      normSquared: (x) => square(norm(x)),
      normLarge: (x) => norm(x),
      deviation: (x) => std(x),
      atan2: (x) => atan2(take(x, 0), take(x, 1)),
      asinh: (x) => sum(asinh(x)),
    },
    (f) => (x) => {
      const [y, gradient] = valueAndGrad(f)(tensor(x))
      return [item(y), value(gradient).toTypedArray()]
    },
  ),
}
