/** Operations that are statements of their own: products, convolutions, rows at indices, parts put together, control flow. */
import type { Node, Primitive } from '../../core/Node.js'
import { sameShape, sizeOf, type Shape } from '../../core/Shape.js'
import { callOp } from '../../control/call.js'
import { condOp } from '../../control/cond.js'
import { scanOp } from '../../control/scanPrimitive.js'
import { whileOp } from '../../control/whilePrimitive.js'
import type { Convolution } from '../../kernel/convolution.js'
import { axisOf } from '../../primitive/along.js'
import { formIn, partials } from '../../primitive/convolution.js'
import { gatherOp, scatterOp, wrapOp } from '../../primitive/indexing.js'
import { argMaxPoolOp, pickOp, unpickOp } from '../../primitive/pooling.js'
import { dotOp, transposesOf } from '../../primitive/product.js'
import { concatOp, rangeAlong, sliceOf, unsliceOp, type Slice } from '../../primitive/shape.js'
import { channelsOf, unwindowsOp, windowsIn, windowsOp } from '../../primitive/window.js'
import { lowerBranch, lowerCall, lowerScan, lowerWhile } from './control.js'
import type { Lane, Matrix, Nest, Pool, Statement } from '../ir.js'
import { addLanes, constantLane, loadLane } from './lanes.js'
import { copyNest, type Context } from './context.js'
import { accessOf, dense, isDense, part, reshaped, sameView, squeezed, type View } from './view.js'

type Rule = (node: Node, context: Context) => void

/** An array whose result is wanted side by side: computed there, and copied on if it is wanted elsewhere. */
const computeDense = (node: Node, { builder, place, statements }: Context, compute: (to: View) => Statement): void => {
  const wanted = place(node)
  if (isDense(wanted) && wanted.storage === node.dtype) {
    statements.push(compute(wanted))
    return
  }
  const own = dense(builder.temporary(node.dtype, sizeOf(node.shape)), node.dtype, node.shape)
  statements.push(compute(own), copyNest(own, wanted))
}

/** Anything: the kernel of the primitive, called on copies. */
const host: Rule = (node, context) => {
  const { builder, statements } = context
  // The caller of the kernel does not know the rounds of loops.
  const inputs = node.inputs.map((x) => {
    const view = context.readDense(x)
    if (view.rounds.length === 0) return view
    const still = dense(builder.temporary(view.storage, sizeOf(view.shape)), view.storage, view.shape)
    statements.push(copyNest(view, still))
    return still
  })
  const wanted = context.place(node)
  const output = wanted.rounds.length === 0 && isDense(wanted) && wanted.storage === node.dtype ? wanted : dense(builder.temporary(node.dtype, sizeOf(node.shape)), node.dtype, node.shape)
  statements.push({ kind: 'host', node, inputs, output })
  if (output !== wanted) statements.push(copyNest(output, wanted))
}

/** A batch of matrices, if the batch axes can be walked with one stride. */
const matrixOf = (view: View, isTransposed: boolean): Matrix | undefined => {
  const [r, c] = view.shape.slice(-2) as [number, number]
  const stacked = reshaped(view, [sizeOf(view.shape.slice(0, -2)), r, c])
  if (stacked === undefined) return undefined
  const [batchStride, rows, columns] = stacked.strides as readonly [number, number, number]
  const { buffer, offset, rounds } = stacked
  return { buffer, offset, rounds, batchStride, rowStride: isTransposed ? columns : rows, columnStride: isTransposed ? rows : columns }
}

const product: Rule = (node, context) => {
  const [x, w] = node.inputs as readonly [Node, Node]
  if (node.dtype !== 'f64' && node.dtype !== 'f32') return host(node, context)
  const { transposeA, transposeB } = transposesOf(node)
  const operand = (n: Node, isTransposed: boolean): Matrix => {
    const view = context.read(n)
    return (view.storage === n.dtype ? matrixOf(view, isTransposed) : undefined) ?? matrixOf(context.readDense(n), isTransposed)!
  }
  const [a, b] = [operand(x, transposeA), operand(w, transposeB)]
  const [m, n] = node.shape.slice(-2) as [number, number]
  const k = x.shape.at(transposeA ? -2 : -1)!
  const lane = node.dtype
  computeDense(node, context, (to) => ({ kind: 'gemm', lane, a, b, c: matrixOf(to, false)!, batch: sizeOf(node.shape.slice(0, -2)), m, k, n, accumulate: false }))
}

const convolution: Rule = (node, context) => {
  const form = formIn(node.attrs)
  const result = node.op === partials.y ? 'y' : node.op === partials.x ? 'x' : 'w'
  if (node.dtype !== 'f64' && node.dtype !== 'f32') return host(node, context)
  const lane = node.dtype
  const names = { y: ['x', 'w'], x: ['w', 'y'], w: ['x', 'y'] } as const
  const shapes = Object.fromEntries([[result, node.shape], ...names[result].map((name, k) => [name, node.inputs[k]!.shape] as const)]) as Record<'x' | 'w' | 'y', ReadonlyArray<number>>
  const full: Convolution = { ...form, batch: shapes.x[0]!, channels: shapes.x[1]!, filters: shapes.y[1]! }
  const inputs = node.inputs.map((x) => context.readDense(x))
  computeDense(node, context, (to) => {
    const places = { [result]: to, [names[result][0]]: inputs[0]!, [names[result][1]]: inputs[1]! } as Record<'x' | 'w' | 'y', View>
    return { kind: 'conv', lane, result, ...places, form: full }
  })
}

const rows =
  (kind: 'gather' | 'scatter'): Rule =>
  (node, context) => {
    const [x, indices] = node.inputs as readonly [Node, Node]
    const axis = axisOf(node)
    const whole = kind === 'gather' ? x : node
    const [from, at] = [context.readDense(x), context.readDense(indices)]
    computeDense(node, context, (to) => ({
      kind,
      storage: node.dtype,
      from,
      indices: at,
      to,
      outer: sizeOf(whole.shape.slice(0, axis)),
      length: whole.shape[axis]!,
      count: sizeOf(indices.shape),
      inner: sizeOf(whole.shape.slice(axis + 1)),
    }))
  }

/** Copies that go through the same loops, as one. */
const together = (nests: ReadonlyArray<Nest>): ReadonlyArray<Nest> => {
  const made: Array<Nest> = []
  for (const nest of nests) {
    const at = made.findIndex(({ lane, extents }) => lane === nest.lane && sameShape(extents, nest.extents))
    if (at < 0) made.push(nest)
    else made[at] = { ...nest, stores: [...made[at]!.stores, ...nest.stores] }
  }
  return made
}

/** Indices with the negative ones counted from the end; one that is out of range stops the program. */
const wrapped: Rule = (node, { builder, read, place, statements }) => {
  const length = node.attrs['length'] as number
  const from = read(node.inputs[0]!)
  const index = loadLane(accessOf(from), false)
  const test = (op: 'lt' | 'ge', x: Lane, bound: number): Lane => ({ op, args: [x, constantLane(bound, 'i32')], truth: true })
  const choice = (c: Lane, a: Lane, b: Lane): Lane => ({ op: 'where', args: [c, a, b], truth: false })
  const [none, one] = [constantLane(0, 'i32'), constantLane(1, 'i32')]
  const value = choice(test('lt', index, 0), addLanes(index, constantLane(length, 'i32')), index)
  const isOutside = choice(test('lt', index, -length), one, choice(test('ge', index, length), one, none))
  const outside = dense(builder.temporary('i32', 1), 'i32', [])
  const access = accessOf({ ...outside, shape: from.shape, strides: from.shape.map(() => 0) })
  statements.push(
    {
      kind: 'nest',
      lane: 'i32',
      extents: squeezed(from.shape),
      stores: [{ access: accessOf(place(node)), value }],
      reductions: [{ op: 'sum', access, value: isOutside, accumulate: false }],
    },
    { kind: 'if', flag: outside, onTrue: [{ kind: 'stop' }], onFalse: [] },
  )
}

const concatenation: Rule = (node, context) => {
  const to = context.place(node)
  const axis = axisOf(node)
  const copies: Array<Nest> = []
  let at = 0
  for (const x of node.inputs) {
    const [from, place] = [context.read(x), part(to, rangeAlong(to.shape, axis, at, x.shape[axis]!))]
    if (sizeOf(x.shape) > 0 && !sameView(from, place)) copies.push(copyNest(from, place))
    at += x.shape[axis]!
  }
  context.statements.push(...together(copies))
}

/** The stretches of a dense array outside of a part that takes a range of the leading axis and everything else along the others. */
const around = ({ start, step, shape }: Slice, whole: Shape): ReadonlyArray<readonly [from: number, size: number]> | undefined => {
  const inner = sizeOf(whole.slice(1))
  if (step.some((s, i) => s !== 1 && shape[i] !== 1) || !sameShape(shape.slice(1), whole.slice(1))) return undefined
  const [from, to] = [start[0]! * inner, (start[0]! + shape[0]!) * inner]
  return [[0, from] as const, [to, whole[0]! * inner - to] as const].filter(([, size]) => size > 0)
}

/** A place for the operand in the midst of zeros. */
export const padded = (node: Node, { builder, statements, place }: Context): View => {
  const to = place(node)
  const size = sizeOf(node.shape)
  const [x] = node.inputs as readonly [Node]
  if (size === sizeOf(x.shape)) return to
  if (!isDense(to)) {
    statements.push(copyNest({ ...dense(builder.number(0, node.dtype), node.dtype, []), shape: to.shape, strides: to.shape.map(() => 0) }, to))
    return to
  }
  const stretches = around({ ...sliceOf(node), shape: x.shape }, node.shape) ?? [[0, size] as const]
  for (const [from, length] of stretches) statements.push({ kind: 'fill', to: { ...to, offset: to.offset + from }, size: length, value: 0 })
  return to
}

const padding: Rule = (node, context) => {
  const [x] = node.inputs as readonly [Node]
  const made = context.placed(node)
  const from = context.read(x)
  const to = part(made ?? padded(node, context), { ...sliceOf(node), shape: x.shape })
  if (sizeOf(x.shape) > 0 && !sameView(from, to)) context.statements.push(copyNest(from, to))
}

/** Which part of the result of a node one of its operands is, if the node only puts operands together. */
export const partIn = (node: Node, operand: Node, sourceOf: (x: Node) => Node): Slice | undefined => {
  if (node.op === unsliceOp.op) return { ...sliceOf(node), shape: node.inputs[0]!.shape }
  if (node.op !== concatOp) return undefined
  const axis = axisOf(node)
  let at = 0
  for (const x of node.inputs) {
    if (sourceOf(x) === operand) return rangeAlong(node.shape, axis, at, x.shape[axis]!)
    at += x.shape[axis]!
  }
  return undefined
}

/** Windows of more elements than this have no code that looks for their greatest. */
const windowLimit = 64

const pooling =
  (kind: Pool['kind']): Rule =>
  (node, context) => {
    const [x, at] = node.inputs as readonly [Node, Node?]
    if (x.dtype !== 'f64' && x.dtype !== 'f32') return host(node, context)
    const where = at === undefined ? windowsIn(node.attrs) : undefined
    const size = node.attrs['size'] as ReadonlyArray<number>
    const out = where?.out ?? at!.shape.slice(at!.shape.length - size.length)
    if (kind === 'argMaxPool' && (sizeOf(where!.window) > windowLimit || where!.inputDilation.some((n) => n !== 1))) return host(node, context)
    const channels = at === undefined ? channelsOf(x, kind === 'unwindows' ? [...where!.window, ...out] : size) : channelsOf(at, out)
    const lane = x.dtype
    const from = context.readDense(x)
    const positions = at === undefined ? from : context.readDense(at)
    const otherwise = (node.attrs['otherwise'] as number | undefined) ?? 0
    computeDense(node, context, (to) => ({ kind, lane, from, positions, to, channels, size, out, otherwise, ...(where && { where }) }))
  }

const rules: ReadonlyMap<Primitive, Rule> = new Map([
  [dotOp, product],
  [partials.y, convolution],
  [partials.x, convolution],
  [partials.w, convolution],
  [gatherOp, rows('gather')],
  [scatterOp, rows('scatter')],
  [wrapOp, wrapped],
  [concatOp, concatenation],
  [unsliceOp.op, padding],
  [windowsOp.op, pooling('windows')],
  [unwindowsOp.op, pooling('unwindows')],
  [argMaxPoolOp, pooling('argMaxPool')],
  [pickOp, pooling('pick')],
  [unpickOp, pooling('unpick')],
  [callOp, lowerCall],
  [scanOp, lowerScan],
  [condOp, lowerBranch],
  [whileOp, lowerWhile],
])

/** Emits what computes a node. */
export const lowerStatement: Rule = (node, context) => (rules.get(node.op) ?? host)(node, context)
