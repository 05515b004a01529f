/** `compileStep`: a step from state to state whose state stays in the memory of the program. */
import * as E from 'fp-ts/Either'
import { errorAt, FoldgradException, refuse, type FoldgradError } from '../core/FoldgradError.js'
import type { Buffer } from '../core/DType.js'
import type { Node } from '../core/Node.js'
import { sameShape } from '../core/Shape.js'
import { bufferOf, tensorFrom, tensorOf, type Tensor } from '../core/Tensor.js'
import { alignedLeaves, leavesOf, rebuilder, showPaths, type TensorTree } from '../core/Tree.js'
import { interpreted, marked, trace, type AnyFunction, type CompileOptions, type Trace } from './compile.js'
import { link } from './link.js'
import { optimise } from './pass/index.js'
import { readArguments, valueAt, type ArgumentLeaf, type ArgumentTree, type SpecTree } from './signature.js'

/** A compiled step: from a state and inputs to the next state and what the step tells. */
export interface CompiledStep<S, A extends ReadonlyArray<unknown>, Y> {
  (state: ArgumentTree<S>, ...inputs: { [K in keyof A]: ArgumentTree<A[K]> }): readonly [state: TensorTree<S>, told: TensorTree<Y>]
}

/** The leaves of a traced step: those of the next state, in the order of the state, and those of what it tells. */
interface Parts {
  readonly next: ReadonlyArray<Node>
  readonly told: ReadonlyArray<Node>
  readonly toldTree: unknown
}

const mend = 'Return [state, told] from the step, the state with the structure, shapes and dtypes that it was given with'

const partsOf = (traced: Trace, state: unknown, count: number): E.Either<ReadonlyArray<FoldgradError>, Parts> => {
  const wrong = (rule: string): E.Either<ReadonlyArray<FoldgradError>, Parts> => E.left([errorAt('compileStep', [], refuse('Structure', rule, mend))])
  const { result, parameters } = traced
  if (!Array.isArray(result) || result.length !== 2) return wrong('the step returns something else than a pair')
  const pair: ReadonlyArray<unknown> = result
  const [after, toldTree] = pair
  const next = alignedLeaves(state, after)
  if (next === undefined) return wrong(`the state has ${showPaths(state)} and the next state ${showPaths(after)}`)
  const nodes = traced.outputs
  const places = new Map(leavesOf(after).map(([path], i) => [path, nodes[i]!]))
  const ordered = next.map(([path]) => places.get(path)!)
  const odd = ordered.findIndex((y, k) => !sameShape(y.shape, parameters[k]!.shape) || y.dtype !== parameters[k]!.dtype)
  if (odd >= 0) return wrong(`the leaf '${next[odd]![0]}' is ${parameters[odd]!.toString()} before the step and ${ordered[odd]!.toString()} after it`)
  return E.right({ next: ordered, told: nodes.slice(count), toldTree })
}

const usedUp = (name: string): FoldgradException =>
  new FoldgradException([errorAt('compileStep', [], refuse('Argument', `the state (${name}) was handed to a later step, which used it up`, 'Read it before that step, with toTypedArray or toArray'))])

/**
 * A pure function from a state and inputs to `[next state, told]`, compiled like {@link compile}, for loops of many steps: the state
 * that a step returns stays in the memory of the program, and the next step takes it from there. So nothing of it is copied, and parameters of any
 * size are updated in place.
 *
 * What is returned are tensors. Those of the state are used up when they are handed to the next step: reading one after that
 * throws, with the mend. Before that, and if another state is handed over, they can be read at any time. What a step hands on as it
 * is stays the same tensor. A state of ordinary tensors is copied, and never used up. `relaxed` is that of {@link compile}.
 *
 * `Left` with every misuse, and for a step that does not return a pair, or a state of other shapes.
 *
 * @example
 * const step = (w: Node, x: Node) => [sub(w, mul(0.5, x)), sum(w)] as const
 * const run = pipe(compileStep(step, [shaped([2]), shaped([2])]), E.getOrElseW((errors) => { throw new FoldgradException(errors) }))
 * const [first] = run(tensor([1, 2]), tensor([1, 1]))
 * const [second, total] = run(first, tensor([1, 1]))
 * second.toArray() // [0, 1]
 * total.toArray()  // 2
 */
export const compileStep = <S, A extends ReadonlyArray<unknown>, N, Y>(
  f: (state: S, ...inputs: A) => readonly [N, Y],
  specs: readonly [SpecTree<S>, ...{ readonly [K in keyof A]: SpecTree<A[K]> }],
  { relaxed = false }: Pick<CompileOptions, 'relaxed'> = {},
): E.Either<ReadonlyArray<FoldgradError>, CompiledStep<S, A, Y>> => {
  const state = specs[0]
  const count = leavesOf(state).length
  return Object.freeze(
    E.chain((traced: Trace) => E.map((parts: Parts) => build(traced, parts, state, relaxed))(partsOf(traced, state, count)))(trace(f as unknown as AnyFunction, specs)),
  ) as unknown as E.Either<ReadonlyArray<FoldgradError>, CompiledStep<S, A, Y>>
}

/** A leaf of the state as the program last left it. */
interface Resident {
  readonly tensor: Tensor
  used: boolean
}

/** The tensor of a leaf that stays where it is. It knows of nothing but the program: not of the states before. */
const residentOf = ({ name, shape, dtype }: ArgumentLeaf, k: number, read: (k: number) => Buffer): Resident => {
  const resident: Resident = {
    used: false,
    tensor: tensorFrom(() => {
      if (resident.used) throw usedUp(name)
      return read(k)
    }, shape, dtype),
  }
  return resident
}

const build = ({ parameters, leaves }: Trace, { next, told, toldTree }: Parts, state: unknown, relaxed: boolean): ((...args: ReadonlyArray<unknown>) => unknown) => {
  const outputs = [...next, ...told]
  const carried = next.length
  const linked = link(parameters, optimise(outputs), { carried, relaxed })
  const interpret = interpreted(parameters, outputs)
  let residents: ReadonlyArray<Resident | undefined> = []
  /** The state that was returned last: these are leaves of it. */
  let latest: unknown

  const [whole, wholeTold] = [rebuilder(state), rebuilder(toldTree)]
  const nothing = told.length === 0 ? wholeTold(() => undefined) : undefined
  const tell = (read: (k: number) => Buffer): unknown => nothing ?? wholeTold((k) => tensorOf(read(carried + k), told[k]!.shape, told[k]!.dtype))
  const step = (...args: ReadonlyArray<unknown>): unknown => {
    const held = residents
    const handed = held.length > 0 && args[0] === latest ? held : held.map((resident, k) => (valueAt(args, leaves[k]!) === resident?.tensor ? resident : undefined))
    const inputs = readArguments(args, leaves, handed)
    // The program will write over a state that somebody may still read, unless it was handed over.
    if (handed !== held) held.forEach((resident, k) => handed[k] === undefined && resident && bufferOf(resident.tensor))
    // A step that throws has lost what it overwrote with other arguments, and nothing else.
    residents = handed
    const read = linked?.run(inputs)
    if (read === undefined) {
      // What is in its place was not read: there are holes in the list.
      const numbers = Array.from(inputs, (given, k) => given ?? bufferOf(held[k]!.tensor))
      held.forEach((resident) => resident && bufferOf(resident.tensor))
      residents = []
      const results = interpret(numbers)
      return Object.freeze([whole((k) => tensorOf(results[k]!, next[k]!.shape, next[k]!.dtype)), tell((k) => results[k]!)])
    }
    // What the step hands on as it is stays the same tensor.
    const made = next.map((y, k) => {
      const resident = handed[k]
      if (resident !== undefined && y === parameters[k]) return resident
      if (resident !== undefined) resident.used = true
      return residentOf(leaves[k]!, k, read)
    })
    residents = made
    latest = whole((k) => made[k]!.tensor)
    return Object.freeze([latest, tell(read)])
  }
  return marked(step, { engine: linked === undefined ? 'slots' : 'wasm', outputs, ...linked?.details })
}
