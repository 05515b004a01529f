/** DeZero cases that say in words what should hold: one check each, by id. */
import * as E from 'fp-ts/Either'
import { backward, isNode, mapTree, tensor, variable, variableId, type Node, type Tensor } from '../../lib/index.js'
import { sameTensor } from '../../lib/core/Tensor.js'
import { leavesOf } from '../../lib/core/Tree.js'
import { difference, mismatch, mismatches } from './compare.js'
import { batches, centered, strided } from './data.js'
import { toleranceOf, type Check } from './dezero-check.js'
import { contrast } from './dezero-contrast.js'
import { checkComputed, compute, inputNodes } from './dezero-derivatives.js'
import { generationOf } from './dezero-graph.js'
import { checkResnet50, checkVgg16, shaped } from './dezero-networks.js'
import { dezeroOperation } from './dezero-ops.js'
import { defaults } from './dezero-optimizers.js'
import { runProgram } from './dezero-program.js'
import { gradientAt, input, ones, program, results, withoutGradient } from './dezero-results.js'
import { call, item, NotSupported, tensorFrom, value } from './library.js'
import type { DezeroCase } from './schema.js'

/** Whether `target` can be reached from `x` by following operands and properties. */
const reaches = (x: object, target: object): boolean => {
  const seen = new Set<object>()
  const stack: Array<object> = [x]
  for (let at = stack.pop(); at !== undefined; at = stack.pop()) {
    if (at === target) return true
    if (seen.has(at)) continue
    seen.add(at)
    if (isNode(at)) stack.push(...at.inputs)
    for (const key of Reflect.ownKeys(at)) {
      const part: unknown = (at as Readonly<Record<PropertyKey, unknown>>)[key]
      if (typeof part === 'object' && part !== null) stack.push(part)
    }
  }
  return false
}

/** Inverted dropout; without a mask (a test) the node itself. */
const dropout = (x: Node, ratio: number, mask?: Tensor): Node =>
  mask === undefined ? x : dezeroOperation('dropout', { x, mask: call('constant', mask) }, { ratio })

/** Numbers in [0, 1) by a linear congruence: the same in every run. */
const uniform = (count: number): ReadonlyArray<number> => {
  let seed = 1
  return Array.from({ length: count }, () => (seed = (seed * 48271) % 2147483647) / 2147483647)
}

/** The length of the last axis of a result, for each row of a table. */
const table = (c: DezeroCase, compute: (args: ReadonlyArray<number>) => Node): ReadonlyArray<string> =>
  c.table!.flatMap(({ args, value: expected }) =>
    difference(`size of ${JSON.stringify(args)}`, compute(args as ReadonlyArray<number>).shape.at(-1), expected),
  )

/** The operation on a square image without numbers, for its shape. */
const outSize =
  (name: string) =>
  ([size = 0, kernel = 0, stride, pad]: ReadonlyArray<number>): Node =>
    dezeroOperation(name, { x: shaped(1, 1, size, size), W: shaped(1, 1, kernel, kernel) }, { stride, pad })

const semantics: Readonly<Record<string, Check>> = {
  'step01.variable': program('x'),
  'step14.reuse-no-clear': (c) => {
    const x = input(c)
    return results(c, { 'g1.x': gradientAt(call('add', x, x)), 'g2.x': gradientAt(call('add', call('add', x, x), x)) })
  },
  'step17.weakref': () => {
    const x = variable('x', uniform(100))
    const y = ['square', 'square', 'square'].reduce((at, name) => call(name, at), x)
    return [
      ...difference('the result leads to the operand', reaches(y, x), true),
      ...difference('the operand leads to the result', reaches(x, y), false),
    ]
  },
  'step18.no-grad': (c) => {
    const y = withoutGradient(() => call('square', input(c)))
    return [
      ...mismatches('value', value(y), c.value!, toleranceOf(c)),
      ...difference('graph', { parents: y.inputs.length, generation: generationOf(y) }, c.expected),
    ]
  },
  'step18.no-grad-restore': (c) => {
    const x = variable('x', 2)
    const failed = E.isLeft(E.tryCatch(() => withoutGradient(() => call('add', x, [1, [2]] as never)), E.toError))
    const enabled = item(gradientAt(call('square', x))) === 4
    return mismatches('value', tensor(failed && enabled), c.value!, toleranceOf(c))
  },
  'step18.no-grad-boundary': program('y = stopGradient(x*x); z = y*x'),
  'step19.properties': (c) => {
    const data = tensorFrom(c.inputs['x']!)
    const x = variable('x', data)
    const shown = (t: Tensor): string => `variable(${String(t).replaceAll('\n', '\n         ')})`
    const nothing = E.isLeft(E.tryCatch(() => variable('x', null as never), E.toError))
    const got = {
      name: variableId(x),
      shape: x.shape,
      ndim: x.shape.length,
      size: data.size,
      len: x.shape[0],
      'repr(int data)': shown(tensor(data.toTypedArray(), { shape: data.shape, dtype: 'i32' })),
      'repr(2.0)': `variable(${item(variable('x', 2)).toFixed(1)})`,
    }
    return [...difference('properties', got, c.expected), ...difference('a variable without data is refused', nothing, true)]
  },
  accuracy: (c) => {
    const { y, t } = inputNodes(c.inputs)
    return mismatches('value', value(call('accuracy', y, t)), c.value!, toleranceOf(c))
  },
  'step54.dropout-test-mode': (c) => {
    const x = input(c)
    const y = dropout(x, 0.5)
    return [...difference('the same node', y === x, true), ...checkComputed(c, { inputs: { x }, y, scope: new Map() })]
  },
  'step54.dropout-stats': (c) => {
    const draws = tensor(uniform(100_000).map((u) => u > 0.5))
    const y = Array.from(value(dropout(ones(100_000), 0.5, draws)).toTypedArray())
    const mean = y.reduce((a, b) => a + b, 0) / y.length
    return [
      ...difference('values', { values: [...new Set(y)].sort((a, b) => a - b) }, c.expected),
      ...difference('mean within 0.02 of 1', Math.abs(mean - 1) < 0.02, true),
    ]
  },
  'step55.conv-outsize': (c) => table(c, outSize('conv2d')),
  'step55.deconv-outsize': (c) => table(c, outSize('deconv2d')),
  'step53.weights-keys': (c) => {
    const params = { l0: { W: ones(3, 4), b: ones(4) }, l1: { W: ones(4, 2), b: ones(2) } }
    const saved = leavesOf(value(params)).map(([path, leaf]) => [path.replaceAll('.', '/'), leaf as Tensor] as const)
    const stored = JSON.stringify(saved.map(([key, t]) => [key, t.toArray()]))
    const loaded = new Map(JSON.parse(stored) as ReadonlyArray<readonly [string, never]>)
    const restored = value(mapTree(params, (_, path) => call('constant', loaded.get(path.replaceAll('.', '/'))!)))
    return [
      ...difference('keys', Object.fromEntries(saved.map(([key, t]) => [key, t.shape])), c.expected),
      ...saved.flatMap(([key, t], i) => difference(`${key} restored`, sameTensor(t, leavesOf(restored)[i]![1] as Tensor), true)),
    ]
  },
  'optimizer.defaults': (c) => difference('defaults', defaults, c.expected),
}

const central = (f: (x: Node) => Node, x: Node, eps: number): Node =>
  call('div', call('sub', f(call('add', x, eps)), f(call('sub', x, eps))), 2 * eps)

const applied = (text: string) => (x: Node): Node => runProgram(text, new Map([['x', x]])).y

const numeric: Readonly<Record<string, Check>> = {
  'step04.numdiff-composite': (c) =>
    mismatches('value', value(central(applied('square(exp(square(x)))'), input(c), Number(c.attrs?.['eps']))), c.value!, toleranceOf(c)),
  'step10.gradcheck': (c) => {
    const x = input(c)
    const found = value({ exact: gradientAt(call('square', x)), numeric: central((at) => call('square', at), x, 1e-4) })
    const gap = Math.abs(found.exact.at(0) - found.numeric.at(0))
    return mismatches('value', tensor(gap <= 1e-8 + 1e-5 * Math.abs(found.numeric.at(0))), c.value!, toleranceOf(c))
  },
}

/** `H(x) v, f = …`: the program is the function, the rest is in `higher`. */
const hessianProduct: Check = (c) => checkComputed(c, compute(c, c.expression.replace(/^H\(x\) v, f = /, '')))

const seeds: Readonly<Record<string, Check>> = {
  'step30.leaf-backward': program('x'),
  'step30.enable-backprop-off': (c) => {
    const y = withoutGradient(() => call('sin', input(c)))
    const got = { creator: y.inputs[0] ?? null, generation: generationOf(y) }
    return [
      ...mismatches('value', value(y), c.value!, toleranceOf(c)),
      ...difference('graph', got, c.expected),
      ...difference('gradients', backward(y).size, 0),
    ]
  },
}

const graphs: Readonly<Record<string, Check>> = {
  'step58.vgg16-shapes': checkVgg16,
  'step58.resnet50-shapes': checkResnet50,
}

const data: Readonly<Record<string, Check>> = {
  'step50.dataloader': (c) => difference('batches', batches(10, 4), c.expected),
  'step60.seq-dataloader': (c) => difference('batches', strided(10, 3), c.expected),
  'step51.compose': (c) => {
    const y = call('div', call('astype', call('reshape', input(c), [-1]), 'f64'), 255)
    return mismatches('value', value(y), c.value!, toleranceOf(c))
  },
  'step58.center-crop': (c) =>
    c.table!.flatMap(({ image, size, value: box }) => difference('box', centered(image as ReadonlyArray<number>, Number(size)), box)),
  'step59.sincurve': (c) => {
    const y = value(call('cos', Array.from({ length: 1000 }, (_, i) => (i * 2 * Math.PI) / 999)))
    const got = { length: y.size - 1, 'data[0]': y.at(0), 'label[0]': y.at(1), 'data[998]': y.at(998), 'label[998]': y.at(999) }
    return Object.entries(c.expected as Readonly<Record<string, number>>).flatMap(([name, e]) =>
      mismatch(name, got[name as keyof typeof got], e, toleranceOf(c)),
    )
  },
  'step49.spiral-dataset': (c) => {
    throw new NotSupported(`DeZero case ${c.id}`)
  },
}

const byId: Readonly<Record<string, Check>> = { ...semantics, ...contrast, ...numeric, ...seeds, ...graphs, ...data }

/** The check of a case that has one of its own. */
export const ruleFor = (c: DezeroCase): Check | undefined =>
  byId[c.id] ?? (c.expression.startsWith('H(x) v, f = ') ? hessianProduct : undefined)
