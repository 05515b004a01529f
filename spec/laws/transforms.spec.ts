/** Laws of the transforms on random smooth programs: against numerical differentiation, and against each other. */
import fc from 'fast-check'
import * as E from 'fp-ts/Either'
import { afterAll, describe, expect, it } from 'vitest'
import type { Node } from '../../lib/core/Node.js'
import { bufferOf, sameTensor, tensorOf, type Tensor } from '../../lib/core/Tensor.js'
import { item, value } from '../../lib/interpret/evaluate.js'
import { add, concat, constant, exp, full, identity, mul, neg, reshape, sin, sub, sum, tanh } from '../../lib/primitive/index.js'
import { adjointsOf } from '../../lib/transform/backward.js'
import { grad, valueAndGrad } from '../../lib/transform/grad.js'
import { hessian, hvp, jacobian } from '../../lib/transform/jacobian.js'
import { jvp, linearize } from '../../lib/transform/jvp.js'
import { vjp } from '../../lib/transform/vjp.js'
import { checkGradient, checkJvp, checkSecondOrder, showFailure, type CheckFailure, type Report } from '../../lib/verify/index.js'
import { smoothPrograms, type Program } from '../arbitraries/program.js'

const every = (law: (program: Program, seed: number) => void, numRuns: number): void =>
  fc.assert(
    fc.property(smoothPrograms, fc.nat(), (program, seed) => {
      law(program, seed)
    }),
    { numRuns },
  )

const tally = { all: 0, inconclusive: 0 }

const passes = (check: E.Either<CheckFailure, Report>): void => {
  if (E.isLeft(check)) throw new Error(showFailure(check.left))
  tally.all++
  if (check.right.verdict === 'inconclusive') tally.inconclusive++
}

/** The program as a function of one vector, all inputs one after another, with a scalar result. */
const scalarOf = ({ f, inputs }: Program) => {
  const at = tensorOf(Float64Array.from(inputs.flatMap((t) => [...bufferOf(t)])), [inputs.reduce((n, t) => n + t.size, 0)], 'f64')
  const call = (x: Node): Node => {
    let next = 0
    const parts = inputs.map((t) => {
      const index = Array.from({ length: t.size }, (_, i) => next + i)
      next += t.size
      return reshape(concat(index.map((i) => pickOne(x, i)), 0), t.shape)
    })
    const y = f(...parts)
    return sum(sin(reshape(y, [sizeOf(y)])), [0])
  }
  return { at, call }
}

const sizeOf = (y: Node): number => y.shape.reduce((a, b) => a * b, 1)
const pickOne = (x: Node, i: number): Node => reshape(sum(mul(x, constant(tensorOf(Float64Array.from({ length: x.shape[0]! }, (_, j) => (i === j ? 1 : 0)), x.shape, 'f64'))), [0]), [1])

const varied = (t: Tensor, seed: number): Tensor => tensorOf(Float64Array.from(bufferOf(t), (_, i) => (((i * 37 + seed) % 101) - 50 || 7) / 32), t.shape, 'f64')

const close = (a: Tensor, b: Tensor, tolerance = 1e-11): boolean => {
  const [x, y] = [bufferOf(a), bufferOf(b)]
  const size = Math.max(1, ...Array.from(x, Math.abs), ...Array.from(y, Math.abs))
  return x.length === y.length && x.every((v, i) => Math.abs(v - y[i]!) <= tolerance * size)
}

const allClose = (a: ReadonlyArray<Tensor>, b: ReadonlyArray<Tensor>): boolean => a.length === b.length && a.every((t, i) => close(t, b[i]!))

describe('random programs', () => {
  it('have the gradients and the tangents that numerical differentiation finds', () => {
    every(({ f, inputs }, seed) => {
      passes(checkGradient(f, inputs, { seed, directions: 2 }))
      passes(checkJvp(f, inputs, { seed, directions: 2 }))
    }, 100)
  })

  it('have the second derivatives that numerical differentiation finds, in all four modes', () => {
    every(({ f, inputs }, seed) => passes(checkSecondOrder(f, inputs, { seed, directions: 1 })), 40)
  })

  it('have modes that are each other\'s transpose', () => {
    every(({ f, inputs }, seed) => {
      const [u, w] = [inputs.map((t) => varied(t, seed)), varied(value(f(...inputs.map(constant))), seed + 1)]
      const forward: Tensor = value(jvp((xs: ReadonlyArray<Node>) => f(...xs))([inputs], [u])[1])
      const back: ReadonlyArray<Tensor> = value(vjp((xs: ReadonlyArray<Node>) => f(...xs))(inputs)[1](w)[0]!)
      const [left, scaleLeft] = inner([forward], [w])
      const [right, scaleRight] = inner(back, u)
      expect(Math.abs(left - right)).toBeLessThanOrEqual(1e-12 * (1 + scaleLeft + scaleRight))
    }, 100)
  })
})

const inner = (a: ReadonlyArray<Tensor>, b: ReadonlyArray<Tensor>): readonly [number, number] => {
  const terms = a.flatMap((t, i) => Array.from(bufferOf(t), (x, j) => x * bufferOf(b[i]!)[j]!))
  return [terms.reduce((s, x) => s + x, 0), terms.reduce((s, x) => s + Math.abs(x), 0)]
}

describe('composition', () => {
  const pair = fc.tuple(smoothPrograms, fc.nat())

  it('takes pullbacks in reverse and pushforwards in order (L20)', () => {
    fc.assert(
      fc.property(pair, ([{ f, inputs }, seed]) => {
        const g = (y: Node): Node => tanh(mul(y, sin(y)))
        const [y, pullF] = vjp((xs: ReadonlyArray<Node>) => f(...xs))(inputs)
        const [z, pullG] = vjp(g)(y)
        const w = varied(value(z), seed)
        const whole = vjp((xs: ReadonlyArray<Node>) => g(f(...xs)))(inputs)[1](w)[0]!
        expect(allClose(value(whole), value(pullF(pullG(w)[0]!)[0]!))).toBe(true)

        const u = inputs.map((t) => varied(t, seed))
        const [, inside] = jvp((xs: ReadonlyArray<Node>) => f(...xs))([inputs], [u])
        const [, stepwise] = jvp(g)([y], [inside])
        const [, direct] = jvp((xs: ReadonlyArray<Node>) => g(f(...xs)))([inputs], [u])
        expect(close(value(direct), value(stepwise))).toBe(true)
      }),
      { numRuns: 60 },
    )
  })

  it('leaves cotangents and tangents alone at the identity (L20)', () => {
    every(({ inputs }, seed) => {
      const w = inputs.map((t) => varied(t, seed))
      const id = (xs: ReadonlyArray<Node>): ReadonlyArray<Node> => xs.map((x) => identity(x))
      const back: ReadonlyArray<Tensor> = value(vjp(id)(inputs)[1](w)[0]!)
      const forth: ReadonlyArray<Tensor> = value(jvp(id)([inputs], [w])[1])
      expect(back.every((t, i) => sameTensor(t, w[i]!))).toBe(true)
      expect(forth.every((t, i) => sameTensor(t, w[i]!))).toBe(true)
    }, 20)
  })

  it('adds the pullbacks of the parts of a result (L21)', () => {
    every(({ f, inputs }, seed) => {
      const first = (xs: ReadonlyArray<Node>): Node => f(...xs)
      const second = (xs: ReadonlyArray<Node>): Node => tanh(neg(f(...xs)))
      const [[y]] = [vjp(first)(inputs)]
      const [w1, w2] = [varied(value(y), seed), varied(value(y), seed + 5)]
      const together: ReadonlyArray<Tensor> = value(vjp((xs: ReadonlyArray<Node>) => [first(xs), second(xs)] as const)(inputs)[1]([w1, w2])[0]!)
      const apart = vjp(first)(inputs)[1](w1)[0]!.map((g, i) => add(g, vjp(second)(inputs)[1](w2)[0]![i]!))
      expect(allClose(together, value(apart))).toBe(true)
    }, 60)
  })

  it('gives exact zeros of the right shape for what does not matter (L22)', () => {
    every(({ f, inputs }) => {
      const gradient = grad((p: { readonly used: ReadonlyArray<Node>; readonly unused: ReadonlyArray<Node> }) => {
        const y = f(...p.used)
        return sum(reshape(y, [sizeOf(y)]), [0])
      })({ used: inputs, unused: inputs })
      const { unused } = value(gradient)
      unused.forEach((t, i) => {
        expect(t.shape).toEqual(inputs[i]!.shape)
        expect(bufferOf(t).every((x) => Object.is(x, 0))).toBe(true)
      })
    }, 30)
  })
})

describe('grad', () => {
  it('is the pullback of 1, and valueAndGrad the value beside it (L23)', () => {
    every((program) => {
      const { at, call } = scalarOf(program)
      const [y, pull] = vjp(call)(at)
      const [z, g] = valueAndGrad(call)(at)
      const numbers: ReadonlyArray<Tensor> = value([pull(full(1, y))[0]!, grad(call)(at), g])
      expect(sameTensor(numbers[0]!, numbers[1]!) && sameTensor(numbers[1]!, numbers[2]!)).toBe(true)
      expect(item(z)).toBe(item(y))
    }, 40)
  })

  it('hands auxiliary results through by reference, and permutes with its arguments (L23)', () => {
    const aux = { note: 'anything' }
    const [, given] = grad((x: Node) => [mul(x, x), aux] as const, { hasAux: true })(3)
    expect(given).toBe(aux)
    const f = (a: Node, b: Node, c: Node): Node => mul(sin(a), sub(exp(b), mul(a, c)))
    fc.assert(
      fc.property(fc.shuffledSubarray([0, 1, 2], { minLength: 1 }), (argnums) => {
        const at = [0.5, 0.25, 2].map((x) => full(x, { shape: [], dtype: 'f64' })) as [Node, Node, Node]
        const all = grad(f, { argnums: [0, 1, 2] })(...at)
        const some: ReadonlyArray<Node> = grad(f, { argnums })(...at)
        expect(some.map(item)).toEqual(argnums.map((k) => item(all[k]!)))
      }),
    )
  })

  it('is jacobian and hessian in every mode (L24, L12)', () => {
    every((program, seed) => {
      const { at, call } = scalarOf(program)
      const rows: ReadonlyArray<Tensor> = value([grad(call)(at), jacobian(call, { mode: 'reverse' })(at), jacobian(call, { mode: 'forward' })(at)])
      expect(close(rows[0]!, rows[1]!) && close(rows[0]!, rows[2]!)).toBe(true)
      const [h, k]: ReadonlyArray<Tensor> = value([hessian(call, { mode: 'reverse' })(at), hessian(call, { mode: 'forward' })(at)])
      expect(close(h!, k!)).toBe(true)
      const n = at.size
      const transposed = tensorOf(Float64Array.from({ length: n * n }, (_, i) => bufferOf(h!)[(i % n) * n + Math.floor(i / n)]!), [n, n], 'f64')
      expect(close(h!, transposed)).toBe(true)
      const v = varied(at, seed)
      const product: Tensor = value(hvp(call)(at, v))
      const expected = tensorOf(Float64Array.from({ length: n }, (_, i) => [...bufferOf(v)].reduce((s, x, j) => s + x * bufferOf(h!)[i * n + j]!, 0)), [n], 'f64')
      expect(close(product, expected)).toBe(true)
    }, 25)
  })

  it('is what linearize keeps (L25)', () => {
    every(({ f, inputs }, seed) => {
      const [, push] = linearize((xs: ReadonlyArray<Node>) => f(...xs))(inputs)
      for (const u of [inputs.map((t) => varied(t, seed)), inputs.map((t) => varied(t, seed + 9))])
        expect(sameTensor(value(push(u)), value(jvp((xs: ReadonlyArray<Node>) => f(...xs))([inputs], [u])[1]))).toBe(true)
    }, 30)
  })

  it('does not confuse perturbations (L50)', () => {
    const d = grad as (f: (x: Node) => Node) => (x: Node | number) => Node
    expect(item(d((x) => mul(x, d((y) => add(x, y))(1)))(1))).toBe(1)
    expect(item(d((x) => mul(x, d((y) => mul(x, y))(2)))(3))).toBe(6)
    expect(item(d((x) => d((y) => mul(x, mul(y, y)))(x))(5))).toBe(20)
    const forward = (f: (x: Node) => Node) => (x: Node | number): Node => jvp(f)([x], [1])[1]
    expect(item(forward((x) => mul(x, forward((y) => add(x, y))(1)))(1))).toBe(1)
    expect(item(d((x) => mul(x, forward((y) => mul(x, y))(2)))(3))).toBe(6)
    expect(item(forward((x) => mul(x, d((y) => mul(x, y))(2)))(3))).toBe(6)
  })

  it('has symmetric mixed derivatives through nested closures (L50)', () => {
    const d = grad as (f: (x: Node) => Node) => (x: Node | number) => Node
    const f = (x: Node, y: Node): Node => mul(sin(mul(x, y)), exp(sub(x, y)))
    fc.assert(
      fc.property(fc.integer({ min: -32, max: 32 }), fc.integer({ min: -32, max: 32 }), (i, j) => {
        const [a, b] = [i / 32, j / 32]
        const xy = item(d((x) => d((y) => f(x, y))(b))(a))
        const yx = item(d((y) => d((x) => f(x, y))(a))(b))
        expect(Math.abs(xy - yx)).toBeLessThanOrEqual(1e-13 * (1 + Math.abs(xy)))
      }),
    )
  })

  it('gives the adjoint of a node in the middle, wherever it stands', () => {
    every(({ run, inputs }, pick) => {
      const values = run(...inputs.map((t) => constant(t)))
      const [y, middle] = [values.at(-1)!, values[pick % values.length]!]
      const [adjoint] = adjointsOf(y, [middle])
      if (adjoint !== undefined) expect(adjoint.shape).toEqual(middle.shape)
      expect(sameTensor(value(adjointsOf(y, [y])[0]!), value(full(1, y)))).toBe(true)
    }, 50)
  })
})

afterAll(() => {
  expect(tally.inconclusive).toBeLessThanOrEqual(1 + tally.all * 0.02)
})
