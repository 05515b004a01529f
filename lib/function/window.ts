/**
 * Options of convolution and pooling, read into the geometry of windows: one rule for the length of a result, and one
 * place that says when it is broken.
 */
import * as E from 'fp-ts/Either'
import { pipe } from 'fp-ts/function'
import * as RA from 'fp-ts/ReadonlyArray'
import { refuse, type Refusal } from '../core/FoldgradError.js'
import type { Shape } from '../core/Shape.js'
import type { Windows } from '../kernel/window.js'

/** One number for all spatial axes, or one for each. */
export type PerAxis = number | ReadonlyArray<number>

/**
 * Padding: the same on both sides, `[before, after]` for each axis, `'valid'` (none), or `'same'` (as much as keeps the
 * length at stride 1 and divides it by the stride otherwise, the odd element after). Negative padding leaves elements out.
 */
export type Padding = PerAxis | ReadonlyArray<readonly [before: number, after: number]> | 'same' | 'valid'

/** How windows move. */
export interface WindowOptions {
  /** The distance between neighbouring places of the window. */
  readonly stride?: PerAxis
  /** What surrounds the array; nothing unless given. */
  readonly padding?: Padding
  /** The distance between neighbouring elements within a window, 1 unless given. */
  readonly dilation?: PerAxis
  /** The distance that the elements of the array are spread to before the window moves, 1 unless given. */
  readonly inputDilation?: PerAxis
}

/** A window along one axis of an array. */
interface Axis {
  readonly size: number
  readonly window: number
  readonly stride: number
  readonly dilation: number
  readonly inputDilation: number
}

type Sides = readonly [before: number, after: number]

/** The length covered by elements this far apart. */
const extent = (count: number, distance: number): number => (count === 0 ? 0 : distance * (count - 1) + 1)

/** The number of places of a window along an axis. */
const places = ({ size, window, stride, dilation, inputDilation }: Axis, [before, after]: Sides): number =>
  Math.floor((extent(size, inputDilation) + before + after - extent(window, dilation)) / stride) + 1

/** The same rule with the numbers in it. */
const formula = ({ size, window, stride, dilation, inputDilation }: Axis, [before, after]: Sides): string => {
  const spread = inputDilation === 1 ? `${size}` : `(${inputDilation}·(${size} − 1) + 1)`
  const pads = before === after ? `2·${signed(before)}` : `${signed(before)} + ${signed(after)}`
  const covered = dilation === 1 ? `${window}` : `(${dilation}·(${window} − 1) + 1)`
  const room = `(${spread} + ${pads} − ${covered}) / ${stride}`
  return `${stride === 1 ? room : `⌊${room}⌋`} + 1`
}

const minus = (n: number): string => (n < 0 ? `−${-n}` : `${n}`)

const signed = (n: number): string => (n < 0 ? `(${minus(n)})` : `${n}`)

const axesOf = (rank: number): string => `${rank} spatial ${rank === 1 ? 'axis' : 'axes'}`

const wrong = (rule: string, mend: string): E.Either<Refusal, never> => E.left(refuse('Argument', rule, mend))

const wrongCount = (name: string, count: number, rank: number): E.Either<Refusal, never> =>
  wrong(`${name} has ${count} entries for ${axesOf(rank)}`, 'Give one number, or one entry for each spatial axis')

const empty = (size: string, result: number, mend: string): E.Either<Refusal, never> =>
  E.left(refuse('Shape', `output size ${size} = ${minus(result)} is not positive`, mend))

/** An option as one integer for each axis, none of them less than `least`. */
export const perAxis = (name: string, x: PerAxis, rank: number, least: number): E.Either<Refusal, ReadonlyArray<number>> => {
  const list = typeof x === 'number' ? Array.from({ length: rank }, () => x) : [...x]
  if (list.length !== rank) return wrongCount(name, list.length, rank)
  return list.every((n) => Number.isInteger(n) && n >= least)
    ? E.right(list)
    : wrong(`${name} is [${list.join(', ')}], integers not less than ${least} are needed`, `Give a ${name} of such integers`)
}

/** The padding along each axis. */
const sidesFor = (padding: Padding, axes: ReadonlyArray<Axis>): E.Either<Refusal, ReadonlyArray<Sides>> => {
  if (padding === 'valid') return E.right(axes.map(() => [0, 0]))
  if (padding === 'same') return E.right(axes.map(sameSides))
  const entries = typeof padding === 'number' ? axes.map(() => padding) : padding
  if (entries.length !== axes.length) return wrongCount('padding', entries.length, axes.length)
  const sides = entries.map((entry): Sides => (typeof entry === 'number' ? [entry, entry] : [entry[0], entry[1]]))
  return sides.flat().every(Number.isInteger)
    ? E.right(sides)
    : wrong(
        `padding is ${JSON.stringify(padding)}, integers are needed`,
        "Give a number, a number or [before, after] for each axis, 'same' or 'valid'",
      )
}

/** The padding that gives `⌈size / stride⌉` places. */
const sameSides = ({ size, window, stride, dilation, inputDilation }: Axis): Sides => {
  const length = extent(size, inputDilation)
  const total = Math.max((Math.ceil(length / stride) - 1) * stride + extent(window, dilation) - length, 0)
  return [total >> 1, total - (total >> 1)]
}

/** The axes that windows of these lengths move over. */
const axesFor = (size: Shape, window: Shape, options: WindowOptions): E.Either<Refusal, ReadonlyArray<Axis>> =>
  pipe(
    E.Do,
    E.apS('windows', perAxis('window', window, size.length, 1)),
    E.apS('stride', perAxis('stride', options.stride ?? 1, size.length, 1)),
    E.apS('dilation', perAxis('dilation', options.dilation ?? 1, size.length, 1)),
    E.apS('inputDilation', perAxis('inputDilation', options.inputDilation ?? 1, size.length, 1)),
    E.map(({ windows, stride, dilation, inputDilation }) =>
      size.map((length, i) => ({
        size: length,
        window: windows[i]!,
        stride: stride[i]!,
        dilation: dilation[i]!,
        inputDilation: inputDilation[i]!,
      })),
    ),
  )

const geometry = (axes: ReadonlyArray<Axis>, sides: ReadonlyArray<Sides>, out: Shape): Windows => ({
  size: axes.map((axis) => axis.size),
  window: axes.map((axis) => axis.window),
  out,
  stride: axes.map((axis) => axis.stride),
  dilation: axes.map((axis) => axis.dilation),
  inputDilation: axes.map((axis) => axis.inputDilation),
  low: sides.map(([before]) => before),
})

/** Windows of these lengths over spatial axes of these lengths; the stride is 1 unless given. */
export const windowsFor = (size: Shape, window: Shape, options: WindowOptions): E.Either<Refusal, Windows> =>
  pipe(
    axesFor(size, window, options),
    E.bindTo('axes'),
    E.bind('sides', ({ axes }) => sidesFor(options.padding ?? 0, axes)),
    E.chain(({ axes, sides }) => {
      const out = RA.zipWith(axes, sides, places)
      const bad = out.findIndex((n) => n < 1)
      return bad < 0
        ? E.right(geometry(axes, sides, out))
        : empty(formula(axes[bad]!, sides[bad]!), out[bad]!, 'Use a smaller window or dilation, or more padding')
    }),
  )

/** Options of the transposed convolution. */
export interface TransposedOptions extends Omit<WindowOptions, 'inputDilation'> {
  /** How many elements the result has beyond the least that its convolution would need, 0 unless given. */
  readonly outputPadding?: PerAxis
}

/**
 * The windows whose places are `out`: those of the convolution that leads back from the result of a transposed one.
 * With `'same'` padding the result has `out · stride` elements.
 */
export const windowsOnto = (out: Shape, window: Shape, options: TransposedOptions): E.Either<Refusal, Windows> =>
  pipe(
    axesFor(out, window, options),
    E.bindTo('across'),
    E.apS('extra', perAxis('outputPadding', options.outputPadding ?? 0, out.length, 0)),
    E.bind('axes', ({ across, extra }) => {
      const bad = across.findIndex(({ stride, dilation }, i) => extra[i]! >= Math.max(stride, dilation))
      return bad < 0
        ? E.right(across.map((axis) => ({ ...axis, size: axis.size * axis.stride })))
        : wrong(
            `outputPadding is [${extra.join(', ')}], each must be less than the stride or the dilation`,
            'Use outputPadding to choose among results that the stride does not tell apart',
          )
    }),
    E.bind('sides', ({ axes }) => sidesFor(options.padding ?? 0, axes)),
    E.chain(({ axes, sides, extra }) => {
      const size = axes.map(({ window: length, stride, dilation }, i) =>
        options.padding === 'same'
          ? out[i]! * stride
          : (out[i]! - 1) * stride + extent(length, dilation) - sides[i]![0] - sides[i]![1] + extra[i]!,
      )
      const bad = size.findIndex((n) => n < 1)
      return bad < 0
        ? E.right(geometry(axes.map((axis, i) => ({ ...axis, size: size[i]! })), sides, out))
        : empty(transposedFormula({ ...axes[bad]!, size: out[bad]! }, sides[bad]!, extra[bad]!), size[bad]!, 'Use less padding, or a larger window')
    }),
  )

const transposedFormula = ({ size, window, stride, dilation }: Axis, [before, after]: Sides, extra: number): string => {
  const pads = before === after ? `2·${signed(before)}` : `${signed(before)} − ${signed(after)}`
  return `(${size} − 1)·${stride} + ${dilation === 1 ? window : `${dilation}·(${window} − 1) + 1`} − ${pads} + ${extra}`
}
