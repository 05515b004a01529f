/** Indices that only a run knows: wrapped where they are negative, and an error of the same words where they are out of range. */
import { describe, expect, it } from 'vitest'
import { evaluate, inspect, mul, sin, sum, switchCase, takeAlongAxis, tensor, valueAndGrad, variable, type Node } from '../../lib/index.js'
import { agrees, compiled, right } from './agreement.js'

const x = tensor([[1, 2, 3], [4, 5, 6], [7, 8, 9], [10, 11, 12]])
const column = (places: ReadonlyArray<number>) => tensor(places, { dtype: 'i32', shape: [4, 1] })
const picked = (y: Node, at: Node): Node => sum(mul(takeAlongAxis(y, at), y))
const f = (y: Node, at: Node): unknown => valueAndGrad((z: Node) => picked(z, at))(y)

const message = (run: () => unknown): string => {
  try {
    run()
  } catch (thrown) {
    // The lines after the first say where.
    return (thrown as Error).message.split('\n')[0]!
  }
  return 'nothing was thrown'
}

describe('indices in compiled programs', () => {
  it('may be anything in range, counted from either end', () => {
    const run = compiled(f, [x, column([0, 0, 0, 0])], { engine: 'wasm' })
    expect(inspect(run)?.kernels['host']).toBeUndefined()
    agrees(f, [x, column([0, 2, 1, 0])], 'wasm')
    agrees(f, [x, column([-1, -3, 2, -2])], 'wasm')
  })

  it.each([[3], [-4], [2 ** 31 - 1], [-(2 ** 31)]])('are refused out of range, as in evaluation: %i', (wrong) => {
    const at = column([0, wrong, 1, 0])
    const run = compiled(picked, [x, at], { engine: 'wasm' })
    const said = message(() => run(x, at))
    expect(said).toContain(String(wrong))
    expect(said).toBe(message(() => right(evaluate(picked(variable('y', x), variable('at', at))))))
    // The program is as good as before.
    expect(run(x, column([0, 1, 2, 0]))).toEqual(compiled(picked, [x, at], { engine: 'slots' })(x, column([0, 1, 2, 0])))
  })
})

describe('branches of compiled programs', () => {
  const g = (index: Node, y: Node): Node => switchCase(index, [(u: Node) => sin(u), (u: Node) => mul(u, u), (u: Node) => sum(u)].map((b) => (u: Node) => sum(b(u))), y)
  const index = (i: number) => tensor(i, { dtype: 'i32' })

  it('are those of the index', () => {
    for (const i of [0, 1, 2]) agrees(g, [index(i), x], 'wasm')
  })

  it.each([[-1], [3], [2 ** 31 - 1], [-(2 ** 31)]])('are refused where there is none, as in evaluation: %i', (wrong) => {
    const run = compiled(g, [index(0), x], { engine: 'wasm' })
    const said = message(() => run(index(wrong), x))
    expect(said).toContain(String(wrong))
    expect(said).toBe(message(() => right(evaluate(g(variable('i', index(wrong)), variable('y', x))))))
    expect(run(index(1), x)).toEqual(compiled(g, [index(0), x], { engine: 'slots' })(index(1), x))
  })
})
