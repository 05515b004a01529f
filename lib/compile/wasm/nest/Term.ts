/**
 * Terms: the lanes of a nest in operations of the machine, in the order in which they can be computed, with what writing them
 * needs to know.
 */
import type { Lane, LaneType } from '../../ir.js'
import { isMachineOp, machine, type MachineOp } from './machine.js'
import { simplified } from './rewrite.js'

/** The local that holds a term, and the uses of it that are still to come. */
export interface Held {
  local: number
  remaining: number
}

export class Term {
  /** Its number in the nest. */
  readonly number: number
  /** The operation; `call` is that of the imported function `lane.scalar`. */
  readonly op: string
  readonly args: ReadonlyArray<Term>
  readonly lane: Lane
  readonly truth: boolean
  /** How the machine does it, if that takes one instruction. */
  readonly operation: MachineOp | undefined
  /** A constant is not computed, and kept only if that pays. */
  readonly isConstant: boolean
  /** How many terms come one after the other up to here. */
  readonly chain: number
  /** Its place among the loads or the indices of the nest; -1 for what is neither. */
  readonly site: number
  /** The innermost loop that it depends on; -1 if it is the same everywhere. */
  level = -1
  /** It differs between the lanes of a register. */
  vector = false
  uses = 0
  /** The innermost loop in which it is used. */
  lastLevel = -1
  /** All of its uses are where it is computed. */
  together = true
  /** It is computed where it is used, and only there. */
  inline = false
  /** How deep it and the terms inside it are nested. */
  depth = 0
  /** Where it is held: in the first instance of the body, and in the others. */
  readonly held: Held = { local: -1, remaining: 0 }
  others: Array<Held> | undefined
  /** Its latest copy, if it belongs to a formula. */
  instance: Term | undefined

  constructor(number: number, op: string, args: ReadonlyArray<Term>, lane: Lane, truth: boolean, site: number) {
    this.number = number
    this.op = op
    this.args = args
    this.lane = lane
    this.truth = truth
    this.site = site
    this.isConstant = op === 'constant' || op === 'bits'
    this.chain = 1 + args.reduce((longest, x) => Math.max(longest, x.chain), 0)
    this.operation = site < 0 && !this.isConstant && op !== 'call' ? machine.get(op) : undefined
  }
}

const noTerms: ReadonlyArray<Term> = []

/** The terms of an operation that the machine lacks, to be copied wherever it occurs. */
interface Formula {
  readonly parameters: ReadonlyArray<Term>
  readonly order: ReadonlyArray<Term>
  readonly result: Term
}

/** Makes terms; each lane becomes one. */
export class TermBuilder {
  readonly type: LaneType
  /** Terms in an order in which operands come first, without constants. */
  get order(): ReadonlyArray<Term> {
    return this.#order
  }

  #order: Array<Term> = []
  readonly loads: Array<Term> = []
  readonly indices: Array<Term> = []
  readonly #terms = new Map<Lane, Term>()
  readonly #converted = new Map<Term, Term>()
  readonly #formulas = new Map<string, Formula | undefined>()
  readonly #constants = new Map<string | number | bigint, Term>()
  /** The terms of formulas by what they are: formulas on the same operand have terms in common. */
  #shared = new Map<string, Term>()
  #next = 0

  constructor(type: LaneType) {
    this.type = type
  }

  /** The term of a lane, as a number or as a truth value. */
  term(root: Lane, truth: boolean): Term {
    const known = this.#terms.get(root)
    return this.#as(known ?? this.#build(root), truth)
  }

  /** A walk that needs no stack of calls, since graphs may be deep. */
  #build(root: Lane): Term {
    const terms = this.#terms
    const lanes: Array<Lane> = []
    const forms: Array<Lane> = []
    const known: Array<number> = []
    const enter = (lane: Lane): void => {
      lanes.push(lane)
      forms.push(this.#formula(lane) === undefined ? simplified(lane, this.type) : lane)
      known.push(0)
    }
    enter(root)
    while (lanes.length > 0) {
      const top = lanes.length - 1
      const lane = lanes[top]!
      const form = forms[top]!
      const awaited = form === lane ? lane.args : [form]
      let k = known[top]!
      while (k < awaited.length && terms.has(awaited[k]!)) k++
      known[top] = k
      if (k < awaited.length) enter(awaited[k]!)
      else {
        terms.set(lane, form === lane ? this.#make(lane) : terms.get(form)!)
        lanes.pop()
        forms.pop()
        known.pop()
      }
    }
    return terms.get(root)!
  }

  #make(lane: Lane): Term {
    const { op, args, truth } = lane
    const formula = this.#formula(lane)
    if (formula !== undefined) return this.#instance(formula, args)
    if (op === 'load') return this.#add(new Term(this.#next++, op, noTerms, lane, truth, this.loads.length), this.loads)
    if (op === 'index') return this.#add(new Term(this.#next++, op, noTerms, lane, false, this.indices.length), this.indices)
    if (op === 'constant' || op === 'bits') return this.#constant(lane, truth)
    const takes = machine.get(op)?.takes
    const operands = new Array<Term>(args.length)
    for (let k = 0; k < args.length; k++) {
      const x = this.#terms.get(args[k]!)!
      operands[k] =
        takes === 'bits' ? x
        : op === 'where' || op === 'fallback' ? this.#as(x, k === 0 || (op === 'where' && truth))
        : this.#as(x, takes === 'truth')
    }
    return this.#add(new Term(this.#next++, isMachineOp(op, this.type) ? op : 'call', operands, lane, truth, -1))
  }

  /** The formula of an operation on numbers that are not known. */
  #formula({ op, args, truth }: Lane): Formula | undefined {
    if (truth || args.length === 0 || isMachineOp(op, this.type)) return undefined
    for (let k = 0; k < args.length; k++) if (args[k]!.truth || args[k]!.op === 'constant' || args[k]!.op === 'bits') return undefined
    const known = this.#formulas.get(op)
    if (known !== undefined || this.#formulas.has(op)) return known
    this.#formulas.set(op, undefined)
    const parameters = args.map((): Lane => ({ op: 'parameter', args: [], truth: false }))
    const form = simplified({ op, args: parameters, truth }, this.type)
    if (form.op === op) return undefined
    const [outer, shared] = [this.#order, this.#shared]
    this.#order = []
    this.#shared = new Map()
    const terms = parameters.map((lane) => new Term(this.#next++, 'parameter', noTerms, lane, false, -1))
    terms.forEach((term, k) => this.#terms.set(parameters[k]!, term))
    const formula = { parameters: terms, result: this.term(form, false), order: this.#order }
    this.#order = outer
    this.#shared = shared
    this.#formulas.set(op, formula)
    return formula
  }

  /** A formula on these operands. */
  #instance({ parameters, order, result }: Formula, args: ReadonlyArray<Lane>): Term {
    parameters.forEach((parameter, k) => (parameter.instance = this.#terms.get(args[k]!)!))
    for (const term of order) {
      const operands = new Array<Term>(term.args.length)
      let key = term.lane.scalar === undefined ? `${term.op}${term.truth ? '?' : ''}` : `${term.number}`
      for (let k = 0; k < operands.length; k++) {
        operands[k] = term.args[k]!.instance ?? term.args[k]!
        key += ` ${operands[k]!.number}`
      }
      const known = this.#shared.get(key)
      term.instance = known ?? this.#add(new Term(this.#next++, term.op, operands, term.lane, term.truth, -1))
      if (known === undefined) this.#shared.set(key, term.instance)
    }
    return result.instance ?? result
  }

  #add(term: Term, list?: Array<Term>): Term {
    list?.push(term)
    this.#order.push(term)
    return term
  }

  #as(term: Term, truth: boolean): Term {
    if (term.truth === truth) return term
    const known = this.#converted.get(term)
    if (known !== undefined) return known
    const { lane } = term
    const made =
      term.op === 'constant'
        ? this.#constant({ ...lane, value: truth ? Number(lane.value !== 0) : lane.value! }, truth)
        : this.#add(new Term(this.#next++, truth ? 'toTruth' : 'toNumber', [term], lane, truth, -1))
    this.#converted.set(term, made)
    return made
  }

  /** One term for all lanes of one constant. */
  #constant(lane: Lane, truth: boolean): Term {
    const { value } = lane
    const key = truth ? `truth ${value}` : lane.op === 'bits' ? lane.bits! : Object.is(value, -0) ? '-0' : value!
    const known = this.#constants.get(key)
    if (known !== undefined) return known
    const made = new Term(this.#next++, lane.op, noTerms, lane, truth, -1)
    this.#constants.set(key, made)
    return made
  }
}
