import { fc, test } from '@fast-check/vitest'
import { describe, expect, it } from 'vitest'
import { erf, erfc, erfcx, erfcxDerivative, erfinv, logNdtr, ndtr, ndtri } from '../../lib/kernel/erf.js'

/** Numbers with 400 bits behind the point. */
const one = 1n << 400n
const times = (a: bigint, b: bigint): bigint => (a * b) >> 400n
const fixed = (x: number): bigint => (BigInt(x * 2 ** 40) << 360n)
const toNumber = (a: bigint): number => Number(a >> 200n) / 2 ** 200

/** π by Machin's formula, and √ by Newton's method. */
const arccot = (n: bigint): bigint => {
  let sum = 0n
  let power = one / n
  for (let k = 1n; power !== 0n; k += 2n, power /= -n * n) sum += power / k
  return sum
}
const pi = 4n * (4n * arccot(5n) - arccot(239n))
const root = (a: bigint): bigint => {
  let x = one << 1n
  for (let k = 0; k < 20; k++) x = (x + (a << 400n) / x) >> 1n
  return x
}

/** `erf(x)` by its Taylor series, to some hundred digits: `2/√π Σ (-1)ⁿ x²ⁿ⁺¹ / (n! (2n + 1))`. */
const exactErf = (x: bigint): bigint => {
  let sum = 0n
  let term = x
  for (let n = 1n; term !== 0n; n++) {
    sum += term / (2n * n - 1n)
    term = -times(times(term, x), x) / n
  }
  return (2n * sum * one) / root(pi)
}

/** `exp(x)` by its Taylor series. */
const exactExp = (x: bigint): bigint => {
  let sum = 0n
  let term = one
  for (let n = 1n; term !== 0n; n++) {
    sum += term
    term = times(term, x) / n
  }
  return sum
}

const relative = (found: number, exact: number): number => Math.abs(found - exact) / Math.abs(exact)

/** Multiples of 2^-10 up to 6, which fixed-point numbers hold exactly. */
const grid = fc.integer({ min: 1, max: 6 * 1024 }).map((n) => n / 1024)

/** Every binary order of magnitude that doubles have. */
const magnitudes = Array.from({ length: 2098 }, (_, k) => 2 ** (k - 1074))
const largeNumbers = fc.double({ min: 26, noNaN: true })

describe('the error function', () => {
  it('has the values of tables', () => {
    expect(relative(erf(0.5), 0.5204998778130465)).toBeLessThan(4e-16)
    expect(relative(erf(1), 0.8427007929497149)).toBeLessThan(4e-16)
    expect(relative(erfc(2), 0.004677734981047266)).toBeLessThan(1e-15)
    expect(relative(erfc(10), 2.088487583762545e-45)).toBeLessThan(2e-15)
    expect(relative(erfc(26), 5.663192408856143e-296)).toBeLessThan(2e-15)
  })

  test.prop([grid])('agrees with its series in fixed-point numbers', (x) => {
    const exact = exactErf(fixed(x))
    expect(relative(erf(x), toNumber(exact))).toBeLessThan(5e-16)
    expect(relative(erfc(x), toNumber(one - exact))).toBeLessThan(3e-15)
    const scaled = times(one - exact, exactExp(times(fixed(x), fixed(x))))
    expect(relative(erfcx(x), toNumber(scaled))).toBeLessThan(3e-15)
    expect(relative(erfcx(-x), toNumber(times(one + exact, exactExp(times(fixed(x), fixed(x))))))).toBeLessThan(3e-15)
  })

  it('is a number at every order of magnitude, between its limits', () => {
    for (const x of magnitudes) {
      expect(erf(x)).toBe(-erf(-x))
      expect([erf(x) >= 0 && erf(x) <= 1, erfc(x) >= 0 && erfc(x) <= 1, erfc(-x) >= 1 && erfc(-x) <= 2]).toEqual([true, true, true])
      expect([ndtr(x) >= 0.5 && ndtr(x) <= 1, ndtr(-x) >= 0 && ndtr(-x) <= 0.5]).toEqual([true, true])
      expect([erfcx(x) >= 0 && erfcx(x) <= 1, erfcx(-x) >= 1]).toEqual([true, true])
      expect([logNdtr(x) <= 0, logNdtr(-x) < 0]).toEqual([true, true])
    }
  })

  it('has limits, and is NaN at NaN', () => {
    expect([erf(Infinity), erf(-Infinity), erfc(Infinity), erfc(-Infinity)]).toEqual([1, -1, 0, 2])
    expect([erfcx(Infinity), erfcx(-Infinity), ndtr(-Infinity), ndtr(Infinity)]).toEqual([0, Infinity, 0, 1])
    expect([erf, erfc, erfcx, ndtr, logNdtr, erfinv].map((f) => f(NaN))).toEqual([NaN, NaN, NaN, NaN, NaN, NaN])
  })

  test.prop([largeNumbers])('has died away where numbers are large, and its scaled complement has not', (x) => {
    expect([erf(x), erf(-x), erfc(-x), ndtr(2 * x)]).toEqual([1, -1, 2, 1])
    if (x > 40) expect([erfc(x), ndtr(-x), erfcx(-x)]).toEqual([0, 0, Infinity])
    // 1/(x √π) (1 - 1/(2x²) + 3/(4x⁴) - …)
    const square = x * x
    if (x < 1e300 && x > 1e3) expect(relative(erfcx(x), (1 - 1 / (2 * square) + 3 / (4 * square * square)) / (x * Math.sqrt(Math.PI)))).toBeLessThan(2e-15)
  })

  test.prop([fc.double({ min: 1, noNaN: true }), fc.integer({ min: 0, max: 4 })])('has derivatives of its scaled complement of the right sign', (x, n) => {
    const y = erfcxDerivative(x, n)
    expect(Number.isNaN(y)).toBe(false)
    expect(n % 2 === 0 ? y >= 0 : y <= 0).toBe(true)
  })
})

describe('the inverses', () => {
  test.prop([fc.integer({ min: -60 * 1024, max: 60 * 1024 }).map((n) => n / 1024 / 20)])('lead back', (x) => {
    expect(Math.abs(erfinv(erf(x)) - x)).toBeLessThanOrEqual(1e-15 + (2.3e-16 * Math.exp(x * x)) / 0.8)
  })

  test.prop([fc.integer({ min: -36 * 1024, max: 1024 }).map((n) => n / 1024)])('lead back far into the tail', (x) => {
    expect(Math.abs(ndtri(ndtr(x)) - x)).toBeLessThan(1e-13 * (1 + Math.abs(x)))
  })

  it('end at infinity', () => {
    expect([erfinv(1), erfinv(-1), ndtri(0), ndtri(1)]).toEqual([Infinity, -Infinity, -Infinity, Infinity])
    expect([erfinv(1.5), ndtri(-1), ndtri(2)]).toEqual([NaN, NaN, NaN])
  })
})
