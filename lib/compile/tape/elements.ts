/**
 * A graph as a tape: scalars are entries, arrays are lists of the entries of their elements. Moving elements about costs nothing in
 * what comes out. The operations and their order are those of evaluation.
 */
import { filledWith, isFloat } from '../../core/DType.js'
import type { Sorted } from '../../core/Graph.js'
import type { Closed, Node, Primitive } from '../../core/Node.js'
import { sizeOf } from '../../core/Shape.js'
import { bufferOf } from '../../core/Tensor.js'
import { callOp } from '../../control/call.js'
import { add, astypeOp, whereOp } from '../../primitive/arithmetic.js'
import { gatherOp } from '../../primitive/indexing.js'
import { fullValue, heldTensor } from '../../primitive/leaf.js'
import { dotOp, transposesOf } from '../../primitive/product.js'
import { broadcastToOp, concatOp, reshapeOp, sliceOp, transposeOp, unsliceOp } from '../../primitive/shape.js'
import { axesOf, reductionOf } from '../lower/kind.js'
import { sortedProgram, type SortedProgram } from '../sameProgram.js'
import { Accumulator, spread, type Padded } from './Accumulator.js'
import { arrayLimit, Budget } from './Budget.js'
import { gathered, grouped, joined, matrices, paddedPlaces, picked, startOf, viewOf, type Cells } from './cells.js'
import { code } from './code.js'
import { ruleOf, type Rule } from './rules.js'
import { sumInOrder, total } from './sums.js'
import { Tape } from './Tape.js'

/** A program as a tape. */
export interface Taped {
  readonly tape: Tape
  /** The entries of the elements of each result. */
  readonly results: ReadonlyArray<Cells>
}

/** The most entries; engines have limits too. */
const entryLimit = 1 << 22

/** The program as a tape; `undefined` if it has what no list of scalars can say, or too much work on arrays. */
export const tapeOf = ({ sorted, ends }: SortedProgram, parameters: number): Taped | undefined => {
  if (isOfArrays(sorted)) return undefined
  const given = new Map(ends.slice(0, parameters).map((at, argument) => [at, argument]))
  const tape = new Tape(sorted.nodes.length)
  const results = new Elements(tape, sorted, new Budget(sorted.nodes.length), ends.slice(parameters)).run(given)
  return results && { tape, results }
}

/** Whether operations on arrays alone, seen at a glance, are too much work. */
const isOfArrays = ({ nodes, ops, scalars, first }: Sorted): boolean => {
  let work = -arrayLimit - nodes.length
  for (let i = 0; i < nodes.length; i++) {
    if (scalars[i] === 1 || first[i] === first[i + 1]) continue
    const op = ops[i]!
    if ((op.scalar !== undefined && op !== add.op) || op === dotOp) work += sizeOf(nodes[i]!.shape)
  }
  return work > 0
}

/** Where the elements of a node come from: an argument, by its number, or entries that are there. */
type Source = number | Cells

type Value = Cells | Padded | Accumulator

class Elements {
  readonly #tape: Tape
  readonly #sorted: Sorted
  readonly #budget: Budget
  readonly #results: ReadonlyArray<number>
  /** The entry of each node with one element; -1 for the others. */
  readonly #entries: Int32Array
  /** The others, as far as they are known. */
  readonly #arrays = new Map<number, Value>()
  readonly #uses: Int32Array
  readonly #rules = new Map<Primitive, Rule | undefined>()
  #given: ReadonlyMap<number, Source> = new Map()

  constructor(tape: Tape, sorted: Sorted, budget: Budget, results: ReadonlyArray<number>) {
    const { operands, first, nodes } = sorted
    this.#tape = tape
    this.#sorted = sorted
    this.#budget = budget
    this.#results = results
    this.#entries = new Int32Array(nodes.length).fill(-1)
    this.#uses = new Int32Array(nodes.length)
    for (let e = 0; e < first[nodes.length]!; e++) this.#uses[operands[e]!]!++
    for (const i of results) this.#uses[i]!++
  }

  run(given: ReadonlyMap<number, Source>): ReadonlyArray<Cells> | undefined {
    const { nodes, ops, first, operands, scalars } = this.#sorted
    const entries = this.#entries
    this.#given = given
    for (let i = 0; i < nodes.length; i++) {
      const from = first[i]!
      const count = first[i + 1]! - from
      const rule = count > 0 && (scalars[i] === 1 || isTruth(nodes[i]!)) ? this.#ruleFor(ops[i]!, nodes[i]!) : undefined
      if (rule !== undefined) {
        for (let e = from; e < from + count; e++) if (entries[operands[e]!] === -1) return undefined
        const entry = rule(
          this.#tape,
          entries[operands[from]!]!,
          count > 1 ? entries[operands[from + 1]!]! : -1,
          count > 2 ? entries[operands[from + 2]!]! : -1,
          count > 3 ? entries[operands[from + 3]!]! : -1,
        )
        if (scalars[i] === 0 && !this.#isStoredAsTruth(entry, ops[i]!)) return undefined
        entries[i] = entry
      } else if (!this.#step(i)) return undefined
      if (this.#tape.length > entryLimit) return undefined
    }
    const results = this.#results.map((i) => this.#cells(i))
    return results.every((cells) => cells !== undefined) ? results : undefined
  }

  #ruleFor(op: Primitive, node: Node): Rule | undefined {
    const known = this.#rules.get(op)
    if (known !== undefined || this.#rules.has(op)) return known
    const rule = ruleOf(node)
    this.#rules.set(op, rule)
    return rule
  }

  /** Whether the number is the one that a truth value of it would be: it is stored in a byte. */
  #isStoredAsTruth(entry: number, op: Primitive): boolean {
    return this.#tape.isTruth(entry) || this.#tape.isConstant(entry) || op === whereOp || op.view === true
  }

  /** Sets what a node is. `false` if that is nothing that can be said. */
  #set(i: number, value: Value | undefined): boolean {
    if (value === undefined) return false
    if (value instanceof Int32Array && value.length === 1) this.#entries[i] = value[0]!
    else this.#arrays.set(i, value)
    return true
  }

  /** The entries of the elements of a node. */
  #cells(i: number): Cells | undefined {
    if (this.#entries[i] !== -1) return Int32Array.of(this.#entries[i]!)
    const value = this.#arrays.get(i)
    if (value === undefined) {
      const argument = this.#given.get(i)
      if (typeof argument !== 'number') return undefined
      const cells = this.#loads(argument, this.#sorted.nodes[i]!)
      if (cells !== undefined) this.#arrays.set(i, cells)
      return cells
    }
    return value instanceof Int32Array ? value : value instanceof Accumulator ? value.cells : spread(this.#tape, value)
  }

  /** The elements of an argument. A number that is given for a scalar need not be of its type. */
  #loads(argument: number, { shape, dtype }: Node): Cells | undefined {
    const size = sizeOf(shape)
    if (!isFloat(dtype) || !this.#budget.moves(size)) return undefined
    const isSingle = dtype === 'f32'
    if (shape.length === 0) {
      const number = this.#tape.load(argument, 0, false)
      return Int32Array.of(isSingle ? this.#tape.rounded(number) : number)
    }
    return Int32Array.from({ length: size }, (_, offset) => this.#tape.load(argument, offset, isSingle))
  }

  /** Anything but an operation on scalars of type f64. */
  #step(i: number): boolean {
    const { nodes, ops, first, operands } = this.#sorted
    const node = nodes[i]!
    if (first[i] === first[i + 1]) return this.#leaf(i, node)
    if (node.dtype === 'i32') return false
    const op = ops[i]!
    const x = operands[first[i]!]!
    switch (op) {
      case reshapeOp.op:
        return this.#same(i, x)
      case sliceOp.op:
      case transposeOp.op:
      case broadcastToOp.op:
        return this.#moved(i, node, x)
      case add.op:
        return this.#accumulated(i, this.#operands(i)) || this.#set(i, this.#elementwise(i))
      case unsliceOp.op:
        return this.#padded(i, node, x)
      case astypeOp:
        return this.#set(i, this.#converted(node, this.#cells(x)))
      case concatOp:
        return this.#set(i, this.#joined(node, this.#operands(i)))
      case dotOp:
        return this.#set(i, this.#product(node, this.#operands(i)))
      case gatherOp:
        return this.#set(i, this.#gathered(node, x))
      case callOp:
        return this.#set(i, this.#called(node, this.#operands(i)))
      default:
        return this.#set(i, reductionOf(node) === undefined ? this.#elementwise(i) : this.#reduced(node, x))
    }
  }

  /** Something without operands: an argument, a constant, an array of one number. */
  #leaf(i: number, node: Node): boolean {
    const size = sizeOf(node.shape)
    const source = this.#given.get(i)
    if (typeof source === 'number') return size !== 1 || node.dtype === 'i32' || this.#set(i, this.#loads(source, node))
    if (source !== undefined) return this.#set(i, source)
    const held = heldTensor(node)
    const number = fullValue(node)
    // Integers are the indices of a gather, or something that is not said here.
    if (node.dtype === 'i32') return held !== undefined
    if (!this.#budget.moves(size) || (held ?? number) === undefined) return false
    return this.#set(i, held === undefined ? new Int32Array(size).fill(this.#tape.constant(number!)) : Int32Array.from(bufferOf(held), (x) => this.#tape.constant(x)))
  }

  #operands(i: number): Int32Array {
    const { first, operands } = this.#sorted
    return operands.subarray(first[i]!, first[i + 1]!)
  }

  /** Whether a sum of arrays that are zero almost everywhere could be taken element by element. */
  #accumulated(i: number, [a, b]: Int32Array): boolean {
    const [x, y] = [this.#arrays.get(a!), this.#arrays.get(b!)]
    const [sum, addend, from] = isPadded(y) ? [x, y, a!] : [y, x, b!]
    if (sum === undefined || !isPadded(addend) || !this.#budget.moves(addend.places.length)) return false
    const isSingle = this.#sorted.nodes[i]!.dtype === 'f32'
    // The first of two such arrays becomes the sum.
    const begun = sum instanceof Accumulator && this.#uses[from] === 1 ? sum : undefined
    const into = isPadded(sum) && this.#budget.moves(sum.size) ? new Accumulator(this.#tape, sum, isSingle) : begun
    into?.add(addend)
    return into !== undefined && this.#set(i, into)
  }

  #padded(i: number, node: Node, operand: number): boolean {
    const cells = this.#cells(operand)
    const size = sizeOf(node.shape)
    if (cells === undefined || !this.#budget.moves(cells.length)) return false
    const value = { size, places: paddedPlaces(node), cells }
    return 4 * cells.length <= size ? this.#set(i, value) : this.#budget.moves(size) && this.#set(i, spread(this.#tape, value))
  }

  #converted(node: Node, cells: Cells | undefined): Cells | undefined {
    const from = node.inputs[0]!.dtype
    if (cells === undefined || from === 'i32' || !this.#budget.works(cells.length)) return undefined
    const t = this.#tape
    if (node.dtype === 'bool') return cells.map((x) => t.truth(x))
    return cells.map((x) => (node.dtype === 'f32' ? t.rounded(t.numeric(x)) : t.numeric(x)))
  }

  #elementwise(i: number): Cells | undefined {
    const node = this.#sorted.nodes[i]!
    const size = sizeOf(node.shape)
    const rule = this.#ruleFor(node.op, node)
    if (rule === undefined || !this.#budget.works(size)) return undefined
    const parts = Array.from(this.#operands(i), (operand) => this.#cells(operand))
    if (!parts.every((cells) => cells?.length === size)) return undefined
    const [a, b, c, d] = parts
    const out = new Int32Array(size)
    for (let k = 0; k < size; k++) {
      const entry = rule(this.#tape, a![k]!, b?.[k] ?? -1, c?.[k] ?? -1, d?.[k] ?? -1)
      if (node.dtype === 'bool' && !this.#isStoredAsTruth(entry, node.op)) return undefined
      out[k] = node.dtype === 'f32' ? this.#tape.rounded(entry) : entry
    }
    return out
  }

  /** The operand under another shape. */
  #same(i: number, operand: number): boolean {
    if (this.#entries[operand] === -1) return this.#set(i, this.#cells(operand))
    this.#entries[i] = this.#entries[operand]!
    return true
  }

  /** The operand with its elements elsewhere. */
  #moved(i: number, node: Node, operand: number): boolean {
    const size = sizeOf(node.shape)
    const cells = this.#cells(operand)
    if (cells === undefined || !this.#budget.moves(size)) return false
    if (node.op !== sliceOp.op || size !== 1) return this.#set(i, picked(cells, viewOf(node)))
    this.#entries[i] = cells[startOf(node)]!
    return true
  }

  #joined(node: Node, at: Int32Array): Cells | undefined {
    const parts = Array.from(at, (operand) => this.#cells(operand))
    return this.#budget.moves(sizeOf(node.shape)) && parts.every((cells) => cells !== undefined) ? joined(node, parts) : undefined
  }

  #reduced(node: Node, operand: number): Cells | undefined {
    const { shape, dtype } = node.inputs[0]!
    if (!isFloat(dtype) || !this.#budget.works(sizeOf(shape))) return undefined
    const cells = this.#cells(operand)
    const t = this.#tape
    const axes = axesOf(node)
    const size = sizeOf(node.shape)
    const length = sizeOf(axes.map((axis) => shape[axis]!))
    const op = reductionOf(node)!
    if (cells === undefined || (length === 0 && op !== 'sum')) return undefined
    if (length === 0) return new Int32Array(size).fill(t.constant(0))
    const rows = grouped(cells, shape, axes)
    const combined = (row: Cells): number => (op === 'sum' ? total(t, row) : row.reduce((x, y) => t.push(op === 'max' ? code.max : code.min, x, y)))
    return this.#typed(node, Int32Array.from({ length: size }, (_, i) => combined(rows.subarray(i * length, (i + 1) * length))))
  }

  /** Sums are rounded when they are complete. */
  #typed({ dtype }: Node, cells: Cells): Cells {
    return dtype === 'f32' ? cells.map((x) => this.#tape.rounded(x)) : cells
  }

  #product(node: Node, at: Int32Array): Cells | undefined {
    const [x, y] = node.inputs as readonly [Node, Node]
    const { transposeA, transposeB } = transposesOf(node)
    const size = sizeOf(node.shape)
    const [m, n] = node.shape.slice(-2) as [number, number]
    const k = x.shape.at(transposeA ? -2 : -1)!
    if (!isFloat(node.dtype) || !this.#budget.works(size * k)) return undefined
    const [a, b] = Array.from(at, (operand) => this.#cells(operand))
    if (a === undefined || b === undefined) return undefined
    const t = this.#tape
    if (k === 0) return new Int32Array(size).fill(t.constant(0))
    const left = matrices(a, x.shape, transposeA)
    const right = matrices(b, y.shape, !transposeB)
    const element = (i: number): number => {
      const [row, column] = [Math.floor(i / n), Math.floor(i / (m * n)) * n + (i % n)]
      return sumInOrder(t, Int32Array.from({ length: k }, (_, p) => t.push(code.mul, left[row * k + p]!, right[column * k + p]!)))
    }
    return this.#typed(node, Int32Array.from({ length: size }, (_, i) => element(i)))
  }

  #gathered(node: Node, operand: number): Cells | undefined {
    const indices = heldTensor(node.inputs[1]!)
    if (indices === undefined || !this.#budget.moves(sizeOf(node.shape))) return undefined
    const cells = this.#cells(operand)
    return cells && gathered(node, cells, bufferOf(indices))
  }

  /** A closed function, whose results are the parts of one vector. */
  #called(node: Node, at: Int32Array): Cells | undefined {
    const { parameters, outputs } = node.attrs['body'] as Closed
    const operands = Array.from(at, (operand) => this.#cells(operand))
    if (!operands.every((cells) => cells !== undefined) || !outputs.every(({ dtype }) => isFloat(dtype))) return undefined
    const { sorted, ends } = sortedProgram({ parameters, outputs })
    const given = new Map(parameters.map((_, k) => [ends[k]!, operands[k]!]))
    const parts = new Elements(this.#tape, sorted, this.#budget, ends.slice(parameters.length)).run(given)
    return parts && filledWith(new Int32Array(sizeOf(node.shape)), parts)
  }
}

const isPadded = (value: Value | undefined): value is Padded => value !== undefined && !(value instanceof Int32Array) && !(value instanceof Accumulator)

const isTruth = ({ dtype, shape }: Node): boolean => dtype === 'bool' && shape.length === 0
