/** Cases that go wrong where gradients live in mutable objects: each says what should hold, and is checked by id. */
import * as E from 'fp-ts/Either'
import { backward, variable, type Node } from '../../lib/index.js'
import { sameTensor } from '../../lib/core/Tensor.js'
import { leavesOf } from '../../lib/core/Tree.js'
import { difference } from './compare.js'
import { batches } from './data.js'
import type { Check } from './dezero-check.js'
import { compute } from './dezero-derivatives.js'
import { dezeroOperation, runningStatistics } from './dezero-ops.js'
import { clipGradients, weightDecay, type Hook, type Nodes } from './dezero-optimizers.js'
import { gradientAt, input, ones, program, results, withoutGradient } from './dezero-results.js'
import { call, evaluate, tensorFrom, value } from './library.js'

/** The program of the case, differentiated twice with nothing cleared in between. */
const twice =
  (program: string): Check =>
  (c) => {
    const { y } = compute(c, program)
    return results(c, { 'g1.x': gradientAt(y), 'g2.x': gradientAt(y) })
  }

/** Gradients of a loss after a hook, which builds new ones and leaves the map alone. */
const hooked =
  (program: string, hook: Hook): Check =>
  (c) => {
    const { y, inputs } = compute(c, program)
    const gradients = backward(y)
    return results(c, hook(Object.fromEntries(Object.keys(inputs).map((name) => [name, gradients.get(name)!])), inputs))
  }

const loader = batches(6, 2)

/** The checks by case. */
export const contrast: Readonly<Record<string, Check>> = {
  'contrast.backward-twice': twice('exp(x)*x'),
  'contrast.retain-twice': twice('a=x*x; y=a*a'),
  'contrast.alias-weight-decay': hooked('y = sum((a+b)*[1,1])', weightDecay(0.1)),
  'contrast.alias-clip': hooked('y = sum((a+b)*[3,4])', clipGradients(1)),
  'contrast.readonly-weight-decay': hooked('y=sum(a)', weightDecay(0.1)),
  'contrast.mutate-after-forward': (c) => {
    const source = [...tensorFrom(c.inputs['x']!).toTypedArray()]
    const x = variable('x', source)
    const y = call('mul', x, x)
    source[0] = 5
    return results(c, { x: gradientAt(y) })
  },
  'contrast.multi-output-unused': (c) => {
    const f = (x: Node): readonly [Node, Node] => [call('mul', 2, x), call('mul', 3, x)]
    return results(c, { x: gradientAt(f(input(c))[0]) })
  },
  'contrast.function-instance-reuse': (c) => {
    const f = (x: unknown): Node => call('sin', x)
    const a = f(input(c))
    value(f(variable('x', 1)))
    return results(c, { x: gradientAt(a) })
  },
  'contrast.shared-parameter': (c) => {
    const layer = { W: variable('W', 2), b: variable('b', 1) }
    const model = { a: layer, b: layer }
    const y = call('add', call('mul', model.a.W, 3), call('add', model.b.W, call('add', model.a.b, model.b.b)))
    return difference('parameters', { 'unique params': backward(y).size }, c.expected)
  },
  'contrast.param-order': (c) => {
    const keys = leavesOf({ z: 1, a: { y: 2, b: 3 } }).map(([path]) => path)
    return difference('order', keys.join() === 'z,a.y,a.b' ? 'insertion order' : keys, c.expected)
  },
  'contrast.dataloader-partial': (c) => {
    for (const _ of loader) break
    return difference('batches', [...loader], c.expected)
  },
  'contrast.dataloader-nested': (c) => {
    let inner = 0
    for (const _ of loader) for (const __ of loader) inner++
    return difference('batches', { 'inner iterations': inner }, c.expected)
  },
  'contrast.batchnorm-pure': () => {
    const inputs: Nodes = { x: call('constant', [[1, 2], [3, 5]]), gamma: ones(2), beta: ones(2), mean: ones(2), var: ones(2) }
    const forward = () => {
      const [mean, variance] = runningStatistics(Object.values(inputs), { decay: 0.9, train: true })
      return { y: dezeroOperation('batch_norm', inputs, { eps: 2e-5, train: true }), mean, variance }
    }
    const [first, second, after] = [value(forward()), value(forward()), value({ mean: inputs['mean']!, variance: inputs['var']! })]
    const changed = !sameTensor(first.mean, after.mean) && !sameTensor(first.variance, after.variance)
    return [
      ...difference('the same again', (['y', 'mean', 'variance'] as const).every((name) => sameTensor(first[name], second[name])), true),
      ...difference('new statistics', changed, true),
      ...difference('the inputs as before', [...after.mean.toTypedArray(), ...after.variance.toTypedArray()], [1, 1, 1, 1]),
    ]
  },
  'contrast.mse-shape': () => difference('an error', E.isLeft(evaluate(call('meanSquaredError', ones(3, 1), ones(3)))), true),
  'contrast.unchain-shared': program('h=x*x; a=h*3; c=stopGradient(a); b=h*5'),
  'contrast.no-grad-generator': (c) => {
    const generator = (function* () {
      yield withoutGradient(() => call('square', variable('x', 2)))
    })()
    generator.next()
    return difference('gradients', backward(call('square', variable('x', 2))).has('x'), c.expected)
  },
  'contrast.dtype-stability': (c) => {
    const { dtype } = call('mul', variable('x', new Float32Array([1])), 2)
    return difference('dtype', dtype.replace(/^f/, 'float'), c.expected)
  },
}
