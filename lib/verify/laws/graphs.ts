/** Laws of the backward pass over a graph, whatever the graph computes. */
import type { Gradients } from '../../core/Gradients.js'
import { sort } from '../../core/Graph.js'
import type { Node } from '../../core/Node.js'
import { add, mul, sin } from '../../function/index.js'
import { full, variable } from '../../primitive/leaf.js'
import { split } from '../random.js'
import { agree, identicalNodes } from './agreement.js'
import { measured, stated } from './Law.js'
import { literalBackward, shuffled, treeSize, unshared } from './literal.js'
import { claim, every, silent, type Outcome } from './Outcome.js'
import { drawn, valuesAt, weighted, type Nodes, type Trial } from './Trial.js'

/** A trial as a graph on named variables: a scalar, `⟨w, f⟩`. */
export interface Named {
  readonly variables: Nodes
  readonly ids: ReadonlyArray<string>
  readonly y: Node
}

export const named = (t: Trial, prefix = 'x', stream = 1): Named => {
  const ids = t.x.map((_, k) => `${prefix}${k}`)
  const variables = t.x.map((x, k) => variable(ids[k]!, x))
  return { ids, variables, y: weighted(t.f, drawn(valuesAt(t.f, t.x), split(t.seed, stream)))(variables) }
}

/** The variables that reach a result smoothly, by the definition. */
const literally = ({ ids, variables, y }: Named, nodes: Nodes): Gradients => {
  const adjoints = literalBackward(nodes, full(1, y))
  return new Map(variables.flatMap((x, k) => (adjoints.has(x) ? [[ids[k]!, adjoints.get(x)!] as const] : [])))
}

/** Two maps of gradients: the same keys, and gradients compared one by one. */
export const sameKeys = (what: string, a: Gradients, b: Gradients, compare: (a: Nodes, b: Nodes) => Outcome): Outcome => {
  const keys = [...a.keys()]
  return every(
    () => claim(a.size === b.size && keys.every((id) => b.has(id)), () => `${what}: gradients of ${keys.join(', ')} on one side, of ${[...b.keys()].join(', ')} on the other`),
    () => compare(keys.map((id) => a.get(id)!), keys.map((id) => b.get(id)!)),
  )
}

const identicalMaps = (what: string, a: Gradients, b: Gradients): Outcome => sameKeys(what, a, b, (g, h) => identicalNodes(what, g, h))

export const L40 = stated({
  id: 'L40',
  name: 'The order of the nodes does not matter',
  family: 'graphs',
  formula: 'backward(y) is the fold over any topological order of y',
  tolerance: `none in the order of the library; else ${measured}`,
  check: (t) => {
    const graph = named(t)
    const gradients = t.use.backward(graph.y)
    return every(
      () => identicalMaps('the fold in the same order', gradients, literally(graph, sort([graph.y]).nodes)),
      () => sameKeys('the fold in another order', gradients, literally(graph, shuffled(graph.y, split(t.seed, 2))), (a, b) =>
        agree('the fold in another order', a, b, t)),
    )
  },
})

export const L41 = stated({
  id: 'L41',
  name: 'Dead nodes change nothing',
  family: 'graphs',
  formula: 'nodes that y does not read leave backward(y) as it is, and their variables out of it',
  tolerance: 'none: bit by bit',
  check: (t) => {
    const { variables, ids, y } = named(t)
    const before = t.use.backward(y)
    const other = variable('unused', t.x[0]!)
    const dead = sort([y]).nodes.map((node) => add(sin(node), other))
    const after = t.use.backward(y)
    return every(
      () => claim([...before.keys()].every((id) => ids.includes(id)), () => `gradients of ${[...before.keys()].join(', ')}, the variables are ${ids.join(', ')}`),
      () => identicalMaps(`the gradients after ${dead.length} more nodes`, after, before),
      () => {
        const read = new Set(sort([y]).nodes)
        const unread = ids.filter((id, k) => !read.has(variables[k]!) && before.has(id))
        return claim(unread.length === 0, () => `gradients of ${unread.join(', ')}, which are not read`)
      },
    )
  },
})

export const L42 = stated({
  id: 'L42',
  name: 'Names are only names',
  family: 'graphs',
  formula: 'renaming variables renames the keys of backward(y), and nothing else',
  tolerance: 'none: bit by bit',
  check: (t) => {
    const [one, two] = [named(t, 'x'), named(t, 'another ')]
    const renamed = t.use.backward(two.y)
    const back = new Map(two.ids.flatMap((id, k) => (renamed.has(id) ? [[one.ids[k]!, renamed.get(id)!] as const] : [])))
    return every(
      () => claim(back.size === renamed.size, () => `gradients of ${[...renamed.keys()].join(', ')}, the variables are ${two.ids.join(', ')}`),
      () => identicalMaps('the gradients under other names', t.use.backward(one.y), back),
    )
  },
})

/** The largest tree that a graph is unfolded to. */
const limit = 3000

export const L43 = stated({
  id: 'L43',
  name: 'Sharing changes nothing but the cost',
  family: 'graphs',
  formula: 'backward(y) = backward(the tree that y unfolds to)',
  tolerance: measured,
  check: (t) => {
    const { y } = named(t)
    const size = treeSize(y)
    if (size > limit) return silent(`it unfolds to ${size} nodes`)
    return sameKeys('graph and tree', t.use.backward(y), t.use.backward(unshared(y)), (a, b) => agree('graph and tree', a, b, t))
  },
})

export const L47 = stated({
  id: 'L47',
  name: 'The backward pass is linear in what it starts from',
  family: 'graphs',
  formula: 'backward(a y + b z) = a backward(y) + b backward(z)',
  tolerance: measured,
  check: (t) => {
    const { variables, y } = named(t)
    const z = weighted(t.f, drawn(valuesAt(t.f, t.x), split(t.seed, 2)))(variables)
    const [a, b] = [0.75, -3]
    const [ofY, ofZ] = [t.use.backward(y), t.use.backward(z)]
    const together = t.use.backward(add(mul(a, y), mul(b, z)))
    const expected = new Map([...ofY].map(([id, g]) => [id, add(mul(a, g), mul(b, ofZ.get(id) ?? full(0, g)))] as const))
    return sameKeys('the gradient of a combination', together, expected, (p, q) => agree('the gradient of a combination', p, q, t))
  },
})
