/**
 * Lowering: from a graph to a loop program.
 *
 * Elementwise operations of one shape that can run together become one loop nest, with the reductions that end them; what
 * only moves elements becomes strides; everything else is a statement of its own. A nest is known by its shape and its level:
 * an operation joins the nest of its operands if they have its shape, and comes a level after what it must find in memory.
 */
import { positionsIn, sort, type Sorted } from '../../core/Graph.js'
import type { Node } from '../../core/Node.js'
import { sizeOf, type Shape } from '../../core/Shape.js'
import { astypeOp } from '../../primitive/arithmetic.js'
import { fullValue, heldTensor } from '../../primitive/leaf.js'
import { broadcastToOp, reshapeOp, rangeAlong, sliceOf, sliceOp, transposeOp, unsliceOp } from '../../primitive/shape.js'
import type { Builder } from './builder.js'
import type { Lane, LaneType, Reduction, Statement, Storage, Store } from '../ir.js'
import { axesOf, kindOf, laneTypeOf, numberOf, reductionOf, type Kind } from './kind.js'
import { constantLane, convertLane, laneLimit, loadLane, operationLane } from './lanes.js'
import { copyNest, type Context, type LowerGraph, type Target } from './context.js'
import { partNumber, partsOf, stackOf, storedDType } from './parts.js'
import { addPart, spreadOf, type Spread } from './spread.js'
import { rowwiseParts } from './stacks.js'
import { lowerStatement, padded, partIn } from './statement.js'
import { accessOf, dense, isDense, part, permuted, reshaped, sameView, squeezed, stretched, type View } from './view.js'

/** A nest in the making. */
interface Cluster {
  readonly lane: LaneType
  readonly shape: Shape
  readonly level: number
  readonly members: Array<number>
}

/** Lowers a graph; see {@link LowerGraph}. */
export const lowerGraph: LowerGraph = (builder, outputs, given, targets, statements) => {
  const lowering = new Lowering(builder, sort(outputs), given, targets, statements, outputs)
  lowering.run()
  return outputs.map((node) => lowering.read(node))
}

class Lowering implements Context {
  readonly #sorted: Sorted
  readonly #spread: Spread
  readonly #kinds: ReadonlyArray<Kind>
  readonly #types: ReadonlyArray<LaneType | undefined>
  readonly #clusters: ReadonlyArray<Cluster | undefined>
  readonly #stored: Uint8Array
  readonly #position: ReadonlyMap<Node, number>
  readonly #users: ReadonlyMap<Node, Node | 'several'>
  #rowwise: ReadonlyMap<Node, ReadonlySet<number>> | undefined
  /** Where arrays lie that are in memory. */
  readonly #places = new Map<Node, View>()
  /** Where the caller wants them. */
  readonly #wanted = new Map<Node, View>()
  /** Further places where they are wanted, for results of nests. */
  readonly #also = new Map<Node, ReadonlyArray<View>>()
  readonly #given: ReadonlyMap<Node, View>
  readonly #dense = new Map<Node, View>()
  readonly #parts = new Map<Node, ReadonlyArray<View>>()
  readonly #outputs: ReadonlyArray<Node>
  readonly #targets: ReadonlyArray<Target>

  readonly builder: Builder
  readonly statements: Array<Statement>
  readonly lower = lowerGraph

  constructor(
    builder: Builder,
    sorted: Sorted,
    given: ReadonlyMap<Node, View>,
    targets: ReadonlyArray<Target>,
    statements: Array<Statement>,
    outputs: ReadonlyArray<Node>,
  ) {
    this.builder = builder
    this.statements = statements
    this.#sorted = sorted
    this.#given = given
    this.#targets = targets
    this.#outputs = outputs
    this.#position = new Map(sorted.nodes.map((node, i) => [node, i]))
    this.#spread = spreadOf(sorted.nodes, outputs, (x) => given.has(x))
    this.#kinds = sorted.nodes.map((node) => (given.has(node) ? 'leaf' : isStoredAs(node) ? 'alias' : this.#spread.sums.has(node) ? 'statement' : this.#spread.padded.has(node) ? 'view' : kindOf(node)))
    this.#types = this.#laneTypes()
    this.#clusters = this.#clustered()
    this.#stored = this.#needed()
    this.#users = this.#usersOf()
  }

  /** Emits the statements, operands before results, in the order of a depth-first walk. */
  run(): void {
    for (const { node, view } of this.#targets) {
      const source = this.#source(node)
      const kind = this.#kinds[this.#at(source)]!
      const free = kind === 'lane' || kind === 'reduction' || kind === 'statement'
      const as = free && sizeOf(source.shape) === sizeOf(view.shape) ? reshaped(view, source.shape) : undefined
      if (as === undefined) continue
      if (!this.#wanted.has(source)) this.#wanted.set(source, as)
      else if (kind === 'lane') this.#also.set(source, [...(this.#also.get(source) ?? []), as])
    }
    // What is given is copied before anything can be written over it.
    for (const { node, view } of this.#targets) if (this.#given.has(this.#source(node))) this.#copy(this.read(node), view)
    const done = new Set<Cluster | number>()
    const { nodes, first, operands } = this.#sorted
    const tasks: Array<readonly [position: number, entered: boolean]> = []
    for (const output of this.#outputs) tasks.push([this.#at(this.#source(output)), false])
    tasks.reverse()
    while (tasks.length > 0) {
      const [i, entered] = tasks.pop()!
      const cluster = this.#clusters[i]
      const task = cluster ?? i
      if (done.has(task)) continue
      if (entered) {
        done.add(task)
        if (cluster !== undefined) this.#emitNest(cluster)
        else if (this.#kinds[i] === 'statement') this.#emitStatement(nodes[i]!)
        continue
      }
      tasks.push([i, true])
      for (const member of [...(cluster?.members ?? [i])].reverse())
        for (let e = first[member + 1]! - 1; e >= first[member]!; e--) {
          const operand = this.#at(this.#source(nodes[operands[e]!]!))
          if ((cluster === undefined || this.#clusters[operand] !== cluster) && !done.has(this.#clusters[operand] ?? operand)) tasks.push([operand, false])
        }
    }
    for (const { node, view } of this.#targets) {
      const source = this.#source(node)
      if (this.#given.has(source)) continue
      const also = this.#also.get(source)?.map((place) => reshaped(place, view.shape)!)
      if (also?.some((place) => sameView(place, view)) === true) continue
      const from = this.read(node)
      if (!sameView(from, view)) this.#copy(from, view)
    }
  }

  read = (node: Node): View => {
    const known = this.#places.get(node) ?? this.#given.get(node)
    if (known !== undefined) return known
    const view = this.#find(node)
    this.#places.set(node, view)
    return view
  }

  readDense = (node: Node): View => {
    const view = this.#dense.get(node) ?? this.read(node)
    if (isDense(view) && view.storage === node.dtype) return view
    const made = this.#densified(view, node.dtype)
    this.#dense.set(node, made)
    return made
  }

  partWanted = (node: Node, k: number): View | undefined =>
    this.#targets.find((target) => {
      const vector = this.#vectorOf(target.node)
      // The one part of a result is all of it.
      const found = partNumber(vector) ?? { of: vector, part: 0 }
      return found.of === node && found.part === k && (vector !== node || partsOf(node)!.length === 1)
    })?.view

  /** The vector that a target is a part of, if its shape is all that was changed. */
  #vectorOf(node: Node): Node {
    const isSame = this.#kinds[this.#at(node)] === 'alias' || node.op === reshapeOp.op
    return isSame ? this.#vectorOf(node.inputs[0]!) : node
  }

  rowwise = (node: Node): ReadonlySet<number> => {
    this.#rowwise ??= rowwiseParts(this.#sorted.nodes, this.#outputs)
    return this.#rowwise.get(node) ?? new Set()
  }

  setParts = (node: Node, parts: ReadonlyArray<View>): void => {
    this.#parts.set(node, parts)
  }

  placed = (node: Node): View | undefined => this.#places.get(node)

  place = (node: Node): View => {
    const known = this.#places.get(node)
    if (known !== undefined) return known
    const view = this.#wanted.get(node) ?? this.#within(node) ?? dense(this.builder.temporary(node.dtype, sizeOf(node.shape)), node.dtype, node.shape)
    this.#places.set(node, view)
    return view
  }

  /** The part of a larger array, if the result of a node is used for nothing else than to be put together with others. */
  #within(node: Node): View | undefined {
    const user = this.#users.get(node)
    if (user !== undefined && user !== 'several') {
      if (this.#spread.padded.has(user)) return undefined
      if (this.#spread.sums.get(user)?.base === node) return this.place(user)
    }
    const [whole, at] = user === undefined || user === 'several' ? [] : [user, partIn(user, node, (x) => this.#source(x))]
    if (whole === undefined || at === undefined) return undefined
    const to = whole.op === unsliceOp.op ? padded(whole, this) : this.place(whole)
    return to.storage === node.dtype ? reshaped(part(to, at), node.shape) : undefined
  }

  /** The only node that uses the result of each, aliases left out. */
  #usersOf(): ReadonlyMap<Node, Node | 'several'> {
    const users = new Map<Node, Node | 'several'>()
    const uses = (x: Node, by: Node | 'several'): void => {
      const source = this.#source(x)
      users.set(source, users.has(source) ? 'several' : by)
    }
    this.#sorted.nodes.forEach((node, i) => {
      if (this.#kinds[i] !== 'alias' && this.#kinds[i] !== 'leaf') for (const x of node.inputs) uses(x, node)
    })
    for (const output of this.#outputs) uses(output, 'several')
    return users
  }

  #at(node: Node): number {
    return this.#position.get(node)!
  }

  /** The node whose elements an alias has. */
  #source(node: Node): Node {
    return this.#kinds[this.#at(node)] === 'alias' ? this.#source(node.inputs[0]!) : node
  }

  #laneTypes(): ReadonlyArray<LaneType | undefined> {
    const types = new Array<LaneType | undefined>(this.#sorted.nodes.length)
    const typeOf = (node: Node): LaneType | undefined => types[this.#at(node)]
    this.#sorted.nodes.forEach((node, i) => {
      const kind = this.#kinds[i]
      if (kind === 'lane') types[i] = laneTypeOf(node, typeOf)
      else if (kind === 'alias') types[i] = typeOf(node.inputs[0]!)
      else if (kind === 'reduction') types[i] = typeOf(node.inputs[0]!) ?? (node.inputs[0]!.dtype === 'bool' ? 'i32' : (node.inputs[0]!.dtype as LaneType))
    })
    return types
  }

  /** Assigns every lane and reduction to its nest. */
  #clustered(): ReadonlyArray<Cluster | undefined> {
    const { nodes, first, operands } = this.#sorted
    const clusters = new Array<Cluster | undefined>(nodes.length)
    const byKey = new Map<string, Cluster>()
    /** From which level on a node can be read from memory. */
    const ready = new Int32Array(nodes.length)
    nodes.forEach((node, i) => {
      const kind = this.#kinds[i]!
      if (kind === 'leaf') return
      const type = this.#types[i]
      const shape = squeezed(kind === 'reduction' ? node.inputs[0]!.shape : node.shape)
      const key = `${type} ${shape.join(' ')}`
      let level = 0
      for (let e = first[i]!; e < first[i + 1]!; e++) {
        const o = operands[e]!
        const joins = kind !== 'statement' && kind !== 'view' && this.#laneCluster(clusters, o) !== undefined && keyOf(clusters[this.#at(this.#source(nodes[o]!))]!) === key
        level = Math.max(level, joins ? clusters[this.#at(this.#source(nodes[o]!))]!.level : ready[o]!)
      }
      if (kind === 'lane' || kind === 'reduction') {
        let cluster = byKey.get(`${key} @${level}`)
        while (cluster !== undefined && cluster.members.length >= laneLimit) cluster = byKey.get(`${key} @${++level}`)
        if (cluster === undefined) {
          cluster = { lane: type!, shape, level, members: [] }
          byKey.set(`${key} @${level}`, cluster)
        }
        cluster.members.push(i)
        clusters[i] = cluster
        ready[i] = level + 1
      } else ready[i] = kind === 'statement' ? level + 1 : Math.max(level, ready[operands[first[i]!]!] ?? 0)
    })
    return clusters
  }

  /** The nest in which a node is a lane (through aliases), if it is one. */
  #laneCluster(clusters: ReadonlyArray<Cluster | undefined>, i: number): Cluster | undefined {
    const source = this.#at(this.#source(this.#sorted.nodes[i]!))
    return this.#kinds[source] === 'lane' ? clusters[source] : undefined
  }

  /** Which lanes must be stored: those that something outside their nest reads. */
  #needed(): Uint8Array {
    const { nodes, first, operands } = this.#sorted
    const stored = new Uint8Array(nodes.length)
    const need = (i: number): void => {
      stored[this.#at(this.#source(nodes[i]!))] = 1
    }
    nodes.forEach((_, i) => {
      if (this.#kinds[i] === 'alias' || this.#kinds[i] === 'leaf') return
      for (let e = first[i]!; e < first[i + 1]!; e++) {
        const inside = this.#clusters[i] !== undefined && this.#laneCluster(this.#clusters, operands[e]!) === this.#clusters[i]
        if (!inside) need(operands[e]!)
      }
    })
    for (const i of positionsIn(this.#sorted, this.#outputs)) need(i)
    return stored
  }

  /** An array that is in memory under another name, or a constant. */
  #find(node: Node): View {
    const [x] = node.inputs
    const held = heldTensor(node)
    if (held !== undefined) return dense(this.builder.constant(held), held.dtype, node.shape)
    const number = fullValue(node)
    if (number !== undefined) return stretched(dense(this.builder.number(number, node.dtype), node.dtype, []), node.shape)
    const parts = this.#parts.get(node)
    if (parts !== undefined) return this.#joined(node, parts)
    const own = stackOf(node)
    const found = own && this.#parts.get(own.of)?.[own.part]
    if (found !== undefined) return reshaped(found, node.shape) ?? reshaped(this.#densified(found, found.storage), node.shape)!
    const from = this.read(x!)
    if (node.op === transposeOp.op) return permuted(from, node.attrs['perm'] as ReadonlyArray<number>)
    if (node.op === sliceOp.op) return part(from, sliceOf(node))
    if (node.op === broadcastToOp.op) return stretched(from, node.shape)
    if (node.op === reshapeOp.op || this.#kinds[this.#at(node)] === 'alias') {
      return reshaped(from, node.shape) ?? reshaped(this.#densified(from, from.storage), node.shape)!
    }
    throw new TypeError(`${node.toString()} is read before it is computed`)
  }

  /** The parts of a result as one vector. */
  #joined(node: Node, parts: ReadonlyArray<View>): View {
    if (parts.length === 1) return reshaped(parts[0]!, node.shape)!
    const to = this.place(node)
    let at = 0
    for (const from of parts) {
      const size = sizeOf(from.shape)
      if (size > 0) this.#copy(reshaped(from, [size])!, part(to, rangeAlong(to.shape, 0, at, size)))
      at += size
    }
    return to
  }

  #densified(from: View, storage: Storage): View {
    const to = dense(this.builder.temporary(storage, sizeOf(from.shape)), storage, from.shape)
    this.#copy(from, to)
    return to
  }

  #copy(from: View, to: View): void {
    this.statements.push(copyNest(from, to))
  }

  #emitStatement(node: Node): void {
    const sum = this.#spread.sums.get(node)
    if (sum === undefined) lowerStatement(node, this)
    else addPart(node, sum.padded, this)
  }

  #emitNest({ lane: type, shape, members }: Cluster): void {
    const { nodes } = this.#sorted
    const lanes = new Map<Node, Lane>()
    const inside = new Set(members.map((i) => nodes[i]!))
    const sourceLane = (source: Node): Lane => {
      const number = numberOf(source)
      if (number !== undefined) return constantLane(number, source.dtype)
      if (inside.has(source) && this.#kinds[this.#at(source)] === 'lane') return operationLane(source, source.inputs.map(laneOf))
      const view = this.read(source)
      return loadLane(accessOf(view), view.storage === 'bool')
    }
    const laneOf = (node: Node): Lane => {
      const source = this.#source(node)
      const known = lanes.get(source) ?? sourceLane(source)
      lanes.set(source, known)
      // A part of a result may be stored as another type than that of the vector it is a slice of.
      return known.truth === (node.dtype === 'bool') ? known : convertLane(known, known.truth ? 'bool' : 'f64', node.dtype)
    }
    const stores: Array<Store> = []
    const reduced: Array<Reduction> = []
    for (const i of members) {
      const node = nodes[i]!
      if (this.#kinds[i] === 'lane') {
        // Operands come first, so the recursion stays shallow.
        const value = laneOf(node)
        if (this.#stored[i] === 1) for (const place of [this.place(node), ...(this.#also.get(node) ?? [])]) stores.push({ access: accessOf(place), value })
      } else {
        const [x] = node.inputs as readonly [Node]
        const to = this.place(node)
        const axes = axesOf(node)
        let kept = 0
        const strides = x.shape.map((_, axis) => (axes.includes(axis) ? 0 : to.strides[kept++]!))
        const access = accessOf({ ...to, shape: x.shape, strides })
        // An empty result has no place to write to.
        if (sizeOf(node.shape) > 0) reduced.push({ op: reductionOf(node)!, access, value: convertLane(laneOf(x), x.dtype, node.dtype), accumulate: false })
      }
    }
    this.statements.push({ kind: 'nest', lane: type, extents: shape, stores, reductions: reduced })
  }
}

/** A conversion of a part of a result to the dtype that it is stored as: nothing is left to do. */
const isStoredAs = (node: Node): boolean => node.op === astypeOp && storedDType(node.inputs[0]!) === node.dtype

const keyOf = ({ lane, shape }: Cluster): string => `${lane} ${shape.join(' ')}`
