/** Mistakes in rules: from a primitive to one of the same value, whose derivative is wrong. */
import { isFloat } from '../../core/DType.js'
import { isInvalid, type Node, type Primitive } from '../../core/Node.js'
import { sameShape } from '../../core/Shape.js'

/** A way to get a rule wrong. */
export interface Mistake {
  readonly name: string
  /** The primitive with the mistake in its derivatives, in both modes; its value is the same. */
  readonly in: (op: Primitive) => Primitive
}

/** The contribution of `y` to the adjoint of operand `k`, by whichever rule the fold would use. */
export const contributionOf = (op: Primitive, g: Node, y: Node, k: number, masked = false): Node | null =>
  op.pullback === undefined ? op.vjp(g, y, k) : (op.pullback(g, y, y.inputs.map((_, i) => i === k), masked)[k] ?? null)

/** The rules of a primitive: of a contribution to an operand, and of the tangent of the result. */
interface Rules {
  readonly pull: (g: Node, y: Node, k: number, masked: boolean) => Node | null
  readonly push: (tangents: ReadonlyArray<Node | null>, y: Node) => Node | null
}

/** The primitive under other rules. What was derived from its own ones is left out. */
export const withRules = (op: Primitive, { pull, push }: Rules): Primitive => {
  const { pullback, contributions: _, ...rest } = op
  const vjp: Primitive['vjp'] = (g, y, k) => pull(g, y, k, false)
  if (pullback === undefined) return Object.freeze({ ...rest, vjp, jvp: push })
  const together: Primitive['pullback'] = (g, y, wanted, masked) => wanted.map((is, k) => (is ? pull(g, y, k, masked) : null))
  return Object.freeze({ ...rest, vjp, pullback: together, jvp: push })
}

/** Whether one node can stand where another does: a mistake that changes a shape is one that nobody can overlook. */
export const fits = (x: Node, like: Node): boolean => !isInvalid(x) && sameShape(x.shape, like.shape) && x.dtype === like.dtype

/** What is wrong, if it fits, and else what is right. */
const orElse = (wrong: Node | undefined, right: Node | null, like: Node): Node | null =>
  wrong !== undefined && isFloat(like.dtype) && fits(wrong, like) ? wrong : right

/** A mistake made in what a rule returns, which has the shape of `like`; `undefined` where it cannot be made. */
export const after = (name: string, wrong: (derivative: Node, seed: Node) => Node | undefined): Mistake => ({
  name,
  in: (op) =>
    withRules(op, {
      pull: (g, y, k, masked) => {
        const c = contributionOf(op, g, y, k, masked)
        return c === null ? null : orElse(wrong(c, g), c, y.inputs[k]!)
      },
      push: (tangents, y) => {
        const t = op.jvp(tangents, y)
        const seed = tangents.find((x) => x !== null)
        return t === null || seed == null ? t : orElse(wrong(t, seed), t, y)
      },
    }),
})

/** The same, of rules that may say that the derivative is zero. */
export const inPlaceOf = (name: string, wrong: (derivative: Node | null, seed: Node, like: Node) => Node | undefined): Mistake => ({
  name,
  in: (op) =>
    withRules(op, {
      pull: (g, y, k, masked) => {
        const c = contributionOf(op, g, y, k, masked)
        const x = y.inputs[k]!
        return isFloat(x.dtype) ? orElse(wrong(c, g, x), c, x) : c
      },
      push: (tangents, y) => {
        const t = op.jvp(tangents, y)
        const seed = tangents.find((x) => x !== null)
        return seed == null || !isFloat(y.dtype) ? t : orElse(wrong(t, seed, y), t, y)
      },
    }),
})

/** A mistake made in what a rule is given: the cotangent, or each of the tangents. */
export const before = (name: string, wrong: (seed: Node) => Node): Mistake => ({
  name,
  in: (op) =>
    withRules(op, {
      pull: (g, y, k, masked) => contributionOf(op, wrong(g), y, k, masked),
      push: (tangents, y) => op.jvp(tangents.map((t) => (t === null ? null : wrong(t))), y),
    }),
})

/** A mistake about the node itself: the rule is that of another one. */
export const ofAnother = (name: string, other: (y: Node) => Node | undefined): Mistake => ({
  name,
  in: (op) => {
    const taken = (y: Node): Node => {
      const wrong = other(y)
      return wrong !== undefined && fits(wrong, y) ? wrong : y
    }
    return withRules(op, {
      pull: (g, y, k, masked) => contributionOf(op, g, taken(y), k, masked),
      push: (tangents, y) => op.jvp(tangents, taken(y)),
    })
  },
})
