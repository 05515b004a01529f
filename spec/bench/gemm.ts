/** Products of square matrices, beside as many operations at the most that the processor does, and tiled loops. */
import { compile, compileStep, matmul, shaped, tensor, type Node, type Tensor } from '../../lib/index.js'
import type { Contestant } from './harness.js'
import { must } from './must.js'
import { peakProbe } from './peak.js'
import { randomNumbers } from './random.js'

export type Floats = Float64Array | Float32Array

export const floats = (dtype: 'f64' | 'f32', size: number): Floats => (dtype === 'f64' ? new Float64Array(size) : new Float32Array(size))

/** Random numbers around 0. */
export const drawn = (dtype: 'f64' | 'f32', size: number, seed: number, scale = 1): Floats => {
  const random = randomNumbers(seed)
  return floats(dtype, size).map(() => scale * (random() - 0.5))
}

/** Four rows of `a` and four columns of `b` interleaved, sixteen sums at a time; `n` is a multiple of 4. */
const tiled = (a: Floats, b: Floats, c: Floats, n: number, columns: Floats, rows: Floats): void => {
  for (let j = 0; j < n; j += 4) for (let k = 0; k < n; k++) for (let q = 0; q < 4; q++) columns[j * n + 4 * k + q] = b[k * n + j + q]!
  for (let i = 0; i < n; i += 4) {
    for (let k = 0; k < n; k++) for (let p = 0; p < 4; p++) rows[4 * k + p] = a[(i + p) * n + k]!
    for (let j = 0; j < n; j += 4) tile(rows, columns, j * n, c, i * n + j, n)
  }
}

const tile = (rows: Floats, columns: Floats, at: number, c: Floats, to: number, n: number): void => {
  for (let half = 0; half < 4; half += 2) {
    let c00 = 0
    let c01 = 0
    let c02 = 0
    let c03 = 0
    let c10 = 0
    let c11 = 0
    let c12 = 0
    let c13 = 0
    for (let k = 0; k < 4 * n; k += 4) {
      const a0 = rows[k + half]!
      const a1 = rows[k + half + 1]!
      const b0 = columns[at + k]!
      const b1 = columns[at + k + 1]!
      const b2 = columns[at + k + 2]!
      const b3 = columns[at + k + 3]!
      c00 += a0 * b0
      c01 += a0 * b1
      c02 += a0 * b2
      c03 += a0 * b3
      c10 += a1 * b0
      c11 += a1 * b1
      c12 += a1 * b2
      c13 += a1 * b3
    }
    const row = to + half * n
    c[row] = c00
    c[row + 1] = c01
    c[row + 2] = c02
    c[row + 3] = c03
    c[row + n] = c10
    c[row + n + 1] = c11
    c[row + n + 2] = c12
    c[row + n + 3] = c13
  }
}

export const products = (dtype: 'f64' | 'f32', n: number): ReadonlyArray<Contestant> => {
  const [a, b] = [drawn(dtype, n * n, 1), drawn(dtype, n * n, 2)]
  const [c, columns, rows] = [floats(dtype, n * n), floats(dtype, n * n), floats(dtype, 4 * n)]
  const multiply = must(compile((x: Node, y: Node) => matmul(x, y), [shaped([n, n], dtype), shaped([n, n], dtype)], { results: 'arrays' }))
  const { run, operations } = peakProbe(dtype)
  const rounds = Math.max(1, Math.round((2 * n ** 3) / operations))
  return [
    { name: 'peak of 128-bit vectors', run: () => run(rounds), numbers: () => undefined },
    {
      name: 'tiled JS',
      run: () => tiled(a, b, c, n, columns, rows),
      numbers: () => {
        tiled(a, b, c, n, columns, rows)
        return c
      },
    },
    { name: 'foldgrad', run: () => multiply(a, b), numbers: () => multiply(a, b) as Floats },
    resident(dtype, n, a, b),
  ]
}

export const inPlace = 'foldgrad, in place'

/** The same without copies: operands and product stay in the memory of the program, as those of the peers do. */
const resident = (dtype: 'f64' | 'f32', n: number, a: Floats, b: Floats): Contestant => {
  const like = shaped([n, n], dtype)
  const step = must(compileStep(({ x, y }: { x: Node; y: Node; product: Node }) => [{ x, y, product: matmul(x, y) }, []] as const, [{ x: like, y: like, product: like }]))
  const [x, y] = [a, b].map((data) => tensor(data, { shape: [n, n] })) as [Tensor, Tensor]
  let state = step({ x, y, product: x })[0]
  const calls = Math.ceil(4e6 / n ** 3)
  const run = (): void => {
    for (let k = 0; k < calls; k++) state = step(state)[0]
  }
  return { name: inPlace, run, calls, numbers: () => state.product.toTypedArray() }
}
