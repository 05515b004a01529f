import { instance } from '@viz-js/viz'
import { describe, expect, test } from 'vitest'
import { add, backward, constant, mul, pow, square, sub, toDot, variable, type Node } from '../../lib/index.js'

/** The graph that a text draws, read back. */
const drawn = (text: string) => {
  const lines = text.trimEnd().split('\n').slice(1, -1)
  const labels = lines.flatMap((line) => /label="([A-Za-z]*)[^"]*".*shape=box/.exec(line)?.[1] ?? [])
  return {
    functions: labels.length,
    ops: Object.fromEntries([...new Set(labels)].sort().map((op) => [op, labels.filter((l) => l === op).length])),
    variables: lines.filter((line) => line.includes('color=orange')).length,
    edges: lines.filter((line) => line.includes(' -> ')).length,
  }
}

/** Goldstein and Price's function, each operation where its formula has it. */
const goldstein = (x: Node, y: Node): Node => {
  const a = pow(add(add(x, y), 1), 2)
  const b = add(add(sub(add(sub(19, mul(14, x)), mul(3, pow(x, 2))), mul(14, y)), mul(mul(6, x), y)), mul(3, pow(y, 2)))
  const c = pow(sub(mul(2, x), mul(3, y)), 2)
  const d = add(sub(add(add(sub(18, mul(32, x)), mul(12, pow(x, 2))), mul(48, y)), mul(mul(36, x), y)), mul(27, pow(y, 2)))
  return mul(add(1, mul(a, b)), add(30, mul(c, d)))
}

describe('toDot', () => {
  test('draws a small graph', () => {
    const [x, y] = [variable('x', 2), variable('y', 3)]
    expect(toDot(add(mul(x, x), y))).toBe(
      [
        'digraph g {',
        'v0 [label="x", color=orange, style=filled]',
        'v1 [label="", color=orange, style=filled]',
        'f1 [label="Mul", color=lightblue, style=filled, shape=box]',
        'v0 -> f1',
        'v0 -> f1',
        'f1 -> v1',
        'v2 [label="y", color=orange, style=filled]',
        'v3 [label="", color=orange, style=filled]',
        'f3 [label="Add", color=lightblue, style=filled, shape=box]',
        'v1 -> f3',
        'v2 -> f3',
        'f3 -> v3',
        '}',
        '',
      ].join('\n'),
    )
  })

  test('draws each operation, each of its uses and each constant of a large formula', () => {
    expect(drawn(toDot(goldstein(variable('x', 1), variable('y', 1))))).toEqual({
      functions: 38,
      ops: { Add: 10, Mul: 17, Pow: 6, Sub: 5 },
      variables: 57,
      edges: 108,
    })
  })

  test('writes a number in an exponent in the box, and draws any other exponent', () => {
    const x = variable('x', 2)
    const text = toDot(pow(x, 3))
    expect(text).toContain('label="Pow 3"')
    expect(drawn(text)).toEqual({ functions: 1, ops: { Pow: 1 }, variables: 2, edges: 2 })
    const n = constant(3)
    expect(drawn(toDot(pow(x, n)))).toEqual({ functions: 1, ops: { Pow: 1 }, variables: 3, edges: 3 })
    const shared = add(0, 3).inputs[1]!
    expect(drawn(toDot(mul(pow(x, shared), shared)))).toEqual({ functions: 2, ops: { Mul: 1, Pow: 1 }, variables: 4, edges: 5 })
  })

  test('shows names, types and the numbers of scalar constants', () => {
    const x = variable('x', [[1, 2, 3], [4, 5, 6]])
    const w = constant([1, 2, 3])
    const y = mul(x, w)
    const text = toDot(y, { names: { y, weights: w }, verbose: true })
    for (const label of ['x: (2, 3) f64', 'weights: (3,) f64', 'y: (2, 3) f64']) expect(text).toContain(`label="${label}"`)
    expect(toDot(mul(variable('s', 1), 2.5))).toContain('label="2.5"')
    expect(toDot(mul(variable('s', 1), 2.5), { verbose: true })).toContain('label="2.5: () f64"')
  })

  test('a leaf is an oval alone, and a node that is used twice is drawn once', () => {
    expect(drawn(toDot(variable('x', 1)))).toEqual({ functions: 0, ops: {}, variables: 1, edges: 0 })
    const a = square(variable('x', 1))
    expect(drawn(toDot([mul(a, a), add(a, a), a]))).toEqual({ functions: 3, ops: { Add: 1, Mul: 1, Square: 1 }, variables: 4, edges: 8 })
  })

  test('draws the graphs of gradients and of their gradients', () => {
    const x = variable('x', 2)
    const first = backward(pow(x, 3)).get('x')!
    const second = backward(first).get('x')!
    expect(drawn(toDot(first)).functions).toBeGreaterThan(0)
    expect(toDot([first, second], { names: { first, second } })).toMatch(/label="first"[^]*label="second"/)
  })

  test('equal programs give equal text', () => {
    const text = (): string => toDot(goldstein(variable('x', 1), variable('y', 1)), { verbose: true })
    expect(text()).toBe(text())
  })

  test('draws a misuse in red', () => {
    expect(toDot(add([1, 2], [1, 2, 3]))).toContain('[label="Add", color=red, style=filled, shape=box]')
  })

  test('Graphviz accepts the text, whatever the names', async () => {
    const viz = await instance()
    const x = variable('a "quoted" \\ name\n(of two lines)', 1)
    const { errors, status, output } = viz.render(toDot(mul(x, x)), { format: 'svg' })
    expect(errors).toEqual([])
    expect(status).toBe('success')
    expect(output).toContain('a &quot;quoted&quot; \\ name')
  })
})
