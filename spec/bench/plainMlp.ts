/** One training step of a perceptron as a person writes it: loops over arrays that are overwritten in place. */

type Floats = Float64Array | Float32Array

export interface PlainLayer {
  readonly inputs: number
  readonly outputs: number
  readonly w: Floats
  readonly b: Floats
}

/** `out[r][c] = b[c] + Σₖ x[r][k] · w[k][c]`, with the inner loop along the rows of `w`. */
const affine = (x: Floats, rows: number, { inputs, outputs, w, b }: PlainLayer, out: Floats): void => {
  for (let r = 0; r < rows; r++) {
    const at = r * outputs
    for (let c = 0; c < outputs; c++) out[at + c] = b[c]!
    for (let k = 0; k < inputs; k++) {
      const xk = x[r * inputs + k]!
      const row = k * outputs
      for (let c = 0; c < outputs; c++) out[at + c]! += xk * w[row + c]!
    }
  }
}

/** Descends along the gradient of a layer, given that of its result; writes the gradient of its operand into `dx`. */
const descendLayer = (
  x: Floats,
  rows: number,
  { inputs, outputs, w, b }: PlainLayer,
  dy: Floats,
  dx: Floats | undefined,
  rate: number,
  dw: Floats,
): void => {
  if (dx !== undefined)
    for (let r = 0; r < rows; r++)
      for (let k = 0; k < inputs; k++) {
        let sum = 0
        for (let c = 0; c < outputs; c++) sum += dy[r * outputs + c]! * w[k * outputs + c]!
        dx[r * inputs + k] = sum
      }
  dw.fill(0)
  for (let r = 0; r < rows; r++)
    for (let k = 0; k < inputs; k++) {
      const xk = x[r * inputs + k]!
      const row = k * outputs
      for (let c = 0; c < outputs; c++) dw[row + c]! += xk * dy[r * outputs + c]!
    }
  for (let i = 0; i < w.length; i++) w[i]! -= rate * dw[i]!
  for (let c = 0; c < outputs; c++) {
    let sum = 0
    for (let r = 0; r < rows; r++) sum += dy[r * outputs + c]!
    b[c]! -= rate * sum
  }
}

/** The mean cross entropy of softmax, and its gradient in place of the scores. */
const softmaxLoss = (scores: Floats, labels: ArrayLike<number>, classes: number): number => {
  const rows = labels.length
  let loss = 0
  for (let r = 0; r < rows; r++) {
    const at = r * classes
    let max = -Infinity
    for (let c = 0; c < classes; c++) max = Math.max(max, scores[at + c]!)
    let sum = 0
    for (let c = 0; c < classes; c++) sum += Math.exp(scores[at + c]! - max)
    loss += Math.log(sum) + max - scores[at + labels[r]!]!
    for (let c = 0; c < classes; c++) scores[at + c] = (Math.exp(scores[at + c]! - max) / sum - (c === labels[r] ? 1 : 0)) / rows
  }
  return loss / rows
}

/** One step of gradient descent on `layers`, which it overwrites; returns the loss before it. */
export const plainStep = (
  layers: ReadonlyArray<PlainLayer>,
  images: Floats,
  labels: ArrayLike<number>,
  rate: number,
  make: (size: number) => Floats,
): number => {
  const rows = labels.length
  const inputs: Array<Floats> = [images]
  layers.forEach((layer, i) => {
    const out = make(rows * layer.outputs)
    affine(inputs[i]!, rows, layer, out)
    if (i < layers.length - 1) for (let j = 0; j < out.length; j++) out[j] = Math.tanh(out[j]!)
    inputs.push(out)
  })
  let dy = inputs[layers.length]!
  const loss = softmaxLoss(dy, labels, layers[layers.length - 1]!.outputs)
  for (let i = layers.length - 1; i >= 0; i--) {
    const x = inputs[i]!
    const dx = i === 0 ? undefined : make(x.length)
    descendLayer(x, rows, layers[i]!, dy, dx, rate, make(layers[i]!.w.length))
    if (dx !== undefined) for (let j = 0; j < dx.length; j++) dx[j]! *= 1 - x[j]! * x[j]!
    dy = dx ?? dy
  }
  return loss
}
