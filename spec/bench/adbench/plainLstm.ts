/** The loss of the recurrent network and its gradient as a person writes them: a tape of numbers, and a loop backwards over it. */
import type { Lstm } from './data.js'

/** Numbers on the tape for each unit: its input, old hidden state and cell, three gates, the change and the tanh of the new cell. */
const fields = 8

/** How the loss and its gradient, in the order of the weights, are computed: everything is written into one array. */
export const plainSequenceLoss = ({ l, c, b, main, extra, state, sequence }: Lstm): ((withGradient: boolean) => Float64Array) => {
  const steps = c - 1
  const row = fields * b
  const tape = new Float64Array(steps * l * row)
  const pull = new Float64Array(steps * b)
  const top = new Float64Array(steps * b)
  const hidden = new Float64Array(l * b)
  const cell = new Float64Array(l * b)
  const x = new Float64Array(b)
  const y = new Float64Array(b)
  const e = new Float64Array(4 * b)
  const dx = new Float64Array(b)

  const advance = (layer: number, to: number): void => {
    const w = layer * 8 * b
    const v = w + 4 * b
    const s = layer * b
    for (let j = 0; j < b; j++) {
      const input = x[j]!
      const old = hidden[s + j]!
      e[j] = -(input * main[w + j]! + main[v + j]!)
      e[b + j] = -(old * main[w + b + j]! + main[v + b + j]!)
      e[2 * b + j] = -(input * main[w + 2 * b + j]! + main[v + 2 * b + j]!)
      e[3 * b + j] = 2 * (old * main[w + 3 * b + j]! + main[v + 3 * b + j]!)
    }
    for (let k = 0; k < e.length; k++) e[k] = Math.exp(e[k]!)
    for (let j = 0; j < b; j++) {
      const before = cell[s + j]!
      const f = 1 / (1 + e[j]!)
      const g = 1 / (1 + e[b + j]!)
      const a = 1 - 2 / (1 + e[3 * b + j]!)
      const after = before * f + g * a
      const at = to + fields * j
      tape[at] = x[j]!
      tape[at + 1] = hidden[s + j]!
      tape[at + 2] = before
      tape[at + 3] = f
      tape[at + 4] = g
      tape[at + 6] = a
      cell[s + j] = after
      y[j] = 2 * after
    }
    for (let j = 0; j < b; j++) y[j] = Math.exp(y[j]!)
    for (let j = 0; j < b; j++) {
      const o = 1 / (1 + e[2 * b + j]!)
      const bent = 1 - 2 / (1 + y[j]!)
      const at = to + fields * j
      tape[at + 5] = o
      tape[at + 7] = bent
      const out = o * bent
      hidden[s + j] = out
      x[j] = out
    }
  }

  /** The term of a step; its derivative by the scores goes to `pull`. */
  const score = (t: number): number => {
    let total = 2
    for (let j = 0; j < b; j++) {
      const score = x[j]! * extra[b + j]! + extra[2 * b + j]!
      const e = Math.exp(score)
      top[t * b + j] = x[j]!
      y[j] = score
      pull[t * b + j] = e
      total += e
    }
    const log = Math.log(total)
    let term = 0
    let count = 0
    for (let j = 0; j < b; j++) {
      const bit = sequence[(t + 1) * b + j]!
      term += bit * (y[j]! - log)
      count += bit
    }
    for (let j = 0; j < b; j++) pull[t * b + j] = (count * pull[t * b + j]!) / total - sequence[(t + 1) * b + j]!
    return term
  }

  const forward = (): number => {
    for (let i = 0; i < l; i++)
      for (let j = 0; j < b; j++) {
        hidden[i * b + j] = state[2 * i * b + j]!
        cell[i * b + j] = state[(2 * i + 1) * b + j]!
      }
    let total = 0
    for (let t = 0; t < steps; t++) {
      for (let j = 0; j < b; j++) x[j] = sequence[t * b + j]! * extra[j]!
      for (let i = 0; i < l; i++) advance(i, (t * l + i) * row)
      total += score(t)
    }
    return -total / (steps * b)
  }

  /** Back through one layer of one step: `hidden` and `cell` hold the gradients of what the step passed on. */
  const retreat = (layer: number, from: number, out: Float64Array): void => {
    const w = layer * 8 * b
    const s = layer * b
    const d = 1 + w
    for (let j = 0; j < b; j++) {
      const at = from + fields * j
      const input = tape[at]!
      const old = tape[at + 1]!
      const f = tape[at + 3]!
      const g = tape[at + 4]!
      const o = tape[at + 5]!
      const a = tape[at + 6]!
      const bent = tape[at + 7]!
      const dh = hidden[s + j]! + dx[j]!
      const dc = cell[s + j]! + dh * o * (1 - bent * bent)
      const df = dc * tape[at + 2]! * f * (1 - f)
      const dg = dc * a * g * (1 - g)
      const dO = dh * bent * o * (1 - o)
      const da = dc * g * (1 - a * a)
      out[d + j]! += df * input
      out[d + b + j]! += dg * old
      out[d + 2 * b + j]! += dO * input
      out[d + 3 * b + j]! += da * old
      out[d + 4 * b + j]! += df
      out[d + 5 * b + j]! += dg
      out[d + 6 * b + j]! += dO
      out[d + 7 * b + j]! += da
      cell[s + j] = dc * f
      hidden[s + j] = dg * main[w + b + j]! + da * main[w + 3 * b + j]!
      dx[j] = df * main[w + j]! + dO * main[w + 2 * b + j]!
    }
  }

  const backward = (out: Float64Array): void => {
    const scale = 1 / (steps * b)
    const e = 1 + 8 * l * b
    hidden.fill(0)
    cell.fill(0)
    for (let t = steps - 1; t >= 0; t--) {
      for (let j = 0; j < b; j++) {
        const dy = scale * pull[t * b + j]!
        out[e + b + j]! += dy * top[t * b + j]!
        out[e + 2 * b + j]! += dy
        dx[j] = dy * extra[b + j]!
      }
      for (let i = l - 1; i >= 0; i--) retreat(i, (t * l + i) * row, out)
      for (let j = 0; j < b; j++) out[e + j]! += dx[j]! * sequence[t * b + j]!
    }
  }

  return (withGradient) => {
    const out = new Float64Array(withGradient ? 1 + 8 * l * b + 3 * b : 1)
    out[0] = forward()
    if (withGradient) backward(out)
    return out
  }
}
