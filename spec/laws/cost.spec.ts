/** Cost, counted in nodes and never timed: the backward pass is linear in the graph. */
import { describe, expect, it } from 'vitest'
import { sort } from '../../lib/core/Graph.js'
import type { Node } from '../../lib/core/Node.js'
import { tensor } from '../../lib/core/Tensor.js'
import { add, astype, dot, mul, sin, tanh, variable } from '../../lib/primitive/index.js'
import { backward } from '../../lib/transform/backward.js'

const count = (ys: ReadonlyArray<Node>): number => sort(ys).nodes.length

/** How many nodes a program has, and how many with its gradients, at growing sizes. */
const growth = (program: (n: number) => Node): ReadonlyArray<readonly [forward: number, both: number]> =>
  [100, 1000, 10_000].map((n) => {
    const y = program(n)
    return [count([y]), count([y, ...backward(y).values()])]
  })

const x = variable('x', tensor(0.5))

const families: Readonly<Record<string, (n: number) => Node>> = {
  'a chain': (n) => Array.from({ length: n }).reduce<Node>((y) => sin(y), x),
  'a chain that reads its start everywhere': (n) => Array.from({ length: n }).reduce<Node>((y) => mul(y, x), x),
  'a ladder of doublings, whose tree is exponential': (n) => Array.from({ length: n }).reduce<Node>((y) => add(y, y), x),
  'a ladder of squares': (n) => Array.from({ length: n }).reduce<Node>((y) => tanh(mul(y, y)), x),
  'a sum of many terms': (n) => Array.from({ length: n }, () => sin(x)).reduce((a, b) => add(a, b)),
  'layers of matrices': (n) => {
    const w = variable('w', tensor([[0.5, -0.25], [0.125, 0.5]]))
    return Array.from({ length: n }).reduce<Node>((y) => tanh(dot(w, y)), variable('v', tensor([[1], [2]])))
  },
}

describe.each(Object.entries(families))('%s', (_, program) => {
  it('has a gradient of at most six nodes for each of its own', () => {
    for (const [forward, both] of growth(program)) expect(both - forward).toBeLessThanOrEqual(6 * forward)
  })

  it('grows linearly', () => {
    const [small, medium, large] = growth(program).map(([forward, both]) => both / forward)
    expect(large!).toBeLessThanOrEqual(1.1 * medium!)
    expect(medium!).toBeLessThanOrEqual(1.2 * small!)
  })
})

describe('pruning', () => {
  it('spends nothing on nodes that lead to no variable', () => {
    const constantPart = Array.from({ length: 1000 }).reduce<Node>((y) => sin(y), astype(count3, 'f64'))
    const y = mul(x, constantPart)
    expect(count([...backward(y).values()])).toBeLessThanOrEqual(count([constantPart]))
  })
})

const count3 = variable('n', tensor(3, { dtype: 'i32' }))
