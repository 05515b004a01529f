/** Machine operations carried out in JavaScript, on arrays of elements: what vector code computes, bit for bit. */
import type { Lane } from '../../../lib/compile/ir.js'

type Scalar = (...elements: ReadonlyArray<number>) => number
export type Floats = Float64Array | Float32Array

/** The `k`-th argument of a formula. */
export const argument = (k: number): Lane => ({ op: 'argument', args: [], truth: false, value: k })

const arithmetic: Readonly<Record<string, Scalar>> = {
  add: (a, b) => a! + b!,
  sub: (a, b) => a! - b!,
  mul: (a, b) => a! * b!,
  div: (a, b) => a! / b!,
  neg: (a) => -a!,
  abs: (a) => Math.abs(a!),
  sqrt: (a) => Math.sqrt(a!),
  round: (a) => nearest(a!),
  floor: (a) => Math.floor(a!),
  ceil: (a) => Math.ceil(a!),
  trunc: (a) => Math.trunc(a!),
  fround: (a) => Math.fround(a!),
  maximum: (a, b) => Math.max(a!, b!),
  minimum: (a, b) => Math.min(a!, b!),
  pmin: (a, b) => (b! < a! ? b! : a!),
  pmax: (a, b) => (a! < b! ? b! : a!),
}

const nearest = (x: number): number => {
  const r = Math.round(x)
  return r - x === 0.5 && r % 2 !== 0 ? r - 1 : r
}

const comparisons: Readonly<Record<string, (a: number, b: number) => boolean>> = {
  eq: (a, b) => a === b,
  ne: (a, b) => a !== b,
  lt: (a, b) => a < b,
  le: (a, b) => a <= b,
  gt: (a, b) => a > b,
  ge: (a, b) => a >= b,
}

const connectives: Readonly<Record<string, (a: number, b: number) => number>> = {
  logicalAnd: (a, b) => a & b,
  logicalOr: (a, b) => a | b,
  logicalXor: (a, b) => a ^ b,
  logicalNot: (a) => 1 - a,
}

const patterns: Readonly<Record<string, (a: bigint, b: bigint) => bigint>> = {
  bitAnd: (a, b) => a & b,
  bitOr: (a, b) => a | b,
  bitXor: (a, b) => a ^ b,
  bitAndNot: (a, b) => a & ~b,
  addBits: (a, b) => a + b,
  subBits: (a, b) => a - b,
  shiftLeft: (a, n) => a << n,
  shiftRightLogical: (a, n) => a >> n,
}

/** Patterns as integers; writing wraps around. A quick one for 32 bits. */
const integersOf = (x: Floats): BigUint64Array | Uint32Array =>
  x instanceof Float64Array ? new BigUint64Array(x.buffer, x.byteOffset, x.length) : new Uint32Array(x.buffer, x.byteOffset, x.length)

const onPatterns = (f: (a: bigint, b: bigint) => bigint, out: Floats, a: Floats, b: Floats | bigint): void => {
  const [y, p] = [integersOf(out), integersOf(a)]
  const q = typeof b === 'bigint' ? b : integersOf(b)
  for (let i = 0; i < y.length; i++) {
    const bits = f(BigInt(p[i]!), typeof q === 'bigint' ? q : BigInt(q[i]!))
    if (y instanceof Uint32Array) y[i] = Number(BigInt.asUintN(32, bits))
    else y[i] = bits
  }
}

/** The values of a lane, of truth values as 0 and 1, for `inputs[k]` as the `k`-th argument. */
export const runLane = (lane: Lane, inputs: ReadonlyArray<Floats>, type: 'f64' | 'f32'): Floats => {
  const length = inputs[0]?.length ?? 1
  const empty = (): Floats => (type === 'f64' ? new Float64Array(length) : new Float32Array(length))
  const known = new Map<Lane, Floats>()
  const valueOf = (x: Lane): Floats => {
    const value = known.get(x) ?? compute(x)
    known.set(x, value)
    return value
  }
  const compute = (x: Lane): Floats => {
    const { op } = x
    if (op === 'argument') return inputs[x.value!]!
    const out = empty()
    if (op === 'constant') return out.fill(x.value!)
    const integers = integersOf(out)
    if (op === 'bits') {
      if (integers instanceof Uint32Array) integers.fill(Number(x.bits!))
      else integers.fill(x.bits!)
      return out
    }
    const args = x.args.map(valueOf)
    const [a, b] = [args[0]!, args[1]!]
    if (op in patterns) {
      onPatterns(patterns[op]!, out, a, x.value === undefined ? b : BigInt(x.value))
    } else if (op === 'where') {
      const [p, q] = [integersOf(b), integersOf(args[2]!)]
      for (let i = 0; i < length; i++) integers[i] = a[i] !== 0 ? p[i]! : q[i]!
    } else if (op === 'fallback') {
      const p = integersOf(b)
      for (let i = 0; i < length; i++)
        if (a[i] !== 0) out[i] = x.scalar!(...args.slice(2).map((arg) => arg[i]!))
        else integers[i] = p[i]!
    } else if (op in comparisons) {
      const f = comparisons[op]!
      for (let i = 0; i < length; i++) out[i] = f(a[i]!, b[i]!) ? 1 : 0
    } else if (op in connectives) {
      const f = connectives[op]!
      for (let i = 0; i < length; i++) out[i] = f(a[i]!, b === undefined ? 0 : b[i]!)
    } else {
      const f = arithmetic[op] ?? x.scalar
      if (f === undefined) throw new TypeError(`no machine operation ${op}`)
      if (args.length === 1) for (let i = 0; i < length; i++) out[i] = f(a[i]!)
      else if (args.length === 2) for (let i = 0; i < length; i++) out[i] = f(a[i]!, b[i]!)
      else for (let i = 0; i < length; i++) out[i] = f(...args.map((arg) => arg[i]!))
    }
    return out
  }
  return valueOf(lane)
}
