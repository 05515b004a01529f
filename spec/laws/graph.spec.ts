/** Laws of the backward fold on random programs with sharing, kinks and masks. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { sort } from '../../lib/core/Graph.js'
import { apply, type Node } from '../../lib/core/Node.js'
import { bufferOf, sameTensor, tensorOf, type Tensor } from '../../lib/core/Tensor.js'
import { evaluate, value } from '../../lib/interpret/evaluate.js'
import { add, constant, full, mul, variable } from '../../lib/primitive/index.js'
import { adjointsOf, adjointsOfAll, backward } from '../../lib/transform/backward.js'
import * as E from 'fp-ts/Either'
import { programs, type Program } from '../arbitraries/program.js'
import { literalBackward } from './literalBackward.js'

const every = (law: (program: Program, pick: number) => void, numRuns = 100): void =>
  fc.assert(
    fc.property(programs, fc.nat(), (program, pick) => {
      law(program, pick)
    }),
    { numRuns },
  )

const named = ({ inputs }: Program, prefix = 'x'): ReadonlyArray<Node> => inputs.map((t, i) => variable(`${prefix}${i}`, t))

const result = (program: Program, prefix?: string): Node => program.f(...named(program, prefix))

type Values = ReadonlyMap<string, Tensor>

const valuesOf = (gradients: ReadonlyMap<string, Node>): Values => new Map([...gradients].map(([id, node]) => [id, value(node)]))

const sameValues = (a: Values, b: Values): boolean => a.size === b.size && [...a].every(([id, t]) => b.has(id) && sameTensor(t, b.get(id)!))

/** Equal up to a rounding error of `ulps` units, measured by the largest element of either. */
const closeValues = (a: Values, b: Values, ulps: number): boolean => a.size === b.size && [...a].every(([id, t]) => b.has(id) && close(t, b.get(id)!, ulps))

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

/** A random topological order: at each step one of the nodes that no unplaced node reads. */
const shuffled = (y: Node, pick: number): ReadonlyArray<Node> => {
  const { nodes } = sort([y])
  const readers = new Map<Node, number>()
  for (const node of nodes) for (const x of node.inputs) readers.set(x, (readers.get(x) ?? 0) + 1)
  const order: Array<Node> = []
  let free = [y]
  for (let state = pick; free.length > 0; state = (Math.imul(state, 1664525) + 1013904223) >>> 0) {
    const next = free[state % free.length]!
    free = free.filter((node) => node !== next)
    order.unshift(next)
    for (const x of next.inputs) {
      readers.set(x, readers.get(x)! - 1)
      if (readers.get(x) === 0) free.push(x)
    }
  }
  return order
}

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

  it('does not depend on the topological order (L40)', () => {
    every((program, pick) => {
      const xs = named(program)
      const y = program.f(...xs)
      const order = shuffled(y, pick)
      expect(new Set(order)).toEqual(new Set(sort([y]).nodes))
      expect(closeValues(valuesOf(backward(y)), literal(order, xs), 1e4)).toBe(true)
    })
  })

  it('is not changed by nodes that the result does not read (L41)', () => {
    every((program) => {
      const xs = named(program)
      const values = program.run(...xs)
      const y = values.at(-1)!
      const before = valuesOf(backward(y))
      values.slice(0, -1).forEach((node) => mul(node, node))
      expect(sameValues(valuesOf(backward(y)), before)).toBe(true)
      const read = new Set(sort([y]).nodes)
      xs.forEach((x, i) => expect(before.has(`x${i}`) && !read.has(x)).toBe(false))
    })
  })

  it('renames its keys when the variables are renamed, and nothing else (L42)', () => {
    every((program) => {
      const renamed = new Map([...valuesOf(backward(result(program, 'y')))].map(([id, t]) => [id.replace('y', 'x'), t]))
      expect(sameValues(renamed, valuesOf(backward(result(program))))).toBe(true)
    })
  })

  it('equals that of the tree in which nothing is shared (L43)', () => {
    every((program) => {
      const y = result(program)
      fc.pre(treeSize(y) < 3000)
      expect(closeValues(valuesOf(backward(unshared(y))), valuesOf(backward(y)), 1e4)).toBe(true)
    })
  })

  it('is pure: it repeats itself and leaves graph and data as they were (L44)', () => {
    every((program) => {
      const y = result(program)
      const { nodes } = sort([y])
      const bytes = program.inputs.map((t) => t.toTypedArray())
      const first = valuesOf(backward(y))
      const values = value(y)
      expect(sameValues(valuesOf(backward(y)), first)).toBe(true)
      expect(sameTensor(value(y), values)).toBe(true)
      expect(sort([y]).nodes.every((node, i) => node === nodes[i])).toBe(true)
      expect(program.inputs.map((t) => t.toTypedArray())).toEqual(bytes)
    })
  })

  it('gives out copies: writing into them changes nothing, and no two share memory (L45)', () => {
    every((program) => {
      const gradients = backward(result(program))
      const before = valuesOf(gradients)
      const copies = [...before.values()].map((t) => t.toTypedArray())
      expect(new Set(copies.map((c) => c.buffer)).size).toBe(copies.length)
      copies.forEach((c) => c.fill(99))
      expect(sameValues(valuesOf(gradients), before)).toBe(true)
      expect(sameValues(valuesOf(backward(result(program))), before)).toBe(true)
    })
  })

  it('does not accumulate from call to call (L46)', () => {
    every((program) => {
      const y = result(program)
      const [once, twice] = [backward(y), backward(y)]
      expect([...once.keys()]).toEqual([...twice.keys()])
      expect(sameValues(valuesOf(once), valuesOf(twice))).toBe(true)
    })
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
  it('never fails on a well-typed program, nor on its gradients (L51)', () => {
    every((program) => {
      const y = result(program)
      expect(E.isRight(evaluate({ y, gradients: [...backward(y).values()] }))).toBe(true)
    })
  })

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

/** The number of nodes of the tree that a graph unfolds to. */
const treeSize = (y: Node): number => {
  const size = new Map<Node, number>()
  for (const node of sort([y]).nodes) size.set(node, 1 + node.inputs.reduce((sum, x) => sum + size.get(x)!, 0))
  return size.get(y)!
}

/** The graph as a tree: every use of a node is a node of its own. */
const unshared = (y: Node): Node => apply(y.op, y.inputs.map(unshared), y.attrs)
