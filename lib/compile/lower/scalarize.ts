/**
 * Small arrays as single elements: a graph becomes lanes, one for each element of each array. Moving elements about costs
 * nothing then, and equal elements are computed once. The result runs as it is, or for many rows of data at a time.
 */
import { sort } from '../../core/Graph.js'
import type { Closed, Node } from '../../core/Node.js'
import { sizeOf } from '../../core/Shape.js'
import { bufferOf, type Tensor } from '../../core/Tensor.js'
import { callOp } from '../../control/call.js'
import { block } from '../../kernel/sum.js'
import { axisOf } from '../../primitive/along.js'
import { astypeOp } from '../../primitive/arithmetic.js'
import { gatherOp } from '../../primitive/indexing.js'
import { fullValue, heldTensor } from '../../primitive/leaf.js'
import { dotOp, transposesOf } from '../../primitive/product.js'
import { broadcastToOp, concatOp, rangeAlong, sliceOf, sliceOp, transposeOp, unsliceOp } from '../../primitive/shape.js'
import type { Lane } from '../ir.js'
import { axesOf, kindOf, reductionOf } from './kind.js'
import { constantLane, operationLane } from './lanes.js'
import { dense, part, permuted, stretched, type View } from './view.js'

/** The elements of an array, row by row. */
export type Cells = ReadonlyArray<Lane>

/** The elements of the outputs, or `undefined` if the graph has what no list of elements can say, or too many of them. */
export const scalarized = (outputs: ReadonlyArray<Node>, given: ReadonlyMap<Node, Cells>, limit: number): ReadonlyArray<Cells> | undefined => {
  const scalars = new Scalars(limit)
  return scalars.run(outputs, given)
}

class Scalars {
  readonly #limit: number
  readonly #made = new Map<string, Lane>()
  readonly #number = new Map<Lane, number>()

  constructor(limit: number) {
    this.#limit = limit
  }

  run(outputs: ReadonlyArray<Node>, given: ReadonlyMap<Node, Cells>): ReadonlyArray<Cells> | undefined {
    const cells = new Map<Node, Cells>(given)
    for (const node of sort(outputs).nodes) {
      if (cells.has(node)) continue
      if (sizeOf(node.shape) > this.#limit) return undefined
      const made = this.#cellsOf(node, (x) => cells.get(x)!)
      if (made === undefined || this.#made.size > this.#limit) return undefined
      cells.set(node, made)
    }
    return outputs.map((y) => cells.get(y)!)
  }

  #cellsOf(node: Node, of: (x: Node) => Cells): Cells | undefined {
    const { op } = node
    const held = heldTensor(node)
    if (held !== undefined) return this.#constants(held)
    const number = fullValue(node)
    if (number !== undefined) return new Array<Lane>(sizeOf(node.shape)).fill(this.#one(constantLane(number, node.dtype)))
    const kind = kindOf(node)
    if (kind === 'leaf') return undefined
    const [x] = node.inputs
    if (kind === 'alias') return of(x!)
    if (kind === 'view') return picked(of(x!), viewed(node))
    if (kind === 'lane') return this.#elementwise(node, node.inputs.map(of))
    if (kind === 'reduction') return this.#reduced(node, of(x!))
    switch (op) {
      case concatOp:
        return joined(node, node.inputs.map(of))
      case unsliceOp.op:
        return this.#padded(node, of(x!))
      case dotOp:
        return this.#product(node, of(x!), of(node.inputs[1]!))
      case gatherOp:
        return gathered(node, of)
      case callOp: {
        const { parameters, outputs } = node.attrs['body'] as Closed
        const parts = this.run(outputs, new Map(parameters.map((p, k) => [p, of(node.inputs[k]!)])))
        // Parts are doubles in the vector of results; truth values and integers would have to be converted.
        return outputs.every(({ dtype }) => dtype === 'f64') ? parts?.flat() : undefined
      }
      default:
        return undefined
    }
  }

  /** The lane that is known under the same name, if it was made before. */
  #one(lane: Lane): Lane {
    const key = `${lane.op}${lane.truth ? '?' : ''} ${lane.value === undefined ? '' : Object.is(lane.value, -0) ? '-0' : lane.value} ${lane.args.map((x) => this.#numberOf(x)).join(' ')}`
    const known = this.#made.get(key)
    if (known !== undefined) return known
    this.#made.set(key, lane)
    return lane
  }

  #numberOf(lane: Lane): number {
    const known = this.#number.get(lane)
    if (known !== undefined) return known
    this.#number.set(lane, this.#number.size)
    return this.#number.size - 1
  }

  #constants(held: Tensor): Cells {
    return Array.from(bufferOf(held), (v) => this.#one(constantLane(v, held.dtype)))
  }

  #elementwise(node: Node, operands: ReadonlyArray<Cells>): Cells | undefined {
    if (node.dtype === 'i32' || (node.op === astypeOp && node.inputs[0]!.dtype === 'i32')) return undefined
    return Array.from({ length: sizeOf(node.shape) }, (_, i) => this.#simple(operationLane(node, operands.map((cells) => cells[i]!))))
  }

  /** An operation, unless it is nothing: adding zero, multiplying by one. */
  #simple(lane: Lane): Lane {
    const [a, b] = lane.args
    if (lane.op === 'add' && isNumber(a, 0)) return b!
    if (lane.op === 'add' && isNumber(b, 0)) return a!
    if (lane.op === 'mul' && isNumber(a, 1)) return b!
    if (lane.op === 'mul' && isNumber(b, 1)) return a!
    if (lane.scalar !== undefined && lane.args.length > 0 && lane.args.every((x) => x.op === 'constant'))
      return this.#one({ op: 'constant', args: [], truth: lane.truth, value: lane.scalar(...lane.args.map((x) => x.value!)) })
    return this.#one(lane)
  }

  #binary(op: string, scalar: (...xs: ReadonlyArray<number>) => number, a: Lane, b: Lane): Lane {
    return this.#simple({ op, args: [a, b], truth: false, scalar })
  }

  /** Combined in the order in which the kernels sum: one after another, and halves of more than a block. */
  #total(op: string, scalar: (...xs: ReadonlyArray<number>) => number, cells: Cells): Lane {
    if (cells.length <= block) return cells.reduce((sum, cell) => this.#binary(op, scalar, sum, cell))
    const half = cells.length >> 1
    return this.#binary(op, scalar, this.#total(op, scalar, cells.slice(0, half)), this.#total(op, scalar, cells.slice(half)))
  }

  #reduced(node: Node, cells: Cells): Cells | undefined {
    const [x] = node.inputs as readonly [Node]
    if (x.dtype !== 'f64' && x.dtype !== 'f32') return undefined
    const op = reductionOf(node)!
    const axes = axesOf(node)
    const kept = x.shape.map((_, axis) => axis).filter((axis) => !axes.includes(axis))
    const length = sizeOf(axes.map((axis) => x.shape[axis]!))
    if (length === 0) return op === 'sum' ? Array.from({ length: sizeOf(node.shape) }, () => this.#one(constantLane(0, x.dtype))) : undefined
    const grouped = picked(cells, permuted(dense(0, x.dtype, x.shape), [...kept, ...axes]))
    const [name, scalar] = op === 'sum' ? (['add', plus] as const) : op === 'max' ? (['maximum', Math.max] as const) : (['minimum', Math.min] as const)
    return Array.from({ length: sizeOf(node.shape) }, (_, i) => this.#total(name, scalar, grouped.slice(i * length, (i + 1) * length)))
  }

  #padded(node: Node, cells: Cells): Cells {
    const out = new Array<Lane>(sizeOf(node.shape)).fill(this.#one(constantLane(0, node.dtype)))
    indicesOf(part(dense(0, 'f64', node.shape), { ...sliceOf(node), shape: node.inputs[0]!.shape })).forEach((to, i) => {
      out[to] = cells[i]!
    })
    return out
  }

  #product(node: Node, a: Cells, b: Cells): Cells | undefined {
    if (node.dtype !== 'f64' && node.dtype !== 'f32') return undefined
    const [x, w] = node.inputs as readonly [Node, Node]
    const { transposeA, transposeB } = transposesOf(node)
    const last = (view: View, swap: boolean): View => (swap ? permuted(view, [...view.shape.slice(2).map((_, i) => i), view.shape.length - 1, view.shape.length - 2]) : view)
    const left = picked(a, last(dense(0, 'f64', x.shape), transposeA))
    const right = picked(b, last(dense(0, 'f64', w.shape), transposeB))
    const [m, n] = node.shape.slice(-2) as [number, number]
    const k = x.shape.at(transposeA ? -2 : -1)!
    if (k === 0) return Array.from({ length: sizeOf(node.shape) }, () => this.#one(constantLane(0, node.dtype)))
    if (sizeOf(node.shape) * k > this.#limit) return undefined
    return Array.from({ length: sizeOf(node.shape) }, (_, at) => {
      const [q, i, j] = [Math.floor(at / (m * n)), Math.floor(at / n) % m, at % n]
      const terms = Array.from({ length: k }, (_v, t) => this.#binary('mul', times, left[(q * m + i) * k + t]!, right[(q * k + t) * n + j]!))
      return terms.reduce((sum, term) => this.#binary('add', plus, sum, term))
    })
  }
}

const plus = (...[a, b]: ReadonlyArray<number>): number => a! + b!
const times = (...[a, b]: ReadonlyArray<number>): number => a! * b!

const isNumber = (lane: Lane | undefined, value: number): boolean => lane !== undefined && lane.op === 'constant' && !lane.truth && lane.value === value

/** The places of the elements of a view, row by row. */
const indicesOf = ({ offset, shape, strides }: View): ReadonlyArray<number> => {
  let places = [offset]
  shape.forEach((length, axis) => {
    places = places.flatMap((at) => Array.from({ length }, (_, i) => at + i * strides[axis]!))
  })
  return places
}

const picked = (cells: Cells, view: View): Cells => indicesOf(view).map((i) => cells[i]!)

/** How a node reads its operand. */
const viewed = (node: Node): View => {
  const whole = dense(0, 'f64', node.inputs[0]!.shape)
  if (node.op === transposeOp.op) return permuted(whole, node.attrs['perm'] as ReadonlyArray<number>)
  if (node.op === sliceOp.op) return part(whole, sliceOf(node))
  return node.op === broadcastToOp.op ? stretched(whole, node.shape) : dense(0, 'f64', node.shape)
}

const joined = (node: Node, parts: ReadonlyArray<Cells>): Cells => {
  const out = new Array<Lane>(sizeOf(node.shape))
  const axis = axisOf(node)
  let at = 0
  node.inputs.forEach((x, k) => {
    const to = part(dense(0, 'f64', node.shape), rangeAlong(node.shape, axis, at, x.shape[axis]!))
    indicesOf(to).forEach((place, i) => {
      out[place] = parts[k]![i]!
    })
    at += x.shape[axis]!
  })
  return out
}

/** Elements at indices that are known. */
const gathered = (node: Node, of: (x: Node) => Cells): Cells | undefined => {
  const [x, indices] = node.inputs as readonly [Node, Node]
  const held = heldTensor(indices)
  if (held === undefined) return undefined
  const axis = axisOf(node)
  const [outer, length, inner] = [sizeOf(x.shape.slice(0, axis)), x.shape[axis]!, sizeOf(x.shape.slice(axis + 1))]
  const cells = of(x)
  const out: Array<Lane> = []
  for (let o = 0; o < outer; o++)
    for (const index of bufferOf(held)) {
      const i = index < 0 ? index + length : index
      if (i < 0 || i >= length) return undefined
      for (let r = 0; r < inner; r++) out.push(cells[(o * length + i) * inner + r]!)
    }
  return out
}

