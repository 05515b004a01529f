/** Laws of what does not change: data, graphs, states. */
import { sort } from '../../core/Graph.js'
import { bufferOf, type Tensor } from '../../core/Tensor.js'
import { sub, mul } from '../../function/index.js'
import { leafNodes } from '../../primitive/leaf.js'
import { tensorsOf } from '../numeric.js'
import { split } from '../random.js'
import { identical, identicalNodes } from './agreement.js'
import { named, sameKeys } from './graphs.js'
import { needs, stated } from './Law.js'
import { claim, every } from './Outcome.js'
import { drawn, nodesOf, pulled, valuesAt, variant, type Nodes, type Trial } from './Trial.js'

/** The tensors among the arguments. */
const heldBy = (args: ReadonlyArray<unknown>): ReadonlyArray<Tensor> => tensorsOf(leafNodes(args))

const bytesOf = (tensors: ReadonlyArray<Tensor>): string => tensors.map((t) => [...bufferOf(t)].join(' ')).join(' | ')

/** The gradients of another result at another point. */
const elsewhere = (t: Trial): Nodes => [...t.use.backward(named({ ...t, x: variant(t.x, split(t.seed, 7)) }, 'x', 8).y).values()]

export const L44 = stated({
  id: 'L44',
  name: 'Purity',
  family: 'purity',
  formula: 'f(x) = f(x), backward(y) = backward(y); data and graph are as before',
  tolerance: 'none: bit by bit, node by node',
  check: (t) => {
    const { x, f, seed } = t
    const data = [...x, ...heldBy(t.args)]
    const before = bytesOf(data)
    const { y } = named(t)
    const { nodes } = sort([y])
    const w = drawn(valuesAt(f, x), seed)
    const [value, gradient] = [valuesAt(f, x), tensorsOf(pulled(t, f, x, w))]
    const first = tensorsOf([...t.use.backward(y).values()])
    return every(
      () => identical('f called twice', valuesAt(f, x), value),
      () => identical('the pullback called twice', tensorsOf(pulled(t, f, x, w)), gradient),
      () => identical('the gradient found twice', tensorsOf([...t.use.backward(y).values()]), first),
      () => claim(sort([y]).nodes.every((node, i) => node === nodes[i]), () => 'the graph has other nodes than before'),
      () => claim(bytesOf(data) === before, () => `the arguments were ${before} and are ${bytesOf(data)}`),
    )
  },
})

export const L45 = stated({
  id: 'L45',
  name: 'What is given out is the own of who gets it',
  family: 'purity',
  formula: 'writing into a gradient, or computing another one, changes no gradient; no two share memory',
  tolerance: 'none: bit by bit',
  check: (t) => {
    const { y } = named(t)
    const gradients = [...t.use.backward(y).values()]
    const given = tensorsOf(gradients)
    const before = bytesOf(given)
    const copies = given.map((g) => g.toTypedArray())
    const memory = new Set(copies.map((c) => c.buffer))
    copies.forEach((c) => c.fill(99))
    tensorsOf(elsewhere(t))
    return every(
      () => claim(memory.size === copies.length, () => 'two gradients share memory'),
      () => claim(bytesOf(given) === before, () => `a gradient was ${before}, and after another was computed ${bytesOf(given)}`),
      () => claim(bytesOf(tensorsOf(gradients)) === before, () => `a gradient was ${before}, and after its copy was written to ${bytesOf(tensorsOf(gradients))}`),
    )
  },
})

export const L46 = stated({
  id: 'L46',
  name: 'Backward twice is backward once',
  family: 'purity',
  formula: 'backward(y) after backward(y) = backward(y): nothing accumulates',
  tolerance: 'none: bit by bit',
  check: (t) => {
    const { y } = named(t)
    const once = t.use.backward(y)
    const values = tensorsOf([...once.values()])
    const twice = t.use.backward(y)
    return every(
      () => sameKeys('backward twice', once, twice, (a, b) => identicalNodes('backward twice', a, b)),
      () => identical('the first gradients, evaluated again', tensorsOf([...once.values()]), values),
    )
  },
})

/** A state as programs that train have it: parameters, and how often they were changed. */
interface State {
  readonly params: ReadonlyArray<Tensor>
  readonly steps: number
}

interface Draft {
  params: Array<Tensor>
  steps: number
}

/** `immer` with types for the state at hand. */
interface Patches {
  readonly produceWithPatches: (base: State, recipe: (draft: Draft) => void) => readonly [State, ReadonlyArray<unknown>, ReadonlyArray<unknown>]
  readonly applyPatches: (base: State, patches: ReadonlyArray<unknown>) => State
}

const sameState = (a: State, b: State): boolean => a.steps === b.steps && a.params.length === b.params.length && a.params.every((p, k) => p === b.params[k])

export const L52 = stated({
  id: 'L52',
  name: 'A draft leaves its base alone',
  family: 'purity',
  formula: 'a step of gradient descent as an immer recipe: base as before, apply(next, inverse) = base, apply(base, patches) = next',
  tolerance: 'none: tensor by tensor, bit by bit',
  applies: needs('immer', 'the functions produceWithPatches and applyPatches of immer'),
  check: (t) => {
    const { produceWithPatches, applyPatches } = t.declared.immer as unknown as Patches
    const w = drawn(valuesAt(t.f, t.x), t.seed)
    const stepped = tensorsOf(pulled(t, t.f, t.x, w).map((g, k) => sub(nodesOf(t.x)[k]!, mul(0.125, g))))
    const base: State = { params: [...t.x], steps: 0 }
    const bytes = bytesOf(t.x)
    const [next, patches, inverse] = produceWithPatches(base, (draft) => {
      stepped.forEach((p, k) => {
        draft.params[k] = p
      })
      draft.steps += 1
    })
    return every(
      () => claim(sameState(base, { params: t.x, steps: 0 }) && bytesOf(t.x) === bytes, () => 'the base was changed'),
      () => claim(sameState(next, { params: stepped, steps: 1 }), () => 'the new state is not what the recipe made'),
      () => claim(sameState(applyPatches(next, inverse), base), () => 'the inverse patches do not lead back'),
      () => claim(sameState(applyPatches(base, patches), next), () => 'the patches do not lead to the new state'),
    )
  },
})
