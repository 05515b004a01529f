/**
 * `Node`: an immutable record of one operation on other nodes. Edges run from result to operand only, so there are no
 * cycles, and a node that nobody mentions any more is garbage.
 */
import type { Buffer, DType } from './DType.js'
import { errorAt, isRefusal, type FoldgradError, type Refusal } from './FoldgradError.js'
import { scalarShape, shapeOf, showShape, type Shape } from './Shape.js'

/** What a node computes, known before any number is: its shape and its dtype. */
export interface Signature {
  readonly shape: Shape
  readonly dtype: DType
}

/** Options of an operation; plain immutable data. */
export type Attrs = Readonly<Record<string, unknown>>

/**
 * From operands, of which some are `mapped` (have the batch as an additional leading axis of length `size`), to the result
 * with the batch as its leading axis. `y` is the operation on a single element. `'loop'` if these operands need one.
 */
export type BatchRule = (inputs: ReadonlyArray<Node>, mapped: ReadonlyArray<boolean>, y: Node, size: number) => Node | 'loop'

/** A function as a graph: nothing in it refers to anything outside. Control primitives carry such functions as attributes. */
export interface Closed {
  readonly parameters: ReadonlyArray<Node>
  readonly outputs: ReadonlyArray<Node>
}

/** What running something takes; see `plan`. */
export interface Cost {
  /** The size of the program: nodes, those of closed functions included, each counted once. */
  readonly nodes: number
  /** How many kernels run, those in loops as often as they do. */
  readonly evaluations: number
  /** The most bytes that are allocated at a time, the results among them. */
  readonly peak: number
  /** The bytes of the results. */
  readonly results: number
  /** Whether this holds for all numbers: nothing depends on how long a `whileLoop` runs or which branch is taken. */
  readonly exact: boolean
}

/**
 * A primitive operation: one record with everything the interpreters need. A node refers to the record itself, so there
 * is no registry, and user primitives are equal to built-in ones.
 */
export interface Primitive {
  readonly name: string
  /** The shape and dtype of the result, or what is wrong with the operands. */
  readonly infer: (inputs: ReadonlyArray<Node>, attrs: Attrs) => Signature | Refusal
  /** The reference kernel: buffers of the operands to a fresh buffer of the result. */
  readonly evaluate: (inputs: ReadonlyArray<Buffer>, y: Node) => Buffer
  /**
   * The pullback in argument `k`: the contribution of `y = op(inputs)` to the adjoint of `inputs[k]`, given the adjoint
   * `g` of `y`. `null` says that `y` is not differentiable in that argument.
   */
  readonly vjp: (g: Node, y: Node, k: number) => Node | null
  /**
   * The contributions to the adjoints of all operands that are wanted, where computing them together shares work; used
   * instead of `vjp` when there is one. `masked`: zeros of `g` may come from a mask.
   */
  readonly pullback?: (g: Node, y: Node, wanted: ReadonlyArray<boolean>, masked: boolean) => ReadonlyArray<Node | null>
  /** The pushforward: the tangent of `y`, given those of the inputs. `null` is a tangent that is zero. */
  readonly jvp: (tangents: ReadonlyArray<Node | null>, y: Node) => Node | null
  /**
   * The operation on a whole batch: `'leading'` if it acts on trailing axes alone (or elementwise), so that the batch is just
   * another leading axis; `'loop'` to run the kernel once for each element; or a rule of its own.
   */
  readonly batch: 'leading' | 'loop' | BatchRule
  /** The operation on single elements, when `y[i]` depends on the `i`-th elements of the operands alone. */
  readonly scalar?: (...elements: ReadonlyArray<number>) => number
  /**
   * The same within an array, from the elements at `operands[from]` … to element `i`, for the operations that programs consist
   * of: a number that is handed over takes memory.
   */
  readonly within?: (x: Float64Array, i: number, operands: Int32Array, from: number) => void
  /** For scalars, what `y` hands on to each operand, in numbers instead of nodes; see `primitive/contribution.ts`. */
  readonly contributions?: (y: Node) => ReadonlyArray<Contribution | null> | undefined
  /** The kernel takes a buffer of one element as a constant array of any size (see `kernel/uniform`). */
  readonly uniform?: boolean
  /** The kernel hands on the buffer of its first operand if that has one element, or as many as the result. */
  readonly view?: boolean
  /** What running the kernel takes, for one that runs closed functions, given what each of those takes. */
  readonly cost?: (y: Node, costOf: (body: Closed) => Cost) => Cost
  /** The pullback hides entries (`where`, `maximum` …): what is zero behind it stays zero, never 0·∞. */
  readonly masks?: boolean | ((y: Node) => boolean)
}

/** What will say which operation a deferred node stands for; see `Sweep.ts`. */
export interface Deferral {
  /** Has {@link settle} called on all nodes that are deferred to it. */
  readonly form: () => void
}

/** What a scalar hands on to one of its operands, computed in an array whose first elements are its slots. */
export interface Contribution {
  readonly compute: (slots: Float64Array) => void
  /** The element that holds the result then. */
  readonly result: number
  /** The slot whose node `vjp` returns as it is, -1 if it makes a new one; and the same if the adjoint is a constant 1. */
  readonly slot: number
  readonly unitSlot: number
}

/** The first operand, or all of them in an array, or what a deferred node waits for. */
type First = Node | ReadonlyArray<Node> | Deferral | undefined

/** Only {@link apply}, {@link invalid} and {@link deferred} make nodes. */
const key = Symbol('Node')

let position: (node: Node) => number
let mark: (node: Node, at: number) => void
let arity: (node: Node) => number
let operand: (node: Node, k: number) => Node
let gather: (node: Node, operands: ReadonlyArray<Node>) => void
let deferral: (node: Node) => Deferral | undefined
let form: (node: Node) => void
let become: (node: Node, other: Node) => void
let isBroken: (node: Node) => boolean
let branded: (x: object) => boolean

/**
 * One operation on other nodes: `{ op, inputs, attrs, shape, dtype }`, deeply immutable. It holds no value and no
 * gradient; both are results of folds.
 *
 * One or two operands are held directly, and put into an array when somebody asks for `inputs`: graphs of many scalars are
 * half the size that way, and collecting garbage is most of what they cost.
 *
 * A node may be deferred: its type is known, and what it does is found out when somebody asks. Nobody can tell.
 */
export class Node<S extends Shape = Shape, D extends DType = DType> {
  /** Scratch of the topological sort, meaningless outside it and unobservable (`Graph.ts`). */
  #position = 0
  /** `undefined` for a node that is deferred. */
  #op: Primitive | undefined
  #first: First
  /** The second operand; the node itself says that the operands are in an array. */
  #second: Node | undefined
  #attrs: Attrs
  readonly shape: S
  readonly dtype: D

  /** @internal */
  constructor(permit: symbol, op: Primitive | undefined, first: First, second: Node | undefined, attrs: Attrs, shape: S, dtype: D) {
    if (permit !== key) throw new TypeError('Node: make nodes by applying operations')
    this.#op = op
    this.#first = first
    this.#second = second
    this.#attrs = attrs
    this.shape = shape
    this.dtype = dtype
    Object.freeze(this)
  }

  /** The primitive. */
  get op(): Primitive {
    if (this.#op === undefined) form(this)
    return this.#op!
  }

  /** The options of the operation. */
  get attrs(): Attrs {
    if (this.#op === undefined) form(this)
    return this.#attrs
  }

  /** The operands. */
  get inputs(): ReadonlyArray<Node> {
    if (this.#op === undefined) form(this)
    const [first, second] = [this.#first, this.#second]
    if (second === this) return first as ReadonlyArray<Node>
    const list = Object.freeze(first === undefined ? [] : second === undefined ? [first as Node] : [first as Node, second])
    gather(this, list)
    return list
  }

  static {
    branded = (x) => #position in x
    position = (n) => n.#position
    mark = (n, at) => {
      n.#position = at
    }
    arity = (n) => {
      if (n.#op === undefined) form(n)
      const second = n.#second
      return second === undefined ? (n.#first === undefined ? 0 : 1) : second === n ? (n.#first as ReadonlyArray<Node>).length : 2
    }
    operand = (n, k) => {
      const second = n.#second!
      return second === n ? (n.#first as ReadonlyArray<Node>)[k]! : k === 0 ? (n.#first as Node) : second
    }
    gather = (n, list) => {
      n.#first = list
      n.#second = n
    }
    isBroken = (n) => n.#op === broken
    deferral = (n) => (n.#op === undefined ? (n.#first as Deferral) : undefined)
    form = (n) => (n.#first as Deferral).form()
    become = (n, other) => {
      n.#op = other.op
      n.#attrs = other.attrs
      n.#first = other.#first
      n.#second = other.#second === other ? n : other.#second
    }
  }

  /** The operation and its type, such as `mul: f64[2, 3]`. */
  toString(): string {
    return `${nameOf(this)}: ${isInvalid(this) ? 'invalid' : this.dtype + showShape(this.shape)}`
  }

  [Symbol.for('nodejs.util.inspect.custom')](): string {
    return this.toString()
  }
}
Object.freeze(Node.prototype)
Object.freeze(Node)

/** Whether this is a node, and not something made to look like one. */
export const isNode = (x: unknown): x is Node => typeof x === 'object' && x !== null && branded(x)

/** Where the last sort found the node, and where this one does. For `Graph.ts` alone. */
export const positionOf: (node: Node) => number = position!
export const setPosition: (node: Node, at: number) => void = mark!

/** The number of operands, and then one of them, without making an array of them. */
export const arityOf: (node: Node) => number = arity!
export const operandOf: (node: Node, k: number) => Node = operand!

/** What a node waits for, if it is deferred; and the node that it turns out to be, which nobody else may hold. For `Sweep.ts` alone. */
export const deferralOf: (node: Node) => Deferral | undefined = deferral!
export const settle: (node: Node, as: Node) => void = become!

/** A valid node of this type, whose operation is not known before somebody asks. */
export const deferred = (to: Deferral, { shape, dtype }: Signature): Node => new Node(key, undefined, to, undefined, noAttrs, shape, dtype)

/** Whether the pullback of a node hides entries. */
export const masks = (y: Node): boolean => (typeof y.op.masks === 'function' ? y.op.masks(y) : y.op.masks === true)

/** The attributes of an operation without options. */
export const noAttrs: Attrs = Object.freeze({})

/** Attribute data, frozen to the leaves. The caller hands over fresh data, never an array of the user's. */
const freeze = (attrs: Attrs): Attrs => {
  if (Object.isFrozen(attrs)) return attrs
  for (const part of Object.values(attrs)) freezePlain(part)
  return Object.freeze(attrs)
}

const freezePlain = (x: unknown): void => {
  if (Array.isArray(x) && !Object.isFrozen(x)) {
    x.forEach(freezePlain)
    Object.freeze(x)
  }
}

/**
 * The node `op(inputs)`. Total: an application that breaks a rule of the operation is an invalid node, which flows on and
 * is reported by `evaluate` together with every other.
 */
export const apply = (op: Primitive, inputs: ReadonlyArray<Node>, attrs: Attrs = noAttrs): Node => {
  for (let k = 0; k < inputs.length; k++) if (isInvalid(inputs[k]!)) return invalid(op.name, inputs)
  const answer = op.infer(inputs, attrs)
  if (isRefusal(answer)) return invalid(op.name, inputs, answer)
  return nodeOf(op, inputs, attrs === noAttrs ? attrs : freeze(attrs), answer)
}

const nodeOf = (op: Primitive, inputs: ReadonlyArray<Node>, attrs: Attrs, { shape, dtype }: Signature): Node => {
  const node = new Node(key, op, inputs[0], inputs[1], attrs, shape, dtype)
  if (inputs.length > 2) gather(node, Object.freeze([...inputs]))
  return node
}

/** The node `op(a)` or `op(a, b)` of the type of `a`, where it is known that these operands fit and are valid. */
export const applyFitting = (op: Primitive, a: Node, b?: Node): Node => new Node(key, op, a, b, noAttrs, a.shape, a.dtype)

/** The operation of invalid nodes. It has a shape only because every node has one. */
export const broken: Primitive = Object.freeze({
  name: 'invalid',
  infer: () => ({ shape: scalarShape, dtype: 'f64' as const }),
  evaluate: () => {
    throw new TypeError('an invalid node has no value')
  },
  vjp: () => null,
  jvp: () => null,
  batch: 'leading',
})

/** A node for an application that went wrong, or (without a refusal) for one whose operands did. */
export const invalid = (op: string, inputs: ReadonlyArray<Node>, refusal?: Refusal): Node => {
  const error = refusal && errorAt(op, inputs.filter((x) => !isInvalid(x)).map((x) => x.shape), refusal)
  return nodeOf(broken, inputs, Object.freeze({ op, error }), { shape: scalarShape, dtype: 'f64' })
}

/** Whether this node stands for a misuse, its own or that of an operand. */
export const isInvalid: (node: Node) => boolean = isBroken!

/** The misuse recorded in this very node, if any; those of operands are found by walking on. */
export const errorOf = (node: Node): FoldgradError | undefined =>
  isInvalid(node) ? (node.attrs['error'] as FoldgradError | undefined) : undefined

/** The name of the operation, also for an invalid application of it. */
export const nameOf = (node: Node): string => (isInvalid(node) ? String(node.attrs['op']) : node.op.name)

/** A signature. */
export const signature = (shape: Shape, dtype: DType): Signature => ({ shape: shapeOf(shape), dtype })
