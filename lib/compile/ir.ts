/**
 * Loop programs: what a graph is lowered to, and what machine code is made of. A program is a list of statements over
 * buffers in one memory. Almost all of it is loop nests whose bodies are expressions on elements, `lanes`, so that the same
 * body serves one element, or as many as a vector register holds.
 */
import type { Node } from '../core/Node.js'
import type { Convolution } from '../kernel/convolution.js'
import type { Windows } from '../kernel/window.js'

/** What a lane holds. Truth values are masks in registers; in memory they are `i32`, 0 or 1. */
export type LaneType = 'f64' | 'f32' | 'i32'

/** How an array lies in memory: like {@link LaneType}, and `bool` for truth values, which take four bytes. */
export type Storage = LaneType | 'bool'

/** Where something is, counted in elements of the buffer. */
export interface Place {
  /** Its number in {@link LoopProgram.buffers}. */
  readonly buffer: number
  readonly offset: number
  /** How far each round of an enclosing {@link Repeat} moves it. */
  readonly rounds: ReadonlyArray<{ readonly repeat: number; readonly stride: number }>
}

/** An element for each point of a loop nest: the place of the first, and a stride for each axis of the nest. */
export interface Access extends Place {
  readonly strides: ReadonlyArray<number>
}

/**
 * An expression on elements. Expressions are a directed graph: one that is used twice is the same object, and is computed once.
 *
 * - `load`: the element at `access`, of the storage of its buffer.
 * - `constant`: the number `value` (for truth values 0 or 1).
 * - `index`: the index along axis `value` of the nest, as a number.
 * - any other name is an elementwise operation: that of the primitive of the same name (`add`, `exp`, `where`, `lt` …), or one of
 *   the machine operations that formulas are written in (`lane/machine.ts`). `scalar` is the operation on numbers, for one that
 *   the machine lacks.
 */
export interface Lane {
  readonly op: string
  readonly args: ReadonlyArray<Lane>
  /** Whether it is a truth value. */
  readonly truth: boolean
  readonly value?: number
  /** The pattern of the constant `bits`. */
  readonly bits?: bigint
  readonly access?: Access
  readonly scalar?: (...elements: ReadonlyArray<number>) => number
}

/** A value stored for every point of the nest. */
export interface Store {
  readonly access: Access
  readonly value: Lane
}

export type ReductionOp = 'sum' | 'max' | 'min' | 'prod'

/**
 * A value reduced over the points of the nest that share an element of the result: those axes along which the strides of
 * `access` are 0 although the nest has more than one point there. With `accumulate` what is there already takes part.
 */
export interface Reduction {
  readonly op: ReductionOp
  readonly access: Access
  readonly value: Lane
  readonly accumulate: boolean
}

/**
 * A loop nest: every combination of indices below `extents` (the last one runs fastest; no axes: one point). All its lanes
 * have the one type `lane`, but for truth values. Stores and reductions never write what the nest reads, except that a store may
 * overwrite exactly the element that its point read.
 */
export interface Nest {
  readonly kind: 'nest'
  readonly lane: LaneType
  readonly extents: ReadonlyArray<number>
  readonly stores: ReadonlyArray<Store>
  readonly reductions: ReadonlyArray<Reduction>
}

/** A matrix in memory, or a batch of them; strides in elements. */
export interface Matrix extends Place {
  readonly rowStride: number
  readonly columnStride: number
  readonly batchStride: number
}

/** `c = a b`, or `c += a b`, for a batch of matrices: `a` is m × k, `b` is k × n. `c` has columns one element apart. */
export interface Gemm {
  readonly kind: 'gemm'
  readonly lane: 'f64' | 'f32'
  readonly a: Matrix
  readonly b: Matrix
  readonly c: Matrix
  readonly batch: number
  readonly m: number
  readonly k: number
  readonly n: number
  readonly accumulate: boolean
}

/** A convolution, or one of its derivatives, on dense arrays in the layouts of `primitive/convolution`. */
export interface Conv {
  readonly kind: 'conv'
  readonly lane: 'f64' | 'f32'
  /** Which argument of the form is computed: the result `y`, or the derivative in the signal `x`, or in the filters `w`. */
  readonly result: 'x' | 'w' | 'y'
  readonly x: Place
  readonly w: Place
  readonly y: Place
  readonly form: Convolution
}

/**
 * `to[o, i, r] = from[o, indices[i], r]` for dense arrays (`outer` × `count` × `inner` and `outer` × `length` × `inner`), or for
 * `scatter` its transpose, `to[o, indices[i], r] += from[o, i, r]` into zeros. A negative
 * index counts from the end; one that is out of range stops the program.
 */
export interface Rows {
  readonly kind: 'gather' | 'scatter'
  readonly storage: Storage
  readonly from: Place
  readonly indices: Place
  readonly to: Place
  readonly outer: number
  readonly length: number
  readonly count: number
  readonly inner: number
}

/** Windows as axes of their own, and pooling, as the primitives of these names do it on dense arrays. */
export interface Pool {
  readonly kind: 'windows' | 'unwindows' | 'argMaxPool' | 'pick' | 'unpick'
  readonly lane: 'f64' | 'f32'
  readonly from: Place
  /** For `pick` and `unpick`: an `i32` for each place of each window. */
  readonly positions: Place
  readonly to: Place
  readonly channels: number
  /** The spatial lengths of the array, and how many places its windows take. */
  readonly size: ReadonlyArray<number>
  readonly out: ReadonlyArray<number>
  /** How windows lie; for the first three. */
  readonly where?: Windows
  /** What `pick` gives for a window in the padding. */
  readonly otherwise: number
}

/** Elements set to a number: `size` of them, side by side. */
export interface Fill {
  readonly kind: 'fill'
  readonly to: Place
  readonly size: number
  readonly value: number
}

/** A primitive that has no code of its own: its kernel is called on copies of dense operands, and its result copied back. */
export interface Host {
  readonly kind: 'host'
  readonly node: Node
  readonly inputs: ReadonlyArray<Place>
  readonly output: Place
}

/** The body `count` times; `repeat` numbers this loop. Rounds count down from `count - 1` if it is reversed. */
export interface Repeat {
  readonly kind: 'repeat'
  readonly repeat: number
  readonly count: number
  readonly reverse: boolean
  readonly body: ReadonlyArray<Statement>
}

/** `test` and then, while the truth value at `flag` holds, `body` and `test` again; more than `limit` rounds stop the program. */
export interface While {
  readonly kind: 'while'
  readonly test: ReadonlyArray<Statement>
  readonly flag: Place
  readonly body: ReadonlyArray<Statement>
  /** Counts rounds (an `i32`), for statements inside. */
  readonly repeat: number
  readonly limit: number
}

/** One of two branches, by the truth value at `flag`. */
export interface Branch {
  readonly kind: 'if'
  readonly flag: Place
  readonly onTrue: ReadonlyArray<Statement>
  readonly onFalse: ReadonlyArray<Statement>
}

/** The program stops: the numbers are unfit. */
export interface Stop {
  readonly kind: 'stop'
}

export type Statement = Nest | Gemm | Conv | Rows | Pool | Fill | Host | Repeat | While | Branch | Stop

/** What a buffer is for: arguments are written by the caller before a run, constants once, results are read after it. */
export type Role = 'argument' | 'constant' | 'result' | 'temporary'

export interface BufferInfo {
  readonly storage: Storage
  readonly size: number
  readonly role: Role
}

/** A program: statements over buffers. */
export interface LoopProgram {
  readonly buffers: ReadonlyArray<BufferInfo>
  readonly statements: ReadonlyArray<Statement>
  /** How many {@link Repeat} and {@link While} statements it has; each has a counter. */
  readonly repeats: number
}

/** Where each buffer lies, in bytes, and how many bytes there are altogether. */
export interface MemoryPlan {
  readonly offsets: ReadonlyArray<number>
  readonly size: number
}

/** Bytes of an element. */
export const bytesPer: Readonly<Record<Storage, 4 | 8>> = { f64: 8, f32: 4, i32: 4, bool: 4 }
