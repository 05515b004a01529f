/** Laws of the backward fold on random programs with sharing, kinks and masks. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { sort } from '../../lib/core/Graph.js'
import type { Node } from '../../lib/core/Node.js'
import { bufferOf, sameTensor, tensorOf, type Tensor } from '../../lib/core/Tensor.js'
import { value } from '../../lib/interpret/evaluate.js'
import { add, constant, full, mul, variable } from '../../lib/primitive/index.js'
import { adjointsOf, adjointsOfAll, backward } from '../../lib/transform/backward.js'
import { law, lawProperty, subjectOf } from '../../lib/verify/laws/index.js'
import { programs, type Program } from '../arbitraries/program.js'
import { literalBackward } from './literalBackward.js'

const every = (law: (program: Program, pick: number) => void, numRuns = 100): void =>
  fc.assert(
    fc.property(programs, fc.nat(), (program, pick) => {
      law(program, pick)
    }),
    { numRuns },
  )

const named = ({ inputs }: Program): ReadonlyArray<Node> => inputs.map((t, i) => variable(`x${i}`, t))

const result = (program: Program): Node => program.f(...named(program))

type Values = ReadonlyMap<string, Tensor>

const valuesOf = (gradients: ReadonlyMap<string, Node>): Values => new Map([...gradients].map(([id, node]) => [id, value(node)]))

const sameValues = (a: Values, b: Values): boolean => a.size === b.size && [...a].every(([id, t]) => b.has(id) && sameTensor(t, b.get(id)!))

/** Equal up to a rounding error of `ulps` units, measured by the largest element of either. */
const close = (a: Tensor, b: Tensor, ulps: number): boolean => {
  const [x, y] = [bufferOf(a), bufferOf(b)]
  const size = Math.max(0, ...Array.from(x, Math.abs), ...Array.from(y, Math.abs))
  return x.length === y.length && x.every((v, i) => Math.abs(v - y[i]!) <= ulps * Number.EPSILON * (1 + size))
}

const ones = (y: Node): Node => full(1, y)

/** The gradients as the specification has them. */
const literal = (nodes: ReadonlyArray<Node>, xs: ReadonlyArray<Node>): Values => {
  const adjoints = literalBackward(nodes, ones(nodes.at(-1)!))
  return new Map(xs.flatMap((x, i) => (adjoints.has(x) ? [[`x${i}`, value(adjoints.get(x)!.node)] as const] : [])))
}

const random = subjectOf('programs', programs)

describe.each((['L40', 'L41', 'L42', 'L43', 'L44', 'L45', 'L46', 'L47', 'L51'] as const).map((id) => [id, law(id).name] as const))('%s: %s', (id) => {
  it('holds for random programs', () => fc.assert(lawProperty(law(id), random), { numRuns: 100 }))
})

describe('the backward fold', () => {
  it('equals the literal fold, bit by bit', () => {
    every((program) => {
      const xs = named(program)
      const y = program.f(...xs)
      expect(sameValues(valuesOf(backward(y)), literal(sort([y]).nodes, xs))).toBe(true)
    }, 200)
  })

  it('equals the literal fold at second order', () => {
    every((program) => {
      const xs = named(program)
      const y = program.f(...xs)
      for (const g of backward(y).values()) {
        const again = backward(g)
        expect(sameValues(valuesOf(again), literal(sort([g]).nodes, xs))).toBe(true)
      }
    }, 50)
  })

  it('is linear in its result (L47)', () => {
    every((program, pick) => {
      const xs = named(program)
      const values = program.run(...xs)
      const y = values.at(-1)!
      const z = values[pick % values.length]!
      const [a, b] = [0.5, -3]
      const both = adjointsOfAll([[y, full(a, y)], [z, full(b, z)]], xs, 'adjoints')
      const [fromY, fromZ] = [adjointsOf(y, xs), adjointsOf(z, xs)]
      xs.forEach((x, i) => {
        const parts = [fromY[i] && mul(a, fromY[i]), fromZ[i] && mul(b, fromZ[i])].filter((g) => g !== undefined)
        const sum = parts.length === 0 ? full(0, x) : parts.reduce((p, q) => add(p, q))
        expect(close(value(both[i] ?? full(0, x)), value(sum), 1e4)).toBe(true)
      })
    })
  })

  it('has as many nodes as the graph, up to a factor (L49)', () => {
    every((program) => {
      const y = result(program)
      const gradients = [...backward(y).values()]
      const size = sort([y]).nodes.length
      expect(sort([y, ...gradients]).nodes.length).toBeLessThanOrEqual(40 * size)
    })
  })
})

describe('evaluation', () => {
  it('gives the same numbers jointly and one by one', () => {
    every((program) => {
      const values = program.run(...program.inputs.map((t) => constant(t)))
      const jointly: ReadonlyArray<Tensor> = value(values)
      values.forEach((node, i) => expect(sameTensor(value(node), jointly[i]!)).toBe(true))
    })
  })

  it('does not depend on how the data came in', () => {
    every((program) => {
      const copies = program.inputs.map((t) => constant(tensorOf(t.toTypedArray(), t.shape, t.dtype)))
      expect(sameTensor(value(program.f(...copies)), value(result(program)))).toBe(true)
    })
  })
})
