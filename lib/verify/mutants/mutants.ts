/** The mutants of a function: it with one mistake in one of the rules that its derivative is made of. */
import { isFloat } from '../../core/DType.js'
import { sort } from '../../core/Graph.js'
import { apply, isInvalid, type Node, type Primitive } from '../../core/Node.js'
import { rebuild } from '../../core/Tree.js'
import { identity, stopGradient } from '../../primitive/identity.js'
import { full, leafNodes } from '../../primitive/leaf.js'
import { adjointsOfAll } from '../../transform/backward.js'
import { ownMistakes } from './edits.js'
import { genericMistakes } from './generic.js'
import type { Mistake } from './mistake.js'
import { rewrite, type Exchange } from './rewrite.js'

/** A function of trees of nodes. */
export type TreeFunction = (...args: ReadonlyArray<unknown>) => unknown

/** A function with the values of another one, and one mistake in its derivative. */
export interface Mutant {
  /** The operation whose rule the mistake is in. */
  readonly operation: string
  readonly mistake: string
  /** Whether it is one of the mistakes that suit every rule. */
  readonly generic: boolean
  readonly f: TreeFunction
}

/** Which mutants are made. */
export interface MutantOptions {
  /** The mode whose rules get mistakes of their own. Those that suit every rule are made in both. `vjp` unless given. */
  readonly mode?: 'vjp' | 'jvp'
  /** The one operation that is to get mistakes; all of them unless given. */
  readonly op?: Primitive
}

/** The function, with its results rewritten. */
const rewritten =
  (f: TreeFunction, exchange: Exchange): TreeFunction =>
  (...args) => {
    const result = f(...args)
    return rebuild(result, rewrite(leafNodes(result), leafNodes(args), exchange))
  }

/** The function under a mistake in the rule of an operation. */
const under = (f: TreeFunction, op: Primitive, mistake: Mistake): TreeFunction => {
  const wrong = mistake.in(op)
  return rewritten(f, (node, operands) => (node.op === op ? apply(wrong, operands, node.attrs) : undefined))
}

/** A program on stand-ins for the arguments, as far as adjoints flow through it from the results to these. */
interface Traced {
  readonly nodes: ReadonlyArray<Node>
  readonly smooth: (node: Node) => boolean
}

const trace = (f: TreeFunction, args: ReadonlyArray<unknown>): Traced => {
  const inputs = leafNodes(args).map((x) => identity(x))
  const floats = leafNodes(f(...(rebuild(args, inputs) as ReadonlyArray<unknown>))).filter((y) => isFloat(y.dtype))
  const { nodes } = sort(floats)
  const still = new Set(sort(inputs).nodes)
  const depends = new Set(inputs)
  for (const node of nodes) if (node.inputs.some((x) => depends.has(x))) depends.add(node)
  const candidates = nodes.filter((node) => depends.has(node) && !still.has(node) && isFloat(node.dtype) && !isInvalid(node))
  const adjoints = adjointsOfAll(floats.map((y) => [y, full(1, y)] as const), candidates, 'mutants')
  const smooth = new Set(candidates.filter((node, i) => adjoints[i] !== undefined && node.inputs.some((x) => depends.has(x) && isFloat(x.dtype))))
  return { nodes, smooth: (node) => smooth.has(node) }
}

/** The mutants that lose the last of several uses of a node: its contributions are not all added up. */
const forgetful = (f: TreeFunction, { nodes, smooth }: Traced): ReadonlyArray<Mutant> => {
  const uses = new Map<Node, ReadonlyArray<readonly [at: number, slot: number]>>()
  nodes.forEach((node, at) => {
    if (smooth(node)) node.inputs.forEach((x, slot) => isFloat(x.dtype) && uses.set(x, [...(uses.get(x) ?? []), [at, slot]]))
  })
  const shared = [...uses].filter(([, places]) => places.length > 1)
  return shared.map(([x, places]): Mutant => {
    const [last, slot] = places.at(-1)!
    const cut = (operands: ReadonlyArray<Node>) => operands.map((operand, k) => (k === slot ? stopGradient(operand) : operand))
    return {
      operation: x.op.name,
      mistake: `one of its ${places.length} uses forgotten`,
      generic: true,
      f: rewritten(f, (node, operands, at) => (at === last ? apply(node.op, cut(operands), node.attrs) : undefined)),
    }
  })
}

/**
 * All mutants of a function at some arguments: for each operation that its derivative passes through, the mistakes that
 * suit every rule and those that its own rule leaves room for; and for each node that is used more than once, the loss of
 * a use.
 */
export const mutantsOf = (f: TreeFunction, args: ReadonlyArray<unknown>, { mode = 'vjp', op }: MutantOptions = {}): ReadonlyArray<Mutant> => {
  const traced = trace(f, args)
  const examples = new Map<Primitive, Node>()
  for (const node of traced.nodes) if (traced.smooth(node) && (op === undefined || op === node.op)) examples.set(node.op, node)
  const inRules = [...examples].flatMap(([of, y]) => {
    const mutant = (generic: boolean) => (mistake: Mistake): Mutant => ({ operation: of.name, mistake: mistake.name, generic, f: under(f, of, mistake) })
    return [...genericMistakes.map(mutant(true)), ...ownMistakes(y, mode).map(mutant(false))]
  })
  return numbered(op === undefined ? [...inRules, ...forgetful(f, traced)] : inRules)
}

/** Mutants whose names tell them apart: the same slip can be made at several places of a rule. */
const numbered = (mutants: ReadonlyArray<Mutant>): ReadonlyArray<Mutant> => {
  const seen = new Map<string, number>()
  return mutants.map((mutant) => {
    const name = `${mutant.operation}: ${mutant.mistake}`
    const times = (seen.get(name) ?? 0) + 1
    seen.set(name, times)
    return times === 1 ? mutant : { ...mutant, mistake: `${mutant.mistake} (${times})` }
  })
}
