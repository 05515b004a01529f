/**
 * A tape: a program on single numbers as flat arrays, without an object for each operation. Entries are numbered as they are
 * made, operands first; the same operation on the same operands is made once.
 */
import { code, commutes, isTest, operations, takesNumbers } from './code.js'

type Scalar = (...elements: ReadonlyArray<number>) => number

/** How many operands an entry has room for. */
export const stride = 4

const none = -1

/** What is known of an entry: that it is a truth value, is never -0, is a number of type f32. */
const TRUTH = 1
const UNSIGNED = 2
const SINGLE = 4

export class Tape {
  /** What each entry does, and on which others: `stride` places each, -1 where there is none. Only {@link Tape} writes to them. */
  codes: Uint16Array
  operands: Int32Array
  length = 0
  /** The functions that calls call. */
  readonly functions: Array<Scalar> = []
  readonly #codeOfCall = new Map<Scalar, number>()
  #flags: Uint8Array
  /** The entries by what they are: one more than their numbers, or 0, in a table of twice as many places at least. */
  #table: Int32Array
  readonly #number = new Float64Array(1)
  readonly #bits = new Int32Array(this.#number.buffer)

  /** `expected`: about how many entries there will be. */
  constructor(expected = 0) {
    const capacity = Math.max(256, expected)
    this.codes = new Uint16Array(capacity)
    this.operands = new Int32Array(stride * capacity)
    this.#flags = new Uint8Array(capacity)
    this.#table = new Int32Array(2 ** Math.ceil(Math.log2(2 * capacity)))
  }

  /** Element `offset` of an argument. */
  load(argument: number, offset: number, single: boolean): number {
    return this.#entry(code.load, argument, offset, none, none, single ? SINGLE : 0)
  }

  constant(x: number): number {
    this.#number[0] = x
    const [low, high] = [this.#bits[0]!, this.#bits[1]!]
    return this.#entry(code.constant, low, high, none, none, (Object.is(x, -0) ? 0 : UNSIGNED) | (Object.is(Math.fround(x), x) ? SINGLE : 0))
  }

  /** A function on numbers, applied to so many operands. */
  call(f: Scalar, a: number, b = none, c = none, d = none): number {
    let called = this.#codeOfCall.get(f)
    if (called === undefined) {
      called = code.calls + this.functions.push(f) - 1
      this.#codeOfCall.set(f, called)
    }
    return this.push(called, a, b, c, d)
  }

  isConstant(entry: number): boolean {
    return this.codes[entry] === code.constant
  }

  /** The number that a constant is. */
  valueOf(entry: number): number {
    this.#bits[0] = this.operands[stride * entry]!
    this.#bits[1] = this.operands[stride * entry + 1]!
    return this.#number[0]!
  }

  isTruth(entry: number): boolean {
    return (this.#flags[entry]! & TRUTH) !== 0
  }

  /** Whether it is known that an entry is never -0: adding zero to it does nothing. */
  isUnsigned(entry: number): boolean {
    return (this.#flags[entry]! & UNSIGNED) !== 0
  }

  /** A truth value as a number, 0 or 1; anything else as it is. */
  numeric(entry: number): number {
    return this.isTruth(entry) ? this.#entry(code.number, entry, none, none, none, UNSIGNED | SINGLE) : entry
  }

  /** Whether a number is not zero. */
  truth(entry: number): number {
    if (this.isConstant(entry)) return this.constant(this.valueOf(entry) === 0 ? 0 : 1)
    if (this.codes[entry] === code.number) return this.operands[stride * entry]!
    return this.isTruth(entry) ? entry : this.push(code.ne, entry, this.constant(0))
  }

  /** A number rounded to f32. */
  rounded(entry: number): number {
    return (this.#flags[entry]! & (SINGLE | TRUTH)) !== 0 ? entry : this.push(code.fround, entry)
  }

  /** An operation: something that is known to be the same to the last bit, or the entry that was made for it, or a new one. */
  push(what: number, first: number, second = none, third = none, fourth = none): number {
    let [a, b, c, d] = [first, second, third, fourth]
    if (takesNumbers(what)) {
      a = this.numeric(a)
      if (b !== none) b = this.numeric(b)
      if (c !== none) c = this.numeric(c)
      if (d !== none) d = this.numeric(d)
    }
    if (this.isConstant(a) && this.#isKnown(b) && this.#isKnown(c) && this.#isKnown(d)) return this.constant(this.#computed(what, a, b, c, d))
    if (commutes(what) && a > b) [a, b] = [b, a]
    const same = this.#simple(what, a, b, c)
    return same === none ? this.#entry(what, a, b, c, d, this.#flagsOf(what, a, b, c)) : same
  }

  #isKnown(operand: number): boolean {
    return operand === none || this.isConstant(operand)
  }

  #computed(what: number, a: number, b: number, c: number, d: number): number {
    const f = what >= code.calls ? this.functions[what - code.calls]! : operations[what]!.scalar
    const x = this.valueOf(a)
    if (b === none) return f(x)
    const y = this.valueOf(b)
    if (c === none) return f(x, y)
    const z = this.valueOf(c)
    return d === none ? f(x, y, z) : f(x, y, z, this.valueOf(d))
  }

  #negated(entry: number): number {
    return this.codes[entry] === code.neg ? this.operands[stride * entry]! : none
  }

  /** What an operation is the same as, if it is the same as something else: minus signs are moved out of products and into sums. */
  #simple(what: number, a: number, b: number, c: number): number {
    switch (what) {
      case code.add:
        return this.#sum(a, b)
      case code.sub:
        return this.#difference(a, b)
      case code.mul:
        return this.#product(a, b)
      case code.div:
        return this.#quotient(a, b)
      case code.neg:
        return this.#opposite(a)
      case code.abs: {
        const x = this.#negated(a)
        return x !== none ? this.push(code.abs, x) : this.codes[a] === code.abs ? a : none
      }
      case code.max:
      case code.min:
        return a === b ? a : none
      case code.and:
      case code.or:
        return this.#connective(what, a, b)
      case code.not:
        return this.codes[a] === code.not ? this.operands[stride * a]! : none
      case code.where:
        if (this.isConstant(a)) return this.valueOf(a) !== 0 ? b : c
        if (b === c) return b
        return this.codes[a] === code.not ? this.push(code.where, this.operands[stride * a]!, c, b) : none
      default:
        return none
    }
  }

  #isZero(entry: number, other: number): boolean {
    if (!this.isConstant(entry)) return false
    const x = this.valueOf(entry)
    return x === 0 && (Object.is(x, -0) || this.isUnsigned(other))
  }

  #sum(a: number, b: number): number {
    if (this.#isZero(a, b)) return b
    if (this.#isZero(b, a)) return a
    const [x, y] = [this.#negated(a), this.#negated(b)]
    return y !== none ? this.push(code.sub, a, y) : x !== none ? this.push(code.sub, b, x) : none
  }

  #difference(a: number, b: number): number {
    if (this.isConstant(b) && Object.is(this.valueOf(b), 0)) return a
    const y = this.#negated(b)
    return y === none ? none : this.push(code.add, a, y)
  }

  #product(a: number, b: number): number {
    const [x, y] = [this.#negated(a), this.#negated(b)]
    if (this.isConstant(a)) return this.#multiple(b, y, this.valueOf(a))
    if (this.isConstant(b)) return this.#multiple(a, x, this.valueOf(b))
    if (x !== none) return y === none ? this.push(code.neg, this.push(code.mul, x, b)) : this.push(code.mul, x, y)
    return y === none ? none : this.push(code.neg, this.push(code.mul, a, y))
  }

  /** `factor · a`, where `x` is what `a` is the negative of. */
  #multiple(a: number, x: number, factor: number): number {
    if (factor === 1) return a
    if (factor === -1) return this.push(code.neg, a)
    if (x !== none) return this.push(code.mul, x, this.constant(-factor))
    // Doubling loses nothing, and where it overflows the multiple of it does so, too.
    const inner = this.#factorOf(a)
    const isDoubled = inner !== none && Math.abs(this.valueOf(inner)) >= 1 && this.#exactReciprocal(inner) !== 0
    const product = isDoubled && Math.abs(factor) >= 1 ? factor * this.valueOf(inner) : Infinity
    return Number.isFinite(product) ? this.push(code.mul, this.#otherThan(a, inner), this.constant(product)) : none
  }

  #opposite(a: number): number {
    const factor = this.#factorOf(a)
    return factor === none ? this.#negated(a) : this.push(code.mul, this.#otherThan(a, factor), this.constant(-this.valueOf(factor)))
  }

  /** The constant that an entry is a multiple by. */
  #factorOf(entry: number): number {
    if (this.codes[entry] !== code.mul) return none
    const [a, b] = [this.operands[stride * entry]!, this.operands[stride * entry + 1]!]
    return this.isConstant(a) ? a : this.isConstant(b) ? b : none
  }

  #otherThan(entry: number, operand: number): number {
    const a = this.operands[stride * entry]!
    return a === operand ? this.operands[stride * entry + 1]! : a
  }

  #quotient(a: number, b: number): number {
    if (this.isConstant(b)) {
      const reciprocal = this.#exactReciprocal(b)
      if (reciprocal !== 0) return this.push(code.mul, a, this.constant(reciprocal))
    }
    const [x, y] = [this.#negated(a), this.#negated(b)]
    if (x !== none && this.isConstant(b)) return this.push(code.div, x, this.constant(-this.valueOf(b)))
    if (x !== none) return y === none ? this.push(code.neg, this.push(code.div, x, b)) : this.push(code.div, x, y)
    if (y === none) return none
    return this.isConstant(a) ? this.push(code.div, this.constant(-this.valueOf(a)), y) : this.push(code.neg, this.push(code.div, a, y))
  }

  /** `1/x` for a power of two, whose reciprocal is exact; 0 for every other constant. */
  #exactReciprocal(constant: number): number {
    const [low, high] = [this.operands[stride * constant]!, this.operands[stride * constant + 1]!]
    const exponent = (high >>> 20) & 2047
    return low === 0 && (high & 0xfffff) === 0 && exponent > 0 && exponent < 2046 ? 1 / this.valueOf(constant) : 0
  }

  #connective(what: number, a: number, b: number): number {
    if (a === b) return a
    const [fixed, other] = this.isConstant(a) ? [a, b] : [b, a]
    if (!this.isConstant(fixed)) return none
    return (this.valueOf(fixed) !== 0) === (what === code.and) ? other : fixed
  }

  #flagsOf(what: number, a: number, b: number, c: number): number {
    if (isTest(what)) return TRUTH
    const flags = this.#flags
    const [x, y] = [flags[a]!, b === none ? 0 : flags[b]!]
    switch (what) {
      case code.add:
        return (x | y) & UNSIGNED
      case code.sub:
      case code.sqrt:
        return x & UNSIGNED
      case code.mul:
        return a === b ? UNSIGNED : 0
      case code.abs:
        return UNSIGNED | (x & SINGLE)
      case code.neg:
      case code.floor:
      case code.ceil:
      case code.trunc:
      case code.round:
        return x & SINGLE
      case code.max:
      case code.min:
        return x & y & (UNSIGNED | SINGLE)
      case code.fround:
        return SINGLE
      case code.where:
        return y & flags[c]! & (UNSIGNED | SINGLE)
      default:
        return 0
    }
  }

  /** The entry for exactly this. */
  #entry(what: number, a: number, b: number, c: number, d: number, flags: number): number {
    const mask = this.#table.length - 1
    let at = hashOf(what, a, b, c, d) & mask
    for (;;) {
      const known = this.#table[at]! - 1
      if (known === none) break
      const from = stride * known
      const { codes, operands: x } = this
      if (codes[known] === what && x[from] === a && x[from + 1] === b && x[from + 2] === c && x[from + 3] === d) return known
      at = (at + 1) & mask
    }
    if (this.length === this.codes.length) this.#grow()
    const entry = this.length++
    const to = stride * entry
    this.codes[entry] = what
    this.operands[to] = a
    this.operands[to + 1] = b
    this.operands[to + 2] = c
    this.operands[to + 3] = d
    this.#flags[entry] = flags
    this.#table[at] = entry + 1
    if (2 * this.length > mask) this.#rehash()
    return entry
  }

  #grow(): void {
    const capacity = 2 * this.codes.length
    const [codes, operands, flags] = [new Uint16Array(capacity), new Int32Array(stride * capacity), new Uint8Array(capacity)]
    codes.set(this.codes)
    operands.set(this.operands)
    flags.set(this.#flags)
    this.codes = codes
    this.operands = operands
    this.#flags = flags
  }

  #rehash(): void {
    const { codes, operands } = this
    const table = new Int32Array(2 * this.#table.length)
    const mask = table.length - 1
    for (let entry = 0, from = 0; entry < this.length; entry++, from += stride) {
      let at = hashOf(codes[entry]!, operands[from]!, operands[from + 1]!, operands[from + 2]!, operands[from + 3]!) & mask
      while (table[at] !== 0) at = (at + 1) & mask
      table[at] = entry + 1
    }
    this.#table = table
  }
}

const hashOf = (what: number, a: number, b: number, c: number, d: number): number => {
  let hash = Math.imul(what ^ Math.imul(a, 0x9e3779b1), 0x85ebca6b)
  hash = Math.imul((hash ^ (hash >>> 15)) + b, 0xc2b2ae35)
  hash = Math.imul((hash ^ (hash >>> 13)) + c, 0x27d4eb2f)
  hash = Math.imul((hash ^ (hash >>> 15)) + d, 0x165667b1)
  return hash ^ (hash >>> 16)
}
