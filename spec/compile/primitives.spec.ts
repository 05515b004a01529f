/** Every primitive, compiled: its value and both of its derivatives, wherever its row in the table of primitives applies it. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { isFloat } from '../../lib/core/DType.js'
import { bufferOf, tensorOf, type Tensor } from '../../lib/core/Tensor.js'
import { jvp, value, vjp, type Engine, type Node } from '../../lib/index.js'
import { constant, full } from '../../lib/primitive/index.js'
import type { Application } from '../primitive/application.js'
import { table } from '../primitive/table.js'
import { agrees, rounding, type AnyFunction } from './agreement.js'

const single = (t: Tensor): Tensor => (t.dtype === 'f64' ? tensorOf(Float32Array.from(bufferOf(t)), t.shape, 'f32') : t)

/** Numbers of both signs like a tensor. */
const varied = (t: Tensor, step: number): Tensor => tensorOf(bufferOf(t).map((_, i) => (((i * step + 5) % 101) - 50) / 16), t.shape, t.dtype)

/** The value and the derivatives along given directions, each as a function of the operands. */
const functionsOf = ({ f }: Application, args: ReadonlyArray<Tensor>): ReadonlyArray<AnyFunction> => {
  const y = value(f(...args.map(constant)))
  if (args.length === 0 || !isFloat(y.dtype)) return [f]
  const together = (xs: ReadonlyArray<Node>): Node => f(...xs)
  return [
    f,
    (...xs) => vjp(together)(xs)[1](varied(y, 37))[0]!,
    (...xs) => jvp(together)([xs], [args.map((t) => varied(t, 29))])[1],
  ]
}

const check = (application: Application, engine: Engine): ReadonlyArray<Engine> =>
  [application.args, application.args.map(single)].flatMap((args) => functionsOf(application, args).map((f) => agrees(f, args, engine, rounding)))

describe.each(Object.entries(table))('%s', (_, { application }) => {
  it('has the value and the derivatives of evaluation', () => {
    const engines: Array<Engine> = []
    fc.assert(
      fc.property(application, (a) => {
        engines.push(...check(a, 'wasm'), ...check(a, 'script'))
      }),
      { numRuns: 4 },
    )
    expect(engines).toContain('wasm')
  })
})

describe('elementwise primitives of many numbers', () => {
  /** As many as fill registers, with some left over. */
  const repeated = (t: Tensor): Tensor => tensorOf(t.dtype === 'f32' ? Float32Array.from({ length: 7 }, (_, i) => bufferOf(t)[i % t.size]!) : Float64Array.from({ length: 7 }, (_, i) => bufferOf(t)[i % t.size]!), [7], t.dtype)
  const elementwise = Object.entries(table).filter(([name]) => !['constant', 'variable', 'full', 'positions'].includes(name))

  it('agree in every lane', () => {
    let checked = 0
    for (const [, { application }] of elementwise)
      for (const a of fc.sample(application, { numRuns: 4, seed: 3 })) {
        const scalar = a.args.length > 0 && a.args.every(({ size, dtype }) => size > 0 && isFloat(dtype)) && a.f(...a.args.map((t) => full(0.5, { shape: [7], dtype: t.dtype })))
        if (scalar === false || scalar.op.scalar === undefined || scalar.shape.join() !== '7') continue
        agrees(a.f, a.args.map(repeated), 'wasm')
        agrees(a.f, a.args.map(repeated).map(single), 'wasm')
        checked++
      }
    expect(checked).toBeGreaterThan(150)
  })
})
