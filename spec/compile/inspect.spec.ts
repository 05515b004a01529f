/** Reports of compiled functions, as one reads them. */
import { describe, expect, it } from 'vitest'
import { add, compileStep, grad, inspect, matmul, mean, mul, relu, scan, shaped, sin, square, sub, sum, tanh, valueAndGrad, type Node } from '../../lib/index.js'
import { compiled, right } from './agreement.js'

/** Without the size of the code, which is the engine's affair. */
const report = (run: object): string => String(inspect(run)).replace(/, [\d.]+ \w+ of code/, '')

describe('a report', () => {
  it('of a small program shows its text', () => {
    const rosenbrock = (p: { x: Node; y: Node }): Node => add(square(sub(1, p.x)), mul(100, square(sub(p.y, square(p.x)))))
    expect(report(compiled(grad(rosenbrock), [{ x: 1, y: 2 }], { results: 'arrays' }))).toMatchInlineSnapshot(`
      "generated JavaScript
      nodes: 20 traced, 9 scalars
      memory: 0 B held, 0 B of temporaries (at least 0 B)
      'use strict';
      const []=scalars;
      return (a0)=>{
      const g0=a0?.["x"]
      const x0=typeof g0==='number'?g0:read(g0,0,[a0])
      const g1=a0?.["y"]
      const x1=typeof g1==='number'?g1:read(g1,1,[a0])
      const v0=x0
      const v1=(x1-(v0*v0))
      const r0=(((v1*(-200))*(v0*2))+((1-v0)*(-2)))
      const r1=(v1*200)
      return {"x":r0,"y":r1}
      }"
    `)
  })

  it('of a training step shows its kernels', () => {
    const loss = (p: { w: Node; b: Node; v: Node }, x: Node, y: Node): Node => mean(square(sub(matmul(relu(add(matmul(x, p.w), p.b)), p.v), y)))
    const step = (p: { w: Node; b: Node; v: Node }, x: Node, y: Node): readonly [unknown, Node] => {
      const [error, slope] = valueAndGrad((q: typeof p) => loss(q, x, y))(p)
      return [{ w: sub(p.w, mul(0.1, slope.w)), b: sub(p.b, mul(0.1, slope.b)), v: sub(p.v, mul(0.1, slope.v)) }, error]
    }
    const run = right(compileStep(step, [{ w: shaped([64, 32], 'f32'), b: shaped([32], 'f32'), v: shaped([32, 8], 'f32') }, shaped([16, 64], 'f32'), shaped([16, 8], 'f32')] as never))
    expect(report(run)).toMatchInlineSnapshot(`
      "WebAssembly
      nodes: 39 traced, 39 merge scans, 39 expand, 33 simplify, 33 save forward, 33 share
      memory: 13.6 KiB held, 12.6 KiB of temporaries (at least 12.6 KiB)
      product 16×64 by 64×32 f32
      loop 16×32 f32: relu, add
      product 16×32 by 32×8 f32
      loop 16×8 f32: square, sub, 2 mul; sum
      loop once f32: mul
      product 16×8 by 8×32 f32
      loop 16×32 f32: gate; sum
      product 64×16 by 16×32 f32
      loop 64×32 f32: sub, mul
      loop 32 f32: sub, mul
      product 32×16 by 16×8 f32
      loop 32×8 f32: sub, mul"
    `)
  })

  it('of a recurrence shows its loops', () => {
    const f = (xs: Node, w: Node): Node => sum(scan((h: Node, x: Node) => [tanh(add(matmul(w, h), x)), sin(h)] as const, shapedZeros(xs), xs)[1])
    expect(report(compiled(grad((w: Node, xs: Node) => f(xs, w)), [shaped([24, 24]), shaped([10, 24])]))).toMatchInlineSnapshot(`
      "WebAssembly
      nodes: 21 traced, 21 merge scans, 21 expand, 14 simplify, 18 save forward, 18 share
      memory: 13.0 KiB held, 6.4 KiB of temporaries (at least 6.4 KiB)
      loop 10×24 f64: copy; sum
      loop 24 f64: mul
      loop 24 f64: copy
      repeat 10
        loop 24 f64: copy
        product 24×24 by 24×1 f64
        loop 24 f64: cos, sech2, tanh, add
      loop 24 f64: copy
      loop 24×24 f64: copy
      repeat 10 backwards
        loop 24 f64: 2 where, 2 mul, 2 eq
        product 24×24 by 24×1 f64
        loop 24 f64: add
        product 24×1 by 1×24 f64, added"
    `)
  })

  it('is data as well, and does not change', () => {
    const found = inspect(compiled((x: Node) => sum(mul(x, tanh(x))), [shaped([500])], { engine: 'wasm' }))!
    expect(found.engine).toBe('wasm')
    expect(found.kernels).toEqual({ nest: 1 })
    expect(found.memory).toEqual({ held: 4000 + 16, temporaries: 0, least: 0 })
    expect(found.passes[0]).toEqual(['traced', 4])
    expect(found.bytes).toBeGreaterThan(100)
    expect([found, found.passes, found.kernels, found.memory].every(Object.isFrozen)).toBe(true)
    expect(inspect((x: number) => x)).toBeUndefined()
  })
})

const shapedZeros = (xs: Node): Node => mul(0, sum(xs, { axis: 0 }))
