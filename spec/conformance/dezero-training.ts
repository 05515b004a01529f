/** Trajectories of DeZero's: optimizers on a small problem, descent and Newton steps, and multilayer perceptrons. */
import { backward, variable, type Node, type Tensor } from '../../lib/index.js'
import { adjointsOf } from '../../lib/transform/backward.js'
import { mismatch, mismatches, type Tolerance } from './compare.js'
import { toleranceOf, type Check } from './dezero-check.js'
import { inputNodes } from './dezero-derivatives.js'
import { layers, perceptron } from './dezero-layers.js'
import { clipGradients, freeze, ruleOf, weightDecay, type Hook, type Nodes, type State } from './dezero-optimizers.js'
import { runProgram } from './dezero-program.js'
import { call, item, NotSupported, value, variableFrom, zerosLike } from './library.js'
import { isTensorData, type DezeroCase, type Params } from './schema.js'

type Tensors = Readonly<Record<string, Tensor>>

type Numbers = Readonly<Record<string, number>>

const camel = (name: string): string => name.replace(/_(\w)/g, (_, letter: string) => letter.toUpperCase())

/** The options that are numbers, in camelCase. */
const numbersIn = (attrs: Params): Numbers =>
  Object.fromEntries(Object.entries(attrs).flatMap(([name, x]) => (typeof x === 'number' ? [[camel(name), x]] : [])))

const variables = (tensors: Tensors): Nodes => Object.fromEntries(Object.entries(tensors).map(([name, t]) => [name, variable(name, t)]))

/** The gradient of the loss at the parameters. */
const gradientsOf = (loss: Node, params: Nodes): Nodes => {
  const gradients = backward(loss)
  return Object.fromEntries(Object.entries(params).map(([name, p]) => [name, gradients.get(name) ?? zerosLike(p)]))
}

/** Everything expected of one step of a trajectory: arrays and numbers by name, nested as in the file. */
const compareStep = (what: string, found: Params, expected: Params, tol: Tolerance): ReadonlyArray<string> =>
  Object.entries(expected).flatMap(([name, e]) => {
    const got = found[name]
    const label = `${what}.${name}`
    if (isTensorData(e)) return mismatches(label, got as Tensor, e, tol)
    if (typeof e === 'number') return mismatch(label, got as number, e, tol)
    return compareStep(label, got as Params, e as Params, tol)
  })

const hook = (text: string): Hook => {
  const [name, rate] = text.split(' ')
  if (name === 'clipGrad') return clipGradients(Number(rate))
  if (name === 'weightDecay') return weightDecay(Number(rate))
  throw new NotSupported(`optimizer hook ${name}`)
}

const hooksOf = (attrs: Params, decoupled: boolean): ReadonlyArray<Hook> => [
  ...((attrs['hooks'] ?? []) as ReadonlyArray<string>).map(hook),
  ...(typeof attrs['maxNorm'] === 'number' ? [clipGradients(attrs['maxNorm'])] : []),
  ...(typeof attrs['weightDecay'] === 'number' && !decoupled ? [weightDecay(attrs['weightDecay'])] : []),
  ...(Array.isArray(attrs['freeze']) ? [freeze(attrs['freeze'] as ReadonlyArray<string>)] : []),
]

/** One step of a rule on every parameter that has a gradient. */
const update = (
  rule: ReturnType<typeof ruleOf>,
  params: Nodes,
  gradients: Nodes,
  states: Readonly<Record<string, ReadonlyArray<Tensor>>>,
  t: number,
  hyper: Numbers,
) => {
  const [step, standard] = rule
  const next = Object.entries(params).map(([name, p]): readonly [string, Node, State] => {
    const g = gradients[name]
    const state = (states[name] ?? []).map((s) => call('constant', s))
    return g === undefined ? [name, p, state] : [name, ...step(p, g, state, t, { ...standard, ...hyper })]
  })
  return value({
    params: Object.fromEntries(next.map(([name, p]) => [name, p])),
    states: Object.fromEntries(next.map(([name, , state]) => [name, state])),
  })
}

/** `loss = sum((tanh(xW+b)-t)^2)/5`, ten steps. */
const optimizer: Check = (c) => {
  const name = c.id.replace(/^(ext\.)?optimizer\./, '').split('+')[0]!
  const rule = ruleOf(name)
  const attrs = c.attrs ?? {}
  const hooks = hooksOf({ ...attrs, ...numbersIn(attrs) }, name === 'torch-adamw')
  const { x, t } = inputNodes(c.inputs)
  const learned = Object.keys(c.inputs).filter((key) => key !== 'x' && key !== 't')
  let params: Tensors = value(Object.fromEntries(learned.map((key) => [key, variableFrom(key, c.inputs[key]!)])))
  let states: Readonly<Record<string, ReadonlyArray<Tensor>>> = {}
  return (c.trajectory ?? []).flatMap(({ step, ...expected }) => {
    const at = variables(params)
    const y = call('tanh', call('add', call('matmul', x, at['W']), at['b']))
    const loss = call('div', call('sum', call('square', call('sub', y, t))), x!.shape[0])
    const gradients = gradientsOf(loss, at)
    const hooked = hooks.reduce((g, f) => f(g, at), gradients)
    const before = value({ lossBefore: loss, grads: gradients })
    const after = update(rule, at, hooked, states, Number(step), numbersIn(attrs))
    ;({ params, states } = after)
    return compareStep(`step ${Number(step)}`, { lossBefore: before.lossBefore.at(), grads: before.grads, ...params }, expected, toleranceOf(c))
  })
}

/** Iterates numbers by a step until the last checkpoint, and compares at each. */
const iterate = (c: DezeroCase, step: (at: Numbers) => { readonly next: Numbers; readonly also?: Numbers }): ReadonlyArray<string> => {
  const checkpoints = new Map((c.trajectory ?? []).map(({ iter, ...expected }) => [Number(iter), expected]))
  const last = Math.max(...checkpoints.keys())
  const wrong: Array<string> = []
  let at: Numbers = Object.fromEntries(Object.entries(c.inputs).map(([name, t]) => [name, Number(t.data[0])]))
  for (let i = 0; i <= last; i++) {
    const expected = checkpoints.get(i)
    const { next, also } = step(at)
    if (expected !== undefined) wrong.push(...compareStep(`iteration ${i}`, { ...at, ...also }, expected, toleranceOf(c)))
    at = next
  }
  return wrong
}

const rosenbrock = '100*(x1-x0^2)^2+(x0-1)^2'

const scalars = (at: Numbers): Nodes =>
  Object.fromEntries(Object.entries(at).map(([name, x]) => [name, variable(name, x)]))

const descent: Check = (c) => {
  const f = /f = (.+)$/.exec(c.expression)?.[1] ?? rosenbrock
  const lr = Number(c.attrs?.['lr'])
  return iterate(c, (at) => {
    const inputs = scalars(at)
    const slope = value(gradientsOf(runProgram(f, new Map(Object.entries(inputs))).y, inputs))
    return { next: Object.fromEntries(Object.entries(at).map(([name, x]) => [name, x - lr * slope[name]!.at()])) }
  })
}

const newtonStep = /^x <- x - f'\(x\)\/(?:f''\(x\)|\((.+?)\)), f = (.+)$/

/** Newton's method; the second derivative is given, or found by differentiating twice. */
const newton: Check = (c) => {
  const [, given, f = ''] = newtonStep.exec(c.expression) ?? []
  return iterate(c, (at) => {
    const x = variable('x', at['x']!)
    const scope = new Map([['x', x]])
    const first = adjointsOf(runProgram(f, scope).y, [x])[0] ?? zerosLike(x)
    const second = given === undefined ? (adjointsOf(first, [x])[0] ?? zerosLike(x)) : runProgram(given, scope).y
    const found = value({ first, second })
    const [g1, g2] = [found.first.at(), found.second.at()]
    return { next: { x: at['x']! - g1 / g2 }, also: { g1, g2 } }
  })
}

const learnedOf = (c: DezeroCase): Tensors =>
  value(Object.fromEntries(Object.keys(c.inputs).filter((key) => key.includes('/')).map((key) => [key, variableFrom(key, c.inputs[key]!)])))

const descend = (loss: Node, params: Nodes, lr: number) => {
  const gradients = Object.entries(gradientsOf(loss, params))
  return value({ loss, next: Object.fromEntries(gradients.map(([name, g]) => [name, call('sub', params[name], call('mul', lr, g))])) })
}

const regression: Check = (c) => {
  const { x, t } = inputNodes(c.inputs)
  let params = learnedOf(c)
  return (c.trajectory ?? []).flatMap(({ iter, ...expected }) => {
    const at = variables(params)
    const { loss, next } = descend(call('meanSquaredError', perceptron(x!, at), t), at, Number(c.attrs?.['lr']))
    params = next
    return compareStep(`iteration ${Number(iter)}`, { lossBefore: loss.at(), params }, expected, toleranceOf(c))
  })
}

const classified = (c: DezeroCase, params: Tensors, from: number, to: number) => {
  const width = c.inputs['x']!.shape[1]!
  const labels = c.inputs['t']!.data.slice(from, to).map(Number)
  const at = variables(params)
  const rows = { shape: [labels.length, width], data: c.inputs['x']!.data.slice(from * width, to * width) }
  const y = perceptron(variableFrom('x', rows), at)
  return { at, y, labels, loss: call('softmaxCrossEntropy', y, labels) }
}

const fullBatch: Check = (c) => {
  const checkpoints = new Map((c.trajectory ?? []).map(({ iter, ...expected }) => [Number(iter), expected]))
  const wrong: Array<string> = []
  let params = learnedOf(c)
  for (let i = 0; i <= Math.max(...checkpoints.keys()); i++) {
    const { at, y, labels, loss: node } = classified(c, params, 0, c.inputs['t']!.data.length)
    const { loss, next } = descend(node, at, Number(c.attrs?.['lr']))
    const expected = checkpoints.get(i)
    if (expected !== undefined) {
      const found = { loss: loss.at(), accuracy: item(call('accuracy', y, labels)), params }
      wrong.push(...compareStep(`iteration ${i}`, found, expected, toleranceOf(c)))
    }
    params = next
  }
  return wrong
}

const miniBatch: Check = (c, all) => {
  const source = all.find(({ id }) => id === c.attrs?.['inputsOf'])
  if (source === undefined) throw new NotSupported(`inputs of ${String(c.attrs?.['inputsOf'])}, which are not in the file`)
  const size = Number(c.attrs?.['batch'])
  const rows = source.inputs['t']!.data.length
  let params = learnedOf(source)
  return (c.trajectory ?? []).flatMap(({ epoch, ...expected }) => {
    let [lossSum, accuracySum] = [0, 0]
    for (let from = 0; from < rows; from += size) {
      const { at, y, labels, loss: node } = classified(source, params, from, Math.min(rows, from + size))
      const { loss, next } = descend(node, at, Number(c.attrs?.['lr']))
      lossSum += loss.at() * labels.length
      accuracySum += item(call('accuracy', y, labels)) * labels.length
      params = next
    }
    return compareStep(`epoch ${Number(epoch)}`, { avgLoss: lossSum / rows, avgAccuracy: accuracySum / rows }, expected, toleranceOf(c))
  })
}

const trajectories: ReadonlyArray<readonly [pattern: RegExp, check: Check]> = [
  [/^x <- x - lr\*grad/, descent],
  [newtonStep, newton],
  [/^loss = meanSquaredError\(mlp\(x\), t\)/, regression],
  [/^loss = softmaxCrossEntropy\(mlp\(x\), t\)$/, fullBatch],
  [/^see step48\.spiral-fullbatch$/, miniBatch],
]

const unknown: Check = (c) => {
  throw new NotSupported(`DeZero case ${c.id}`)
}

/** How a case of a kind that trains is checked; nothing for other kinds. */
export const trainings = (c: DezeroCase): Check | undefined => {
  if (c.kind === 'optimizer') return optimizer
  if (c.kind === 'trajectory') return trajectories.find(([pattern]) => pattern.test(c.expression))?.[1] ?? unknown
  if (c.kind === 'layer') return layers[c.id] ?? unknown
  return undefined
}
