/** Ten elementwise operations in a chain, and the gradient of the sum of what they make, on a million numbers. */
import { add, compile, exp, mul, neg, shaped, square, sub, sum, tanh, valueAndGrad, type Node } from '../../lib/index.js'
import { drawn, floats, type Floats } from './gemm.js'
import type { Contestant } from './harness.js'
import { joined } from './joined.js'
import { must } from './must.js'

export const chainLength = 1e6

/** Ten operations, with a tanh and an exp among them. */
const chain = (x: Node): Node => {
  const bent = tanh(add(mul(x, 1.1), 0.3))
  return sub(mul(exp(mul(neg(add(square(bent), x)), 0.5)), bent), x)
}

const plainChain = (x: Floats, gradient: Floats): number => {
  let total = 0
  for (let i = 0; i < x.length; i++) {
    const v = x[i]!
    const bent = Math.tanh(1.1 * v + 0.3)
    const e = Math.exp(-0.5 * (bent * bent + v))
    total += e * bent - v
    const dBent = e - e * bent * bent
    gradient[i] = 1.1 * (1 - bent * bent) * dBent - 0.5 * e * bent - 1
  }
  return total
}

export const chainInput = (dtype: 'f64' | 'f32'): Floats => drawn(dtype, chainLength, 5, 4)

export const chains = (dtype: 'f64' | 'f32'): ReadonlyArray<Contestant> => {
  const x = chainInput(dtype)
  const gradient = floats(dtype, chainLength)
  const compiled = must(compile((x: Node) => valueAndGrad((x: Node) => sum(chain(x)))(x), [shaped([chainLength], dtype)], { results: 'arrays' }))
  return [
    { name: 'fused JS loop', run: () => plainChain(x, gradient), numbers: () => joined(plainChain(x, gradient) / chainLength, gradient) },
    {
      name: 'foldgrad',
      run: () => compiled(x),
      numbers: () => {
        const [value, gradient] = compiled(x) as readonly [number, Floats]
        return joined(value / chainLength, gradient)
      },
    },
  ]
}
