/**
 * A recurrent network that learns to add: it reads two binary numbers, lowest bits first, and writes their sum. The network
 * is written for one pair of numbers: the loop over its bits is a scan, the batch is a vmap, and neither is unrolled.
 */
import {
  add, constant, div, grad, linear, mapTree, matmul, mean, mul, plan, scan, sigmoidCrossEntropy, sqrt, square, sub, tanh, value, vmap,
  zipTree, type Node, type Tensor,
} from '../../lib/index.js'
import { normal, uniform } from '../random.js'

/** The parameters: what the next state is made from, and how a bit of the sum is read off it. */
export interface Network<T> {
  readonly fromState: T
  readonly fromBits: T
  readonly bias: T
  readonly toSum: T
  readonly sumBias: T
}

/** For each bit of the sum, the logarithm of the odds that it is 1. `bits` is `[length, 2]`. */
const logits = (network: Network<Node>, bits: Node): Node => {
  const step = (state: Node, two: Node): readonly [Node, Node] => {
    const next = tanh(add(linear(two, network.fromBits, network.bias), matmul(state, network.fromState)))
    return [next, linear(next, network.toSum, network.sumBias)]
  }
  return scan(step, mul(0, network.bias), bits)[1]
}

/** The mean loss on a batch: `bits` is `[batch, length, 2]`, `sums` is `[batch, length]`. */
const loss = (network: Network<Node>, bits: Node, sums: Node): Node =>
  mean(vmap((b: Node, s: Node) => sigmoidCrossEntropy(logits(network, b), s))(bits, sums))

/** Pairs of random numbers whose sum has no more than `length` bits, and that sum. */
export const pairs = (seed: number, count: number, length: number) => {
  const bit = (i: number, t: number, k: number): number => (t === length - 1 ? 0 : Number(uniform(seed, 2 * (i * length + t) + k) < 0.5))
  const bits = Array.from({ length: count }, (_, i) => Array.from({ length }, (_, t) => [bit(i, t, 0), bit(i, t, 1)] as const))
  const number = (pair: ReadonlyArray<readonly [number, number]>, k: 0 | 1): bigint => BigInt(`0b${pair.map((two) => two[k]).reverse().join('')}`)
  const sums = bits.map((pair) => [...(number(pair, 0) + number(pair, 1)).toString(2).padStart(length, '0')].reverse().map(Number))
  return { bits, sums }
}

const hidden = 8

/** A network of small random weights. */
export const initial = (seed: number): Network<Tensor> => {
  const row = (position: number, length: number) => Array.from({ length }, (_, i) => 0.5 * normal(seed, position + i))
  const rows = (position: number, height: number) => Array.from({ length: height }, (_, i) => row(position + i * hidden, hidden))
  return value({
    fromState: constant(rows(0, hidden)),
    fromBits: constant(rows(100, 2)),
    bias: constant(row(200, hidden)),
    toSum: constant(row(300, hidden)),
    sumBias: constant(0),
  })
}

/** What a step of Adam changes: the network, and running means of its gradient and of the squares of that. */
interface Training {
  readonly network: Network<Tensor>
  readonly gradients: Network<Tensor>
  readonly squares: Network<Tensor>
}

const descend = ({ network, gradients, squares }: Training, step: number): Training => {
  const { bits, sums } = pairs(step, 32, 8)
  const gradient = grad((n: Network<Node>) => loss(n, constant(bits), constant(sums)))(network)
  const first = zipTree(gradients, gradient, (m, g) => add(mul(0.9, m), mul(0.1, g)))
  const second = zipTree(squares, gradient, (v, g) => add(mul(0.99, v), mul(0.01, square(g))))
  const moves = zipTree(first, second, (m, v) => div(div(m, 1 - 0.9 ** step), add(sqrt(div(v, 1 - 0.99 ** step)), 1e-8)))
  return value({ network: zipTree(network, moves, (w, dw) => sub(w, mul(0.03, dw))), gradients: first, squares: second })
}

/** The network after so many steps, each on 32 new pairs of numbers of 8 bits. */
export const trained = (seed: number, steps: number): Network<Tensor> => {
  const network = initial(seed)
  const zeros = value(mapTree(network, (w) => mul(0, w)))
  return Array.from({ length: steps }).reduce<Training>((state, _, k) => descend(state, k + 1), { network, gradients: zeros, squares: zeros }).network
}

/** How many of 100 pairs of numbers of `length` bits are added without a wrong bit. */
export const correct = (network: Network<Tensor>, seed: number, length: number): number => {
  const { bits, sums } = pairs(seed, 100, length)
  const answers = value(vmap(logits, { in: [null, 0] })(network, constant(bits))).toArray() as ReadonlyArray<ReadonlyArray<number>>
  return answers.filter((answer, i) => answer.every((x, t) => Number(x > 0) === sums[i]![t])).length
}

/** How many nodes the gradient has on numbers of `length` bits. */
export const gradientNodes = (network: Network<Tensor>, length: number): number => {
  const { bits, sums } = pairs(0, 1, length)
  return plan(grad((n: Network<Node>) => loss(n, constant(bits), constant(sums)))(network)).nodes
}

export const run = (print: (text: string) => void): void => {
  const network = trained(2026, 300)
  print('A recurrent network learns to add binary numbers')
  for (const length of [8, 32, 128]) {
    const right = `${correct(network, 7, length)} of 100`.padStart(10)
    print(`  ${String(length).padStart(4)} bits: ${right} sums right, ${gradientNodes(network, length)} nodes in the gradient`)
  }
}
