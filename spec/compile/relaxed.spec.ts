/** Products that are added without being rounded first: where the engine can, and only if that is asked for. */
import { setFlagsFromString } from 'node:v8'
import { afterEach, describe, expect, it, vi } from 'vitest'
import {
  add, compileStep, cos, exp, grad, inspect, log, logSumExp, matmul, mul, sigmoid, sin, softmax, square, sub, sum, tanh, tensor, valueAndGrad, type Node, type Tensor,
} from '../../lib/index.js'
import { compiled, disagreement, evaluated, right, rounding, tensorsOf, type AnyFunction } from './agreement.js'

// Engines of before 2023 have to be told; the others do not know the word any more.
setFlagsFromString('--experimental-wasm-relaxed-simd')

declare const WebAssembly: { validate: (bytes: Uint8Array) => boolean }

const filled = (shape: ReadonlyArray<number>, dtype: 'f64' | 'f32'): Tensor =>
  tensor(Array.from({ length: shape.reduce((a, b) => a * b, 1) }, (_, i) => 1.5 + Math.sin(1 + 1.7 * i)), { shape, dtype })

const functions: Readonly<Record<string, (x: Node) => Node>> = {
  'elementary functions': (x) => sum(mul(tanh(x), exp(mul(x, -0.3)))),
  'waves and logarithms': (x) => sum(add(mul(sin(x), cos(mul(3, x))), log(x))),
  'rows': (x) => sum(square(softmax(x, { axis: 1 }))),
  'sums of exponentials': (x) => sum(logSumExp(x, { axis: 0 })),
  'a layer': (x) => sum(sigmoid(matmul(x, x))),
}

const bytesOf = (run: unknown): number => inspect(run as object)!.bytes!

describe('relaxed programs', () => {
  afterEach(() => void vi.restoreAllMocks())

  describe.each(['f64', 'f32'] as const)('of %s', (dtype) => {
    it.each(Object.entries(functions))('agree with evaluation: %s', (_, f) => {
      const x = filled([17, 17], dtype)
      const of = ((y: Node) => valueAndGrad(f)(y)) as unknown as AnyFunction
      const run = compiled(of, [x], { engine: 'wasm', relaxed: true })
      expect(disagreement(tensorsOf(run(x)), evaluated(of, [x]), rounding)).toBeUndefined()
    })
  })

  it('have other code, where the engine knows it', () => {
    const [f] = Object.values(functions)
    const like = [filled([50], 'f64')]
    expect(bytesOf(compiled(f!, like, { engine: 'wasm', relaxed: true }))).toBeLessThan(bytesOf(compiled(f!, like, { engine: 'wasm' })))
  })

  it('are what they would be otherwise, where it does not', () => {
    const f = (x: Node): Node => sum(mul(exp(x), sin(mul(2, x))))
    const x = filled([50], 'f64')
    const refuse = vi.spyOn(WebAssembly, 'validate').mockReturnValue(false)
    const run = compiled(f, [x], { engine: 'wasm', relaxed: true })
    expect(refuse).toHaveBeenCalledOnce()
    expect(bytesOf(run)).toBe(bytesOf(compiled(f, [x], { engine: 'wasm' })))
    expect(tensorsOf(run(x))[0]!.at()).toBe(tensorsOf(compiled(f, [x], { engine: 'wasm' })(x))[0]!.at())
  })

  it('may be steps', () => {
    const loss = (w: Node): Node => sum(mul(tanh(w), exp(w)))
    const descend = (w: Node) => [sub(w, mul(0.1, grad(loss)(w))), loss(w)] as const
    const w = filled([40], 'f64')
    const [plain, relaxed] = [right(compileStep(descend, [w])), right(compileStep(descend, [w], { relaxed: true }))]
    expect(bytesOf(relaxed)).toBeLessThan(bytesOf(plain))
    const [[a], [b]] = [plain(w), relaxed(w)]
    expect(disagreement([b], [a], rounding)).toBeUndefined()
  })
})
