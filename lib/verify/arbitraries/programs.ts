/** Random programs. */
import type * as fc from 'fast-check'
import { bufferFrom } from '../../core/DType.js'
import { sizeOf, shapeOf, type Shape } from '../../core/Shape.js'
import { tensorOf, type Tensor } from '../../core/Tensor.js'
import { drawn, type Draw, type Drawn } from './arbitrary.js'
import type { Operation, Smoothness } from './operation.js'
import { operations } from './operations/index.js'
import { programOf, reader, resolve, type Instruction, type Program, type Resolved, type Setting } from './program.js'
import type { ShapeOptions } from './shapes.js'
import { simplerListings } from './shrink.js'

/** Which programs are drawn. */
export interface ProgramOptions {
  /** The most instructions; 12 unless given. */
  readonly size?: number
  /** The least instructions; 1 unless given. */
  readonly minSize?: number
  /** The most inputs; 3 unless given. */
  readonly inputs?: number
  /** How many results; 1 unless given. */
  readonly outputs?: number
  /**
   * `smooth` unless given: operations with derivatives everywhere. `kinked` adds those with kinks, such as `relu` and `max`,
   * `jumping` those with jumps as well, such as `floor` and `where`.
   */
  readonly smoothness?: Smoothness
  /** Whether loops and branches take part; true unless given. */
  readonly control?: boolean
  /** Everything is a scalar. */
  readonly scalars?: boolean
  /** Every result is summed to a scalar, as `grad` needs it. */
  readonly scalarResult?: boolean
  /** The shapes of inputs; of rank 3 with lengths from 1 to 3 at most unless given. Values on the way may be larger. */
  readonly shapes?: ShapeOptions
  /** Names of operations, or of families of them such as `elementwise`; all unless given. */
  readonly only?: ReadonlyArray<string>
  /** Operations of the user's own, by the name they are printed by; see `operation`. */
  readonly also?: Readonly<Record<string, Operation>>
  /** The dtype of inputs; `f64` unless given. */
  readonly dtype?: 'f64' | 'f32'
  /** Inputs lie between minus this number and this number, on a grid of 1/64; 2 unless given. */
  readonly bound?: number
}

const order: Readonly<Record<Smoothness, number>> = { smooth: 0, kinked: 1, jumping: 2 }

/** The operations that take part. */
const admitted = ({ smoothness = 'smooth', control = true, scalars = false, only, also = {} }: ProgramOptions): Readonly<Record<string, Operation>> =>
  Object.fromEntries(
    Object.entries({ ...operations, ...also }).filter(
      ([name, { family, smoothness: own }]) =>
        (only === undefined ? true : only.includes(name) || only.includes(family)) &&
        order[own] <= order[smoothness] &&
        (control || family !== 'control' || only?.includes(name) === true) &&
        (!scalars || family === 'elementwise' || family === 'user'),
    ),
  )

/** Lengths that the shapes of a program have in common, so that operands fit each other. */
const shapesOf = (draw: Draw, count: number, options: ShapeOptions): ReadonlyArray<Shape> => {
  const { minRank = 0, maxRank = 3, minLength = 1, maxLength = 3, maxSize = 24 } = options
  const lengths = Array.from({ length: 3 }, () => draw(minLength, maxLength))
  return Array.from({ length: count }, () => {
    const rank = Math.max(minRank, Math.min(maxRank, [0, 1, 1, 2, 2, 2, 3][draw(0, 6)]!))
    const first = draw(0, 2)
    const shape: Array<number> = []
    for (let axis = 0; axis < rank; axis++) {
      const length = draw(0, 7) === 0 ? Math.max(1, minLength) : lengths[(first + axis) % 3]!
      shape.push(sizeOf(shape) * length > maxSize ? minLength : length)
    }
    return shapeOf(shape)
  })
}

const inputOf = (draw: Draw, shape: Shape, { dtype = 'f64', bound = 2 }: ProgramOptions): Tensor => {
  const limit = Math.max(1, Math.round(bound * 64))
  return tensorOf(bufferFrom(dtype, Array.from({ length: sizeOf(shape) }, () => draw(-limit, limit) / 64)), shape, dtype)
}

/** Operations of the user's own come up in one of four instructions: they are what is in question. */
const nameOf = (draw: Draw, names: ReadonlyArray<string>, own: ReadonlyArray<string>): string =>
  own.length > 0 && draw(0, 3) === 0 ? own[draw(0, own.length - 1)]! : names[draw(0, names.length - 1)]!

/** Operands are recent values two times out of three, so that most of a program leads to its result. */
const instructionOf = (draw: Draw, op: string, table: Setting['operations'], count: number): Instruction => {
  const operands = Array.from({ length: table[op]!.arity }, () => (draw(0, 2) === 0 ? draw(0, count - 1) : draw(Math.max(0, count - 2), count - 1)))
  return { op, operands, pick: draw(0, 15) }
}

/**
 * Random programs over the operations of the library, with sharing: lists of instructions whose operands are counted among the
 * earlier values that fit, so that they are well typed whatever is taken out of them. They shrink to the smallest program
 * that fails, often a single instruction on the numbers that it met, and print as TypeScript that runs.
 *
 * Results stay of moderate size, so that numerical differentiation can tell right from wrong.
 *
 * @example
 * const [{ f, inputs }] = fc.sample(programs({ smoothness: 'kinked' }), { numRuns: 1, seed: 1 })
 * E.isRight(checkGradient(f, inputs)) // true
 * const [scalar] = fc.sample(programs({ scalars: true, only: ['sin', 'mul'], size: 2, inputs: 1 }), { numRuns: 1, seed: 1 })
 * String(scalar).includes('import') // true
 */
export const programs = (options: ProgramOptions = {}): fc.Arbitrary<Program> => {
  const { size = 12, minSize = 1, inputs = 3, outputs = 1, scalars = false, scalarResult = false } = options
  const table = admitted(options)
  const names = Object.keys(table)
  const own = Object.keys(options.also ?? {}).filter((name) => name in table)
  if (names.length === 0) throw new RangeError('programs: no operation takes part; name some that exist in `only`')
  const shapes: ShapeOptions = scalars ? { ...options.shapes, minRank: 0, maxRank: 0 } : (options.shapes ?? {})
  const setting: Setting = { operations: table, maxSize: Math.max(48, shapes.maxSize ?? 0), maxRank: 4, scalar: scalarResult }
  const of = (resolved: Resolved): Drawn<Program, Resolved> => ({ value: programOf(resolved, setting), context: resolved })
  return drawn(
    (draw) => {
      const data = shapesOf(draw, draw(1, inputs), shapes).map((shape) => inputOf(draw, shape, options))
      const { count, take, takeInstead, finish } = reader(data, setting)
      const end = data.length + draw(Math.min(minSize, size), size)
      while (count() < end) {
        const draft = () => instructionOf(draw, nameOf(draw, names, own), table, count())
        // An operation that nothing fits yet is left for another, a few times.
        if (!take(draft()) && !take(draft()) && !take(draft()) && !take(draft())) takeInstead(draft())
      }
      return of(finish(Array.from({ length: outputs }, (_, k) => Math.max(0, end - 1 - k))))
    },
    function* (resolved: Resolved) {
      for (const listing of simplerListings(resolved, setting, shapes.minLength ?? 1)) yield of(resolve(listing, setting))
    },
  )
}
