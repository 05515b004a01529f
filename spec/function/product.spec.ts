import { fc, test } from '@fast-check/vitest'
import * as E from 'fp-ts/Either'
import { pipe } from 'fp-ts/function'
import { describe, expect } from 'vitest'
import type { Node } from '../../lib/core/Node.js'
import { sizeOf, stridesOf, type Shape } from '../../lib/core/Shape.js'
import { bufferOf, tensor, type Tensor } from '../../lib/core/Tensor.js'
import { dot, einsum, inner, kron, linear, matmul, multiDot, outer, tensordot, vdot } from '../../lib/function/product.js'
import { variable } from '../../lib/function/leaf.js'
import { evaluate, item, toArray, value } from '../../lib/interpret/evaluate.js'
import { jvp } from '../../lib/transform/jvp.js'
import { vjp } from '../../lib/transform/vjp.js'

/** Small integers, so that every product and sum is exact. */
const integers = (shape: Shape): fc.Arbitrary<Tensor> =>
  fc.array(fc.integer({ min: -4, max: 4 }), { minLength: sizeOf(shape), maxLength: sizeOf(shape) }).map((data) => tensor(data, { shape }))

const length = fc.integer({ min: 0, max: 4 })

/** A shape that broadcasts to the given one. */
const stretchable = (shape: Shape): fc.Arbitrary<Shape> =>
  fc.tuple(fc.nat({ max: shape.length }), fc.tuple(...shape.map((n) => fc.constantFrom(n, 1)))).map(([drop, lengths]) => lengths.slice(drop))

const inputsOf = (...shapes: ReadonlyArray<Shape>) => fc.tuple(...shapes.map(integers))

/** `⟨a, b⟩` of two arrays of one shape. */
const innerProduct = (a: Tensor, b: Tensor): number => {
  expect(a.shape).toEqual(b.shape)
  return Array.from(bufferOf(a), (x, i) => x * bufferOf(b)[i]!).reduce((sum, x) => sum + x, 0)
}

/** Shape and elements, with one zero. */
const numbers = (x: Node | Tensor) => {
  const t = value(x) as Tensor
  return { shape: t.shape, data: Array.from(bufferOf(t), (v) => v + 0) }
}

/** The pullback is the transpose of the pushforward, exactly, in all arguments at once. */
const transposes = (f: (...xs: ReadonlyArray<Node>) => Node, xs: ReadonlyArray<Tensor>): void => {
  const [y, pullback] = vjp(f)(...xs)
  const w = tensor(Array.from({ length: sizeOf(y.shape) }, (_, i) => (i % 5) - 2), { shape: y.shape })
  const vs = xs.map((x, k) => tensor(Array.from({ length: x.size }, (_, i) => ((i + k) % 3) - 1), { shape: x.shape }))
  const [, dy] = jvp(f)(xs as never, vs as never)
  const back = pullback(w).map((g) => value(g) as Tensor)
  expect(innerProduct(w, value(dy) as Tensor)).toBe(back.reduce((sum, g, k) => sum + innerProduct(g, vs[k]!), 0))
}

const errorsOf = (node: Node) => {
  const result = evaluate(node)
  return E.isLeft(result) ? result.left.map((e) => [e._tag, e.rule]) : []
}

/** The definition of Einstein summation: a sum over all values of all labels. */
const naiveEinsum = (terms: ReadonlyArray<string>, output: string, lengths: Readonly<Record<string, number>>, xs: ReadonlyArray<Tensor>) => {
  const labels = [...new Set(terms.join('') + output)]
  const shape = output.split('').map((l) => lengths[l]!)
  const out = new Float64Array(sizeOf(shape))
  const at = (term: string, dims: Shape, place: Readonly<Record<string, number>>) =>
    stridesOf(dims).reduce((offset, stride, axis) => offset + stride * (dims[axis] === 1 ? 0 : place[term[axis]!]!), 0)
  for (let n = 0; n < labels.reduce((count, l) => count * lengths[l]!, 1); n++) {
    let rest = n
    const place: Record<string, number> = {}
    for (const l of labels) {
      place[l] = rest % lengths[l]!
      rest = Math.floor(rest / lengths[l]!)
    }
    out[at(output, shape, place)]! += terms.reduce((product, term, k) => product * bufferOf(xs[k]!)[at(term, xs[k]!.shape, place)]!, 1)
  }
  return tensor(out, { shape })
}

describe('einsum', () => {
  const cases = fc
    .record({
      lengths: fc.record({ a: length, b: length, c: fc.integer({ min: 1, max: 3 }), d: fc.constantFrom(1, 2) }),
      terms: fc.array(fc.string({ unit: fc.constantFrom('a', 'b', 'c', 'd'), maxLength: 3 }), { minLength: 1, maxLength: 3 }),
      pick: fc.nat(),
    })
    .chain(({ lengths, terms, pick }) => {
      const used = [...new Set(terms.join(''))]
      const output = used.filter((_, i) => (pick >> i) % 2 === 1).sort((x, y) => (pick % 3 === 0 ? 1 : -1) * x.localeCompare(y)).join('')
      return fc.record({
        lengths: fc.constant(lengths as Readonly<Record<string, number>>),
        terms: fc.constant(terms),
        output: fc.constant(output),
        xs: inputsOf(...terms.map((term) => term.split('').map((l) => lengths[l as 'a']))),
      })
    })

  test.prop([cases], { numRuns: 300 })('equals its definition, diagonals and empty axes included', ({ lengths, terms, output, xs }) => {
    expect(numbers(einsum(`${terms.join(',')}->${output}`, ...xs))).toEqual(numbers(naiveEinsum(terms, output, lengths, xs)))
  })

  test.prop([cases])('has a pullback that is the transpose of its pushforward', ({ terms, output, xs }) => {
    transposes((...nodes) => einsum(`${terms.join(',')}->${output}`, ...nodes), xs)
  })

  const batches = fc
    .record({ batch: fc.array(length, { maxLength: 2 }), m: length, k: length, n: length })
    .chain(({ batch, m, k, n }) => fc.tuple(stretchable(batch), stretchable(batch)).chain(([p, q]) => inputsOf([...p, m, k], [...q, k, n])))

  test.prop([batches])('broadcasts under an ellipsis, as matmul does', ([a, b]) => {
    const y = numbers(einsum('...ij,...jk->...ik', a!, b!))
    expect(numbers(matmul(a!, b!))).toEqual(y)
    expect(numbers(einsum('...ij,...jk', a!, b!))).toEqual(y)
    transposes((x, w) => matmul(x!, w!), [a!, b!])
  })

  test('writes an implicit result in alphabetical order', () => {
    expect(toArray(einsum('ba', [[1, 2], [3, 4]]))).toEqual([[1, 3], [2, 4]])
    expect(item(einsum('ii', [[1, 2], [3, 4]]))).toBe(5)
  })

  test.each([
    ['ij,jk->ik', [2], "'ij,jk->ik': there are 2 terms for 1 operands"],
    ['ij,jl->il->i', [2, 2], "'ij,jl->il->i': letters, at most one ellipsis per operand, commas and one arrow are allowed"],
    ['i1,jl', [2, 2], "'i1,jl': letters, at most one ellipsis per operand, commas and one arrow are allowed"],
    ['ijk,jl', [2, 2], "'ijk,jl': the term 'ijk' does not name the 2 axes of operand 1"],
    ['ij,jl->iz', [2, 2], "'ij,jl->iz': 'z' in the result occurs twice or in no operand"],
    ['ij,jl->ii', [2, 2], "'ij,jl->ii': 'i' in the result occurs twice or in no operand"],
    ['...ij,jl->il', [3, 2], "'...ij,jl->il': the operands have an ellipsis and the result has none"],
  ])('refuses %s on operands of ranks %j', (subscripts, ranks, rule) => {
    const cube = (rank: number) => tensor(new Float64Array(2 ** rank), { shape: Array.from({ length: rank }, () => 2) })
    expect(errorsOf(einsum(subscripts, ...ranks.map(cube)))).toEqual([['Syntax', rule]])
  })

  test('refuses lengths that disagree', () => {
    expect(errorsOf(einsum('ij,jk', [[1, 2]], [[1], [2], [3]]))).toEqual([['Shape', "the index 'j' has lengths 2 and 3"]])
  })
})

describe('matmul', () => {
  test('takes vectors, matrices and batches that broadcast', () => {
    expect(item(matmul([1, 2], [3, 4]))).toBe(11)
    expect(toArray(matmul([1, 2], [[3, 4], [5, 6]]))).toEqual([13, 16])
    expect(toArray(pipe([[3, 4], [5, 6]], matmul([1, 2])))).toEqual([11, 17])
    expect(toArray(matmul([[[1, 2]], [[3, 4]]], [5, 6]))).toEqual([[17], [39]])
    expect(toArray(matmul([5, 6], [[[1], [2]], [[3], [4]]]))).toEqual([[17], [39]])
  })

  test('promotes, and counts truth values as integers', () => {
    expect(matmul(tensor([1, 2], { dtype: 'f32' }), tensor([1, 2], { dtype: 'i32' })).dtype).toBe('f32')
    expect((value(matmul([true, true], [true, true])) as Tensor).dtype).toBe('i32')
    expect(item(matmul([true, true], [true, true]))).toBe(2)
  })

  test('of empty arrays is zero, with empty gradients', () => {
    const [y, pullback] = vjp((a: Node, b: Node) => matmul(a, b))(variable('a', tensor([], { shape: [2, 0] })), variable('b', tensor([], { shape: [0, 3] })))
    expect(toArray(y)).toEqual([[0, 0, 0], [0, 0, 0]])
    expect(pullback(tensor(new Float64Array(6), { shape: [2, 3] })).map((g) => g.shape)).toEqual([[2, 0], [0, 3]])
  })

  test('refuses scalars, lengths that differ and batches that do not broadcast', () => {
    expect(errorsOf(matmul(2, [1]))).toEqual([['Shape', 'a scalar is no matrix']])
    expect(errorsOf(matmul([[1, 2]], [[1, 2]]))).toEqual([['Shape', 'the summed axes have lengths 2 and 1, in the shapes [1, 2] and [1, 2]']])
    const batch = (n: number) => tensor(new Float64Array(n), { shape: [n, 1, 1] })
    expect(errorsOf(matmul(batch(2), batch(3)))).toEqual([['Shape', 'the batch axes of [2, 1, 1] and [3, 1, 1] do not broadcast']])
  })
})

describe('the other products', () => {
  const pairs = fc.array(length, { maxLength: 3 }).chain((shape) => fc.array(length, { maxLength: 2 }).chain((rest) => inputsOf(shape, rest)))

  test.prop([pairs])('outer and kron hold every product of two elements', ([a, b]) => {
    const products = [...bufferOf(a!)].flatMap((x) => [...bufferOf(b!)].map((y) => x * y + 0))
    expect(numbers(outer(a!, b!))).toEqual({ shape: [a!.size, b!.size], data: products })
    const sorted = (xs: ReadonlyArray<number>) => [...xs].sort((x, y) => x - y)
    expect(sorted(numbers(kron(a!, b!)).data)).toEqual(sorted(products))
    transposes((x, y) => kron(x!, y!), [a!, b!])
  })

  test('kron tiles the second operand', () => {
    expect(toArray(kron([[1, 2]], [[1, 0], [0, 1]]))).toEqual([[1, 0, 2, 0], [0, 1, 0, 2]])
    expect(toArray(kron([[1], [2]], [1, 3]))).toEqual([[1, 3], [2, 6]])
  })

  test('dot, inner and vdot follow NumPy on every rank', () => {
    const [a, b] = [tensor([1, 2, 3, 4], { shape: [2, 2] }), tensor([1, 2, 3, 4, 5, 6, 7, 8], { shape: [2, 2, 2] })]
    expect(toArray(dot(a, b))).toEqual(toArray(einsum('ij,kjl->ikl', a, b)))
    expect(toArray(inner(a, b))).toEqual(toArray(einsum('ij,klj->ikl', a, b)))
    expect(toArray(dot(3, [1, 2]))).toEqual([3, 6])
    expect(toArray(inner([1, 2], 3))).toEqual([3, 6])
    expect(item(vdot(a, [1, 1, 1, 1]))).toBe(10)
    expect(errorsOf(vdot(a, [1, 1]))).toEqual([['Shape', 'the summed axes have lengths 4 and 2, in the shapes [4] and [2]']])
  })

  test.prop([inputsOf([2, 3, 4], [4, 3, 2])])('tensordot pairs axes by count or by list', ([a, b]) => {
    expect(numbers(tensordot(a!, b!, { axes: 1 }))).toEqual(numbers(einsum('abc,cde->abde', a!, b!)))
    expect(numbers(tensordot(a!, b!, { axes: [[2, 1], [0, 1]] }))).toEqual(numbers(einsum('abc,cbe->ae', a!, b!)))
    expect(numbers(pipe(a!, tensordot(b!, { axes: [0, -1] })))).toEqual(numbers(einsum('abc,dea->bcde', a!, b!)))
    expect(value(tensordot(a!, b!, { axes: 0 })).shape).toEqual([2, 3, 4, 4, 3, 2])
    transposes((x, y) => tensordot(x!, y!, { axes: [[2, 1], [0, 1]] }), [a!, b!])
  })

  test('tensordot refuses axes that do not pair', () => {
    const x = tensor(new Float64Array(6), { shape: [2, 3] })
    const rule = 'the axes do not pair distinct axes of both operands'
    expect(errorsOf(tensordot(x, x, { axes: [[0, 0], [0, 1]] }))).toEqual([['Argument', rule]])
    expect(errorsOf(tensordot(x, x, { axes: 3 }))).toEqual([['Argument', rule]])
    expect(errorsOf(tensordot(x, x, { axes: [0, 2] }))).toEqual([['Argument', rule]])
    expect(errorsOf(tensordot(x, x, { axes: 1 }))).toEqual([['Shape', 'the summed axes have lengths 3 and 2, in the shapes [2, 3] and [2, 3]']])
  })

  test('multiDot multiplies a chain in the cheapest order', () => {
    const [a, b, c] = ([[10, 30], [30, 5], [5, 60]] as const).map((shape) => tensor(new Float64Array(shape[0] * shape[1]).fill(1), { shape }))
    const y = multiDot([a!, b!, c!])
    expect(y.shape).toEqual([10, 60])
    expect(y.inputs[0]!.shape).toEqual([10, 5])
    expect(toArray(multiDot([[1, 2], [[1, 2], [3, 4]], [1, 1]]))).toBe(17)
    expect(errorsOf(multiDot([[[1]]]))).toEqual([['Shape', 'at least two matrices are needed (the first and the last may be vectors)']])
  })

  test('linear adds its bias to every row', () => {
    expect(toArray(linear([[1, 2], [3, 4]], [[1], [10]], [100]))).toEqual([[121], [143]])
    expect(toArray(linear([[1, 2]], [[1], [10]]))).toEqual([[21]])
    expect(toArray(pipe([[1, 2]], linear({ w: [[1], [10]], b: [100] })))).toEqual([[121]])
    expect(errorsOf(linear([[1, 2]], [[1]], [100])).length).toBe(1)
  })
})
