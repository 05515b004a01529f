/**
 * Mistakes that are made in one rule alone. The derivative of a node is a graph, and each of its nodes can be written down
 * wrongly: a term or a factor is missing, operands are exchanged, a constant or an axis is off by one, the result stands
 * where an operand should. So every rule, a user's too, comes with the mistakes of its own.
 */
import { isFloat } from '../../core/DType.js'
import { sort } from '../../core/Graph.js'
import { apply, isInvalid, type Attrs, type Node } from '../../core/Node.js'
import { sizeOf } from '../../core/Shape.js'
import { div, mul, neg } from '../../primitive/arithmetic.js'
import { add } from '../../primitive/declare.js'
import { identity } from '../../primitive/identity.js'
import { full, fullValue, heldTensor } from '../../primitive/leaf.js'
import { rangeAlong, slice } from '../../primitive/shape.js'
import { contributionOf, fits, withRules, type Mistake } from './mistake.js'
import { rewrite } from './rewrite.js'

/** A node written down wrongly. */
interface Slip {
  readonly name: string
  readonly node: Node
}

/** Whole numbers and flags in the attributes of a node, changed one at a time. */
const changed = (attrs: Attrs): ReadonlyArray<readonly [name: string, attrs: Attrs]> =>
  Object.entries(attrs).flatMap(([name, part]): ReadonlyArray<readonly [string, Attrs]> => {
    const to = (what: string, other: unknown) => [`${name} ${what}`, { ...attrs, [name]: other }] as const
    if (typeof part === 'boolean') return [to('negated', !part)]
    if (Number.isInteger(part)) return [to('one more', (part as number) + 1), to('one less', (part as number) - 1)]
    if (!Array.isArray(part) || part.length === 0 || !part.every(Number.isInteger)) return []
    const numbers = part as ReadonlyArray<number>
    return [
      to('one more', [numbers[0]! + 1, ...numbers.slice(1)]),
      to('one less', [...numbers.slice(0, -1), numbers.at(-1)! - 1]),
      ...(numbers.length > 1 ? [to('in reverse', [...numbers].reverse()), to('moved on', [...numbers.slice(1), numbers[0]!])] : []),
    ]
  })

/** An array with its last axis in reverse. */
const backwards = (x: Node): Node | undefined => {
  const n = x.shape.at(-1) ?? 0
  if (n < 2) return undefined
  const all = rangeAlong(x.shape, x.shape.length - 1, 0, n)
  return slice(x, { ...all, start: [...all.start.slice(0, -1), n - 1], step: [...all.step.slice(0, -1), -1] })
}

/** Other nodes that might have been written instead of this one, by mistake. */
const slips = (node: Node): ReadonlyArray<Slip> => {
  const { op, inputs, attrs } = node
  const [a, b] = inputs
  const constant = fullValue(node)
  if (constant !== undefined && isFloat(node.dtype))
    return [{ name: `${constant} is twice as large`, node: full(2 * constant, node) }, { name: `${constant} is one more`, node: full(constant + 1, node) }]
  if (heldTensor(node) !== undefined || inputs.length === 0) return []
  const operands = inputs.map((x, k): Slip => ({ name: inputs.length === 1 ? `no ${op.name}` : `operand ${k} of ${op.name} alone`, node: x }))
  const others: ReadonlyArray<Slip | undefined> = [
    op.name === 'sub' ? { name: 'add for sub', node: add(a!, b!) } : undefined,
    op.name === 'add' && isFloat(node.dtype) ? { name: 'mul for add', node: mul(a!, b!) } : undefined,
    op.name === 'mul' ? { name: 'div for mul', node: div(a!, b!) } : undefined,
    op.name === 'div' ? { name: 'mul for div', node: mul(a!, b!) } : undefined,
    op.name === 'sum' && sizeOf(a!.shape) > 0 ? { name: 'mean for sum', node: mul(node, full(sizeOf(node.shape) / sizeOf(a!.shape), node)) } : undefined,
    inputs.length > 1 ? { name: `operands of ${op.name} exchanged`, node: apply(op, [...inputs].reverse(), attrs) } : undefined,
    isFloat(node.dtype) && inputs.length > 1 ? { name: `minus ${op.name}`, node: neg(node) } : undefined,
    ...(op.scalar !== undefined
      ? []
      : inputs.map((x, k) => {
          const turned = backwards(x)
          return turned && { name: `operand ${k} of ${op.name} in reverse`, node: apply(op, inputs.map((y, i) => (i === k ? turned : y)), attrs) }
        })),
    ...changed(attrs).map(([name, other]) => ({ name: `${op.name} with ${name}`, node: apply(op, inputs, other) })),
  ]
  return [...operands, ...others.filter((slip) => slip !== undefined)].filter((slip) => fits(slip.node, node))
}

/** One node of a derivative in place of another. */
interface Misreading {
  readonly name: string
  readonly from: Node
  readonly to: Node
}

/**
 * What can be exchanged in a derivative, place by place: each node of its own, and then each operand of `y` and `y` itself,
 * which another of these may be mistaken for. The list for one place can be had without that for the others.
 */
const places = (derivative: Node, given: ReadonlyArray<Node>, y: Node): ReadonlyArray<() => ReadonlyArray<Misreading>> => {
  const before = new Set(sort(given).nodes)
  const { nodes } = sort([derivative])
  const leaves = [...y.inputs, y].filter((x) => isFloat(x.dtype))
  const nameOf = (k: number): string => (leaves[k] === y ? 'the result' : `operand ${k}`)
  return [
    ...nodes.filter((node) => !before.has(node) && !isInvalid(node)).map((node) => () => slips(node).map(({ name, node: to }) => ({ name, from: node, to }))),
    ...leaves.map((from, i) => () =>
      nodes.includes(from)
        ? leaves.flatMap((to, j) => (i !== j && to !== from && fits(to, from) ? [{ name: `${nameOf(j)} for ${nameOf(i)}`, from, to }] : []))
        : [],
    ),
  ]
}

/** The derivative after an exchange. What the rule was given stays as it is. */
const exchanged = (derivative: Node, given: ReadonlyArray<Node>, { from, to }: Misreading): Node => {
  const before = new Set(sort(given).nodes)
  return rewrite([derivative], [], (node) => (node === from ? to : before.has(node) ? node : undefined))[0]!
}

/** A mistake by its place in the derivative, and by its number there. */
interface Position {
  readonly place: number
  readonly slip: number
  readonly name: string
}

const positions = (derivative: Node, given: ReadonlyArray<Node>, y: Node): ReadonlyArray<Position> =>
  places(derivative, given, y).flatMap((at, place) =>
    at().flatMap((exchange, slip) => (fits(exchanged(derivative, given, exchange), derivative) ? [{ place, slip, name: exchange.name }] : [])),
  )

/** The derivative with a mistake at a position, if it has that position. */
const mistaken = (derivative: Node, given: ReadonlyArray<Node>, y: Node, { place, slip, name }: Position): Node => {
  const exchange = places(derivative, given, y)[place]?.()[slip]
  const wrong = exchange?.name === name ? exchanged(derivative, given, exchange) : undefined
  return wrong !== undefined && fits(wrong, derivative) ? wrong : derivative
}

/** A stand-in that no rule can take for a number it knows, and then simplify. */
const opaque = (seed: Node): Node => (fullValue(seed) === undefined ? seed : identity(seed))

const seedLike = (x: Node): Node => opaque(full(0, x))

/** The slips that can be made in the pullback of `y` to operand `k`. */
const inPullback = (y: Node, k: number): ReadonlyArray<Mistake> => {
  const seed = seedLike(y)
  const example = contributionOf(y.op, seed, y, k)
  if (example === null || isInvalid(example)) return []
  return positions(example, [seed, y], y).map((position) => ({
    name: y.inputs.length === 1 ? position.name : `to operand ${k}, ${position.name}`,
    in: (op) =>
      withRules(op, {
        pull: (g, at, j, masked) => {
          const seed = opaque(g)
          const right = contributionOf(op, seed, at, j, masked)
          return j !== k || right === null ? right : mistaken(right, [seed, at], at, position)
        },
        push: op.jvp,
      }),
  }))
}

const moving = (tangents: ReadonlyArray<Node | null>): ReadonlyArray<Node> => tangents.filter((t) => t !== null)

/** The slips that can be made in the pushforward of `y`, when all float operands move. */
const inPushforward = (y: Node): ReadonlyArray<Mistake> => {
  const seeds = y.inputs.map((x) => (isFloat(x.dtype) ? seedLike(x) : null))
  const example = y.op.jvp(seeds, y)
  if (example === null || isInvalid(example)) return []
  return positions(example, [...moving(seeds), y], y).map((position) => ({
    name: position.name,
    in: (op) =>
      withRules(op, {
        pull: (g, at, k, masked) => contributionOf(op, g, at, k, masked),
        push: (tangents, at) => {
          const moved = tangents.map((t) => (t === null ? null : opaque(t)))
          const right = op.jvp(moved, at)
          return right === null ? null : mistaken(right, [...moving(moved), at], at, position)
        },
      }),
  }))
}

/** The mistakes that the rule of `y` leaves room for, beside those that suit every rule. */
export const ownMistakes = (y: Node, mode: 'vjp' | 'jvp'): ReadonlyArray<Mistake> =>
  mode === 'jvp' ? inPushforward(y) : y.inputs.flatMap((x, k) => (isFloat(x.dtype) ? inPullback(y, k) : []))
