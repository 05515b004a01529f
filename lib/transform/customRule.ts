/** Rules of the user's own: a function with its own derivative, or a primitive with its own kernel. */
import type { DType } from '../core/DType.js'
import { fail, refuse, type Refusal } from '../core/FoldgradError.js'
import { apply, invalid, isInvalid, type BatchRule, type Node, type Primitive, type Signature } from '../core/Node.js'
import { sameShape, shapeOf, showShape, type Shape } from '../core/Shape.js'
import { snapshot } from '../core/snapshot.js'
import { isTensor, tensor, tensorOf, type Tensor, type TensorLike } from '../core/Tensor.js'
import type { Leaf } from '../core/Tree.js'
import { identity } from '../primitive/identity.js'
import { asNode, full } from '../primitive/leaf.js'
import { adjointsOfAll } from './backward.js'

/** The pullback in one operand: from the adjoint `g` of the result `y` to that of the operand. `null`: not differentiable in it. */
export type Pullback = ((g: Node, y: Node, ...xs: ReadonlyArray<Node>) => Leaf) | null

/** The pushforward: from the tangents of the operands (zeros for one that does not move) to that of the result `y`. */
export type Pushforward = (tangents: ReadonlyArray<Node>, y: Node, ...xs: ReadonlyArray<Node>) => Leaf

/**
 * A derivative, as pullbacks (one for each operand) or as a pushforward, or both. Each determines the other, being its
 * transpose, so one is enough: the other is derived from it. Stated both, they can be checked against each other.
 */
export interface Rule {
  readonly name: string
  readonly vjp?: ReadonlyArray<Pullback>
  readonly jvp?: Pushforward
  /**
   * A check of the function with this rule, made once, when it is defined: the complaints. If there are any, applying the
   * function gives an invalid node that carries them. `gate` of `foldgrad/verify` is such a check.
   */
  readonly verify?: (f: CustomFunction) => ReadonlyArray<string>
}

/** A function with a rule of the user's own. It carries the primitive that it applies, and the rule. */
export interface CustomFunction {
  (...operands: ReadonlyArray<Leaf>): Node
  readonly op: Primitive
  readonly rule: Rule
}

/** The function, with what it carries; one that its own check complains of gives invalid nodes. */
const custom = (rule: Rule, op: Primitive, inputsOf: (xs: ReadonlyArray<Node>) => ReadonlyArray<Node>): CustomFunction => {
  const carried = { op, rule: snapshot(rule) }
  const f = Object.freeze(Object.assign((...operands: ReadonlyArray<Leaf>): Node => apply(op, inputsOf(operands.map((x) => asNode(x, '')))), carried))
  const complaints = rule.verify?.(f) ?? []
  if (complaints.length === 0) return f
  const refusal = refuse('Derivative', complaints.join('; '), 'Mend the rule, or leave out verify if it is not meant to be the derivative')
  return Object.freeze(Object.assign((...operands: ReadonlyArray<Leaf>): Node => invalid(op.name, operands.map((x) => asNode(x, '')), refusal), carried))
}

/** A derivative that a rule returned, if it has the shape and dtype it must have. */
const checked = (rule: string, what: string, derivative: Leaf, like: Node): Node => {
  const node = asNode(derivative, '')
  return isInvalid(node) || (sameShape(node.shape, like.shape) && node.dtype === like.dtype)
    ? node
    : invalid(rule, [node, like], refuse('Derivative', `the ${what} is ${node.dtype}${showShape(node.shape)} where ${like.dtype}${showShape(like.shape)} is needed`, `Return an array of shape ${showShape(like.shape)} from the rule, for example with sumTo`))
}

/** `g` pulled back through a pushforward, which is linear in the tangents: its transpose. */
const transposedJvp = (jvp: Pushforward, g: Node, y: Node, xs: ReadonlyArray<Node>, k: number): Node => {
  const tangents = xs.map((x) => identity(full(0, x)))
  const [adjoint] = adjointsOfAll([[asNode(jvp(tangents, y, ...xs), ''), g]], [tangents[k]!], 'customRule')
  return adjoint ?? full(0, xs[k]!)
}

/** Tangents pushed forward through pullbacks, which are linear in the adjoint: their transpose. */
const transposedVjp = (vjp: ReadonlyArray<Pullback>, tangents: ReadonlyArray<Node | null>, y: Node, xs: ReadonlyArray<Node>): Node => {
  const g = identity(full(0, y))
  const pairs = xs.flatMap((_, k) => {
    const [pullback, tangent] = [vjp[k], tangents[k]]
    return pullback && tangent ? [[asNode(pullback(g, y, ...xs), ''), tangent] as const] : []
  })
  return pairs.length === 0 ? full(0, y) : (adjointsOfAll(pairs, [g], 'customRule')[0] ?? full(0, y))
}

const withoutRule = (name: string, y: Node): Node =>
  invalid(name, [y], refuse('Derivative', 'the rule has neither vjp nor jvp', 'Give it one of them; vjp: [null] says of an operand that the result is not differentiable in it'))

/** The rule in the form the folds use. The first `hidden` inputs of the node are not operands of the rule. */
const rulesOf = (rule: Rule, hidden: number): Pick<Primitive, 'vjp' | 'jvp'> => rules(snapshot(rule), hidden)

const rules = ({ name, vjp, jvp }: Rule, hidden: number): Pick<Primitive, 'vjp' | 'jvp'> => ({
  vjp: (g, y, input) => {
    const k = input - hidden
    if (k < 0) return null
    const xs = y.inputs.slice(hidden)
    if (vjp === undefined) return jvp === undefined ? withoutRule(name, y) : checked(name, `derivative in operand ${k}`, transposedJvp(jvp, g, y, xs, k), xs[k]!)
    const pullback = vjp[k]
    if (pullback === null) return null
    return pullback === undefined
      ? invalid(name, [y], refuse('Derivative', `the rule has ${vjp.length} pullbacks for ${xs.length} operands`, 'Give one for each operand, null where the result is not differentiable'))
      : checked(name, `derivative in operand ${k}`, pullback(g, y, ...xs), xs[k]!)
  },
  jvp: (all, y) => {
    const [tangents, xs] = [all.slice(hidden), y.inputs.slice(hidden)]
    if (tangents.every((t) => t === null)) return null
    if (jvp !== undefined) return checked(name, 'tangent', jvp(tangents.map((t, k) => t ?? full(0, xs[k]!)), y, ...xs), y)
    return vjp === undefined ? withoutRule(name, y) : checked(name, 'tangent', transposedVjp(vjp, tangents, y, xs), y)
  },
})

/**
 * A function with a derivative of its own: its value is that of `f`, its derivative that of the rule, in both modes and to
 * every order that the rule's own operations allow. Use it for a stable closed form, a solution found by iteration
 * (differentiated implicitly), or an estimator that is not the true derivative.
 *
 * `f` is called with nodes and composes operations; nodes it captures from outside are constants to the rule. A rule that
 * returns a wrong shape gives an invalid node that names it. Check a rule with `checkGradient` of `foldgrad/verify`, or have
 * it checked where it is defined, with `verify: gate([2])`.
 *
 * @example
 * const clippedExp = customRule((x: Node) => exp(x), {
 *   name: 'clippedExp',
 *   vjp: [(g, y) => mul(g, minimum(y, 10))],
 * })
 * item(grad((x: Node) => clippedExp(x))(5)) // 10
 */
export const customRule = (
  f: (...xs: ReadonlyArray<Node>) => Leaf,
  rule: Rule,
): CustomFunction => {
  const op: Primitive = Object.freeze({
    name: rule.name,
    infer: ([y]: ReadonlyArray<Node>) => y!,
    evaluate: ([y]: Parameters<Primitive['evaluate']>[0]) => y!,
    view: true,
    batch: 'loop' as const,
    ...rulesOf(rule, 1),
  })
  return custom(rule, op, (xs) => [asNode(f(...xs), ''), ...xs])
}

/** A primitive of the user's own. */
export interface CustomPrimitive extends Rule {
  /** The shape and dtype of the result from those of the operands, or a sentence that says why they do not fit. */
  readonly infer?: (...xs: ReadonlyArray<Signature>) => { readonly shape: Shape; readonly dtype: DType } | string
  /**
   * What `vmap` does: `'loop'` runs the kernel once for each element of the batch, `'leading'` says that the kernel takes
   * arrays with another leading axis as they are, or a rule of its own. Without it `vmap` reports an error that names the primitive.
   */
  readonly batch?: Primitive['batch']
  /** The numbers of the result from those of the operands. */
  readonly evaluate: (...xs: ReadonlyArray<Tensor>) => Tensor | TensorLike
}

const withoutBatch =
  (name: string): BatchRule =>
  (inputs) =>
    invalid(name, inputs, refuse('Derivative', `${name} has no batching rule`, "Give it one with the option batch, or batch: 'loop' to run its kernel once for each element"))

const inferred = (answer: Signature | string, name: string): Signature | Refusal =>
  typeof answer === 'string' ? refuse('Shape', answer, `See what ${name} expects`) : { shape: shapeOf(answer.shape), dtype: answer.dtype }

/**
 * A primitive with a kernel of its own: plain TypeScript from tensors to numbers, and its derivative. It is equal to the
 * built-in ones: no registration, every transform applies.
 *
 * Without `infer` the result has the shape and dtype of the first operand. A kernel whose result does not fit is reported on
 * evaluation.
 *
 * @example
 * const cube = customPrimitive({
 *   name: 'cube',
 *   evaluate: (x) => x.toTypedArray().map((v) => v ** 3),
 *   vjp: [(g, _y, x) => mul(g, mul(3, square(x!)))],
 * })
 * item(grad((x: Node) => cube(x))(2)) // 12
 */
export const customPrimitive = (definition: CustomPrimitive): CustomFunction => {
  const { name, evaluate, infer = (x: Signature) => x, batch = withoutBatch(definition.name) } = definition
  const op: Primitive = Object.freeze({
    name,
    infer: (xs: ReadonlyArray<Node>) => inferred((infer as (...xs: ReadonlyArray<Signature>) => Signature | string)(...xs), name),
    evaluate: (buffers: Parameters<Primitive['evaluate']>[0], y: Node) => {
      const result = evaluate(...buffers.map((buffer, k) => tensorOf(buffer, y.inputs[k]!.shape, y.inputs[k]!.dtype)))
      const out = isTensor(result) ? result : tensor(result, ArrayBuffer.isView(result) ? { dtype: y.dtype, shape: y.shape } : { dtype: y.dtype })
      return sameShape(out.shape, y.shape) && out.dtype === y.dtype
        ? out.toTypedArray()
        : fail(refuse('Shape', `the kernel returned ${out.dtype}${showShape(out.shape)} where ${y.dtype}${showShape(y.shape)} was inferred`, 'Make infer and evaluate agree'))
    },
    batch,
    ...rulesOf(definition, 0),
  })
  return custom(definition, op, (xs) => xs)
}
