/** A layer of long short-term memory over a sequence, forward and backward. */
import { add, compile, matmul, mean, mul, scan, shaped, sigmoid, split, square, tanh, tensor, valueAndGrad, zeros, type Node } from '../../lib/index.js'
import { drawn, type Floats } from './gemm.js'
import type { Contestant } from './harness.js'
import { joined } from './joined.js'
import { must } from './must.js'

export const recurrentShape = { steps: 32, batch: 32, inputs: 64, hidden: 64 } as const
const { steps, batch, inputs, hidden } = recurrentShape
const gates = 4 * hidden

/** Weights of the inputs and of the hidden state for the four gates behind one another, and their biases. */
interface Layer<A> {
  readonly wx: A
  readonly wh: A
  readonly b: A
}

export const recurrentInput = (): Layer<Floats> & { readonly sequence: Floats } => ({
  sequence: drawn('f32', steps * batch * inputs, 1, 2),
  wx: drawn('f32', inputs * gates, 2, 0.3),
  wh: drawn('f32', hidden * gates, 3, 0.3),
  b: drawn('f32', gates, 4, 0.3),
})

interface State {
  readonly hidden: Node
  readonly cell: Node
}

/** The mean square of all hidden states. */
const loss = ({ wx, wh, b }: Layer<Node>, sequence: Node): Node => {
  const advance = (state: State, x: Node): readonly [State, Node] => {
    const [i, f, g, o] = split(add(add(matmul(x, wx), matmul(state.hidden, wh)), b), 4, { axis: 1 }) as readonly [Node, Node, Node, Node]
    const cell = add(mul(sigmoid(f), state.cell), mul(sigmoid(i), tanh(g)))
    const next = mul(sigmoid(o), tanh(cell))
    return [{ hidden: next, cell }, next]
  }
  const rest = zeros([batch, hidden], { dtype: 'f32' })
  const [, states] = scan(advance, { hidden: rest, cell: rest }, sequence)
  return mean(square(states))
}

/** `y += x · w` for matrices `[rows, n]` and `[n, m]` that begin at these places. */
const addProduct = (x: Float32Array, from: number, w: Float32Array, y: Float32Array, to: number, rows: number, n: number, m: number): void => {
  for (let r = 0; r < rows; r++)
    for (let k = 0; k < n; k += 4) {
      const x0 = x[from + r * n + k]!
      const x1 = x[from + r * n + k + 1]!
      const x2 = x[from + r * n + k + 2]!
      const x3 = x[from + r * n + k + 3]!
      const at = k * m
      const out = to + r * m
      for (let c = 0; c < m; c++) y[out + c]! += x0 * w[at + c]! + x1 * w[at + m + c]! + (x2 * w[at + 2 * m + c]! + x3 * w[at + 3 * m + c]!)
    }
}

/** `dw += xᵀ · dy`. */
const addOuter = (x: Float32Array, from: number, dy: Float32Array, dw: Float32Array, rows: number, n: number, m: number): void => {
  for (let r = 0; r < rows; r += 4)
    for (let k = 0; k < n; k++) {
      const x0 = x[from + r * n + k]!
      const x1 = x[from + (r + 1) * n + k]!
      const x2 = x[from + (r + 2) * n + k]!
      const x3 = x[from + (r + 3) * n + k]!
      const at = r * m
      const out = k * m
      for (let c = 0; c < m; c++) dw[out + c]! += x0 * dy[at + c]! + x1 * dy[at + m + c]! + (x2 * dy[at + 2 * m + c]! + x3 * dy[at + 3 * m + c]!)
    }
}

/** `dx = dy · wᵀ`. */
const pullProduct = (dy: Float32Array, w: Float32Array, dx: Float32Array, rows: number, n: number, m: number): void => {
  for (let r = 0; r < rows; r++)
    for (let k = 0; k < n; k += 4) {
      let s0 = 0
      let s1 = 0
      let s2 = 0
      let s3 = 0
      for (let c = 0; c < m; c++) {
        const g = dy[r * m + c]!
        s0 += g * w[k * m + c]!
        s1 += g * w[(k + 1) * m + c]!
        s2 += g * w[(k + 2) * m + c]!
        s3 += g * w[(k + 3) * m + c]!
      }
      const at = r * n + k
      dx[at] = s0
      dx[at + 1] = s1
      dx[at + 2] = s2
      dx[at + 3] = s3
    }
}

const plainLayer = ({ sequence, wx, wh, b }: ReturnType<typeof recurrentInput>) => {
  const [x, w, v] = [sequence, wx, wh] as readonly [Float32Array, Float32Array, Float32Array]
  const width = batch * hidden
  const open = new Float32Array(steps * batch * gates)
  const cells = new Float32Array((steps + 1) * width)
  const bent = new Float32Array(steps * width)
  const states = new Float32Array((steps + 1) * width)
  const pull = new Float32Array(batch * gates)
  const dh = new Float32Array(width)
  const dc = new Float32Array(width)
  const dwx = new Float32Array(wx.length)
  const dwh = new Float32Array(wh.length)
  const db = new Float32Array(gates)
  const logistic = (s: number): number => 1 / (1 + Math.exp(-s))

  const forward = (): number => {
    let total = 0
    for (let t = 0; t < steps; t++) {
      const to = t * batch * gates
      for (let r = 0; r < batch; r++) for (let c = 0; c < gates; c++) open[to + r * gates + c] = b[c]!
      addProduct(x, t * batch * inputs, w, open, to, batch, inputs, gates)
      addProduct(states, t * width, v, open, to, batch, hidden, gates)
      for (let r = 0; r < batch; r++)
        for (let j = 0; j < hidden; j++) {
          const at = to + r * gates + j
          const i = logistic(open[at]!)
          const f = logistic(open[at + hidden]!)
          const g = Math.tanh(open[at + 2 * hidden]!)
          const o = logistic(open[at + 3 * hidden]!)
          const k = t * width + r * hidden + j
          const cell = f * cells[k]! + i * g
          const tip = Math.tanh(cell)
          open[at] = i
          open[at + hidden] = f
          open[at + 2 * hidden] = g
          open[at + 3 * hidden] = o
          cells[k + width] = cell
          bent[k] = tip
          states[k + width] = o * tip
          total += o * tip * o * tip
        }
    }
    return total / (steps * width)
  }

  const backward = (): void => {
    const scale = 2 / (steps * width)
    for (const sum of [dh, dc, dwx, dwh, db]) sum.fill(0)
    for (let t = steps - 1; t >= 0; t--) {
      for (let r = 0; r < batch; r++)
        for (let j = 0; j < hidden; j++) {
          const at = (t * batch + r) * gates + j
          const k = t * width + r * hidden + j
          const q = r * hidden + j
          const p = r * gates + j
          const i = open[at]!
          const f = open[at + hidden]!
          const g = open[at + 2 * hidden]!
          const o = open[at + 3 * hidden]!
          const tip = bent[k]!
          const out = dh[q]! + scale * states[k + width]!
          const cell = dc[q]! + out * o * (1 - tip * tip)
          pull[p] = cell * g * i * (1 - i)
          pull[p + hidden] = cell * cells[k]! * f * (1 - f)
          pull[p + 2 * hidden] = cell * i * (1 - g * g)
          pull[p + 3 * hidden] = out * tip * o * (1 - o)
          dc[q] = cell * f
        }
      for (let r = 0; r < batch; r++) for (let c = 0; c < gates; c++) db[c]! += pull[r * gates + c]!
      addOuter(x, t * batch * inputs, pull, dwx, batch, inputs, gates)
      addOuter(states, t * width, pull, dwh, batch, hidden, gates)
      pullProduct(pull, v, dh, batch, hidden, gates)
    }
  }

  return (): readonly [number, Layer<Floats>] => {
    const value = forward()
    backward()
    return [value, { wx: dwx, wh: dwh, b: db }]
  }
}

export const recurrent = (): ReadonlyArray<Contestant> => {
  const input = recurrentInput()
  const { sequence, wx, wh, b } = input
  const layer = { wx: tensor(wx, { shape: [inputs, gates] }), wh: tensor(wh, { shape: [hidden, gates] }), b: tensor(b) }
  const xs = tensor(sequence, { shape: [steps, batch, inputs] })
  const compiled = must(
    compile((layer: Layer<Node>, sequence: Node) => valueAndGrad(loss)(layer, sequence), [layer, shaped([steps, batch, inputs], 'f32')], { results: 'arrays' }),
  )
  const plain = plainLayer(input)
  const flat = ([value, { wx, wh, b }]: readonly [number, Layer<Floats>]): Float64Array => joined(value, wx, wh, b)
  return [
    { name: 'hand-written JS', run: plain, numbers: () => flat(plain()) },
    { name: 'foldgrad', run: () => compiled(layer, xs), numbers: () => flat(compiled(layer, xs) as unknown as readonly [number, Layer<Floats>]) },
  ]
}
