/** Laws of graphs, purity, cost, text, nesting and failure: engines and kernels with one mistake each. */
import fc from 'fast-check'
import { applyPatches, enablePatches, produceWithPatches } from 'immer'
import { right } from 'fp-ts/Either'
import { allocate } from '../../../../lib/core/DType.js'
import type { Gradients } from '../../../../lib/core/Gradients.js'
import { sort } from '../../../../lib/core/Graph.js'
import { apply, type Node } from '../../../../lib/core/Node.js'
import { tensor } from '../../../../lib/core/Tensor.js'
import { add, cos, exp, mul, relu, sin } from '../../../../lib/function/index.js'
import { isLeaf, type Leaf } from '../../../../lib/core/Tree.js'
import { evaluate } from '../../../../lib/interpret/evaluate.js'
import { printGraph } from '../../../../lib/interpret/pretty.js'
import { defineOp } from '../../../../lib/primitive/declare.js'
import { full, identity, stopGradient } from '../../../../lib/primitive/index.js'
import { asNode, variableId } from '../../../../lib/primitive/leaf.js'
import { backward, contribution } from '../../../../lib/transform/backward.js'
import { customPrimitive } from '../../../../lib/transform/customRule.js'
import { tangentsOf } from '../../../../lib/transform/forward.js'
import { grad } from '../../../../lib/transform/grad.js'
import { jvp } from '../../../../lib/transform/jvp.js'
import { subject } from '../../../../lib/verify/laws/index.js'
import { broken, points, scalars, vectors, type ByLaw } from './examples.js'
import { functions } from './functions.js'
import { sineBy } from './rules.js'

enablePatches()
const immer = { produceWithPatches, applyPatches } as never

const f = (x: Node): Node => mul(x, sin(x))
const engine = (run: (y: Node) => Gradients, g: (x: Node) => Node = f) => subject(g, [vectors], broken({ backward: run }))

/** A backward pass in which the last contribution to an adjoint replaces those before it. */
const overwriting = (y: Node): Gradients => {
  const adjoint = new Map<Node, Node>([[y, full(1, y)]])
  const byId = new Map<string, Node>()
  for (const node of [...sort([y]).nodes].reverse()) {
    const g = adjoint.get(node)
    const id = variableId(node)
    if (g === undefined) continue
    if (id !== undefined) byId.set(id, byId.has(id) ? add(byId.get(id)!, g) : g)
    node.inputs.forEach((x, k) => {
      const c = contribution(g, false, node, k)
      if (c !== null) adjoint.set(x, c)
    })
  }
  return byId
}

/** A backward pass that visits a node once for every path to it. */
const byPaths = (y: Node): Gradients => {
  const sums = new Map<string, Node>()
  const walk = (node: Node, g: Node): void => {
    const id = variableId(node)
    if (id !== undefined) sums.set(id, sums.has(id) ? add(sums.get(id)!, g) : g)
    node.inputs.forEach((x, k) => {
      const c = contribution(g, false, node, k)
      if (c !== null) walk(x, c)
    })
  }
  walk(y, full(1, y))
  return sums
}

/** A backward pass with a memory. */
const accumulating = (): ((y: Node) => Gradients) => {
  const sums = new Map<string, Node>()
  return (y) => {
    for (const [id, g] of backward(y)) {
      const before = sums.get(id)
      sums.set(id, before !== undefined && before.shape.join() === g.shape.join() ? add(before, g) : g)
    }
    return new Map([...backward(y)].map(([id]) => [id, sums.get(id)!]))
  }
}

/** A pushforward that takes every perturbation for its own. */
const untagged = (g: (x: Node) => Node) => (args: [never], tangents: [never]) => {
  const [x] = args as readonly [Leaf | ReadonlyArray<Leaf>]
  if (!isLeaf(x)) return jvp(g as never)(args as never, tangents as never)
  const y = g(identity(asNode(x, '')))
  const perturbed = sort([y]).nodes.filter((node) => node.op === identity.op)
  return [y, tangentsOf([y], perturbed, perturbed.map((node) => full(1, node)))[0] ?? full(0, y)]
}

/** A function that is another one each time. */
const restless = () => {
  let calls = 0
  return (x: Node): Node => mul(sin(x), 1 + 1e-9 * calls++)
}

/** A kernel that writes into its operand. */
const greedy = (x: Node): Node =>
  apply(defineOp({
    name: 'greedy',
    infer: ([a]) => a!,
    evaluate: ([a], y) => {
      const result = allocate(y.dtype, a!.length)
      result.set(a!)
      a!.fill(7)
      return result
    },
    vjp: (g) => g,
    jvp: ([dx]) => dx ?? null,
    batch: 'leading',
  }), [x])

const scratch = new Float64Array(8)

/** A kernel that hands out the same memory each time. */
const reusing = (x: Node): Node =>
  apply(defineOp({
    name: 'reusing',
    infer: ([a]) => a!,
    evaluate: ([a]) => {
      const out = scratch.subarray(0, a!.length)
      a!.forEach((e: number, i: number) => (out[i] = 2 * e))
      return out
    },
    vjp: (g) => reusing(g),
    jvp: ([dx]) => (dx ? reusing(dx) : null),
    batch: 'leading',
  }), [x])

const named = (name: string, power: number) => customPrimitive({ name, evaluate: (x) => x.toTypedArray().map((e) => e ** power), vjp: [(g) => g], batch: 'loop' })
const [double, triple] = [named('power', 2), named('power', 3)]

const wasteful = sineBy((g, _, x) => Array.from({ length: 20 }, () => mul(g, mul(0.05, cos(exp(mul(0, add(x, 0)))))) ).reduce((a, b) => add(a, b)))

interface State {
  params: ReadonlyArray<object>
  steps: number
}

export const graphLaws: ByLaw = {
  L40: {
    lawful: functions,
    violators: { 'contributions that replace each other': engine(overwriting), 'contributions in another order': engine((y) => new Map([...backward(y)].map(([id, g]) => [id, mul(g, 1 + 2 ** -52)]))) },
  },
  L41: {
    lawful: functions,
    violators: {
      'a memory of calls': engine(accumulating()),
      'gradients of strangers': engine((y) => new Map([...backward(y), ['unused', y]])),
    },
  },
  L42: {
    lawful: functions,
    violators: {
      'names with a space lost': engine((y) => new Map([...backward(y)].filter(([id]) => !id.includes(' ')))),
      'a gradient that reads its name': engine((y) => new Map([...backward(y)].map(([id, g]) => [id, mul(g, id.length)]))),
    },
  },
  L43: { lawful: functions, violators: { 'contributions that replace each other': engine(overwriting) } },
  L44: {
    lawful: functions,
    violators: {
      'a function that counts its calls': subject(restless(), [vectors]),
      'a kernel that writes into its operand': subject((x: Node) => greedy(x), [fc.nat(3).map((n) => tensor([n, 0.5]))]),
      'gradients that grow': engine(accumulating()),
    },
  },
  L45: {
    lawful: functions,
    violators: { 'a kernel that hands out the same memory': subject((x: Node) => reusing(x), [fc.constant(tensor([1, 2]))]) },
  },
  L46: { lawful: functions, violators: { 'gradients that add up': engine(accumulating()) } },
  L47: { lawful: functions, violators: { 'negative adjoints lost': subject(sineBy((g, _, x) => mul(relu(g), cos(x))), [points]) } },
  L48: {
    lawful: functions,
    violators: {
      'two operations of one name': subject((x: Node) => add(double(x), triple(x)), [vectors]),
      'a listing without its last line': subject(f, [vectors], broken({ printGraph: (outputs: never) => ({ ...printGraph(outputs), text: printGraph(outputs).text.replace('sin', 'cos') }) })),
    },
  },
  L49: {
    lawful: functions,
    violators: {
      'a rule that computes everything many times': subject((x: Node) => wasteful(x), [points]),
      'a walk along every path': engine(byPaths, (x) => f(mul(x, x))),
    },
  },
  L50: {
    lawful: functions,
    violators: {
      'an inner derivative taken for a constant': subject(f, [vectors], broken({ grad: (g: (x: Node) => Node) => (x: Node) => stopGradient(grad(g)(x)) })),
      'perturbations without tags': subject(f, [vectors], broken({ jvp: untagged })),
    },
  },
  L51: {
    lawful: functions,
    violators: {
      'a misuse within the domain': subject((x: Node) => add(x, [1, 2, 3, 4, 5, 6, 7]), [vectors]),
      'numbers in place of errors': subject(f, [vectors], broken({ evaluate: (tree: unknown) => { const result = evaluate(tree); return result._tag === 'Left' ? right([]) : result } })),
      'an exception': subject((x: Node) => { if (x.shape.length === 0) throw new RangeError('no scalars'); return sin(x) }, [scalars]),
    },
  },
  L52: {
    lawful: functions.map(({ name, ...rest }) => ({ ...rest, name, declared: { ...rest.declared, immer } })),
    violators: {
      'a draft that is the base': subject(f, [vectors], {
        immer: {
          produceWithPatches: (base: State, recipe: (draft: State) => void) => {
            recipe(base)
            return [base, [], []]
          },
          applyPatches: (base: State) => base,
        } as never,
      }),
      'patches that do nothing': subject(f, [vectors], { immer: { produceWithPatches, applyPatches: (base: State) => base } as never }),
    },
  },
}
