/** The law that ties the two modes together, checked in integers: ⟨w, J v⟩ = ⟨Jᵀ w, v⟩ exactly. */
import { expect } from 'vitest'
import type { Node } from '../../lib/core/Node.js'
import { sizeOf, type Shape } from '../../lib/core/Shape.js'
import { bufferOf, tensor, type Tensor } from '../../lib/core/Tensor.js'
import { constant } from '../../lib/function/leaf.js'
import { adjointsOf } from '../../lib/transform/backward.js'
import { tangentsOf } from '../../lib/transform/forward.js'
import { value } from '../../lib/interpret/evaluate.js'
import { variable } from '../../lib/primitive/leaf.js'

/** `⟨a, b⟩` of two arrays of one shape. */
export const innerProduct = (a: Tensor, b: Tensor): number => {
  expect(a.shape).toEqual(b.shape)
  const [x, y] = [bufferOf(a), bufferOf(b)]
  let sum = 0
  for (let i = 0; i < x.length; i++) sum += x[i]! * y[i]!
  return sum
}

/** Small integers of both signs without a pattern that a transposition would keep. */
const scattered = (shape: Shape, seed: number): Tensor =>
  tensor(Float64Array.from({ length: sizeOf(shape) }, (_, i) => ((i * i + 3 * i * seed + seed) % 7) - 3), { shape })

const inner = (a: Tensor, b: Node | null | undefined): number => (b ? innerProduct(a, value(b)) : 0)

/** Pushforward and pullback of `f` at `xs` are transposes of each other, in all arguments at once. */
export const expectTransposed = (f: (...xs: ReadonlyArray<Node>) => Node, xs: ReadonlyArray<Tensor>): void => {
  const at = xs.map((x, k) => variable(`x${k}`, x))
  const y = f(...at)
  const w = scattered(y.shape, 1)
  const vs = xs.map((x, k) => scattered(x.shape, k + 2))
  const [dy] = tangentsOf([y], at, vs.map((v) => constant(v)))
  const back = adjointsOf(y, at, constant(w))
  expect(inner(w, dy)).toBe(back.reduce((sum, g, k) => sum + inner(vs[k]!, g), 0))
}
