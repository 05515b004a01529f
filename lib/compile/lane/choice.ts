/** Choices between numbers, and what derivatives make of them. */
import type { Lane } from '../ir.js'
import { notANumber, type Format } from './format.js'
import { abs, add, constant, div, eq, gt, half, logicalAnd, logicalNot, lt, mul, ne, pmax, where, zero } from './machine.js'

const infinite = constant(Infinity)

/** `x` where it is positive, else +0, and NaN where it is NaN. */
export const relu = (_f: Format, x: Lane): Lane => add(pmax(x, zero), zero)

/** `d` where `x > 0`, 0 where it is not, NaN where it is NaN. */
export const gate = (f: Format, d: Lane, x: Lane): Lane => where(ne(x, x), notANumber(f), where(gt(x, zero), d, zero))

/** `d` where `a > b`, half of it where they are equal, 0 where `a < b`, else NaN. */
export const winner = (f: Format, d: Lane, a: Lane, b: Lane): Lane =>
  where(gt(a, b), d, where(eq(a, b), mul(d, half), where(lt(a, b), zero, notANumber(f))))

/** Whether `g` is 0 and `c` is not finite. */
export const spoilt = (_f: Format, g: Lane, c: Lane): Lane => logicalAnd(eq(g, zero), logicalNot(lt(abs(c), infinite)))

/** `x` where it is not negative (+0 for -0), else NaN. */
export const nonNegative = (f: Format, x: Lane): Lane => where(lt(x, zero), notANumber(f), add(x, zero))

/** `a/b`, but 0 where `a` is 0. */
export const ratio = (_f: Format, a: Lane, b: Lane): Lane => where(logicalAnd(eq(a, zero), eq(b, b)), zero, div(a, b))

export const isFinite = (_f: Format, x: Lane): Lane => lt(abs(x), infinite)
