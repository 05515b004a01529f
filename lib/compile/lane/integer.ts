/** Elementwise operations on integers, where they are simpler than on floats. */
import type { Lane } from '../ir.js'
import { constant, lt, maximum, mul, one, sub, where, zero } from './machine.js'

const same = (x: Lane): Lane => x
const never: Lane = { ...constant(0), truth: true }
const always: Lane = { ...constant(1), truth: true }

export const integerFormulas: Readonly<Record<string, (a: Lane, b: Lane) => Lane>> = {
  ceil: same,
  floor: same,
  isFinite: () => always,
  isNaN: () => never,
  relu: (x) => maximum(x, zero),
  round: same,
  sign: (x) => sub(where(lt(zero, x), one, zero), where(lt(x, zero), one, zero)),
  square: (x) => mul(x, x),
  trunc: same,
}
