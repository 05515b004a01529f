/** Rows of primitives that move windows: convolution, pooling, and windows themselves. */
import fc from 'fast-check'
import type { Node } from '../../lib/core/Node.js'
import type { Shape } from '../../lib/core/Shape.js'
import { constant } from '../../lib/primitive/index.js'
import type { Form } from '../../lib/primitive/convolution.js'
import type { Windows } from '../../lib/kernel/window.js'
import { array, distinct, type Range } from '../arbitraries/array.js'
import { application, row, type Row } from './application.js'

const plain: Range = [-2, 2]

/** Windows with strides, dilations and padding, over one axis and over two. */
const layouts: fc.Arbitrary<Windows> = fc.constantFrom<Windows>(
  { size: [4], window: [2], out: [3], stride: [1], dilation: [1], inputDilation: [1], low: [0] },
  { size: [5], window: [2], out: [3], stride: [2], dilation: [2], inputDilation: [1], low: [1] },
  { size: [3], window: [2], out: [4], stride: [1], dilation: [1], inputDilation: [2], low: [0] },
  { size: [3, 3], window: [2, 2], out: [2, 2], stride: [1, 1], dilation: [1, 1], inputDilation: [1, 1], low: [0, 0] },
  { size: [2, 3], window: [2, 1], out: [3, 2], stride: [1, 2], dilation: [1, 1], inputDilation: [1, 1], low: [1, 0] },
)

/** The three arguments of the trilinear form of a convolution, of which a primitive takes two. */
interface Arguments {
  readonly x: Shape
  readonly w: Shape
  readonly y: Shape
  readonly form: Form
}

const convolutions: fc.Arbitrary<Arguments> = fc.tuple(layouts, fc.constantFrom(1, 2), fc.integer({ min: 1, max: 2 })).map(([layout, groups, batch]) => ({
  x: [batch, 2, ...layout.size],
  w: [2, 2 / groups, ...layout.window],
  y: [batch, 2, ...layout.out],
  form: { ...layout, groups },
}))

/** A partial gradient of the form, from two of its arguments. */
export const bilinear = (
  f: (a: Node, b: Node, form: Form) => Node,
  left: 'x' | 'w' | 'y',
  right: 'x' | 'w' | 'y',
  label: string,
): Row =>
  row(
    'smooth',
    convolutions.chain((c) =>
      fc
        .tuple(array(c[left], plain), array(c[right], plain))
        .map((args) => application(`${label} ${JSON.stringify(c.form)}`, args, (a, b) => f(a!, b!, c.form))),
    ),
  )

/** Windows of two channels. */
export const windowsRow = (windows: (x: Node, where: Windows) => Node): Row =>
  row(
    'linear',
    layouts.chain((where) => array([2, ...where.size], plain).map((x) => application(`windows ${JSON.stringify(where)}`, [x], (n) => windows(n!, where)))),
  )

export const unwindowsRow = (unwindows: (x: Node, where: Windows) => Node): Row =>
  row(
    'linear',
    layouts.chain((where) =>
      array([2, ...where.window, ...where.out], plain).map((x) => application(`unwindows ${JSON.stringify(where)}`, [x], (n) => unwindows(n!, where))),
    ),
  )

/** The places of maxima are integers; as floats they have derivative zero. */
export const argMaxPoolRow = (argMaxPool: (x: Node, where: Windows) => Node, floatLike: (x: Node, y: Node) => Node): Row =>
  row(
    'stepwise',
    layouts.chain((where) =>
      distinct([2, ...where.size]).map((x) => application(`argMaxPool ${JSON.stringify(where)}`, [x], (n) => floatLike(n!, argMaxPool(n!, where)))),
    ),
  )

/** Elements at the places of the maxima of another array. */
export const pickRow = (pick: (x: Node, at: Node, size: Shape) => Node, argMaxPool: (x: Node, where: Windows) => Node): Row =>
  row(
    'linear',
    layouts.chain((where) =>
      fc
        .tuple(array([2, ...where.size], plain), distinct([2, ...where.size]))
        .map(([x, order]) => application(`pick ${JSON.stringify(where)}`, [x], (n) => pick(n!, argMaxPool(constant(order), where), where.size))),
    ),
  )

/** Elements added at the places of the maxima of another array. */
export const unpickRow = (unpick: (x: Node, at: Node, size: Shape) => Node, argMaxPool: (x: Node, where: Windows) => Node): Row =>
  row(
    'linear',
    layouts.chain((where) =>
      fc
        .tuple(array([2, ...where.out], plain), distinct([2, ...where.size]))
        .map(([x, order]) => application(`unpick ${JSON.stringify(where)}`, [x], (n) => unpick(n!, argMaxPool(constant(order), where), where.size))),
    ),
  )
