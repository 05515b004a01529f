/** `compile`: a pure function, traced once, as machine code that is run many times. */
import * as E from 'fp-ts/Either'
import { bufferFrom, copyOf, type Buffer } from '../core/DType.js'
import { FoldgradException, type FoldgradError } from '../core/FoldgradError.js'
import { errorsIn, sort } from '../core/Graph.js'
import { isInvalid, type Node } from '../core/Node.js'
import { snapshot } from '../core/snapshot.js'
import { tensorOf, type Tensor } from '../core/Tensor.js'
import { leavesOf, mapLeaves, rebuild, rebuilder, type TensorTree } from '../core/Tree.js'
import { program } from '../interpret/evaluate.js'
import { asNode } from '../primitive/leaf.js'
import { directFunction, directText, scriptLimit, smallScript, type Results } from './direct.js'
import { details, type Details, type Engine } from './inspect.js'
import { link } from './link.js'
import { Memo, type Recall } from './Memo.js'
import { optimise } from './pass/index.js'
import { keyOfSorted, sortedProgram, type SortedProgram } from './sameProgram.js'
import { tapeOf, type Taped } from './tape/elements.js'
import { linkTape } from './tape/linkTape.js'
import { operationsOf } from './tape/uses.js'
import { parametersFor, readArguments, type ArgumentTree, type NumberArray, type Parameters, type SpecTree } from './signature.js'

/** The tree type `T` with numbers (for scalars) and fresh typed arrays at the leaves. */
export type ArrayTree<T> = [Node] extends [T] ? number | NumberArray : T extends Node | Tensor | number ? number | NumberArray : { readonly [K in keyof T]: ArrayTree<T[K]> }

/** A compiled function: plain and synchronous, from tensors, numbers or typed arrays to tensors (or typed arrays, if asked for). */
export interface Compiled<A extends ReadonlyArray<unknown>, R> {
  (...args: { [K in keyof A]: ArgumentTree<A[K]> }): R
}

/** How to compile. */
export interface CompileOptions {
  /** `tensors` (unless given) are immutable; `arrays` are numbers and fresh typed arrays, which belong to the caller. */
  readonly results?: Results
  /** The one way to run it, where that is open, and by interpretation otherwise; the quickest unless given. */
  readonly engine?: Engine
  /**
   * Whether products may be added without rounding them first, where the processor can: elementary functions of large arrays are faster by up to a
   * quarter, but the last bits of results then depend on the machine. No unless given.
   */
  readonly relaxed?: boolean
}

/** A function traced on parameters. */
export interface Trace extends Parameters {
  readonly result: unknown
  readonly outputs: ReadonlyArray<Node>
  readonly program: SortedProgram
}

export type AnyFunction = (...args: ReadonlyArray<never>) => unknown

export const trace = (f: AnyFunction, specs: ReadonlyArray<unknown>): E.Either<ReadonlyArray<FoldgradError>, Trace> => {
  const traced = parametersFor(specs)
  const result = f(...(traced.trees as ReadonlyArray<never>))
  const outputs = leavesOf(result).map(([path, leaf]) => asNode(leaf, path))
  const program = sortedProgram({ parameters: traced.parameters, outputs })
  const isSound = errorsIn(program.sorted).length === 0 && !traced.given.some(isInvalid)
  return isSound ? E.right({ ...traced, result: snapshot(result), outputs, program }) : E.left(errorsIn(sort([...outputs, ...traced.given])))
}

interface Compile {
  <A extends ReadonlyArray<unknown>, R>(f: (...args: A) => R, specs: { readonly [K in keyof A]: SpecTree<A[K]> }, options: CompileOptions & { readonly results: 'arrays' }): E.Either<ReadonlyArray<FoldgradError>, Compiled<A, ArrayTree<R>>>
  <A extends ReadonlyArray<unknown>, R>(f: (...args: A) => R, specs: { readonly [K in keyof A]: SpecTree<A[K]> }, options?: CompileOptions): E.Either<ReadonlyArray<FoldgradError>, Compiled<A, TensorTree<R>>>
}

/**
 * A pure function of trees as machine code for arguments of certain shapes and dtypes: `specs` has a tree for each argument, with
 * {@link shaped} or an example at each leaf. The result is a plain function on tensors, numbers and typed arrays; its values are
 * those of `evaluate` up to rounding. Small programs become JavaScript, larger ones WebAssembly with vector instructions; where
 * neither is allowed the graph is interpreted.
 *
 * `Left` with every misuse in the program. An argument that does not fit makes the compiled function throw a
 * `FoldgradException` that names it, before anything runs. As in any function, surplus arguments and fields are not looked at.
 *
 * @example
 * const f = (x: Node) => sum(mul(x, sin(x)))
 * const slope = pipe(compile(grad(f), [shaped([2])]), E.getOrElseW((errors) => { throw new FoldgradException(errors) }))
 * slope(tensor([0, 1])).toArray() // [0, 1.3817732906760363]
 */
export const compile: Compile = ((f: AnyFunction, specs: ReadonlyArray<unknown>, options: CompileOptions = {}) =>
  Object.freeze(E.map((traced: Trace) => remembered(traced, specs.length, { results: 'tensors', ...options }))(trace(f, specs)))) as unknown as Compile

/** The options, with what is meant where none is given. */
type Settings = CompileOptions & { readonly results: Results }

type Function_ = (...args: ReadonlyArray<unknown>) => unknown

/** Programs that are in use; see {@link Memo}. */
const memo = new Memo<Function_>(256, (made) => (made as unknown as { readonly [details]: Details })[details].recall!)

/** What tells programs of equal graphs apart: how they are called, and what they return. */
const formOf = ({ leaves, result }: Trace, count: number, { results, engine, relaxed }: Settings): string =>
  JSON.stringify([count, results, engine ?? '', relaxed === true, leaves.map(({ keys }) => keys), rebuild(result, leavesOf(result).map((_, k) => k))])

/** The function for a traced program, or the one that was made for the same program before and is still in use. */
const remembered = (traced: Trace, count: number, settings: Settings): Function_ => {
  const recall = { key: keyOfSorted(traced.program), form: formOf(traced, count, settings) }
  return memo.find(recall) ?? memo.keep(build(traced, count, settings, recall))
}

/** A program as one on single numbers, if it is one, as it is or as the passes make it; and what they make of it, where they were asked. */
interface Prepared {
  readonly taped?: Taped | undefined
  readonly reduced?: ReadonlyArray<Node>
}

const prepared = ({ parameters, outputs, program: as }: Trace): Prepared => {
  const taped = tapeOf(as, parameters.length)
  if (taped !== undefined) return { taped }
  const reduced = optimise(outputs)
  return { reduced, taped: tapeOf(sortedProgram({ parameters, outputs: reduced }), parameters.length) }
}

/** The function for a traced program, by the quickest way that is open. */
const build = (traced: Trace, count: number, { results, engine, relaxed = false }: Settings, recall: Recall): Function_ => {
  const { parameters, leaves, outputs, result } = traced
  const { taped, reduced } = engine === 'slots' ? {} : prepared(traced)
  const operations = taped === undefined ? 0 : operationsOf(taped)
  const scalars = { scalars: { operations, rewritten: reduced !== undefined } }
  const direct = { parameters, leaves, arguments: count, outputs, result, results }
  const script = taped && engine !== 'wasm' ? smallScript(taped, parameters, outputs) : undefined
  const text = script && directText(direct, script)
  const written = script && text !== undefined ? directFunction(direct, script, text) : undefined
  if (written !== undefined && text !== undefined) return marked(written, { engine: 'script', outputs, text, recall, ...scalars })
  const isOpen = engine === undefined || engine === 'wasm'
  const isLong = taped !== undefined && (engine === undefined || operations > scriptLimit)
  const linked = !isOpen ? undefined : isLong ? linkTape(taped, parameters, outputs) : link(parameters, reduced ?? optimise(outputs), { relaxed })
  let interpret: ReturnType<typeof interpreted> | undefined
  const run = (inputs: ReadonlyArray<Buffer | number>): ((k: number) => Buffer) => {
    const read = linked?.run(inputs)
    if (read !== undefined) return read
    const buffers = (interpret ??= interpreted(parameters, outputs))(inputs)
    return (k) => buffers[k]!
  }
  const shape = (buffer: Buffer, k: number): unknown =>
    results === 'tensors' ? tensorOf(buffer, outputs[k]!.shape, outputs[k]!.dtype) : outputs[k]!.shape.length === 0 ? buffer[0]! : buffer
  const whole = rebuilder(result, results === 'tensors' ? Object.freeze : (branch) => branch)
  return marked((...args) => {
    const read = run(readArguments(args, leaves))
    return whole((k) => shape(read(k), k))
  }, { engine: linked === undefined ? 'slots' : 'wasm', outputs, recall, ...linked?.details, ...(isLong ? scalars : {}) })
}

export const marked = (f: (...args: ReadonlyArray<unknown>) => unknown, found: Details): ((...args: ReadonlyArray<unknown>) => unknown) =>
  Object.freeze(Object.assign(f, { [details]: Object.freeze(found) }))

/** The program by evaluation. Its results are copies: a kernel may hand on an argument, or a constant. */
export const interpreted = (parameters: ReadonlyArray<Node>, outputs: ReadonlyArray<Node>): ((inputs: ReadonlyArray<Buffer | number>) => ReadonlyArray<Buffer>) => {
  const run = program(parameters, outputs)
  return (inputs) => run(inputs.map((x, k) => (typeof x === 'number' ? bufferFrom(parameters[k]!.dtype, [x]) : x))).map((buffer) => copyOf(buffer))
}

/**
 * The same for scripts: a function that is compiled for the arguments of each call, and kept for the next call with arguments of the
 * same shapes and dtypes. Throws a `FoldgradException` with every misuse.
 *
 * @example
 * const slope = jit(grad((x: Node) => sum(square(x))))
 * slope(tensor([1, 2, 3])).toArray() // [2, 4, 6]
 */
export const jit = <A extends ReadonlyArray<unknown>, R>(f: (...args: A) => R): Compiled<A, TensorTree<R>> => {
  const known = new Map<string, Compiled<A, TensorTree<R>>>()
  return (...args) => {
    const { leaves } = parametersFor(args)
    const key = JSON.stringify([args.map((tree) => mapLeaves(tree, () => 0)), leaves.map(({ shape, dtype }) => [dtype, ...shape])])
    const found = known.get(key)
    if (found !== undefined) return found(...args)
    const made = compile(f, args as never)
    if (E.isLeft(made)) throw new FoldgradException(made.left)
    if (known.size >= jitLimit) known.delete(known.keys().next().value!)
    known.set(key, made.right)
    return made.right(...args)
  }
}

/** For how many signatures `jit` keeps its programs. */
const jitLimit = 16
