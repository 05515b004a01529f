/** Laws on random programs of control flow: each equals itself written out, whatever transform is applied. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Node } from '../../lib/core/Node.js'
import { bufferOf, sameTensor, tensor, type Tensor } from '../../lib/core/Tensor.js'
import { mul, sin, sum } from '../../lib/function/index.js'
import { item, value } from '../../lib/interpret/evaluate.js'
import { constant, variable } from '../../lib/primitive/index.js'
import { backward } from '../../lib/transform/backward.js'
import { grad } from '../../lib/transform/grad.js'
import { jacobian } from '../../lib/transform/jacobian.js'
import { jvp, linearize } from '../../lib/transform/jvp.js'
import { vjp } from '../../lib/transform/vjp.js'
import { vmap } from '../../lib/transform/vmap.js'
import { expectSame } from '../control/derivatives.js'
import { near, unstacked } from '../arbitraries/batch.js'
import { structures, type Structured } from '../arbitraries/structure.js'

const point = fc.array(fc.integer({ min: -48, max: 48 }), { minLength: 4, maxLength: 4 }).map((ns) => [tensor(ns.slice(0, 2).map((n) => n / 32 + 1 / 77)), tensor(ns.slice(2).map((n) => n / 32))] as const)

const every = (depth: number, numRuns: number, law: (program: Structured, at: readonly [Tensor, Tensor]) => void): void =>
  fc.assert(
    fc.property(structures(depth), point, (program, at) => {
      law(program, at)
    }),
    { numRuns },
  )

/** The terms of an inner product. */
const terms = (a: ReadonlyArray<Tensor>, b: ReadonlyArray<Tensor>): ReadonlyArray<number> =>
  a.flatMap((t, k) => Array.from(bufferOf(t), (x, i) => x * bufferOf(b[k]!)[i]!))

const added = (numbers: ReadonlyArray<number>): number => numbers.reduce((a, b) => a + b, 0)

const total = (f: Structured['structured']) => (x: Node, w: Node): Node => sum(sin(f(x, w)))

describe('random programs of control flow', () => {
  it('have the value of the program written out, to the last bit (L29)', () => {
    every(3, 200, ({ structured, written }, at) => {
      const [x, w] = [constant(at[0]), constant(at[1])]
      expect(sameTensor(value(structured(x, w)), value(written(x, w)))).toBe(true)
    })
  })

  it('have all derivatives of the program written out, in both modes, of first to third order', () => {
    every(2, 60, ({ structured, written }, at) => {
      expectSame((x, w) => total(structured)(x!, w!), (x, w) => total(written)(x!, w!), at, [])
    })
  })

  it('have pullbacks that are the transposes of their pushforwards (L2), at the value of the program (L1)', () => {
    every(3, 100, ({ structured }, at) => {
      const [, pull] = vjp(structured)(at[0], at[1])
      const back: ReadonlyArray<Tensor> = value(pull(at[1]))
      const forth = value(jvp(structured)([at[0], at[1]], [at[1], at[0]])[1])
      const [left, right] = [terms([forth], [at[1]]), terms(back, [at[1], at[0]])]
      const size = [...left, ...right].reduce((n, t) => n + Math.abs(t), 0)
      expect(Math.abs(added(left) - added(right))).toBeLessThanOrEqual(1e-12 * (1 + size))
      const y = value(structured(constant(at[0]), constant(at[1])))
      expect(sameTensor(value(vjp(structured)(at[0], at[1])[0]), y)).toBe(true)
      expect(sameTensor(value(jvp(structured)([at[0], at[1]], [at[0], at[1]])[0]), y)).toBe(true)
    })
  })

  it('compose by the chain rule (L20) and are linearized as they are pushed forward (L25)', () => {
    every(2, 60, ({ structured }, [a, b]) => {
      const f = (x: Node): Node => structured(x, constant(b))
      const g = (y: Node): Node => mul(y, sin(y))
      const [y, pullF] = vjp(f)(a)
      const [, pullG] = vjp(g)(y)
      expect(near(value(vjp((x: Node) => g(f(x)))(a)[1](b)[0]), value(pullF(pullG(b)[0])[0]))).toBe(true)
      expect(sameTensor(value(linearize(f)(a)[1](b)), value(jvp(f)([a], [b])[1]))).toBe(true)
    })
  })

  it('have one Jacobian, by rows and by columns (L24)', () => {
    every(2, 60, ({ structured }, [a, b]) => {
      const f = (x: Node): Node => structured(x, constant(b))
      const [rows, columns]: ReadonlyArray<Tensor> = value([jacobian(f, { mode: 'reverse' })(a), jacobian(f, { mode: 'forward' })(a)])
      expect(near(rows!, columns!)).toBe(true)
    })
  })

  it('are batched as stacks, and so are their gradients, whichever arguments are mapped (L26)', () => {
    every(2, 60, ({ structured }, [a, b]) => {
      const batch = tensor([...bufferOf(a), 0.25, -0.5, ...bufferOf(b)], { shape: [3, 2] })
      for (const axes of [[0, null], [null, 0], [0, 0]] as const) {
        const operands = [axes[0] === null ? a : batch, axes[1] === null ? b : batch] as const
        const own = (i: number) => operands.map((t, k) => constant(axes[k] === null ? t : unstacked(t)[i]!)) as [Node, Node]
        const gradient = (x: Node, w: Node) => grad((p: ReadonlyArray<Node>) => total(structured)(p[0]!, p[1]!))([x, w])
        const ys = unstacked(value(vmap(structured, { in: axes })(...operands)))
        const gs: ReadonlyArray<Tensor> = value(vmap(gradient, { in: axes })(...operands))
        ys.forEach((y, i) => {
          expect(near(y, value(structured(...own(i))))).toBe(true)
          const apart: ReadonlyArray<Tensor> = value(gradient(...own(i)))
          apart.forEach((g, k) => expect(near(g, unstacked(gs[k]!)[i]!)).toBe(true))
        })
      }
    })
  })

  it('give the same numbers each time, and gradients that do not add up (L44, L46)', () => {
    every(2, 60, ({ structured }, at) => {
      const before = at.map((t) => [...bufferOf(t)])
      const [x, w] = [variable('x', at[0]), variable('w', at[1])]
      const y = sum(structured(x, w))
      expect(Object.is(item(y), item(y))).toBe(true)
      const [first, second] = [backward(y), backward(y)]
      expect([...first.keys()]).toEqual([...second.keys()])
      for (const [id, g] of first) expect(sameTensor(value(g), value(second.get(id)!))).toBe(true)
      expect(at.map((t) => [...bufferOf(t)])).toEqual(before)
    })
  })

  it('do not confuse perturbations of nested derivatives (L50)', () => {
    every(1, 40, ({ structured, written }, [a, b]) => {
      const mixed = (f: Structured['structured']) => (x: Node): Node => sum(mul(x, grad((u: Node) => sum(f(u, mul(x, u))))(constant(b))))
      expect(near(value(grad(mixed(structured))(a)), value(grad(mixed(written))(a)), 1e-10)).toBe(true)
    })
  })
})
