/** Loops with a fixed number of steps: `scan`, `map`, `foriLoop`. */
import { isRefusal, refuse, type Refusal } from '../core/FoldgradError.js'
import { invalid, isInvalid, type Node } from '../core/Node.js'
import { tensor } from '../core/Tensor.js'
import { rebuild, type NodeTree } from '../core/Tree.js'
import { constant, leafNodes, parameter } from '../primitive/leaf.js'
import { close } from './Closed.js'
import { scanNodes } from './scanPrimitive.js'
import { nextCarry } from './structure.js'

/** How a scan runs. */
export interface ScanOptions {
  /** The number of steps; needed only when nothing is scanned over. */
  readonly length?: number
  /** From the last element to the first; the outputs stay in the order of the elements. */
  readonly reverse?: boolean
  /** Keep carries only at about √n of the n steps for the backward pass, and compute the others again. */
  readonly checkpoint?: boolean
}

/** One element of an array, as a signature. */
const elementOf = ({ shape, dtype }: Node) => ({ shape: shape.slice(1), dtype })

/** What is wrong with arrays to be scanned over together. */
const lengthRefusal = (xs: ReadonlyArray<Node>, length: number | undefined): Refusal | undefined => {
  if (xs.some((x) => x.shape.length === 0))
    return refuse('Shape', 'scalars have no axis to scan over', 'Scan over arrays, and pass scalars by capturing them')
  if (length !== undefined && !(Number.isSafeInteger(length) && length >= 0))
    return refuse('Argument', `the length is ${length}`, 'Give a number of steps, an integer from 0')
  const lengths = [...new Set(xs.map((x) => x.shape[0]!).concat(length ?? []))]
  if (lengths.length > 1)
    return refuse('Shape', `the scanned arrays have lengths ${lengths.join(' and ')} along axis 0`, 'Slice or pad them to one length')
  return lengths.length === 0
    ? refuse('Argument', 'nothing says how many steps there are', 'Give arrays to scan over, or the option length')
    : undefined
}

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
  const own = [...carry.map((x) => parameter(x)), ...scanned.map((x) => parameter(elementOf(x)))]
  const [next, output] = f(
    rebuild(init, own.slice(0, carry.length)) as NodeTree<C>,
    rebuild(xs, own.slice(carry.length)) as NodeTree<X>,
  )
  const [after, outputs] = [nextCarry(init, next), leafNodes(output)]
  const wrong = [...(isRefusal(after) ? [] : after), ...outputs].filter(isInvalid)
  if (isRefusal(after) || wrong.length > 0) {
    const broken = invalid('scan', wrong.length > 0 ? wrong : carry, wrong.length === 0 && isRefusal(after) ? after : undefined)
    return Object.freeze([rebuild(init, carry.map(() => broken)), rebuild(output, outputs.map(() => broken))] as never)
  }
  const { closed, captured } = close(own, [...after, ...outputs])
  const { length = scanned[0]?.shape[0] ?? 0, reverse = false, checkpoint = false } = options
  const results = scanNodes(
    { step: closed, carry: carry.length, scanned: scanned.length, length, reverse, checkpoint },
    [...carry, ...scanned, ...captured],
  )
  return Object.freeze([
    rebuild(init, results.slice(0, carry.length)) as NodeTree<C>,
    rebuild(output, results.slice(carry.length)) as NodeTree<Y>,
  ] as const)
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
  if (![from, to].every((n) => Number.isSafeInteger(n) && Math.abs(n) < 2 ** 31)) {
    const refusal = refuse('Argument', `the bounds are ${from} and ${to}, integers are needed`, 'Give integers below 2^31; loop with whileLoop if the number of steps depends on the numbers')
    return rebuild(init, leafNodes(init).map((x) => invalid('foriLoop', [x], refusal))) as NodeTree<S>
  }
  const steps = constant(tensor(Int32Array.from({ length: Math.max(0, to - from) }, (_, k) => from + k)))
  return scan((state: NodeTree<S>, i: Node) => [body(i, state), []] as const, init as never, steps)[0] as NodeTree<S>
}
