/** Loops with a fixed number of steps: `scan`, `map`, `foriLoop`. */
import { join } from '../core/DType.js'
import { refuse, type Refusal } from '../core/FoldgradError.js'
import { invalid, isInvalid, type Node } from '../core/Node.js'
import { sameShape, showShape } from '../core/Shape.js'
import { tensor } from '../core/Tensor.js'
import { leavesOf, rebuild, type NodeTree } from '../core/Tree.js'
import { astype } from '../primitive/arithmetic.js'
import { asNode, constant, parameter } from '../primitive/leaf.js'
import { concat, rangeAlong, reshape, slice } from '../primitive/shape.js'
import { close } from './Closed.js'
import { scanNodes } from './scanPrimitive.js'

/** How a scan runs. */
export interface ScanOptions {
  /** The number of steps; needed only when nothing is scanned over. */
  readonly length?: number
  /** From the last element to the first; the outputs stay in the order of the elements. */
  readonly reverse?: boolean
  /** Keep carries only at about √n of the n steps for the backward pass, and compute the others again. */
  readonly checkpoint?: boolean
}

const leafNodes = (tree: unknown): ReadonlyArray<Node> => leavesOf(tree).map(([path, leaf]) => asNode(leaf, path))

/** One element of an array, as a signature. */
const elementOf = ({ shape, dtype }: Node) => ({ shape: shape.slice(1), dtype })

/** What is wrong with arrays to be scanned over together. */
const lengthRefusal = (xs: ReadonlyArray<Node>, length: number | undefined): Refusal | undefined => {
  if (xs.some((x) => x.shape.length === 0))
    return refuse('Shape', 'scalars have no axis to scan over', 'Scan over arrays, and pass scalars by capturing them')
  const lengths = [...new Set(xs.map((x) => x.shape[0]!).concat(length ?? []))]
  if (lengths.length > 1)
    return refuse('Shape', `the scanned arrays have lengths ${lengths.join(' and ')} along axis 0`, 'Slice or pad them to one length')
  return lengths.length === 0
    ? refuse('Argument', 'nothing says how many steps there are', 'Give arrays to scan over, or the option length')
    : undefined
}

/** What is wrong with a step: its carry must keep its structure, shapes and dtypes. */
export const carryRefusal = (before: ReadonlyArray<Node>, after: ReadonlyArray<Node>): Refusal | undefined =>
  before.length !== after.length
    ? refuse('Structure', `the carry has ${before.length} leaves before a step and ${after.length} after it`, 'Return a carry of the same structure')
    : before.flatMap((x, i): ReadonlyArray<Refusal> => {
        const y = after[i]!
        return sameShape(x.shape, y.shape) && (x.dtype === y.dtype || join(x.dtype, y.dtype) === x.dtype)
          ? []
          : [refuse('Shape', `leaf ${i} of the carry is ${x.dtype}${showShape(x.shape)} before a step and ${y.dtype}${showShape(y.shape)} after it`, 'Keep its shape and dtype: broadcast the initial carry, or convert with astype')]
      })[0]

/**
 * A loop that carries state over the leading axis of arrays: `f` takes the carry and one element to the next carry and an
 * output, and the result is the last carry with the outputs stacked. `f` is traced once, whatever the number of steps, and
 * what it captures becomes an operand by itself.
 *
 * Both modes and all orders; derivatives are scans. The backward pass keeps the carry before each step and no more; with
 * `checkpoint` it keeps about `2√n` of them. Errors: arrays of different lengths, a carry that changes shape.
 *
 * @example
 * const [last, sums] = scan((c: Node, x: Node) => [add(c, x), add(c, x)] as const, 0, tensor([1, 2, 3]))
 * toArray(sums) // [1, 3, 6]
 */
export const scan = <C, X, Y>(
  f: (carry: NodeTree<C>, x: NodeTree<X>) => readonly [unknown, Y],
  init: C,
  xs: X,
  options: ScanOptions = {},
): readonly [NodeTree<C>, NodeTree<Y>] => {
  const carry = leafNodes(init)
  const scanned = leafNodes(xs)
  const bad = [...carry, ...scanned].filter(isInvalid)
  const refusal = bad.length > 0 ? undefined : lengthRefusal(scanned, options.length)
  if (bad.length > 0 || refusal) {
    const broken = invalid('scan', [...carry, ...scanned], refusal)
    return Object.freeze([rebuild(init, carry.map(() => broken)), broken] as never)
  }
  const length = options.length ?? scanned[0]!.shape[0]!
  if (options.checkpoint && length > 3) return checkpointedScan(f, init, xs, length, options)

  const own = [...carry.map((x) => parameter(x)), ...scanned.map((x) => parameter(elementOf(x)))]
  const [next, output] = f(
    rebuild(init, own.slice(0, carry.length)) as NodeTree<C>,
    rebuild(xs, own.slice(carry.length)) as NodeTree<X>,
  )
  const after = leafNodes(next)
  const outputs = leafNodes(output)
  const wrong = [...after, ...outputs].filter(isInvalid)
  const mismatch = wrong.length > 0 ? undefined : carryRefusal(carry, after)
  if (wrong.length > 0 || mismatch) {
    const broken = invalid('scan', mismatch ? carry : wrong, mismatch)
    return Object.freeze([rebuild(init, carry.map(() => broken)), rebuild(output, outputs.map(() => broken))] as never)
  }
  const { closed, captured } = close(own, [...after.map((y, i) => astype(y, carry[i]!.dtype)), ...outputs])
  const results = scanNodes(
    { step: closed, carry: carry.length, scanned: scanned.length, length, reverse: options.reverse === true },
    [...carry, ...scanned, ...captured],
  )
  return Object.freeze([
    rebuild(init, results.slice(0, carry.length)) as NodeTree<C>,
    rebuild(output, results.slice(carry.length)) as NodeTree<Y>,
  ] as const)
}

/** Elements `from … from + length - 1` of each array, in `rows` rows if they are asked for. */
const part = (xs: unknown, from: number, length: number, rows?: number): unknown =>
  rebuild(xs, leafNodes(xs).map((x) => {
    const taken = slice(x, rangeAlong(x.shape, 0, from, length))
    return rows === undefined ? taken : reshape(taken, [rows, length / rows, ...x.shape.slice(1)])
  }))

/** A scan of scans: the outer one keeps a carry for each segment, the inner ones for each step of the segment at hand. */
const checkpointedScan = <C, X, Y>(
  f: (carry: NodeTree<C>, x: NodeTree<X>) => readonly [unknown, Y],
  init: C,
  xs: X,
  length: number,
  { reverse = false }: ScanOptions,
): readonly [NodeTree<C>, NodeTree<Y>] => {
  const size = Math.floor(Math.sqrt(length))
  const rows = Math.floor(length / size)
  const whole = rows * size
  const inner = (carry: unknown, x: unknown) => scan(f as never, carry, x, { length: size, reverse }) as readonly [unknown, Y]
  const segments = (carry: unknown) => scan(inner as never, carry, part(xs, 0, whole, rows), { length: rows, reverse })
  const tail = (carry: unknown) => scan(f as never, carry, part(xs, whole, length - whole), { length: length - whole, reverse })
  const join = (a: unknown, b: unknown) => {
    const [heads, tails] = [leafNodes(a), leafNodes(b)]
    return rebuild(a, heads.map((y, i) => {
      const flat = reshape(y, [whole, ...y.shape.slice(2)])
      return whole === length ? flat : concat([flat, tails[i]!], 0)
    }))
  }
  if (reverse) {
    const [middle, last] = tail(init)
    const [end, first] = segments(middle)
    return Object.freeze([end, join(first, last)] as never)
  }
  const [middle, first] = segments(init)
  const [end, last] = whole === length ? [middle, first] : tail(middle)
  return Object.freeze([end, join(first, last)] as never)
}

/**
 * `f` applied to each element along the leading axis of arrays, the results stacked: a scan that carries nothing.
 *
 * @example
 * toArray(map((x: Node) => square(x), tensor([1, 2, 3]))) // [1, 4, 9]
 */
export const map = <X, Y>(f: (x: NodeTree<X>) => Y, xs: X): NodeTree<Y> =>
  scan((carry: readonly [], x: NodeTree<X>) => [carry, f(x)] as const, [] as const, xs as never)[1] as NodeTree<Y>

/**
 * The state after `body(i, state)` for `i = from … to - 1`.
 *
 * @example
 * item(foriLoop(0, 5, (i, s: Node) => add(s, i), 0)) // 10
 */
export const foriLoop = <S>(from: number, to: number, body: (i: Node, state: NodeTree<S>) => unknown, init: S): NodeTree<S> => {
  const steps = constant(tensor(Int32Array.from({ length: Math.max(0, to - from) }, (_, k) => from + k)))
  return scan((state: NodeTree<S>, i: Node) => [body(i, state), []] as const, init as never, steps)[0] as NodeTree<S>
}
