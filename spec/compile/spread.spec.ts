/** Gradients of an array whose slices were used: sums of parts in the midst of zeros, each added where it belongs. */
import { describe, expect, it } from 'vitest'
import { add, grad, inspect, mul, sin, slice, square, stopGradient, sub, sum, tensor, valueAndGrad, type Node, type Tensor } from '../../lib/index.js'
import { agrees, compiled } from './agreement.js'

const filled = (shape: ReadonlyArray<number>, dtype: 'f64' | 'f32' = 'f64'): Tensor =>
  tensor(Array.from({ length: shape.reduce((a, b) => a * b, 1) }, (_, i) => Math.sin(1 + 1.7 * i)), { shape, dtype })

const functions: Readonly<Record<string, readonly [f: (x: Node) => Node, shape: ReadonlyArray<number>]>> = {
  'neighbours': [(x) => sum(square(sub(slice(x, [[1, null]]), square(slice(x, [[0, -1]]))))), [41]],
  'three parts': [(x) => sum(mul(mul(sin(slice(x, [[0, 20]])), slice(x, [[5, 25]])), slice(x, [[15, 35]]))), [41]],
  'parts of rows and columns': [(x) => sum(square(sub(slice(x, [[1, null], [0, -1]]), sin(slice(x, [[0, -1], [1, null]]))))), [7, 9]],
  'every other element': [(x) => sum(mul(sin(slice(x, [[0, 40, 2]])), slice(x, [[1, 41, 2]]))), [41]],
  'parts that do not meet': [(x) => add(sum(sin(slice(x, [[0, 10]]))), sum(square(slice(x, [[30, 41]])))), [41]],
  'parts and the whole': [(x) => add(sum(mul(slice(x, [[0, 30]]), slice(x, [[11, 41]]))), sum(sin(x))), [41]],
  'an empty part': [(x) => add(sum(mul(slice(x, [[0, 30]]), slice(x, [[11, 41]]))), sum(slice(x, [[5, 5]]))), [41]],
}

describe('the gradient of slices', () => {
  it.each(Object.entries(functions))('is that of evaluation: %s', (_, [f, shape]) => {
    for (const dtype of ['f64', 'f32'] as const) {
      const x = filled(shape, dtype)
      agrees((y: Node) => valueAndGrad(f)(y), [x], 'wasm')
      // Used twice, so that sums and parts are wanted by others, too.
      agrees((y: Node) => {
        const g = grad(f)(y)
        return [g, mul(g, stopGradient(y)), grad((z: Node) => sum(square(grad(f)(z))))(y)]
      }, [x], 'wasm')
    }
  })

  it('makes no array of zeros for the second part', () => {
    const [f, shape] = functions['neighbours']!
    expect(inspect(compiled((y: Node) => grad(f)(y), [filled(shape)], { engine: 'wasm' }))!.kernels).toEqual({ fill: 1, nest: 2 })
  })
})
