/** Data goes in by copy and comes out by copy: what a caller does to its own arrays, before or after, has no effect here. */
import { pipe } from 'fp-ts/function'
import { describe, expect, it } from 'vitest'
import * as foldgrad from '../../lib/index.js'
import type { Node, NestedArray, Tensor } from '../../lib/index.js'

const { add, at, backward, broadcastTo, concat, constant, customPrimitive, customRule, evaluate, expr, full, grad, item, jvp, linearize, mul, ones, pad, reshape } = foldgrad
const { slice, square, stack, sum, take, tensor, tile, toArray, transpose, value, valueAndGrad, variable, vjp, zeros } = foldgrad

type Mutable = Array<number | Array<number>>

/** A call that is handed mutable data, and what can be seen of its result. */
interface Case {
  readonly given: object
  readonly see: () => unknown
}

const seen = (node: Node): unknown => [toArray(node), node.shape, [...backward(sum(square(node)))].map(([id, g]) => [id, toArray(g)])]

const x = (): Node => variable('x', [[1, 2, 3], [4, 5, 6]])

/** Calls that take arrays, records and typed arrays. `hold` makes the argument, `use` what is kept of it. */
const of = <A extends object>(given: A, make: (given: A) => Node): Case => {
  const node = make(given)
  return { given, see: () => seen(node) }
}

/** The same where the call gives a function, which is used only after the attack. */
const later = <A extends object>(given: A, make: (given: A) => (x: Node) => Node): Case => {
  const f = make(given)
  return { given, see: () => seen(f(x())) }
}

const cases: Readonly<Record<string, () => Case>> = {
  'nested arrays in tensor': () => of([[1, 2], [3, 4]], (a) => constant(tensor(a))),
  'a typed array in tensor': () => of(new Float64Array([1, 2, 3]), (a) => constant(tensor(a))),
  'a 32-bit array in tensor': () => of(new Float32Array([1, 2, 3]), (a) => constant(tensor(a))),
  'an integer array in tensor': () => of(new Int32Array([1, 2, 3]), (a) => mul(constant(tensor(a)), 1.5)),
  'the shape of tensor': () => of({ shape: [2, 2] }, (o) => constant(tensor(new Float64Array(4), o))),
  'data of variable': () => of([1, 2, 3], (a) => variable('v', a)),
  'a typed array in variable': () => of(new Float64Array([1, 2, 3]), (a) => variable('v', a)),
  'options of variable': () => of({ dtype: 'f32' as const }, (o) => variable('v', [1, 2], o)),
  'data of constant': () => of([1, 2, 3], (a) => constant(a)),
  'an operand': () => of([1, 2, 3], (a) => add(a, x())),
  'a typed operand': () => of(new Float64Array([1, 2, 3]), (a) => mul(x(), a)),
  'an operand with nodes inside': () => of([x(), x()], (a) => add(a, 1)),
  'an operand of an expression': () => of([1, 2, 3], (a) => expr`${a} * ${x()} + 1`),
  'the shape of reshape': () => of([3, 2], (a) => reshape(x(), a)),
  'the axes of transpose': () => of([1, 0], (a) => transpose(x(), a)),
  'the shape of broadcastTo': () => of([2, 2, 3], (a) => broadcastTo(x(), a)),
  'options of sum': () => of({ axis: [1], keepDims: true }, (o) => sum(x(), o)),
  'ranges of slice': () => of([[0, 1], [null, null, 2]], (a) => slice(x(), a as never)),
  'indices of take': () => of([2, 0, 2], (a) => take(x(), a, { axis: 1 })),
  'the index of at': () => of([1, 2], (a) => at(x(), a as never)),
  'parts of concat': () => of([x(), x()], (a) => concat(a, { axis: 1 })),
  'parts of stack': () => of([x(), x()], (a) => stack(a)),
  'widths of pad': () => of([[1, 0], [0, 2]], (a) => pad(x(), a as never)),
  'repetitions of tile': () => of([2, 1], (a) => tile(x(), a)),
  'the shape of zeros': () => of([2, 3], (a) => add(x(), zeros(a))),
  'the shape of ones': () => of([2, 3], (a) => mul(x(), ones(a))),
  'the shape of full': () => of([2, 3], (a) => mul(x(), full(a, 7))),
  'a cotangent': () => of([1, 10, 100], (a) => backward(square(variable('c', [1, 2, 3])), constant(a)).get('c')!),

  'the operand kept by add': () => later([1, 2, 3], (a) => add(a)),
  'the typed operand kept by mul': () => later(new Float64Array([1, 2, 3]), (a) => mul(a)),
  'the options kept by sum': () => later({ axis: [1] }, (o) => sum(o)),
  'the shape kept by reshape': () => later([3, 2], (a) => reshape(a)),
  'the axes kept by transpose': () => later({ perm: [1, 0] }, (o) => transpose(o)),
  'the ranges kept by slice': () => later([[0, 1]], (a) => slice(a as never)),
  'the options kept by grad': () => {
    const given = { argnums: [0] }
    const f = grad((a: Node, b: Node) => sum(mul(a, b)), given as unknown as { readonly argnums: readonly [0] })
    return { given, see: () => value(f(x(), 2)) }
  },
  'the options kept by valueAndGrad': () => {
    const given = { hasAux: true as const }
    const f = valueAndGrad((a: Node) => [sum(square(a)), 'aux'], given)
    return { given, see: () => JSON.stringify(f(x())) }
  },
  'the tree that a pullback answers for': () => {
    const given = { w: tensor([1, 2]), list: [tensor([3]), 4] }
    const [, pullback] = vjp((p: typeof given) => mul(sum(p.w), sum(p.list[0] as Tensor)))(given)
    return { given, see: () => JSON.stringify(value(pullback(1))) }
  },
  'the tree that a result is returned in': () => {
    const given: Record<string, unknown> = {}
    const [, pushforward] = linearize((a: Node) => Object.assign(given, { y: square(a), list: [a] }) as { readonly y: Node })(3)
    return { given, see: () => JSON.stringify(value(pushforward(1))) }
  },
  'the trees of jvp': () => {
    const given = [{ a: 1, b: [2] }]
    const [y, dy] = jvp((p: { readonly a: Node; readonly b: ReadonlyArray<Node> }) => mul(p.a, p.b[0]!))(given as never, given as never)
    return { given, see: () => [item(y as Node), item(dy as Node)] }
  },
  'the tree of evaluate': () => {
    const given = { a: [x()], b: 2 }
    const result = evaluate(given)
    return { given, see: () => JSON.stringify(result) }
  },
  'the pullbacks of a custom rule': () => {
    const given = { name: 'rule', vjp: [(g: Node) => mul(g, 10)] }
    const f = customRule((a: Node) => mul(a, 2), given)
    return { given, see: () => [item(f(3)), item(grad((a: Node) => f(a))(3))] }
  },
  'the record of a custom primitive': () => {
    const given = { name: 'cube', evaluate: (t: Tensor) => t.toTypedArray().map((v) => v ** 3), vjp: [(g: Node) => mul(g, 10)] }
    const f = customPrimitive(given)
    return { given, see: () => [item(f(3)), item(grad((a: Node) => f(a))(3)), f(3).op.name] }
  },
  'the numbers a custom primitive returns': () => {
    const given = new Float64Array([1, 2])
    const result = value(customPrimitive({ name: 'fixed', evaluate: () => given })(tensor([0, 0]))) as Tensor
    return { given, see: () => result.toArray() }
  },
}

/** Changes everything in an object that can be changed, all the way down. */
const spoil = (given: object): void => {
  if (ArrayBuffer.isView(given)) {
    ;(given as Float64Array).fill(99)
    return
  }
  for (const part of Object.values(given)) if (Array.isArray(part) || ArrayBuffer.isView(part)) spoil(part)
  if (!Array.isArray(given)) {
    for (const key of Object.keys(given)) Reflect.set(given, key, undefined)
    Reflect.set(given, 'planted', 99)
    return
  }
  const list = given as Mutable
  if (list.length > 0) list[0] = 99
  list.reverse()
  list.push(99)
}

describe('data handed in', () => {
  it.each(Object.entries(cases))('%s is copied', (_, make) => {
    const { see: expected } = make()
    const before = JSON.stringify(expected())
    const { given, see } = make()
    spoil(given)
    expect(JSON.stringify(see())).toBe(before)
  })

  it.each(Object.entries(cases))('%s is left as it was, and not frozen', (_, make) => {
    const { given, see } = make()
    see()
    const untouched = [given, ...Object.values(given).filter((part): part is object => Array.isArray(part))]
    expect(untouched.filter((part) => Object.isFrozen(part))).toEqual([])
  })

  it('would be seen to be kept', () => {
    const given = [1, 2]
    const before = JSON.stringify(given)
    spoil(given)
    expect(JSON.stringify(given)).not.toBe(before)
  })
})

describe('data handed out', () => {
  const t = tensor([[1, 2], [3, 4]])
  const node = mul(variable('v', t), 2)

  it('is a copy, if it can be written to', () => {
    t.toTypedArray().fill(99)
    ;(value(node) as Tensor).toTypedArray().fill(99)
    expect([t.toArray(), toArray(node)]).toEqual([[[1, 2], [3, 4]], [[2, 4], [6, 8]]])
  })

  it('is frozen to the leaves otherwise', () => {
    const frozen = (x: unknown): boolean => typeof x !== 'object' || x === null || (Object.isFrozen(x) && Object.values(x).every(frozen))
    const out: ReadonlyArray<NestedArray | ReadonlyArray<number>> = [t.toArray(), t.toJSON(), toArray(node), node.shape, t.shape]
    expect(out.every(frozen)).toBe(true)
  })

  it('is not the buffer of a leaf, even from its kernel', () => {
    for (const leaf of [variable('v', t), constant(t)]) {
      leaf.op.evaluate([], leaf).fill(99)
      expect(toArray(leaf)).toEqual([[1, 2], [3, 4]])
    }
    expect(t.toArray()).toEqual([[1, 2], [3, 4]])
  })

  it('is not the buffer of a tensor that a custom primitive returned', () => {
    const fixed = customPrimitive({ name: 'fixed', evaluate: () => t })(t)
    fixed.op.evaluate([new Float64Array(4)], fixed).fill(99)
    expect(t.toArray()).toEqual([[1, 2], [3, 4]])
  })

  it('is a fresh copy of entries', () => {
    const gradients = backward(sum(node))
    for (const entry of gradients) Reflect.set(entry, 1, 99)
    gradients.forEach((_, __, map) => expect(() => Map.prototype.clear.call(map)).toThrow(TypeError))
    expect(pipe([...gradients], (entries) => entries.map(([id, g]) => [id, toArray(g)]))).toEqual([['v', [[2, 2], [2, 2]]]])
  })
})
