/** Every primitive obeys the laws of derivatives, wherever its row in the table says that it has them. */
import { readdirSync, readFileSync } from 'node:fs'
import fc from 'fast-check'
import * as E from 'fp-ts/Either'
import { afterAll, describe, expect, it } from 'vitest'
import { isFloat } from '../../lib/core/DType.js'
import { sort } from '../../lib/core/Graph.js'
import { isInvalid, type Node } from '../../lib/core/Node.js'
import { bufferOf, sameTensor, tensorOf, type Tensor } from '../../lib/core/Tensor.js'
import { value } from '../../lib/interpret/evaluate.js'
import { constant, full } from '../../lib/primitive/index.js'
import { jvp } from '../../lib/transform/jvp.js'
import { vjp } from '../../lib/transform/vjp.js'
import { checkGradient, checkJvp, checkSecondOrder, checkTransposition, showFailure, type CheckFailure, type Report } from '../../lib/verify/index.js'
import type { Application } from './application.js'
import { table } from './table.js'

const runs = 12
const some = { directions: 2 }

/** Checks that could not tell, out of all: where it happens at random it is allowed, as a rule it is not. */
const tally = { all: 0, inconclusive: 0 }

const passes = (check: E.Either<CheckFailure, Report>): void => {
  if (E.isLeft(check)) throw new Error(showFailure(check.left))
  tally.all++
  if (check.right.verdict === 'inconclusive') tally.inconclusive++
}

const every = (drawn: fc.Arbitrary<Application>, law: (a: Application, seed: number) => void, numRuns = runs): void =>
  fc.assert(
    fc.property(drawn, fc.nat(), (a, seed) => {
      law(a, seed)
    }),
    { numRuns },
  )

/** The pullback and the pushforward at the operands, as functions on tensors. */
const derivatives = ({ f, args }: Application) => ({
  y: value(f(...args.map(constant))),
  pull: (w: Tensor): ReadonlyArray<Tensor> => value(vjp((xs: ReadonlyArray<Node>) => f(...xs))(args)[1](w)[0]!),
  push: (v: ReadonlyArray<Tensor>): Tensor => value(jvp((xs: ReadonlyArray<Node>) => f(...xs))([args], [v])[1]),
})

const scaled = (t: Tensor, k: number): Tensor => tensorOf(bufferOf(t).map((x) => x * k), t.shape, t.dtype)
const isZero = (t: Tensor): boolean => bufferOf(t).every((x) => x === 0)
const single = (t: Tensor): Tensor => tensorOf(Float32Array.from(bufferOf(t)), t.shape, 'f32')
const like = ({ shape, dtype }: Tensor) => ({ shape, dtype })

/** A tensor of the shape of `t` with varied entries of both signs. */
const varied = (t: Tensor, seed: number): Tensor =>
  tensorOf(bufferOf(t).map((_, i) => (((i * 37 + seed) % 101) - 50 || 7) / 16), t.shape, t.dtype)

const rows = Object.entries(table)
const differentiable = rows.filter(([, { kind }]) => kind !== 'leaf')
const numerical = differentiable.filter(([, { kind }]) => kind !== 'blocked' && kind !== 'rounded')
const curved = rows.filter(([, { kind }]) => kind === 'smooth' || kind === 'linear')

describe.each(rows)('%s', (_, { application }) => {
  it('has a finite value', () => {
    every(application, ({ f, args }) => {
      const y = f(...args.map(constant))
      const t = value(y)
      expect({ shape: y.shape, dtype: y.dtype }).toEqual(like(t))
      expect(bufferOf(t).every(Number.isFinite)).toBe(true)
    })
  })
})

describe.each(differentiable)('%s', (_, { application }) => {
  it('has derivatives of the shapes and dtypes of its operands (L8), of the same value as itself (L1)', () => {
    every(application, (a, seed) => {
      const { y, pull, push } = derivatives(a)
      expect(pull(varied(y, seed)).map(like)).toEqual(a.args.map(like))
      expect(like(push(a.args.map((t) => varied(t, seed))))).toEqual(like(y))
      const xs = a.args.map((t) => constant(t))
      expect(sameTensor(value(vjp(a.f)(...xs)[0]), y)).toBe(true)
    })
  })

  it('has derivatives that are exactly homogeneous (L3, L5) and zero along zero (L4, L5)', () => {
    every(application, (a, seed) => {
      const { y, pull, push } = derivatives(a)
      const w = varied(y, seed)
      const v = a.args.map((t) => varied(t, seed + 1))
      for (const k of [-1, 2 ** 10, -(2 ** -7)]) {
        expect(pull(scaled(w, k)).every((g, i) => sameTensor(g, scaled(pull(w)[i]!, k)))).toBe(true)
        expect(sameTensor(push(v.map((t) => scaled(t, k))), scaled(push(v), k))).toBe(true)
      }
      expect(pull(scaled(w, 0)).every(isZero)).toBe(true)
      expect(isZero(push(v.map((t) => scaled(t, 0))))).toBe(true)
    })
  })

  it('stays in single precision for operands of single precision', () => {
    every(application, (a) => {
      const args = a.args.map((t) => constant(single(t)))
      const y = a.f(...args)
      const [, pull] = vjp(a.f)(...args)
      const gradients = pull(full(1, y))
      const [, tangent] = jvp(a.f)(args, args)
      const [, second] = vjp((...xs: ReadonlyArray<Node>) => vjp(a.f)(...xs)[1](full(1, y)))(...args)
      const all = [y, ...gradients, tangent, ...second(gradients)]
      expect(all.filter(isInvalid)).toEqual([])
      expect(all.every((n) => n.dtype === 'f32')).toBe(true)
      if (a.label !== 'elementwise') return
      const floats = sort(all).nodes.filter((n) => isFloat(n.dtype) && n.op.name !== 'astype')
      expect(floats.filter((n) => n.dtype !== 'f32').map(String)).toEqual([])
      value(all)
    })
  })

})

describe.each(numerical)('%s', (_, { application }) => {
  it('has the derivatives that numerical differentiation finds, in both modes (L6)', () => {
    every(application, ({ f, args }, seed) => {
      passes(checkGradient(f, args, { seed, ...some }))
      passes(checkJvp(f, args, { seed, ...some }))
    })
  })

  it('has a pullback that is the transpose of its pushforward (L2)', () => {
    every(application, ({ f, args }, seed) => passes(checkTransposition(f, args, { seed })))
  })
})

describe.each(rows.filter(([, { kind }]) => kind === 'stepwise' || kind === 'blocked'))('%s', (_, { application }) => {
  it('has derivative zero', () => {
    every(application, (a, seed) => {
      const { y, pull, push } = derivatives(a)
      expect(pull(varied(y, seed)).every(isZero)).toBe(true)
      expect(isZero(push(a.args.map((t) => varied(t, seed))))).toBe(true)
    })
  })
})

describe.each(rows.filter(([, { kind }]) => kind === 'rounded'))('%s', (_, { application }) => {
  it('has the identity as its derivative', () => {
    every(application, (a, seed) => {
      const { y, pull, push } = derivatives(a)
      const v = varied(y, seed)
      expect(sameTensor(pull(v)[0]!, v)).toBe(true)
      expect(sameTensor(push([v]), v)).toBe(true)
    })
  })
})

describe.each(curved)('%s', (_, { application }) => {
  it('has the second derivatives that numerical differentiation finds, in all four modes (L11, L12)', () => {
    every(application, ({ f, args }, seed) => passes(checkSecondOrder(f, args, { seed, directions: 1 })), 6)
  })
})

describe('the table', () => {
  it('has a row for every primitive that the sources declare', () => {
    const folder = new URL('../../lib/primitive/', import.meta.url)
    const declared = readdirSync(folder).flatMap((file) => declarations(readFileSync(new URL(file, folder), 'utf8')))
    expect(declared.length).toBeGreaterThan(40)
    const applied = new Set(rows.flatMap(([, { application }]) => fc.sample(application, { numRuns: 20, seed: 1 }).flatMap(names)))
    expect(declared.filter((name) => !applied.has(name) && !valueless.has(name))).toEqual([])
  })
})

/** The arguments of functions that are traced once: no numbers until the function is called. */
const valueless = new Set(['parameter'])

/** The names under which a source file declares primitives: a quoted name after an opening parenthesis, or as the field. */
const declarations = (source: string): ReadonlyArray<string> =>
  [...source.matchAll(/(?:= (?:defineOp|unary|binary|elementwise|stepwise|linear|leaf|partial|extremeOver|argExtreme|cumulativeExtremeOp)\(\s*|\bname: )'(\w+)'/g)].map((m) => m[1]!)

/** The operations that a row applies to its operands, and those that the derivatives consist of, which the second order checks. */
const names = ({ f, args }: Application): ReadonlyArray<string> => {
  const xs = args.map(constant)
  const y = f(...xs)
  const [, pull] = vjp(f)(...xs)
  const [, tangent] = jvp(f)(xs, xs)
  return sort([y, ...pull(full(1, y)), tangent]).nodes.map((n) => n.op.name)
}

afterAll(() => {
  expect(tally.inconclusive).toBeLessThanOrEqual(tally.all * 0.02)
})
