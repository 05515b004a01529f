/** An attack on everything reachable from the public API; nothing changes. */
import * as E from 'fp-ts/Either'
import * as O from 'fp-ts/Option'
import { describe, expect, it } from 'vitest'
import * as foldgrad from '../../lib/index.js'
import type { Node, Tensor } from '../../lib/index.js'
import { assault, isContainer, language, reachable } from './reach.js'

const { add, adjoints, backward, customPrimitive, customRule, evaluate, FoldgradException, grad, graph, isNode, isTensor, item, jvp, linearize, matmul } = foldgrad
const { mul, pretty, reshape, showError, square, sum, tensor, toArray, toDot, transpose, value, valueAndGrad, variable, vjp } = foldgrad

const w = variable('w', [[1, 2], [3, 4]])
const b = variable('b', [0.5, -0.5])
const data = tensor([[1, -1], [2, 0.25], [0, 3]])
const hidden = add(matmul(data, w), b)
const y = sum(mul(square(hidden), transpose(reshape(hidden, [2, 3]), [1, 0])))
const part = sum(reshape(hidden, [3, 2]), { axis: [1] })
const broken = add(matmul(w, tensor([1, 2, 3])), 1)
const gradients = backward(y)
const params = Object.freeze({ w: tensor([[1, 0], [0, 1]]), list: Object.freeze([tensor([1, 2]), 3]) })
const loss = (p: typeof params): Node => sum(mul(matmul(p.w, p.list[0] as Tensor), p.list[1] as Tensor))
const valued = valueAndGrad(loss)(params)
const pulled = vjp((x: Node) => square(x))(3)
const pushed = linearize((x: Node) => square(x))(3)
const cube = customPrimitive({ name: 'cube', evaluate: (x) => x.toTypedArray().map((v) => v ** 3), vjp: [(g, _y, x) => mul(g, mul(3, square(x!)))] })
const steep = customRule((x: Node) => mul(x, 2), { name: 'steep', vjp: [(g) => mul(g, 100)] })
const cubed = cube(variable('c', 2))

const thrown = (f: () => unknown): Error => {
  try {
    f()
  } catch (e) {
    return e as Error
  }
  throw new Error('nothing was thrown')
}
const exception = thrown(() => value(broken))

/** Everything a user may hold: the exports, and results of each kind. */
const holdings = {
  foldgrad: { ...foldgrad },
  leaves: [w, b, data],
  nodes: [hidden, y, part, broken, cubed],
  gradients,
  gradient: gradients.get('w'),
  entries: [...gradients.entries()],
  option: [foldgrad.gradientOf('w')(gradients), foldgrad.gradientOf('nobody')(gradients)],
  adjoints: [adjoints(y, [hidden, variable('z', 1)])],
  graph: [graph([y]), graph([broken])],
  evaluated: [evaluate({ y, all: [hidden, part] }), evaluate(broken)],
  numbers: [value(hidden), toArray(hidden)],
  trees: [grad(loss)(params), valued, pulled, pulled[1](1), pushed, pushed[1](1), jvp((x: Node) => square(x))([3], [1])],
  exception,
}

/** Entries of these arrays were made here, and are the caller's own. */
const mine = new Set<object>([holdings, ...Object.values(holdings).filter((part) => Array.isArray(part)), holdings.foldgrad, ...holdings.entries])

/** All that can be seen of the library: values, gradients, printed graphs, errors, and what fresh programs give. */
const fingerprint = (): string => {
  const x = variable('x', [1, 2, 3])
  const fresh = sum(mul(square(add(x, 1)), x))
  return JSON.stringify({
    kept: [w, b, hidden, y, part, cubed].map((node) => [toArray(node), pretty(node), toDot(node), String(node), node.shape, node.dtype]),
    data: [data.toArray(), [...data.toTypedArray()], String(data), data.shape, data.at(1, 1), data.size],
    gradients: [...gradients].map(([id, node]) => [id, toArray(node), pretty(node)]),
    lookup: [gradients.size, gradients.has('w'), gradients.has('nobody'), [...gradients.keys()]],
    again: [...backward(y)].map(([id, node]) => [id, toArray(node)]),
    curvature: item(grad(grad((v: Node) => mul(v, square(v))))(2)),
    custom: [item(backward(cubed).get('c')!), item(grad((v: Node) => steep(v))(1))],
    errors: E.isLeft(evaluate(broken)) && thrown(() => value(broken)).message,
    caught: [exception.message, exception instanceof FoldgradException, exception instanceof FoldgradException && exception.errors.map(showError)],
    graph: E.isRight(graph([y])) && graph([y])._tag,
    missing: [O.isNone(foldgrad.gradientOf('nobody')(gradients)), O.isSome(foldgrad.gradientOf('w')(gradients))],
    trees: [valued, pulled[1](1), pushed[1](1)].map((tree) => value(tree)),
    evaluated: [holdings.evaluated, holdings.numbers],
    fresh: [toArray(fresh), [...backward(fresh)].map(([id, node]) => [id, toArray(node)])],
    recognised: [isNode(y), isTensor(data), isNode(data), isTensor(y)],
  })
}

const found = reachable(holdings, language).filter(({ object }) => !mine.has(object))

describe('what is reachable', () => {
  it('includes the heart', () => {
    expect(found.length).toBeGreaterThan(300)
    const objects = new Set(found.map(({ object }) => object))
    for (const part of [y, y.op, y.inputs, y.attrs, y.shape, Object.getPrototypeOf(y), data, data.shape, gradients, Object.getPrototypeOf(gradients)]) expect(objects.has(part as object)).toBe(true)
  })

  it('holds no buffer and no collection that freezing does not reach', () => {
    expect(found.filter(({ object }) => isContainer(object)).map(({ path }) => path)).toEqual([])
  })

  it('is frozen, all but functions', () => {
    expect(found.filter(({ object }) => typeof object !== 'function' && !Object.isFrozen(object)).map(({ path }) => path)).toEqual([])
  })
})

describe('an attack', () => {
  const before = fingerprint()

  it('has something to lose: the fingerprint shows numbers, gradients and text', () => {
    expect(before).toContain('matmul')
    expect(before.length).toBeGreaterThan(2000)
    expect(fingerprint()).toBe(before)
  })

  it('on each reachable object changes nothing', () => {
    const fallen = found.flatMap(({ path, object }) => {
      if (typeof object === 'function' && object.prototype === undefined) return []
      assault(object)
      return fingerprint() === before ? [] : [path]
    })
    expect(fallen).toEqual([])
  })

  it('on functions changes nothing', () => {
    for (const { object } of found) if (typeof object === 'function') assault(object)
    expect(fingerprint()).toBe(before)
  })
})
