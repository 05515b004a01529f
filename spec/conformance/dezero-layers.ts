/** Layers of DeZero's: batch normalization over several batches, a perceptron, and recurrent networks through time. */
import { backward, type Node } from '../../lib/index.js'
import { mismatch, mismatches, type Tolerance } from './compare.js'
import { toleranceOf, type Check } from './dezero-check.js'
import { inputNodes } from './dezero-derivatives.js'
import { dezeroOperation, runningStatistics } from './dezero-ops.js'
import { call, constantFrom, NotSupported, value, zerosLike } from './library.js'
import type { DezeroCase, Named } from './schema.js'

type Nodes = Readonly<Record<string, Node>>

const add = (a: unknown, b: unknown): Node => call('add', a, b)
const mul = (a: unknown, b: unknown): Node => call('mul', a, b)
const matmul = (a: unknown, b: unknown): Node => call('matmul', a, b)

const compareNodes = (what: string, found: Nodes, expected: Named, tol: Tolerance): ReadonlyArray<string> => {
  const numbers = value(Object.fromEntries(Object.keys(expected).map((name) => [name, found[name]!])))
  return Object.entries(expected).flatMap(([name, t]) => mismatches(`${what}.${name}`, numbers[name]!, t, tol))
}

const compareGradients = (loss: Node, inputs: Nodes, expected: Named, tol: Tolerance): ReadonlyArray<string> => {
  const gradients = backward(loss)
  const at = (name: string): Node => gradients.get(name) ?? zerosLike(inputs[name]!)
  return compareNodes('grads', Object.fromEntries(Object.keys(expected).map((name) => [name, at(name)])), expected, tol)
}

/** The state is an argument and a result: nothing is kept in the layer. */
const batchNormLayer: Check = (c) => {
  const tol = toleranceOf(c)
  const attrs = { decay: 0.9, eps: 2e-5 }
  const channels = c.sequence![0]!['x']!.shape[1]!
  const vector = (x: number): Node => call('broadcastTo', x, [channels])
  let [mean, variance] = [vector(0), vector(1)]
  const forward = (x: Node, train: boolean): Node =>
    dezeroOperation('batch_norm', { x, gamma: vector(1), beta: vector(0), mean, variance }, { ...attrs, train })
  const training = c.sequence!.flatMap(({ x: data, ...expected }, i) => {
    const x = constantFrom(data!)
    const y = forward(x, true)
    ;[mean, variance] = runningStatistics([x, vector(1), vector(0), mean, variance], { ...attrs, train: true })
    return compareNodes(`batch ${i}`, { y, runningMean: mean, runningVar: variance }, expected, tol)
  })
  const { x, ...expected } = c.test!
  return [...training, ...compareNodes('test', { y: forward(constantFrom(x!), false) }, expected, tol)]
}

/** The layers of a perceptron, `l0`, `l1` …, with a sigmoid between them. */
export const perceptron = (x: Node, params: Nodes): Node => {
  let y = x
  for (let i = 0; params[`l${i}/W`] !== undefined; i++) {
    if (i > 0) y = call('sigmoid', y)
    y = call('add', call('matmul', y, params[`l${i}/W`]), params[`l${i}/b`])
  }
  return y
}

const classifier: Check = (c) => {
  const tol = toleranceOf(c)
  const { x, t, ...params } = inputNodes(c.inputs)
  const y = perceptron(x!, params)
  const loss = call('softmaxCrossEntropy', y, t)
  const first = perceptron(call('slice', x, [[0, 1]]), params)
  const intermediate = { y, p: call('softmax', y), 'y(x[0:1])': first, 'softmax1d(y(x[0:1]))': call('softmax', first) }
  return [
    ...mismatches('value', value(loss), c.value!, tol),
    ...compareNodes('intermediate', intermediate, c.intermediate ?? {}, tol),
    ...compareGradients(loss, params, c.grads ?? {}, tol),
  ]
}

/** Half the squared error of a step, as the batches of these cases have two rows. */
const squaredError = (y: Node, t: Node): Node => call('div', call('sum', call('square', call('sub', y, t))), y.shape[0])

const stepsIn = (inputs: Nodes): number => Object.keys(inputs).filter((name) => /^x\d+$/.test(name)).length

/** What a recurrent network makes of each step: the hidden state, the answer, and the loss up to there. */
interface Step {
  readonly h: Node
  readonly y: Node
  readonly loss: Node
}

const affine = (x: Node, inputs: Nodes, name: string): Node => add(matmul(x, inputs[`${name}/W`]), inputs[`${name}/b`])

const elman = (inputs: Nodes): ReadonlyArray<Step> => {
  const steps: Array<Step> = []
  for (let i = 0; i < stepsIn(inputs); i++) {
    const before = steps.at(-1)
    const from = affine(inputs[`x${i}`]!, inputs, 'rnn/x2h')
    const h = call('tanh', before === undefined ? from : add(from, matmul(before.h, inputs['rnn/h2h/W'])))
    const y = affine(h, inputs, 'fc')
    const error = squaredError(y, inputs[`t${i}`]!)
    steps.push({ h, y, loss: before === undefined ? error : add(before.loss, error) })
  }
  return steps
}

interface Memory {
  readonly h: Node
  readonly c: Node
}

/** One step of an LSTM; the first has no memory. */
const lstm = (x: Node, inputs: Nodes, before: Memory | undefined): Memory => {
  const gate = (name: string): Node => {
    const from = affine(x, inputs, `lstm/x2${name}`)
    return before === undefined ? from : add(from, matmul(before.h, inputs[`lstm/h2${name}/W`]))
  }
  const [f, i, o] = ['f', 'i', 'o'].map((name) => call('sigmoid', gate(name)))
  const fresh = mul(i, call('tanh', gate('u')))
  const c = before === undefined ? fresh : add(mul(f, before.c), fresh)
  return { h: mul(o, call('tanh', c)), c }
}

const checkRecurrent = (c: DezeroCase, inputs: Nodes, steps: ReadonlyArray<Step & { readonly c?: Node }>): ReadonlyArray<string> => {
  const { loss } = steps.at(-1)!
  const intermediate = Object.fromEntries(
    steps.flatMap(({ h, y, c: memory }, i): ReadonlyArray<readonly [string, Node]> => [
      [`h${i}`, h],
      [`y${i}`, y],
      ...(memory === undefined ? [] : [[`c${i}`, memory] as const]),
    ]),
  )
  return [
    ...mismatches('value', value(loss), c.value!, toleranceOf(c)),
    ...compareNodes('intermediate', intermediate, c.intermediate ?? {}, toleranceOf(c)),
    ...compareGradients(loss, inputs, c.grads ?? {}, toleranceOf(c)),
  ]
}

const rnn: Check = (c) => {
  const inputs = inputNodes(c.inputs)
  return checkRecurrent(c, inputs, elman(inputs))
}

const lstmThroughTime: Check = (c) => {
  const inputs = inputNodes(c.inputs)
  const steps: Array<Step & Memory> = []
  for (let i = 0; i < stepsIn(inputs); i++) {
    const before = steps.at(-1)
    const memory = lstm(inputs[`x${i}`]!, inputs, before)
    const y = affine(memory.h, inputs, 'fc')
    const error = squaredError(y, inputs[`t${i}`]!)
    steps.push({ ...memory, y, loss: before === undefined ? error : add(before.loss, error) })
  }
  return checkRecurrent(c, inputs, steps)
}

/** Every few steps the memory goes on as a constant, and the loss starts anew. */
const lstmTruncated: Check = (c, all) => {
  const source = all.find(({ id }) => id === c.attrs?.['inputsOf'])
  if (source === undefined) throw new NotSupported(`inputs of ${String(c.attrs?.['inputsOf'])}, which are not in the file`)
  const inputs = inputNodes(source.inputs)
  const checkpoints = new Map((c.trajectory ?? []).map((expected) => [Number(expected['step']), expected]))
  const wrong: Array<string> = []
  let before: Memory | undefined
  let loss: Node | undefined
  for (let i = 0; i < stepsIn(inputs); i++) {
    before = lstm(inputs[`x${i}`]!, inputs, before)
    const error = squaredError(affine(before.h, inputs, 'fc'), inputs[`t${i}`]!)
    loss = loss === undefined ? error : add(loss, error)
    const expected = checkpoints.get(i + 1)
    if (expected === undefined) continue
    wrong.push(
      ...mismatch(`loss after ${i + 1} steps`, value(loss).at(), Number(expected['loss']), toleranceOf(c)),
      ...compareGradients(loss, inputs, expected['grads'] as Named, toleranceOf(c)),
    )
    before = { h: call('stopGradient', before.h), c: call('stopGradient', before.c) }
    loss = undefined
  }
  return wrong
}

/** The layers by case. */
export const layers: Readonly<Record<string, Check>> = {
  'batch_norm-layer': batchNormLayer,
  'step47.mlp-cross-entropy': classifier,
  'step59.rnn-bptt': rnn,
  'step60.lstm-bptt': lstmThroughTime,
  'step60.lstm-truncated': lstmTruncated,
}
