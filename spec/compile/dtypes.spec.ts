/** Integers, truth values and conversions: the same numbers as evaluation, at the ends of the ranges too. */
import { describe, expect, it } from 'vitest'
import * as lib from '../../lib/index.js'
import {
  add, astype, concat, cond, cumsum, evaluate, floorDivide, fmod, greater, less, logicalAnd, logicalNot, logicalOr, logicalXor, matmul, max, maximum, min, minimum, mod, mul, neg, scan,
  reshape, sign, slice, square, stack, sub, sum, take, tensor, transpose, where, type Node, type Tensor,
} from '../../lib/index.js'
import type { DType } from '../../lib/core/DType.js'
import { constant } from '../../lib/primitive/leaf.js'
import * as E from 'fp-ts/Either'
import { agrees, exactly, rounding } from './agreement.js'

const least = -(2 ** 31)
const most = 2 ** 31 - 1

const samples: Readonly<Record<DType, ReadonlyArray<number>>> = {
  i32: [0, 1, -1, 2, -3, 7, -8, 1000, least, most, least + 1, 65536, -65537],
  bool: [0, 1, 1, 0, 1],
  f32: [0, -0, 1.5, -2.5, 1e10, -1e10, 3e38, -3e38, 1e-40, NaN, Infinity, -Infinity, 0.1, 2147483648],
  f64: [0, -0, 1.5, -2.5, 1e10, -1e10, 1e300, -1e300, 1e-310, NaN, Infinity, -Infinity, 0.1, 2147483647.5, -2147483649],
}

const one = (dtype: DType): Tensor => tensor(samples[dtype], { dtype, shape: [samples[dtype].length] })
/** Every pair of samples. */
const left = (dtype: DType): Tensor => tensor(samples[dtype].flatMap((x) => samples[dtype].map(() => x)), { dtype })
const second = (dtype: DType): Tensor => tensor(samples[dtype].flatMap(() => [...samples[dtype]]), { dtype })

type Binary = (a: Node, b: Node) => Node
type Unary = (a: Node) => Node

const isMisuse = (y: Node): boolean => E.isLeft(evaluate(y))

/** Whether the function takes operands like these at all. */
const takes = (f: (...xs: ReadonlyArray<Node>) => Node, args: ReadonlyArray<Tensor>): boolean => !isMisuse(f(...args.map((t) => constant(t))))

const binaries: Readonly<Record<string, Binary>> = {
  add, sub, mul, floorDivide, mod, fmod, maximum, minimum, greater, less, equal: lib.equal, notEqual: lib.notEqual, greaterEqual: lib.greaterEqual, lessEqual: lib.lessEqual,
  logicalAnd, logicalOr, logicalXor, div: lib.div, pow: (a, b) => lib.pow(a, minimum(maximum(b, -2), 3)), where: (a, b) => where(greater(a, b), a, b), squares: (a, b) => sub(square(a), mul(b, b)),
}

const unaries: Readonly<Record<string, Unary>> = {
  neg, abs: lib.abs, sign, square, floor: lib.floor, ceil: lib.ceil, trunc: lib.trunc, round: lib.round, relu: lib.relu, logicalNot, isNaN: lib.isNaN, isFinite: lib.isFinite, exp: lib.exp,
  sum, max, min, prod: lib.prod, cumsum, any: lib.any, all: lib.all, argmax: lib.argmax, argmin: lib.argmin, sort: lib.sort, mean: lib.mean, flip: lib.flip,
  turned: (x) => concat([slice(x, [[1, null]]), slice(x, [[0, 1]])]), doubled: (x) => stack([x, x], { axis: 1 }), taken: (x) => take(x, tensor([2, 0, -1, 2], { dtype: 'i32' })),
}

const dtypes: ReadonlyArray<DType> = ['f64', 'f32', 'i32', 'bool']

describe.each(dtypes)('%s', (dtype) => {
  it.each(Object.entries(binaries))('%s of every pair', (name, f) => {
    const args = [left(dtype), second(dtype)]
    if (!takes(f as never, args)) return
    const isExact = !['div', 'pow'].includes(name)
    agrees(f, args, 'wasm', isExact ? exactly : rounding)
    agrees((a: Node, b: Node) => f(slice(a, [[0, 1]]), slice(b, [[0, 1]])), args, undefined, isExact ? exactly : rounding)
  })

  it.each(Object.entries(unaries))('%s', (_name, f) => {
    const args = [one(dtype)]
    if (!takes(f as never, args)) return
    // Sums of such numbers overflow, and what is left depends on the order.
    const tame = dtype === 'f64' || dtype === 'f32' ? [tensor([1.5, -2.25, 3, 0.5, -0.125], { dtype })] : args
    agrees(f, tame, 'wasm', rounding)
  })

  it.each(dtypes)('becomes %s', (to) => {
    agrees((x: Node) => [astype(x, to), astype(astype(x, to), dtype), sum(astype(x, to), { axis: 0 }), maximum(astype(x, to), x)], [tensor(samples[dtype].filter((x) => Math.abs(x) < 2 ** 31), { dtype })], 'wasm', rounding)
    agrees((x: Node) => [astype(x, to), astype(astype(x, to), dtype)], [one(dtype)], 'wasm', exactly)
  })

  it('moves about as it is', () => {
    const x = tensor(samples[dtype].slice(0, 4), { dtype, shape: [2, 2] })
    agrees((y: Node) => [transpose(y), reshape(y, [4]), concat([y, transpose(y)], { axis: 1 }), lib.pad(y, 1), lib.broadcastTo(y, [3, 2, 2]), y], [x], 'wasm', exactly)
  })

  it('goes through loops and branches', () => {
    const x = tensor(samples[dtype].slice(0, 4), { dtype })
    agrees((y: Node) => scan((c: Node, v: Node) => [maximum(c, v), c] as const, slice(y, [0]), y), [x], 'wasm', exactly)
    agrees((y: Node) => cond(greater(sum(astype(y, 'f64')), 1), (u: Node) => ({ a: u, b: logicalNot(u) }), (u: Node) => ({ a: lib.flip(u), b: logicalNot(u) }), y), [x], 'wasm', exactly)
  })
})

describe('integers', () => {
  it('multiply as matrices', () => {
    const a = tensor([1, 2, 3, 65536, -5, 6], { dtype: 'i32', shape: [2, 3] })
    if (takes((x, y) => matmul(x!, y!), [a, tensor([1, 2, 3, 4, 5, 65536], { dtype: 'i32', shape: [3, 2] })])) agrees((x: Node) => matmul(x, transpose(x)), [a], 'wasm', exactly)
    expect(lib.value(sum(constant(a))).at()).toBe(65543)
  })

  it('wrap in products, which are not rounded before', () => {
    const [a, b] = [2_000_000_011, -1_999_999_973]
    const pair = tensor([a, b], { dtype: 'i32' })
    const wrapped = [Math.imul(a, a), Math.imul(b, b)] as const
    const f = (x: Node): ReadonlyArray<Node> => [mul(x, x), square(x), lib.prod(x), lib.cumprod(x), matmul(x, x), matmul(reshape(x, [2, 1]), reshape(x, [1, 2]))]
    const product = Math.imul(a, b)
    expect(lib.value(f(constant(pair))).map((t) => t.toArray()))
      .toEqual([wrapped, wrapped, product, [a, product], (wrapped[0] + wrapped[1]) | 0, [[wrapped[0], product], [product, wrapped[1]]]])
    agrees(f, [pair], 'wasm', exactly)
  })
})
