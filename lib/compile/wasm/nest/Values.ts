/** The code of terms: each is computed on the stack, or into a local when it is needed more than once. */
import type { Instruction } from '../opcodes.js'
import { loadLanes } from './access.js'
import type { Frame } from './Frame.js'
import { machine } from './machine.js'
import type { Site } from './Site.js'
import type { Term } from './Term.js'

/** Words of numbers, for constants. */
interface Words {
  readonly f64: Float64Array
  readonly f32: Float32Array
  readonly i32: Int32Array
}

const words = (): Words => {
  const memory = new ArrayBuffer(8)
  return { f64: new Float64Array(memory), f32: new Float32Array(memory), i32: new Int32Array(memory) }
}

/** More uses than any term has. */
const forEver = 2 ** 30

export class Values {
  readonly #frame: Frame
  readonly #sites: ReadonlyArray<Site>
  readonly #words = words()
  /** Keep a constant in a local from so many uses on. */
  readonly #keepFrom: number
  /** Locals to be freed when the loop that they belong to ends. */
  #held: Array<number> = []

  constructor(frame: Frame, sites: ReadonlyArray<Site>, keepFrom: number) {
    this.#frame = frame
    this.#sites = sites
    this.#keepFrom = keepFrom
  }

  /** Does `body`, after which all that it computed is forgotten. */
  scoped(body: () => void): void {
    const outer = this.#held
    this.#held = []
    body()
    for (const local of this.#held) this.#frame.f.free(local)
    this.#held = outer
  }

  /** Computes a term into a local. */
  compute(term: Term, instance: number): void {
    this.write(term, instance)
    const { f } = this.#frame
    const local = f.local('v128')
    f.set(local)
    const shared = !term.vector && this.#frame.instances > 1
    const passing = term.lastLevel === term.level && !shared
    const remaining = passing ? term.uses : forEver
    if (instance > 0) (term.others ??= [])[instance - 1] = { local, remaining }
    else {
      term.held.local = local
      term.held.remaining = remaining
    }
    if (!passing) this.#held.push(local)
  }

  /** Pushes a term. */
  use(term: Term, instance: number): void {
    const { f } = this.#frame
    if (term.isConstant) this.#constant(term)
    else if (term.inline) this.write(term, instance)
    else {
      const held = instance === 0 || !term.vector ? term.held : term.others![instance - 1]!
      f.get(held.local)
      if (--held.remaining === 0) f.free(held.local)
    }
  }

  /** Pushes what a term computes. */
  write(term: Term, instance: number): void {
    const { f, type } = this.#frame
    const { op, args, operation } = term
    if (operation !== undefined) {
      if (this.#frame.context.relaxed && type !== 'i32' && this.#multipliesAndAdds(term, type, instance)) return
      for (let k = 0; k < args.length; k++) this.use(args[k]!, instance)
      if (operation.shift) f.i32(term.lane.value!)
      f.op(operation[type]!)
    } else if (op === 'load') this.#load(term, instance)
    else if (op === 'index') this.#index(term, instance)
    else if (op === 'where') this.#where(term, instance)
    else if (op === 'fround') {
      this.use(args[0]!, instance)
      f.op('f32x4.demote_f64x2_zero').op('f64x2.promote_low_f32x4')
    } else if (op === 'toNumber') {
      this.use(args[0]!, instance)
      this.number(1)
      f.op('v128.and')
    } else if (op === 'toTruth') {
      this.use(args[0]!, instance)
      this.truth()
    } else if (op === 'fallback') this.#fallback(term, instance)
    else this.#call(term, instance)
  }

  /** Pushes a sum or a difference with a product that is used nowhere else, rounded once. */
  #multipliesAndAdds({ op, args }: Term, type: 'f64' | 'f32', instance: number): boolean {
    const isProduct = (x: Term): boolean => x.op === 'mul' && x.inline
    if (op !== 'add' && op !== 'sub') return false
    const [a, b] = args as readonly [Term, Term]
    const product = isProduct(b) ? b : op === 'add' && isProduct(a) ? a : undefined
    if (product === undefined) return false
    for (const x of product.args) this.use(x, instance)
    this.use(product === b ? a : b, instance)
    this.#frame.f.op(op === 'add' ? multiplyAdd[type] : multiplySubtract[type])
    return true
  }

  #load(term: Term, instance: number): void {
    const site = this.#sites[term.site]!
    const stored = site.storage === 'bool'
    loadLanes(this.#frame, site, instance, term.truth && stored)
    if (term.truth && !stored) this.truth()
  }

  #where(term: Term, instance: number): void {
    const { f } = this.#frame
    const [condition, a, b] = term.args as readonly [Term, Term, Term]
    if (isZero(b)) {
      this.use(a, instance)
      this.use(condition, instance)
      f.op('v128.and')
    } else if (isZero(a)) {
      this.use(b, instance)
      this.use(condition, instance)
      f.op('v128.andnot')
    } else if (isOnes(a, this.#frame.type)) {
      this.use(b, instance)
      this.use(condition, instance)
      f.op('v128.or')
    } else {
      this.use(a, instance)
      this.use(b, instance)
      this.use(condition, instance)
      f.op('v128.bitselect')
    }
  }

  /** The index along an axis: the counter of its loop, and one more for each lane where the loop fills the lanes. */
  #index(term: Term, instance: number): void {
    const { f, type, lanes, counters } = this.#frame
    if (term.level < 0) {
      this.number(0)
      return
    }
    f.get(counters[term.level]!)
    if (type === 'f64') f.op('f64.convert_i32_s').op('f64x2.splat')
    else if (type === 'f32') f.op('f32.convert_i32_s').op('f32x4.splat')
    else f.op('i32x4.splat')
    if (!term.vector) return
    const first = instance * lanes
    this.#vector(Array.from({ length: lanes }, (_, lane) => first + lane), true)
    f.op(machine.get('add')![type]!)
  }

  /** Calls a function on numbers, for every lane that is in use and different from the others. */
  #call(term: Term, instance: number): void {
    const { f } = this.#frame
    const locals = this.#locals(term.args, instance)
    const count = term.vector ? this.#frame.active : 1
    for (let lane = 0; lane < count; lane++) {
      this.#callLane(term, locals, lane)
      if (lane === 0) this.#splat()
      else this.#replace(lane)
    }
    for (const local of locals) f.free(local)
    if (term.truth) this.truth()
  }

  /** A value, but the result of a call in those lanes where a truth value holds. */
  #fallback(term: Term, instance: number): void {
    const { f, type } = this.#frame
    const [rare, value, ...operands] = this.#locals(term.args, instance) as [number, number, ...ReadonlyArray<number>]
    const count = term.vector ? this.#frame.active : 1
    f.get(rare).op('v128.any_true').if(() => {
      for (let lane = 0; lane < count; lane++) {
        f.get(rare).lane('i32x4.extract_lane', type === 'f64' ? 2 * lane : lane).if(() => {
          if (term.vector) f.get(value)
          this.#callLane(term, operands, lane)
          if (term.vector) this.#replace(lane)
          else this.#splat()
          f.set(value)
        })
      }
    })
    f.get(value)
    for (const local of [rare, value, ...operands]) f.free(local)
  }

  /** Locals of operands, which the caller frees. */
  #locals(args: ReadonlyArray<Term>, instance: number): ReadonlyArray<number> {
    const { f } = this.#frame
    return args.map((x) => {
      this.use(x, instance)
      const local = f.local('v128')
      f.set(local)
      return local
    })
  }

  /** Pushes what the function of a term makes of one lane, as a number of the lane's type. */
  #callLane(term: Term, locals: ReadonlyArray<number>, lane: number): void {
    const { f, type, context } = this.#frame
    for (const local of locals) {
      f.get(local)
      if (type === 'f64') f.lane('f64x2.extract_lane', lane)
      else if (type === 'f32') f.lane('f32x4.extract_lane', lane).op('f64.promote_f32')
      else f.lane('i32x4.extract_lane', lane).op('f64.convert_i32_s')
    }
    const { scalar } = term.lane
    if (scalar === undefined) throw new TypeError(`no code for the operation ${term.lane.op}`)
    f.call(context.scalar(scalar, locals.length))
    if (type === 'f32') f.op('f32.demote_f64')
    else if (type === 'i32') this.#wrap()
  }

  /** Makes an integer of a number as stores to arrays of integers do: modulo 2³², and 0 of what is not finite. */
  #wrap(): void {
    const { f } = this.#frame
    const local = f.local('f64')
    f.tee(local).f64(0).get(local).op('f64.abs').f64(2 ** 63).op('f64.lt').op('select').op('i64.trunc_sat_f64_s').op('i32.wrap_i64')
    f.free(local)
  }

  #splat(): void {
    this.#frame.f.op(splat[this.#frame.type])
  }

  #replace(lane: number): void {
    this.#frame.f.lane(replace[this.#frame.type], lane)
  }

  #constant(term: Term): void {
    const { f } = this.#frame
    if (term.held.local >= 0) {
      f.get(term.held.local)
      return
    }
    const [low, high] = this.#patternOf(term)
    if (term.uses < this.#keepFrom) f.v128(low, high, low, high)
    else {
      term.held.local = f.constantV128(low, high, low, high)
      f.get(term.held.local)
    }
  }

  /** The words of a constant. */
  #patternOf({ lane, truth }: Term): readonly [low: number, high: number] {
    if (lane.op === 'bits') {
      const low = Number(BigInt.asIntN(32, lane.bits!))
      return [low, this.#frame.type === 'f64' ? Number(BigInt.asIntN(32, lane.bits! >> 32n)) : low]
    }
    if (!truth) return this.#wordsOf(lane.value!)
    const mask = lane.value === 0 ? 0 : -1
    return [mask, mask]
  }

  #wordsOf(value: number): readonly [low: number, high: number] {
    const { f64, f32, i32 } = this.#words
    const { type } = this.#frame
    if (type === 'f64') f64[0] = value
    else if (type === 'f32') f32[0] = value
    else i32[0] = value
    return [i32[0]!, type === 'f64' ? i32[1]! : i32[0]!]
  }

  /** Pushes a number in all lanes. */
  number(value: number): void {
    const { f, lanes } = this.#frame
    if (value === 0) f.v128(0, 0, 0, 0)
    else this.#vector(new Array<number>(lanes).fill(value), this.#keepFrom <= 1)
  }

  /** Pushes numbers, one for each lane. */
  #vector(numbers: ReadonlyArray<number>, keep: boolean): void {
    const { f, type } = this.#frame
    const lanes = numbers.flatMap((value) => (type === 'f64' ? [...this.#wordsOf(value)] : [this.#wordsOf(value)[0]]))
    const [a, b, c, d] = lanes as [number, number, number, number]
    if (keep) f.keptV128(a, b, c, d)
    else f.v128(a, b, c, d)
  }

  /** Pushes a value in the lanes in use, and another number in the others. */
  masked(value: () => void, other: number): void {
    const { f, active, lanes, type } = this.#frame
    value()
    if (active === lanes) return
    const words = type === 'f64' ? 2 : 1
    const mask = Array.from({ length: 4 }, (_, k) => (k < active * words ? -1 : 0)) as [number, number, number, number]
    if (other !== 0) this.number(other)
    f.v128(...mask).op(other === 0 ? 'v128.and' : 'v128.bitselect')
  }

  /** Makes a truth value of the number on the stack. */
  truth(): void {
    this.number(0)
    this.#frame.f.op(notEqual[this.#frame.type])
  }
}

const notEqual = { f64: 'f64x2.ne', f32: 'f32x4.ne', i32: 'i32x4.ne' } as const satisfies Readonly<Record<string, Instruction>>

const multiplyAdd = { f64: 'f64x2.relaxed_madd', f32: 'f32x4.relaxed_madd' } as const
const multiplySubtract = { f64: 'f64x2.relaxed_nmadd', f32: 'f32x4.relaxed_nmadd' } as const

const splat = { f64: 'f64x2.splat', f32: 'f32x4.splat', i32: 'i32x4.splat' } as const

const replace = { f64: 'f64x2.replace_lane', f32: 'f32x4.replace_lane', i32: 'i32x4.replace_lane' } as const

const isZero = ({ op, lane }: Term): boolean => (op === 'constant' && Object.is(lane.value, 0)) || (op === 'bits' && lane.bits === 0n)

const isOnes = ({ op, lane }: Term, type: 'f64' | 'f32' | 'i32'): boolean =>
  op === 'bits' && lane.bits === (type === 'f64' ? (1n << 64n) - 1n : (1n << 32n) - 1n)
