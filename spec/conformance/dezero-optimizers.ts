/** Optimizer steps as pure functions of nodes, so that gradients can be followed through whole trajectories. */
import type { Node } from '../../lib/index.js'
import { call, NotSupported, zerosLike } from './library.js'

const add = (a: unknown, b: unknown): Node => call('add', a, b)
const sub = (a: unknown, b: unknown): Node => call('sub', a, b)
const mul = (a: unknown, b: unknown): Node => call('mul', a, b)
const div = (a: unknown, b: unknown): Node => call('div', a, b)
const square = (a: unknown): Node => call('square', a)
const sqrt = (a: unknown): Node => call('sqrt', a)

/** The running averages of one parameter; an absent one is zero. */
export type State = ReadonlyArray<Node>

/** One step for one parameter: the new parameter, and the new averages. `t` counts steps from 1. */
export type Rule = (p: Node, g: Node, state: State, t: number, h: Hyper) => readonly [Node, State]

type Hyper = Readonly<Record<string, number>>

/** The hyperparameters that DeZero has by default. */
export const defaults: Readonly<Record<string, Hyper>> = {
  SGD: { lr: 0.01 },
  MomentumSGD: { lr: 0.01, momentum: 0.9 },
  AdaGrad: { lr: 0.001, eps: 1e-8 },
  AdaDelta: { rho: 0.95, eps: 1e-6 },
  Adam: { alpha: 0.001, beta1: 0.9, beta2: 0.999, eps: 1e-8 },
}

/** `decay · average + (1 − decay) · x`. */
const blend = (decay: number, average: Node, x: Node): Node => add(mul(decay, average), mul(1 - decay, x))

const sgd: Rule = (p, g, _, __, { lr }) => [sub(p, mul(lr, g)), []]

const momentum: Rule = (p, g, [v = zerosLike(p)], _, { lr, momentum: m }) => {
  const next = sub(mul(m, v), mul(lr, g))
  return [add(p, next), [next]]
}

const adagrad: Rule = (p, g, [h = zerosLike(p)], _, { lr, eps }) => {
  const next = add(h, square(g))
  return [sub(p, div(mul(lr, g), add(sqrt(next), eps))), [next]]
}

const adadelta: Rule = (p, g, [gradients = zerosLike(p), steps = zerosLike(p)], _, { rho, eps }) => {
  const nextGradients = blend(rho!, gradients, square(g))
  const step = mul(sqrt(div(add(steps, eps), add(nextGradients, eps))), g)
  return [sub(p, step), [nextGradients, blend(rho!, steps, square(step))]]
}

const moments = (g: Node, [m = zerosLike(g), v = zerosLike(g)]: State, { beta1, beta2 }: Hyper): readonly [Node, Node] => [
  blend(beta1!, m, g),
  blend(beta2!, v, square(g)),
]

/** With epsilon added before the correction of the bias, as in DeZero. */
const adam: Rule = (p, g, state, t, h) => {
  const [m, v] = moments(g, state, h)
  const rate = (h['alpha']! * Math.sqrt(1 - h['beta2']! ** t)) / (1 - h['beta1']! ** t)
  return [sub(p, div(mul(rate, m), add(sqrt(v), h['eps']))), [m, v]]
}

/** With epsilon added to the corrected root, as in torch. */
const torchAdam: Rule = (p, g, state, t, h) => {
  const [m, v] = moments(g, state, h)
  const root = add(sqrt(div(v, 1 - h['beta2']! ** t)), h['eps'])
  return [sub(p, div(mul(h['lr']! / (1 - h['beta1']! ** t), m), root)), [m, v]]
}

/** The decay of weights apart from the gradient. */
const adamw: Rule = (p, g, state, t, h) => torchAdam(mul(p, 1 - h['lr']! * h['weightDecay']!), g, state, t, h)

const torchMomentum =
  (nesterov: boolean): Rule =>
  (p, g, [b], _, { lr, momentum: m }) => {
    const next = b === undefined ? g : add(mul(m, b), g)
    return [sub(p, mul(lr, nesterov ? add(g, mul(m, next)) : next)), [next]]
  }

const rmsprop: Rule = (p, g, [v = zerosLike(p)], _, { lr, alpha, eps }) => {
  const next = blend(alpha!, v, square(g))
  return [sub(p, mul(lr, div(g, add(sqrt(next), eps)))), [next]]
}

const adamDefaults: Hyper = { lr: 0.001, beta1: 0.9, beta2: 0.999, eps: 1e-8 }

const rules: Readonly<Record<string, readonly [Rule, Hyper]>> = {
  sgd: [sgd, defaults['SGD']!],
  momentum: [momentum, defaults['MomentumSGD']!],
  adagrad: [adagrad, defaults['AdaGrad']!],
  adadelta: [adadelta, defaults['AdaDelta']!],
  adam: [adam, defaults['Adam']!],
  'torch-sgd': [torchMomentum(false), { lr: 0.001, momentum: 0 }],
  'torch-momentum': [torchMomentum(false), { lr: 0.001, momentum: 0.9 }],
  'torch-nesterov': [torchMomentum(true), { lr: 0.001, momentum: 0.9 }],
  'torch-adam': [torchAdam, adamDefaults],
  'torch-adamw': [adamw, { ...adamDefaults, weightDecay: 0.01 }],
  'torch-rmsprop': [rmsprop, { lr: 0.01, alpha: 0.99, eps: 1e-8 }],
}

/** The rule of this name with its default hyperparameters. */
export const ruleOf = (name: string): readonly [Rule, Hyper] => {
  const rule = rules[name]
  if (rule === undefined) throw new NotSupported(`optimizer ${name}`)
  return rule
}

/** Gradients and parameters by name. */
export type Nodes = Readonly<Record<string, Node>>

/** Something done to the gradients before a step. */
export type Hook = (gradients: Nodes, params: Nodes) => Nodes

const mapNodes = (nodes: Nodes, f: (x: Node, name: string) => Node): Nodes =>
  Object.fromEntries(Object.entries(nodes).map(([name, x]) => [name, f(x, name)]))

export const weightDecay =
  (rate: number): Hook =>
  (gradients, params) =>
    mapNodes(gradients, (g, name) => add(g, mul(rate, params[name])))

/** Scales all gradients together so that their norm is at most `largest`. */
export const clipGradients =
  (largest: number): Hook =>
  (gradients) => {
    const squares = Object.values(gradients).map((g) => call('sum', square(g)))
    const rate = call('minimum', 1, div(largest, add(sqrt(squares.reduce((a, b) => add(a, b))), 1e-6)))
    return mapNodes(gradients, (g) => mul(g, rate))
  }

export const freeze =
  (names: ReadonlyArray<string>): Hook =>
  (gradients) =>
    Object.fromEntries(Object.entries(gradients).filter(([name]) => !names.includes(name)))
