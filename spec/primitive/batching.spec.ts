/** Every primitive, on a whole batch, is the stack of what it is on the elements, and so are its derivatives. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { sort } from '../../lib/core/Graph.js'
import { isInvalid, type Node } from '../../lib/core/Node.js'
import { sizeOf } from '../../lib/core/Shape.js'
import { sameTensor, tensor, type Tensor } from '../../lib/core/Tensor.js'
import { value } from '../../lib/interpret/evaluate.js'
import * as p from '../../lib/primitive/index.js'
import { jvp } from '../../lib/transform/jvp.js'
import { vjp } from '../../lib/transform/vjp.js'
import { vmap } from '../../lib/transform/vmap.js'
import { near, rolled, stacked, summed, unstacked, varied } from '../arbitraries/batch.js'
import type { Application } from './application.js'
import { table } from './table.js'

type Mapped = ReadonlyArray<boolean>
type F = (...xs: ReadonlyArray<Node>) => Node
type Fs = (...xs: ReadonlyArray<Node>) => ReadonlyArray<Node>

/** The operands of an application for a batch: those that are mapped differ from element to element. */
const batchOf = (args: ReadonlyArray<Tensor>, mapped: Mapped, size: number) => {
  const elements = Array.from({ length: size }, (_, b) => args.map((t, k) => (mapped[k] ? rolled(t, b) : t)))
  const operands = args.map((t, k) => (mapped[k] ? stacked(elements.map((xs) => xs[k]!), t) : t))
  return { elements, operands, axes: mapped.map((is) => (is ? 0 : null)) }
}

/** All sets of operands to map, none of them empty. */
const subsets = (n: number): ReadonlyArray<Mapped> =>
  Array.from({ length: 2 ** n - 1 }, (_, i) => Array.from({ length: n }, (__, k) => (((i + 1) >> k) & 1) === 1))

/** Operations whose kernels add in another order, or another number of terms at a time, on a batch. */
const reassociated = new Set(['dot', 'conv', 'convTranspose', 'convFilters'])

const rows = Object.entries(table).filter(([, { kind }]) => kind !== 'leaf')

const every = (drawn: fc.Arbitrary<Application>, law: (a: Application, mapped: Mapped, size: number, seed: number) => void, numRuns: number): void =>
  fc.assert(
    fc.property(drawn.filter(({ args }) => args.length > 0), fc.constantFrom(3, 1, 2, 0), fc.nat(100), (a, size, seed) => {
      for (const mapped of subsets(a.args.length)) law(a, mapped, size, seed)
    }),
    { numRuns },
  )

describe.each(rows)('%s', (name, { application }) => {
  const same = reassociated.has(name) ? near : sameTensor

  it('is batched as the stack of its values, whichever operands are mapped', () => {
    every(application, ({ f, args }, mapped, size) => {
      const { elements, operands, axes } = batchOf(args, mapped, size)
      const batch = vmap(f as F, { in: axes })(...operands)
      const single = value(f(...args.map(p.constant)))
      const y = value(batch)
      expect(sort([batch]).ops.filter((op) => op.name.endsWith('.loop')).length).toBe(0)
      expect({ shape: y.shape, dtype: y.dtype }).toEqual({ shape: [size, ...single.shape], dtype: single.dtype })
      const apart = elements.map((xs): Tensor => value(f(...xs.map(p.constant))))
      unstacked(y).forEach((t, b) => expect(same(t, apart[b]!), `element ${b} of ${mapped}`).toBe(true))
    }, 8)
  })

  it('has a pullback and a pushforward that are batched as the stacks of theirs', () => {
    every(application, ({ f, args }, mapped, size, seed) => {
      const { elements, operands, axes } = batchOf(args, mapped, size)
      const like = value(f(...args.map(p.constant)))
      const ws = Array.from({ length: size }, (_, b) => varied(like, seed + b))
      const back: Fs = (w, ...xs) => vjp(f)(...xs)[1](w!)
      const together: ReadonlyArray<Tensor> = value(vmap(back, { in: [0, ...axes] })(stacked(ws, like), ...operands))
      const apart = elements.map((xs, b): ReadonlyArray<Tensor> => value(back(p.constant(ws[b]!), ...xs.map(p.constant))))
      together.forEach((t, k) => unstacked(t).forEach((g, b) => expect(near(g, apart[b]![k]!), `adjoint ${k} of element ${b}`).toBe(true)))

      const forth: F = (...xs) => jvp(f)(xs, args.map((t) => p.constant(varied(t, seed))))[1]
      const tangents = unstacked(value(vmap(forth, { in: axes })(...operands)))
      tangents.forEach((t, b) => expect(near(t, value(forth(...elements[b]!.map(p.constant)))), `tangent of element ${b}`).toBe(true))
    }, 4)
  })

  it('has derivatives of the batch that are those of the elements, summed for an operand they share', () => {
    every(application, ({ f, args }, mapped, size, seed) => {
      const { elements, operands, axes } = batchOf(args, mapped, size)
      const like = value(f(...args.map(p.constant)))
      const ws = Array.from({ length: size }, (_, b) => varied(like, seed + b))
      const [, pull] = vjp(vmap(f as F, { in: axes }))(...operands)
      const together: ReadonlyArray<Tensor> = value(pull(stacked(ws, like)) as ReadonlyArray<Node>)
      const apart = elements.map((xs, b): ReadonlyArray<Tensor> => value(vjp(f)(...xs)[1](ws[b]!)))
      together.forEach((t, k) => {
        const parts = apart.map((gs) => gs[k]!)
        expect(near(t, mapped[k] ? stacked(parts, args[k]!) : summed(parts, args[k]!)), `adjoint ${k} of ${mapped}`).toBe(true)
      })
      const directions = operands.map((t) => varied(t, seed))
      const tangent = value(jvp(vmap(f as F, { in: axes }))(operands, directions)[1])
      unstacked(tangent).forEach((t, b) => {
        const vs = directions.map((v, k) => (mapped[k] ? unstacked(v)[b]! : v))
        expect(near(t, value(jvp(f)(elements[b]!, vs)[1])), `tangent of element ${b}`).toBe(true)
      })
    }, 4)
  })
})

/** Operations with operands that they are not differentiable in, which can be mapped all the same. */
const indexed: Readonly<Record<string, readonly [f: F, args: ReadonlyArray<Tensor>]>> = {
  where: [(c, a, b) => p.where(c!, a!, b!), [tensor([1, 0, 1], { dtype: 'bool' }), tensor([1, 2, 3]), tensor([4, 5, 6])]],
  'gather along 0': [(x, i) => p.gather(x!, i!, 0), [tensor([[1, 2], [3, 4], [5, 6]]), tensor([2, 0, 0, 1], { dtype: 'i32' })]],
  'gather along 1': [(x, i) => p.gather(x!, i!, 1), [tensor([[1, 2], [3, 4], [5, 6]]), tensor([[1, 0], [0, 0]], { dtype: 'i32' })]],
  'gather at one place': [(x, i) => p.gather(x!, p.reshape(p.slice(i!, { start: [0], step: [1], shape: [1] }), []), 0), [tensor([1, 2, 3]), tensor([2, 0, 1], { dtype: 'i32' })]],
  'scatter along 0': [(x, i) => p.scatter(x!, i!, 0, 3), [tensor([[1, 2], [3, 4], [5, 6]]), tensor([2, 0, 0], { dtype: 'i32' })]],
  'scatter along 1': [(x, i) => p.scatter(x!, i!, 1, 4), [tensor([[1, 2], [3, 4], [5, 6]]), tensor([3, 1], { dtype: 'i32' })]],
  wrapIndices: [(i) => p.wrapIndices(i!, 3), [tensor([2, -1, 0], { dtype: 'i32' })]],
  writers: [(i) => p.writers(i!, 3, false), [tensor([2, 1, 2], { dtype: 'i32' })]],
  winner: [(d, a, b) => p.winner(d!, a!, b!), [tensor([1, 2, 3]), tensor([1, 2, 3]), tensor([2, 2, 1])]],
  gate: [(d, x) => p.gate(d!, x!), [tensor([1, 2, 3]), tensor([-1, 0, 1])]],
  pick: [(x, order) => p.pick(x!, p.argMaxPool(order!, pool), pool.size), [tensor([[1, 2, 3, 4]]), tensor([[3, 1, 4, 2]])]],
  unpick: [(g, order) => p.unpick(g!, p.argMaxPool(order!, pool), pool.size), [tensor([[1, 2, 3]]), tensor([[3, 1, 4, 2]])]],
  argsort: [(x) => p.argsort(x!, 0, false), [tensor([3, 1, 2])]],
}
const pool = { size: [4], window: [2], out: [3], stride: [1], dilation: [1], inputDilation: [1], low: [0] }

describe('operands that are conditions or places', () => {
  it.each(Object.entries(indexed))('%s may be mapped, each and all', (_, [f, args]) => {
    for (const mapped of subsets(args.length)) {
      for (const size of [2, 3, 1]) {
        const { elements, operands, axes } = batchOf(args, mapped, size)
        const y = value(vmap(f, { in: axes })(...operands))
        unstacked(y).forEach((t, b) => expect(sameTensor(t, value(f(...elements[b]!.map(p.constant)))), `element ${b} of ${mapped}`).toBe(true))
      }
    }
  })
})

describe('what does not depend on the batch', () => {
  const xs = tensor([[1, 2], [3, 4], [5, 6]])
  const w = tensor([10, 1])

  it('is computed once and stays as it is', () => {
    const shared = p.exp(p.constant(w))
    const y = vmap((x: Node) => p.add(x, p.sin(shared)))(xs)
    const nodes = sort([y]).nodes
    expect(nodes).toContain(shared)
    expect(nodes.filter(({ op }) => op.name === 'sin').map(({ shape }) => shape)).toEqual([[2]])
    const z = vmap((x: Node, v: Node) => p.mul(x, p.exp(v)), { in: [0, null] })(xs, w)
    expect(sort([z]).nodes.filter(({ op }) => op.name === 'exp').map(({ shape }) => shape)).toEqual([[2]])
  })

  it('takes no memory if it is one number repeated', () => {
    const y = vmap((x: Node) => p.mul(x, 3))(xs)
    expect(sort([y]).nodes.map(({ op }) => op.name).sort()).toEqual(['constant', 'full', 'mul'])
  })

  it('does not grow with the batch', () => {
    const count = (n: number) => sort([vmap((x: Node) => p.sum(p.mul(p.sin(x), x), [0]))(p.full(1, { shape: [n, 2], dtype: 'f64' }))]).nodes.length
    expect(count(1000)).toBe(count(2))
  })

  it('keeps the rows of the table apart from invalid applications', () => {
    for (const [, { application }] of rows)
      for (const { f, args } of fc.sample(application, { numRuns: 5, seed: 3 })) {
        const y = f(...args.map(p.constant))
        expect(isInvalid(y)).toBe(false)
        expect(sizeOf(y.shape)).toBe(value(y).size)
      }
  })
})
