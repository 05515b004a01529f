/** Jacobians and Hessians by one batched pass, in either mode. */
import fc from 'fast-check'
import * as E from 'fp-ts/Either'
import { describe, expect, it } from 'vitest'
import { sort } from '../../lib/core/Graph.js'
import type { Node } from '../../lib/core/Node.js'
import { bufferOf, sameTensor, tensor, tensorOf, type Tensor } from '../../lib/core/Tensor.js'
import { add, exp, matmul, mul, round, sin, square, sum } from '../../lib/function/index.js'
import { evaluate, toArray, value } from '../../lib/interpret/evaluate.js'
import { astype, constant, full } from '../../lib/primitive/index.js'
import { grad } from '../../lib/transform/grad.js'
import { hessian, jacobian } from '../../lib/transform/jacobian.js'
import { jvp } from '../../lib/transform/jvp.js'
import { vjp } from '../../lib/transform/vjp.js'
import { vmap } from '../../lib/transform/vmap.js'
import { near, unstacked } from '../arbitraries/batch.js'
import { smoothPrograms } from '../arbitraries/program.js'

const unit = (t: Tensor, i: number): Tensor => tensorOf(bufferOf(t).map((_, j) => (i === j ? 1 : 0)), t.shape, t.dtype)
const modes = ['reverse', 'forward'] as const
const refused = (node: Node): boolean => E.isLeft(evaluate(node))

describe('jacobian', () => {
  it('has rows that are pullbacks and columns that are pushforwards of unit arrays (L24)', () => {
    fc.assert(
      fc.property(smoothPrograms, ({ f, inputs }) => {
        const g = (xs: ReadonlyArray<Node>): Node => f(...xs)
        const y = value(f(...inputs.map(constant)))
        const [byRows, byColumns, chosen] = [{ mode: modes[0] }, { mode: modes[1] }, {}].map((o): ReadonlyArray<Tensor> => value(jacobian(g, o)(inputs)))
        byRows!.forEach((t, k) => {
          expect(t.shape).toEqual([...y.shape, ...inputs[k]!.shape])
          expect(near(t, byColumns![k]!) && near(t, chosen![k]!)).toBe(true)
          const rows = unstacked(tensorOf(bufferOf(t), [y.size, ...inputs[k]!.shape], 'f64'))
          rows.forEach((row, i) => expect(near(row, (value(vjp(g)(inputs)[1](unit(y, i))[0]) as ReadonlyArray<Tensor>)[k]!)).toBe(true))
          const flat = bufferOf(byColumns![k]!)
          const n = inputs[k]!.size
          for (let j = 0; j < n; j++) {
            const tangents = inputs.map((x, m) => (m === k ? unit(x, j) : unit(x, -1)))
            const column = tensorOf(Float64Array.from({ length: y.size }, (_, i) => flat[i * n + j]!), y.shape, 'f64')
            expect(near(column, value(jvp(g)([inputs], [tangents])[1]))).toBe(true)
          }
        })
      }),
      { numRuns: 40 },
    )
  })

  it.each(modes)('has blocks for the leaves of trees (%s)', (mode) => {
    const f = (p: { readonly a: Node; readonly b: readonly [Node] }) => ({ s: sum(mul(p.a, p.b[0])), v: square(p.a) })
    const j = jacobian(f, { mode })({ a: tensor([1, 2]), b: [3] })
    expect([toArray(j.s.a), toArray(j.s.b[0]), toArray(j.v.a), toArray(j.v.b[0])]).toEqual([[3, 3], 3, [[2, 0], [0, 4]], [0, 0]])
  })

  it.each(modes)('takes scalars, matrices and empty arrays (%s)', (mode) => {
    expect(toArray(jacobian((x: Node) => sin(x), { mode })(0))).toBe(1)
    const at = [[1, 2], [3, 4]] as const
    const [is, m] = [[0, 1] as const, jacobian((x: Node) => matmul(x, x), { mode })(tensor(at))]
    const expected = is.map((i) => is.map((j) => is.map((k) => is.map((l) => (i === k ? at[l][j] : 0) + (j === l ? at[i][k] : 0)))))
    expect(toArray(m)).toEqual(expected)
    const empty = tensor(new Float64Array(0), { shape: [0, 2] })
    expect(value(jacobian((x: Node) => mul(2, x), { mode })(empty)).shape).toEqual([0, 2, 0, 2])
    expect(value(jacobian((x: Node) => sum(x), { mode })(empty)).shape).toEqual([0, 2])
    expect(value(jacobian((x: Node) => mul(x, empty), { mode })(1)).shape).toEqual([0, 2])
    expect(toArray(jacobian((x: Node): Node => [constant(tensor([1, 2])), x][0]!, { mode })(5))).toEqual([0, 0])
  })

  it.each(modes)('keeps single precision (%s)', (mode) => {
    const j = jacobian((x: Node) => exp(x), { mode })(tensor([0, 1], { dtype: 'f32' }))
    expect(j.dtype).toBe('f32')
    expect(toArray(j)).toEqual([[1, 0], [0, Math.fround(Math.E)]])
  })

  it.each(modes)('reports what has no derivative (%s)', (mode) => {
    expect(refused(jacobian((x: Node) => mul(x, 2), { mode })(tensor([1, 2], { dtype: 'i32' })))).toBe(true)
    expect(refused(jacobian((x: Node) => astype(round(x), 'i32'), { mode })(tensor([1, 2])))).toBe(true)
    expect(refused(jacobian((x: Node) => matmul(x, tensor([1, 2, 3])), { mode })(tensor([1, 2])))).toBe(true)
    expect(refused(jacobian((x: Node) => x, { mode })('x' as unknown as Node))).toBe(true)
  })

  it.each(modes)('is a graph whose size does not depend on the number of rows (%s)', (mode) => {
    const f = (x: Node): Node => sin(mul(x, sum(square(x))))
    const count = (n: number): number => sort([jacobian(f, { mode })(full(0.5, { shape: [n], dtype: 'f64' }))]).nodes.length
    expect(count(200)).toBe(count(3))
  })

  it('works under vmap and inside grad', () => {
    const f = (x: Node): Node => mul(sin(x), sum(x))
    const xs = tensor([[1, 2], [3, 4], [5, 6]])
    for (const mode of modes) {
      unstacked(value(vmap(jacobian(f, { mode }))(xs))).forEach((j, i) => expect(near(j, value(jacobian(f)(unstacked(xs)[i]!)))).toBe(true))
      const g = (x: Node): Node => sum(square(jacobian(f, { mode })(x)))
      expect(near(value(grad(g)(tensor([1, 2]))), value(grad((x: Node) => sum(square(jacobian(f)(x))))(tensor([1, 2]))))).toBe(true)
    }
  })
})

describe('hessian', () => {
  it('is the same in both modes, symmetric, and what is known', () => {
    const f = (x: Node): Node => sum(mul(square(x), sin(sum(x))))
    const x = tensor([0.5, -1, 2])
    const [a, b]: ReadonlyArray<Tensor> = value(modes.map((mode) => hessian(f, { mode })(x)))
    expect(near(a!, b!)).toBe(true)
    expect(sameTensor(value(hessian((u: Node) => sum(square(u)))(x)), value(mul(2, constant(tensor([[1, 0, 0], [0, 1, 0], [0, 0, 1]])))))).toBe(true)
    for (let i = 0; i < 3; i++) for (let j = 0; j < 3; j++) expect(bufferOf(a!)[3 * i + j]).toBeCloseTo(bufferOf(a!)[3 * j + i]!, 12)
  })

  it('is a tree of trees for a tree, and a number for a scalar', () => {
    const h = hessian((p: { readonly x: Node; readonly y: Node }) => add(mul(square(p.x), p.y), exp(p.y)))({ x: 2, y: 0 })
    expect(value(h)).toMatchObject({})
    expect([toArray(h.x.x), toArray(h.x.y), toArray(h.y.x), toArray(h.y.y)]).toEqual([0, 4, 4, 1])
    expect(toArray(hessian((x: Node) => mul(x, square(x)))(2))).toBe(12)
    expect(refused(hessian((x: Node) => square(x))(tensor([1, 2])))).toBe(true)
  })
})
