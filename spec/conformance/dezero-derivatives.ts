/** The checks that DeZero cases share: value, gradients, gradients of gradients, and higher orders. */
import { backward, isNode, variable, type Node } from '../../lib/index.js'
import { adjointsOf, adjointsOfAll } from '../../lib/transform/backward.js'
import { difference, mismatches, type Tolerance } from './compare.js'
import { toleranceOf } from './dezero-check.js'
import { dezeroOperation } from './dezero-ops.js'
import { countGraph, generationOf, graphDifferences } from './dezero-graph.js'
import { runProgram } from './dezero-program.js'
import type { Term } from './expression.js'
import { constantFrom, onesLike, tensorFrom, value, variableFrom, zerosLike } from './library.js'
import { isTensorData, type DezeroCase, type Higher, type Named, type TensorData } from './schema.js'

/** A case as nodes: its inputs, its result, and everything named on the way. */
export interface Computed {
  readonly inputs: Readonly<Record<string, Node>>
  readonly y: Node
  readonly scope: ReadonlyMap<string, Term>
}

/** Floats are variables; integers and truth values are data. */
const inputNode = (name: string, t: TensorData): Node => (t.dtype === undefined ? variableFrom(name, t) : constantFrom(t))

export const inputNodes = (inputs: Named): Readonly<Record<string, Node>> =>
  Object.fromEntries(Object.entries(inputs).map(([name, t]) => [name, inputNode(name, t)]))

/** The computation of a case: its operation, or its expression read as a program. */
export const compute = (c: DezeroCase, expression = c.expression): Computed => {
  const inputs = inputNodes(c.inputs)
  if (c.op !== undefined) return { inputs, y: dezeroOperation(c.op.name, inputs, c.op.attrs), scope: new Map() }
  const numbers = Object.entries(c.attrs ?? {}).filter((entry): entry is [string, number] => typeof entry[1] === 'number')
  return { inputs, ...runProgram(expression, new Map<string, Term>([...Object.entries(inputs), ...numbers])) }
}

/** Expected arrays against nodes of the same names; a node that is absent stands for zeros. */
const compareNamed = (
  what: string,
  got: (name: string, expected: TensorData) => Node,
  expected: Named,
  tol: Tolerance,
): ReadonlyArray<string> => {
  const found = value(Object.fromEntries(Object.entries(expected).map(([name, t]) => [name, got(name, t)])))
  return Object.entries(expected).flatMap(([name, t]) => mismatches(`${what}.${name}`, found[name]!, t, tol))
}

const zeros = (t: TensorData): Node => zerosLike(constantFrom(t))

/** The adjoint of `y` at each of the nodes, zeros where there is none. */
const gradientsAt = (y: Node, nodes: ReadonlyArray<Node>, gy?: Node): ReadonlyArray<Node> =>
  adjointsOf(y, nodes, gy).map((g, k) => g ?? zerosLike(nodes[k]!))

const checkFirst = (c: DezeroCase, { y, inputs, scope }: Computed, gy: Node, tol: Tolerance): ReadonlyArray<string> => {
  const gradients = backward(y, gy)
  const strangers = [...gradients.keys()].filter((name) => !(name in inputs))
  const named = (name: string): Node => (scope.get(name) as Node | undefined) ?? y
  return [
    ...difference('variables with a gradient that are no inputs', strangers, []),
    ...compareNamed('grads', (name, t) => gradients.get(name) ?? zeros(t), c.grads ?? {}, tol),
    ...compareNamed('intermediate', named, c.intermediate ?? {}, tol),
    ...compareNamed('intermediateGrads', (name) => gradientsAt(y, [named(name)], gy)[0]!, c.intermediateGrads ?? {}, tol),
  ]
}

/** Double backprop: the gradient of `⟨v, grads⟩` with respect to the inputs and to the cotangent. */
const checkSecond = ({ second }: DezeroCase, { y, inputs }: Computed, gy: Node, tol: Tolerance): ReadonlyArray<string> => {
  if (second === undefined) return []
  const names = Object.keys(second.v)
  const gradients = gradientsAt(y, names.map((name) => inputs[name]!), gy)
  const targets: Readonly<Record<string, Node>> = { ...inputs, gy }
  const at = Object.keys(second.grads)
  const seeds = gradients.map((g, k) => [g, constantFrom(second.v[names[k]!]!)] as const)
  const found = adjointsOfAll(seeds, at.map((name) => targets[name]!), 'second')
  return compareNamed('second', (name, t) => found[at.indexOf(name)] ?? zeros(t), second.grads, tol)
}

/** The derivative of every order up to `order` of an elementwise function, by repeated backward passes. */
const orders = (y: Node, x: Node, order: number): ReadonlyArray<Node> => {
  const all = [y]
  while (all.length <= order) all.push(gradientsAt(all.at(-1)!, [x])[0]!)
  return all
}

/** `higher` by form: an order of derivative, the rows of a Hessian, or a product with one. */
const checkHigher = (c: DezeroCase, { y, inputs }: Computed, { order, value: expected }: Higher, tol: Tolerance): ReadonlyArray<string> => {
  const nodes = Object.values(inputs)
  if (isTensorData(expected)) {
    const found = value(orders(y, nodes[0]!, order)[order]!)
    return mismatches(`order ${order}`, found, expected, tol)
  }
  if (Array.isArray(expected)) return checkProduct(c, nodes, gradientsAt(y, nodes), expected as ReadonlyArray<TensorData>, tol)
  return Object.entries(expected as Readonly<Record<string, Named>>).flatMap(([row, columns]) => {
    const [gradient] = gradientsAt(y, [inputs[row]!])
    const names = Object.keys(columns)
    const found = gradientsAt(gradient!, names.map((name) => inputs[name]!))
    return compareNamed(`hessian.${row}`, (name) => found[names.indexOf(name)]!, columns, tol)
  })
}

const checkProduct = (
  c: DezeroCase,
  nodes: ReadonlyArray<Node>,
  gradients: ReadonlyArray<Node>,
  expected: ReadonlyArray<TensorData>,
  tol: Tolerance,
): ReadonlyArray<string> => {
  const v = (c.attrs?.['v'] ?? []) as ReadonlyArray<number>
  const seeds = gradients.map((g, k) => [g, constantFrom({ shape: g.shape, data: [v[k]!] })] as const)
  const found = adjointsOfAll(seeds, nodes, 'hvp')
  const numbers = value(nodes.map((x, k) => found[k] ?? zerosLike(x)))
  return expected.flatMap((e, k) => mismatches(`Hv.${k}`, numbers[k]!, e, tol))
}

/** Everything that a case states about its computation. */
export const checkComputed = (c: DezeroCase, computed: Computed): ReadonlyArray<string> => {
  const { y, scope } = computed
  const tol = toleranceOf(c)
  const gy = variable('gy', c.gy === undefined ? value(onesLike(y)) : tensorFrom(c.gy))
  return [
    ...(c.value === undefined ? [] : mismatches('value', value(y), c.value, tol)),
    ...(c.grads === undefined && c.intermediateGrads === undefined ? [] : checkFirst(c, computed, gy, tol)),
    ...checkSecond(c, computed, gy, tol),
    ...(c.higher ?? []).flatMap((higher) => checkHigher(c, computed, higher, tol)),
    ...Object.entries(c.generations ?? {}).flatMap(([name, expected]) => {
      const node = scope.get(name)
      return difference(`generation of ${name}`, generationOf(isNode(node) ? node : y), expected)
    }),
    ...Object.entries(c.nodeCount ?? {}).flatMap(([name, expected]) => difference(name, countGraph(y)[name as 'functions'], expected)),
    ...(c.graph === undefined ? [] : graphDifferences(y, c.graph)),
  ]
}
