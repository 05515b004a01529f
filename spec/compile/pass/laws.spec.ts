/** The passes: each is a fold that keeps the meaning of a program. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { isClosed } from '../../../lib/core/Closed.js'
import { sort } from '../../../lib/core/Graph.js'
import { concat, diff, grad, hvp, mul, sum, tensor, value, vmap, type Node, type Tensor } from '../../../lib/index.js'
import { algebra } from '../../../lib/compile/pass/algebra.js'
import { expand } from '../../../lib/compile/pass/expand.js'
import { fold } from '../../../lib/compile/pass/fold.js'
import { optimise, passes } from '../../../lib/compile/pass/index.js'
import { mergeScans } from '../../../lib/compile/pass/mergeScans.js'
import { movement } from '../../../lib/compile/pass/movement.js'
import { rewriting, type Pass } from '../../../lib/compile/pass/rewrite.js'
import { saveForward } from '../../../lib/compile/pass/saveForward.js'
import { share } from '../../../lib/compile/pass/share.js'
import { variable } from '../../../lib/primitive/leaf.js'
import { programs, type Program, type ProgramOptions } from '../../../lib/verify/arbitraries/index.js'
import { disagreement, exactly, rounding, type Bound } from '../agreement.js'

/** The operations of a graph, those inside closed functions included; leaves do not count, and powers as much as three products. */
const count = (outputs: ReadonlyArray<Node>): number =>
  sort(outputs).nodes.reduce((sum, { op, attrs, inputs }) => {
    const inner = Object.values(attrs).flatMap((x) => (isClosed(x) ? [x] : Array.isArray(x) ? x.filter(isClosed) : []))
    return sum + (inputs.length === 0 ? 0 : op.name.startsWith('pow') ? 3 : 1) + inner.reduce((n, closed) => n + count(closed.outputs), 0)
  }, 0)

/** Graphs of programs and of their derivatives, on variables. */
const graphs: ReadonlyArray<readonly [name: string, options: ProgramOptions, of: (program: Program, xs: ReadonlyArray<Node>) => ReadonlyArray<Node>]> = [
  ['values', { smoothness: 'jumping', outputs: 3 }, ({ outputs }, xs) => outputs(...xs)],
  ['values of empty arrays', { smoothness: 'jumping', outputs: 2, shapes: { minLength: 0 } }, ({ outputs }, xs) => outputs(...xs)],
  ['gradients', { smoothness: 'kinked', scalarResult: true }, ({ f }, xs) => grad((ys: ReadonlyArray<Node>) => f(...ys))(xs)],
  ['gradients in single precision', { dtype: 'f32', scalarResult: true }, ({ f }, xs) => grad((ys: ReadonlyArray<Node>) => f(...ys))(xs)],
  ['second derivatives', { scalarResult: true, size: 7 }, ({ f }, xs) => hvp((ys: ReadonlyArray<Node>) => f(...ys))(xs, xs)],
  ['batches', { smoothness: 'kinked', scalarResult: true }, ({ f }, xs) => [vmap((k: Node) => f(...xs.map((x) => mul(x, k))))(tensor([0.5, -1], { dtype: xs[0]!.dtype }))]],
]

const tensors = (outputs: ReadonlyArray<Node>): ReadonlyArray<Tensor> => value([...outputs])

const all: ReadonlyArray<readonly [name: string, pass: Pass, bound: Bound, mayGrow: boolean]> = [
  ['fold', rewriting(fold), exactly, false],
  // Integer powers are products, right to a few units.
  ['algebra', rewriting(algebra), rounding, false],
  // The sum of padded parts that overlap nowhere is put together instead.
  ['movement', rewriting(movement), exactly, false],
  ['share', share, exactly, false],
  ['merge scans', mergeScans, exactly, true],
  ['save forward', saveForward, exactly, true],
  ['expand', expand, rounding, true],
  ['all passes', optimise, rounding, true],
]

describe.each(all)('%s', (name, pass, bound, mayGrow) => {
  it.each(graphs)('keeps %s', (what, options, of) => {
    fc.assert(
      fc.property(programs({ size: 9, ...options }), (program) => {
        const graph = of(program, program.inputs.map((t, i) => variable(`x${i}`, t)))
        const rewritten = pass(graph)
        expect(disagreement(tensors(rewritten), tensors(graph), bound, options.dtype === 'f32')).toBeUndefined()
        // New operations may be equal ones, until they are shared. In second derivatives what one simplifies may stay in use elsewhere.
        if (!mayGrow && what !== 'second derivatives') expect(count(share(rewritten))).toBeLessThanOrEqual(count(share(graph)))
      }),
      { numRuns: what === 'second derivatives' || name === 'all passes' ? 25 : 35 },
    )
  })
})

describe('a second time', () => {
  it.each<[string, Pass]>([['share', share], ['merge scans', mergeScans], ['expand', expand], ['fold', rewriting(fold)]])('%s changes nothing', (_, pass) => {
    fc.assert(
      fc.property(programs({ smoothness: 'kinked', outputs: 2 }), (program) => {
        const once = pass(program.outputs(...program.inputs.map((t, i) => variable(`x${i}`, t))))
        expect(pass(once).every((node, k) => node === once[k])).toBe(true)
      }),
      { numRuns: 60 },
    )
  })

  it('movement leaves sums of parts alone that slices do not tell apart', () => {
    const x = variable('x', tensor([0, 0]))
    const graph = [grad((v: Node) => sum(mul(0.5, diff(concat([v, v]), { axis: 0 }))))(x)]
    expect(count(share(rewriting(movement)(graph)))).toBeLessThanOrEqual(count(share(graph)))
  })

  it('all passes leave no more nodes than before', () => {
    fc.assert(
      fc.property(programs({ smoothness: 'kinked', scalarResult: true }), ({ f, inputs }) => {
        const once = optimise(grad((xs: ReadonlyArray<Node>) => f(...xs))(inputs.map((t, i) => variable(`x${i}`, t))))
        expect(count(optimise(once))).toBeLessThanOrEqual(count(once))
      }),
      { numRuns: 60 },
    )
  })
})

describe('passes in general', () => {
  it('keep the nodes that they have nothing to say about', () => {
    fc.assert(
      fc.property(programs({ smoothness: 'jumping', outputs: 2 }), ({ outputs, inputs }) => {
        const graph = outputs(...inputs.map((t, i) => variable(`x${i}`, t)))
        expect(rewriting((node) => node)(graph).every((node, k) => node === graph[k])).toBe(true)
      }),
      { numRuns: 60 },
    )
  })

  it('are listed by name, each once', () => {
    const names = passes.map(([name]) => name)
    expect(new Set(names).size).toBe(names.length)
    expect(names).toEqual(['merge scans', 'expand', 'simplify', 'save forward', 'share'])
  })
})
