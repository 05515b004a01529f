/** Deferred gradients: their numbers are those of the nodes they stand for, to the last bit, and nobody can tell them apart. */
import * as E from 'fp-ts/Either'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { sort } from '../../lib/core/Graph.js'
import { deferralOf, invalid, isInvalid, type Node } from '../../lib/core/Node.js'
import { refuse } from '../../lib/core/FoldgradError.js'
import { tensor, type Tensor } from '../../lib/core/Tensor.js'
import { toDot } from '../../lib/interpret/dot.js'
import { evaluate, item, program, value } from '../../lib/interpret/evaluate.js'
import { plan } from '../../lib/interpret/plan.js'
import { pretty } from '../../lib/interpret/pretty.js'
import { binary } from '../../lib/primitive/declare.js'
import { add, constant, cos, div, exp, floorDivide, full, gt, identity, maximum, mul, neg, sin, sqrt, square, sub, tanh, variable, where } from '../../lib/primitive/index.js'
import { adjointsOf, adjointsOfAll, backward } from '../../lib/transform/backward.js'
import { grad, valueAndGrad } from '../../lib/transform/grad.js'
import { jvp } from '../../lib/transform/jvp.js'
import { vjp } from '../../lib/transform/vjp.js'
import { vmap } from '../../lib/transform/vmap.js'
import { assault } from '../immutability/reach.js'
import { scalarPrimitives, scalarPrograms, type Scalars } from '../arbitraries/scalars.js'
import { literalBackward } from '../laws/literalBackward.js'

const f64 = { shape: [], dtype: 'f64' } as const

const isDeferred = (node: Node): boolean => deferralOf(node) !== undefined

/** The numbers of nodes by their kernels, one node at a time: nothing here knows of deferred nodes or of contributions. */
const byKernels = (nodes: ReadonlyArray<Node>): ReadonlyArray<number> => {
  const sorted = sort(nodes).nodes
  const buffers = new Map<Node, ReturnType<Node['op']['evaluate']>>()
  for (const node of sorted) buffers.set(node, node.op.evaluate(node.inputs.map((x) => buffers.get(x)!), node))
  return nodes.map((node) => buffers.get(node)![0]!)
}

const bits = (xs: ReadonlyArray<number>): ReadonlyArray<string> => xs.map((x) => (Object.is(x, -0) ? '-0' : String(x)))

const numbersOf = (nodes: ReadonlyArray<Node>): ReadonlyArray<string> => bits((value(nodes) as ReadonlyArray<Tensor>).map((t) => t.toArray() as number))

/** The adjoints of the variables as the literal fold has them. */
const literal = (y: Node, xs: ReadonlyArray<Node>, cotangent: Node = full(1, f64), masked = false): ReadonlyArray<Node | undefined> => {
  const adjoints = literalBackward(sort([y]).nodes, cotangent, masked)
  return xs.map((x) => adjoints.get(x)?.node)
}

const present = (nodes: ReadonlyArray<Node | undefined>): ReadonlyArray<Node> => nodes.filter((node) => node !== undefined)

const every = (law: (program: Scalars, pick: number) => void, size = 25, numRuns = 300): void =>
  fc.assert(fc.property(scalarPrograms(size), fc.nat(), law), { numRuns })

describe('the programs', () => {
  it('consist of all operations on scalars', () => {
    const names = scalarPrimitives.map(({ name }) => name)
    expect(names.length).toBeGreaterThan(75)
    for (const name of ['where', 'maximum', 'winner', 'gate', 'powDerivative', 'sinc', 'polygamma', 'sech2', 'stopGradient', 'gt', 'logicalNot']) expect(names).toContain(name)
    expect(scalarPrimitives.every(({ contributions }) => contributions !== undefined)).toBe(true)
  })

  it('have deferred gradients, but for those that are nodes of the program or cotangents', () => {
    let deferred = 0
    every((p) => {
      const y = p.values.at(-1)!
      const expected = present(literal(y, p.variables))
      const got = present(adjointsOf(y, p.variables))
      const old = new Set(sort([y]).nodes)
      const made = (node: Node): boolean => !old.has(node) && node.inputs.length > 0
      expect(got.map(isDeferred)).toEqual(expected.map(made))
      deferred += got.filter(isDeferred).length
    })
    expect(deferred).toBeGreaterThan(100)
  })
})

describe('the numbers of deferred gradients', () => {
  it('are those of the literal fold, to the last bit, with and without the value', () => {
    every((p, pick) => {
      const y = p.values.at(-1)!
      const expected = [y, ...present(literal(y, p.variables))]
      const got = present(adjointsOf(y, p.variables))
      expect(numbersOf(got)).toEqual(bits(byKernels(expected)).slice(1))
      expect(numbersOf([...present(adjointsOf(y, p.variables)), y])).toEqual([...bits(byKernels(expected)).slice(1), ...bits(byKernels([y]))])
      const between = p.values[pick % p.values.length]!
      expect(numbersOf([y, ...present(adjointsOf(y, p.variables)), between])).toEqual(bits(byKernels([...expected, between])))
    }, 25, 400)
  })

  it('are the same for each operation by itself, at exceptional numbers', () => {
    for (const op of scalarPrimitives)
      fc.assert(
        fc.property(scalarPrograms(2, [op]), (p) => {
          const y = tanh(maximum(p.values.at(-1)!, p.values[0]!))
          expect(numbersOf(present(adjointsOf(y, p.variables)))).toEqual(bits(byKernels(present(literal(y, p.variables)))))
        }),
        { numRuns: 25 },
      )
  })

  it('are the same with a cotangent, for nodes in between, and for several results', () => {
    every((p, pick) => {
      const y = p.values.at(-1)!
      const at = [p.values[pick % p.values.length]!, ...p.variables]
      for (const cotangent of [full(-0.5, f64), constant(tensor(-Infinity)), p.variables[0]!, mul(2, p.values[0]!)]) {
        expect(numbersOf(present(adjointsOf(y, at, cotangent)))).toEqual(bits(byKernels(present(literal(y, at, cotangent)))))
      }
      const z = p.values[pick % p.values.length]!
      const both = (): ReadonlyArray<Node> => present(adjointsOfAll([[y, undefined], [z, full(3, f64)], [y, full(2, f64)]], [y, ...p.variables], 'adjoints', pick % 2 === 0))
      const formed = both()
      for (const node of formed) expect(node.op.name).toBeTruthy()
      expect(numbersOf(both())).toEqual(bits(byKernels(formed)))
    })
    const [x, two] = [variable('x', tensor(0)), full(2, f64)]
    const y = sin(x)
    const sums = adjointsOfAll([[y, undefined], [y, two]], [x, y], 'adjoints')
    expect(numbersOf(present(sums))).toEqual(['3', '3'])
    expect(pretty(present(sums))).toBe(pretty([mul(add(full(1, f64), two), cos(x))].flatMap((g) => [g, g.inputs[0]!])))
  })

  it('are the same behind a mask', () => {
    every((p) => {
      const y = p.values.at(-1)!
      const at = [...p.variables, ...p.values]
      for (const cotangent of [full(0, f64), full(1, f64)]) {
        const expected = present(literal(y, at, cotangent, true))
        const got = (): ReadonlyArray<Node> => present(adjointsOfAll([[y, cotangent]], at, 'adjoints', true))
        expect(numbersOf(got())).toEqual(bits(byKernels(expected)))
        expect(pretty([y, ...got()])).toBe(pretty([y, ...expected]))
      }
    })
    const [x, one] = [variable('x', tensor(2)), full(1, f64)]
    expect(adjointsOfAll([[mul(x, one), one]], [x], 'adjoints', true)[0]).toBe(one)
    expect(item(backward(where(gt(x, 5), maximum(x, NaN), 0)).get('x')!)).toBe(NaN)
  })

  it('are the same when truth values are computed with', () => {
    const x = variable('x', tensor(2))
    const yes = gt(x, 1)
    const no = mul(yes, 0)
    // The quotient is infinite, and stored as 0.
    const y = (): Node => mul(where(gt(floorDivide(yes, no), no), sin(x), square(x)), x)
    expect(numbersOf([y(), backward(y()).get('x')!])).toEqual(bits(byKernels([y(), literal(y(), [x])[0]!])))
    expect(item(y())).toBe(8)
  })

  it('are the same for two variables of one name', () => {
    every((p) => {
      const gradients = backward(p.values.at(-1)!)
      const again = backward(p.values.at(-1)!)
      for (const node of again.values()) pretty(node)
      expect([...gradients.keys()]).toEqual([...again.keys()])
      expect(numbersOf([...gradients.values()])).toEqual(bits(byKernels([...again.values()])))
    })
  })

  it('are the same for gradients of gradients', () => {
    every((p) => {
      const y = p.values.at(-1)!
      const first = adjointsOf(y, p.variables)
      literal(y, p.variables).forEach((g, k) => {
        if (g === undefined) return
        expect(numbersOf(present(adjointsOf(first[k]!, p.variables)))).toEqual(bits(byKernels(present(literal(g, p.variables)))))
      })
    }, 10)
  })

  it('are found for several sweeps at once, beside anything else', () => {
    const x = variable('x', tensor(0.5))
    const [y, z] = [sin(square(x)), exp(sin(x))]
    const [g, h] = [backward(y).get('x')!, backward(z).get('x')!]
    const v = mul(constant(tensor([1, 2])), 3)
    const { all, v: array } = value({ all: [g, h, y, z, x, full(7, f64), sub(g, h), g], v })
    const [dy, dz] = [2 * 0.5 * Math.cos(0.25), Math.exp(Math.sin(0.5)) * Math.cos(0.5)]
    expect(all.map((t) => t.toArray())).toEqual([dy, dz, Math.sin(0.25), Math.exp(Math.sin(0.5)), 0.5, 7, dy - dz, dy])
    expect(array.toArray()).toEqual([3, 6])
  })

  it('come with the errors of what stands beside them', () => {
    const x = variable('x', tensor(0.5))
    const g = backward(sin(x)).get('x')!
    const bad = invalid('bad', [], refuse('Shape', 'the rule', 'the mend'))
    const result = evaluate([square(g), g, bad, backward(sin(bad)).get('x') ?? bad])
    expect(E.isLeft(result) && result.left.map((e) => e.rule)).toEqual(['the rule'])
    expect(isInvalid(g)).toBe(false)
  })

  it('are found without forming nodes, also after other programs were sorted', () => {
    const x = variable('x', tensor(2))
    const a = square(x)
    const y = mul(a, sin(a))
    const g = backward(y).get('x')!
    expect(isDeferred(g)).toBe(true)
    sort([x, add(x, x), y])
    sort([tanh(x), a])
    expect(value([y, g, a]).map((t) => t.toArray())).toEqual([4 * Math.sin(4), 4 * (Math.sin(4) + 4 * Math.cos(4)), 4])
    expect(item(g)).toBe(4 * (Math.sin(4) + 4 * Math.cos(4)))
    expect(isDeferred(g)).toBe(true)
  })

  it('keep exact zeros behind a mask', () => {
    const x = variable('x', tensor(0))
    const masked = (): ReadonlyArray<Node> => [
      backward(where(gt(x, 0), sqrt(x), 0)).get('x')!,
      backward(maximum(div(1, sqrt(x)), full(Infinity, x))).get('x')!,
      backward(add(where(gt(x, 0), sqrt(x), x), x)).get('x')!,
    ]
    expect(masked().every(isDeferred)).toBe(true)
    expect(numbersOf(masked())).toEqual(bits(byKernels(masked())))
    expect(item(masked()[0]!)).toBe(0)
    expect(item(masked()[2]!)).toBe(2)
  })
})

describe('a deferred gradient that somebody looks into', () => {
  it('is the node of the literal fold', () => {
    every((p) => {
      const y = p.values.at(-1)!
      const expected = present(literal(y, p.variables))
      const listing = pretty([y, ...expected])
      expect(pretty([y, ...present(adjointsOf(y, p.variables))])).toBe(listing)
      expect(toDot([y, ...present(adjointsOf(y, p.variables))])).toBe(toDot([y, ...expected]))
      expect(plan([y, ...present(adjointsOf(y, p.variables))])).toEqual(plan([y, ...expected]))
      const evaluated = present(adjointsOf(y, p.variables))
      value(evaluated)
      expect(evaluated.map(String)).toEqual(expected.map(String))
      expect(pretty([y, ...evaluated])).toBe(listing)
      expect(numbersOf(evaluated)).toEqual(bits(byKernels(expected)))
    })
  })

  it('is one with the gradients that are the same node', () => {
    every((p, pick) => {
      const y = p.values.at(-1)!
      const at = [...p.variables, ...p.values, p.values[pick % p.values.length]!]
      const expected = present(literal(y, at))
      const got = present(adjointsOf(y, at))
      const pattern = (nodes: ReadonlyArray<Node>): ReadonlyArray<number> => [...sort([y]).nodes, ...nodes].map((node, _, all) => all.indexOf(node))
      expect(pattern(got)).toEqual(pattern(expected))
      expect(pretty(got)).toBe(pretty(expected))
      expect(pattern(got)).toEqual(pattern(expected))
    })
  })

  it('can be found by any of its fields', () => {
    const x = variable('x', tensor(0.5))
    const fresh = (): Node => backward(sin(sin(x))).get('x')!
    expect(fresh().op.name).toBe('mul')
    expect(fresh().inputs.map((y) => y.op.name)).toEqual(['cos', 'cos'])
    expect(fresh().attrs).toEqual({})
    expect(String(fresh())).toBe('mul: f64[]')
    const g = fresh()
    expect([g.shape, g.dtype, Object.isFrozen(g)]).toEqual([[], 'f64', true])
    const inputs = g.inputs
    expect([Object.isFrozen(inputs), g.inputs === inputs, g.op === fresh().op]).toEqual([true, true, true])
  })
})

describe('an attack on a deferred gradient', () => {
  it('changes nothing, before it is formed and after', () => {
    const x = variable('x', tensor(0.5))
    const fresh = (): Node => backward(sin(sin(x))).get('x')!
    const [numbers, text] = [item(fresh()), pretty(fresh())]
    const g = fresh()
    assault(g)
    assault(Object.getPrototypeOf(g) as object)
    for (const field of ['op', 'attrs', 'inputs']) expect(Reflect.set(g, field, undefined)).toBe(false)
    expect(isDeferred(g)).toBe(true)
    expect(item(g)).toBe(numbers)
    expect(pretty(g)).toBe(text)
    assault(g)
    assault(g.inputs)
    expect([isDeferred(g), item(g), pretty(g)]).toEqual([false, numbers, text])
  })
})

describe('transforms of deferred gradients', () => {
  const f = (x: Node): Node => mul(where(gt(x, 0), sin(x), square(x)), tanh(identity(x)))
  const d = (x: number): number => Math.cos(x) * Math.tanh(x) + Math.sin(x) * (1 - Math.tanh(x) ** 2)

  it('give what transforms of their nodes give', () => {
    every((p) => {
      const [y, x] = [p.values.at(-1)!, p.variables[0]!]
      const [plain, looked] = [adjointsOf(y, [x])[0], adjointsOf(y, [x])[0]]
      if (plain === undefined || looked === undefined) return
      pretty(looked)
      const uses = (g: Node): ReadonlyArray<Node> => [
        add(mul(g, g), y),
        ...backward(mul(g, y)).values(),
        ...jvp((v: Node) => mul(v, g))([g], [1]),
        ...vjp((v: Node) => mul(v, g))(g)[1](g),
      ]
      expect(pretty(uses(plain))).toBe(pretty(uses(looked)))
      expect(numbersOf(uses(adjointsOf(y, [x])[0]!))).toEqual(bits(byKernels(uses(looked))))
    }, 12)
  })

  it('take gradients inside functions', () => {
    const xs = [0.25, 0.5, 1]
    const close = (got: unknown, expected: ReadonlyArray<number>): void => (got as ReadonlyArray<number>).forEach((x, i) => expect(x).toBeCloseTo(expected[i]!, 12))
    close((value(vmap(grad(f))(constant(tensor(xs)))) as Tensor).toArray(), xs.map(d))
    close(xs.map((x) => item(grad(f)(x))), xs.map(d))
    close(xs.map((x) => item(jvp(grad(f))([x], [1])[1])), xs.map((x) => item(grad(grad(f))(x))))
    close(xs.map((x) => (value(valueAndGrad(f)(x)) as unknown as readonly [Tensor, Tensor])[1].toArray() as number), xs.map(d))
  })
})

describe('the record of contributions', () => {
  const x = variable('x', tensor(3))
  const y = mul(x, x)

  it('cannot be spoilt by calling it with anything else', () => {
    const difference = binary('difference', (a, b) => a - b, (da) => da, (db) => neg(db))
    const { contributions } = difference.op
    for (const other of [x, y, gt(x, x), constant(tensor([1])), { ...difference(x, x), op: difference.op, inputs: [] }, {}] as ReadonlyArray<Node>)
      expect(contributions!(other)).toBeUndefined()
    expect(item(backward(difference(y, sin(x))).get('x')!)).toBe(6 - Math.cos(3))
  })

  it('is frozen', () => {
    const known = y.op.contributions!(y)!
    expect([known, ...known].every(Object.isFrozen)).toBe(true)
  })
})

describe('a program that is run by its kernels', () => {
  it('gives the same numbers as one that is run in plain numbers', () => {
    every((p) => {
      const run = program([], p.values)
      expect(numbersOf(p.values)).toEqual(bits(run([]).map((buffer) => buffer[0]!)))
      expect(numbersOf(p.values)).toEqual(bits(byKernels(p.values)))
    })
  })
})
