/** One training step of a perceptron on a batch: as a compiled step, evaluated graph by graph, and by plain loops. */
import { pipe } from 'fp-ts/function'
import {
  add,
  compileStep,
  inspect,
  matmul,
  mul,
  softmaxCrossEntropy,
  sub,
  tanh,
  tensor,
  value,
  valueAndGrad,
  zipTree,
  type ArgumentTree,
  type Node,
  type Operand,
  type Tensor,
} from '../../lib/index.js'
import { drawn, floats, type Floats } from './gemm.js'
import type { Contestant } from './harness.js'
import { joined } from './joined.js'
import { must } from './must.js'
import { plainStep, type PlainLayer } from './plainMlp.js'
import { randomNumbers } from './random.js'

export const rate = 0.1

interface Layer<L> {
  readonly w: L
  readonly b: L
}

/** A network and a batch to train it on. */
export interface Task {
  readonly dtype: 'f64' | 'f32'
  readonly widths: ReadonlyArray<number>
  readonly batch: number
  readonly images: Floats
  readonly labels: Int32Array
  readonly layers: ReadonlyArray<PlainLayer>
}

export const taskOf = (dtype: 'f64' | 'f32', widths: ReadonlyArray<number> = [784, 256, 128, 10], batch = 64): Task => {
  const random = randomNumbers(7)
  const classes = widths[widths.length - 1]!
  return {
    dtype,
    widths,
    batch,
    images: drawn(dtype, batch * widths[0]!, 3),
    labels: Int32Array.from({ length: batch }, () => Math.floor(random() * classes)),
    layers: widths.slice(1).map((outputs, i) => ({
      inputs: widths[i]!,
      outputs,
      w: drawn(dtype, widths[i]! * outputs, 10 + i, 2 / Math.sqrt(widths[i]!)),
      b: drawn(dtype, outputs, 20 + i, 0.1),
    })),
  }
}

const loss = (layers: ReadonlyArray<Layer<Node>>, images: Operand, labels: Operand): Node =>
  softmaxCrossEntropy(
    layers.reduce<Operand>((x, { w, b }, i) => pipe(i === 0 ? x : tanh(x), matmul(w), add(b)), images),
    labels,
  )

/** From parameters and a batch to the parameters after a step of gradient descent, and the loss before it. */
export const step = (layers: ReadonlyArray<Layer<Node>>, images: Operand, labels: Operand): readonly [ReadonlyArray<Layer<Node>>, Node] => {
  const [before, gradient] = valueAndGrad((layers: ReadonlyArray<Layer<Node>>) => loss(layers, images, labels))(layers)
  return [zipTree(layers, gradient, (p, g) => sub(p, mul(g, rate))), before]
}

const parametersOf = ({ layers }: Task): ReadonlyArray<Layer<Tensor>> =>
  layers.map(({ inputs, outputs, w, b }) => ({ w: tensor(w, { shape: [inputs, outputs] }), b: tensor(b) }))

const batchOf = ({ images, labels, batch, widths }: Task): readonly [Tensor, Tensor] => [tensor(images, { shape: [batch, widths[0]!] }), tensor(labels)]

/** The loss and the parameters after a step, one behind the other. */
export const numbersOf = (before: number, layers: ReadonlyArray<Layer<ArrayLike<number>>>): Float64Array => joined(before, ...layers.flatMap(({ w, b }) => [w, b]))

/** A step that is compiled, with its parameters kept inside. */
export const compiledTask = (task: Task) => {
  const [images, labels] = batchOf(task)
  const start = parametersOf(task)
  const run = must(
    compileStep((layers: ReadonlyArray<Layer<Node>>, images: Node, labels: Node) => step(layers, images, labels), [start, images, labels]),
  )
  let state: ArgumentTree<ReadonlyArray<Layer<Node>>> = start
  return {
    inspection: inspect(run),
    advance: (): Tensor => {
      const [next, before] = run(state, images, labels)
      state = next
      return before
    },
    /** What the first step leads to. */
    first: (): Float64Array => {
      const [layers, before] = run(start, images, labels)
      state = start
      return numbersOf(before.at(), layers.map(({ w, b }) => ({ w: w.toTypedArray(), b: b.toTypedArray() })))
    },
  }
}

const plainly = (task: Task): Contestant => {
  const { layers, images, labels, dtype } = task
  const copies = (): ReadonlyArray<PlainLayer> => layers.map((layer) => ({ ...layer, w: layer.w.slice(), b: layer.b.slice() }))
  const state = copies()
  const make = (size: number): Floats => floats(dtype, size)
  return {
    name: 'plain loops',
    run: () => plainStep(state, images, labels, rate, make),
    numbers: () => {
      const first = copies()
      return numbersOf(plainStep(first, images, labels, rate, make), first)
    },
  }
}

const evaluated = (task: Task): Contestant => {
  const [images, labels] = batchOf(task)
  const start = parametersOf(task)
  const run = (): readonly [ReadonlyArray<Layer<Tensor>>, Tensor] => value(step(start as unknown as ReadonlyArray<Layer<Node>>, images, labels))
  return {
    name: 'foldgrad, evaluated',
    run,
    numbers: () => {
      const [layers, before] = run()
      return numbersOf(before.at(), layers.map(({ w, b }) => ({ w: w.toTypedArray(), b: b.toTypedArray() })))
    },
  }
}

/** The same step three ways, from the same parameters, on the same batch. */
export const trainingStep = (dtype: 'f64' | 'f32'): ReadonlyArray<Contestant> => {
  const task = taskOf(dtype)
  const { advance, first } = compiledTask(task)
  return [plainly(task), evaluated(task), { name: 'foldgrad', run: advance, numbers: first }]
}
