/** Arithmetic: the ring operations and division, comparisons, the choice by a condition, conversion. */
import { bufferFrom, isFloat, type DType } from '../core/DType.js'
import { refuse } from '../core/FoldgradError.js'
import { apply, type Node } from '../core/Node.js'
import { sameShape, showShape, sizeOf } from '../core/Shape.js'
import { divLoop, divWithin, mulLoop, mulWithin, negLoop, negWithin, squareLoop, subLoop, subWithin } from '../kernel/arithmetic.js'
import { elementwise } from '../kernel/elementwise.js'
import { add, binary, defineOp, notDifferentiable, lift, stepwise, unary, type Term } from './declare.js'
import { fullValue } from './leaf.js'

export { add }

const any = { anyDtype: true }

/** `dx · d`; a unit cotangent is not multiplied by. */
export const times = (dx: Node, d: Node): Node => (fullValue(dx) === 1 ? d : mul(dx, d))

export const sub = binary('sub', (a, b) => a - b, (da) => da, (db) => neg(db), {
  ...any,
  forTruth: "Use logicalXor, or convert them with astype('i32')",
  loop: subLoop,
  within: subWithin,
})
export const mul = binary('mul', (a, b) => a * b, (da, _a, b) => times(da, b), (db, a) => times(db, a), { ...any, loop: mulLoop, within: mulWithin })
export const div = binary('div', (a, b) => a / b, (da, _a, b) => div(da, b), (db, _a, b, y) => neg(times(db, div(y, b))), { loop: divLoop, within: divWithin })
export const neg = unary('neg', (x) => -x, (dx) => neg(dx), {
  ...any,
  forTruth: "Use logicalNot, or convert them with astype('i32')",
  loop: negLoop,
  within: negWithin,
})
export const square = unary('square', (x) => x * x, (dx, x) => times(dx, mul(2, x)), { ...any, loop: squareLoop })
export const reciprocal = unary('reciprocal', (x) => 1 / x, (dx, _x, y) => neg(times(dx, square(y))))
export const sqrt = unary('sqrt', Math.sqrt, (dx, _x, y) => div(dx, mul(2, y)))

/** `a / b`, but 0 where `a` is 0: the quotient of two things that vanish together, the first one faster. */
export const ratio = binary(
  'ratio',
  (a, b) => (a === 0 && b === b ? 0 : a / b),
  (da, _a, b) => ratio(da, b),
  (db, _a, b, y) => neg(ratio(times(db, y), b)),
)

/** `x` where it is not negative, else NaN: the argument of a derivative that ends where its function does. */
export const nonNegative = unary('nonNegative', (x) => (x > 0 ? x : x === 0 ? 0 : NaN), (dx) => dx)

export const eq = stepwise('eq', (a, b) => (a === b ? 1 : 0))
export const ne = stepwise('ne', (a, b) => (a !== b ? 1 : 0))
export const lt = stepwise('lt', (a, b) => (a! < b! ? 1 : 0))
export const le = stepwise('le', (a, b) => (a! <= b! ? 1 : 0))
export const gt = stepwise('gt', (a, b) => (a! > b! ? 1 : 0))
export const ge = stepwise('ge', (a, b) => (a! >= b! ? 1 : 0))

/** `a` where the condition holds, `b` elsewhere. */
export const where = (condition: Node, a: Term, b: Term): Node => apply(whereOp, [condition, lift(a, b), lift(b, a)])

export const whereOp = defineOp({
  name: 'where',
  batch: 'leading',
  infer: ([c, a, b]) =>
    c!.dtype !== 'bool'
      ? refuse('DType', `the condition is ${c!.dtype}, a bool is needed`, 'Compare it with something: ne(condition, 0)')
      : !(sameShape(a!.shape, b!.shape) && sameShape(a!.shape, c!.shape))
        ? refuse('Shape', `the operands need one shape, got ${[c, a, b].map((x) => showShape(x!.shape)).join(', ')}`, 'Broadcast them first')
        : a!.dtype !== b!.dtype
          ? refuse('DType', `the branches need one dtype, got ${a!.dtype} and ${b!.dtype}`, 'Convert one with astype')
          : a!,
  evaluate: (inputs, y) => elementwise((c, a, b) => (c !== 0 ? a! : b!), inputs, y.dtype, sizeOf(y.shape)),
  vjp: (g, { inputs: [c] }, k) => (k === 0 ? notDifferentiable : k === 1 ? where(c!, g, 0) : where(c!, 0, g)),
  jvp: ([, da, db], { inputs: [c] }) => (da || db ? where(c!, da ?? 0, db ?? 0) : null),
  scalar: (c, a, b) => (c !== 0 ? a! : b!),
  uniform: true,
  masks: true,
})

/** The operand converted to another dtype. */
export const astype = (x: Node, dtype: DType): Node => (x.dtype === dtype ? x : apply(astypeOp, [x], Object.freeze({ dtype })))

export const astypeOp = defineOp({
  name: 'astype',
  batch: 'leading',
  infer: ([x], { dtype }) => ({ shape: x!.shape, dtype: dtype as DType }),
  evaluate: ([x], y) => bufferFrom(y.dtype, x!),
  vjp: (g, { inputs: [x] }) => (isFloat(x!.dtype) ? astype(g, x!.dtype) : null),
  jvp: ([dx], y) => (dx && isFloat(y.dtype) ? astype(dx, y.dtype) : null),
  uniform: true,
})
