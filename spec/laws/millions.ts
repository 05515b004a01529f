/**
 * Two programs of a million nodes, built, differentiated and evaluated: a chain, and a graph in which every node is read
 * several times. Run by `millions.spec.ts` in a process of its own with a bounded heap; prints what it found as JSON.
 */
import type { Node } from '../../lib/core/Node.js'
import { sort } from '../../lib/core/Graph.js'
import { tensor } from '../../lib/core/Tensor.js'
import { item, value } from '../../lib/interpret/evaluate.js'
import { add, mul, sin, variable } from '../../lib/primitive/index.js'
import { backward } from '../../lib/transform/backward.js'
import { jvp } from '../../lib/transform/jvp.js'

const size = 1_000_000

/** `x + x + … + x` from left to right: a chain as deep as it is long. */
const chain = () => {
  const x = variable('x', tensor(0.5))
  let y: Node = x
  for (let i = 1; i < size; i++) y = add(y, x)
  const g = backward(y).get('x')!
  return { nodes: sort([y]).nodes.length, y: item(y), dy: item(g) }
}

/** `a, b ↦ (a + b)/2, sin(a)·b/2 …`: each value is read by the next two, and by a product with a far earlier one. */
const web = () => {
  const half = variable('half', tensor(0.5))
  const values: Array<Node> = [variable('a', tensor(0.3)), variable('b', tensor(0.7))]
  for (let made = 3; made < size; made += 2) {
    const [p, q] = [values.at(-2)!, values.at(-1)!]
    values.push(mul(add(p, values.length % 3 === 0 ? sin(q) : q), half))
  }
  const y = values.at(-1)!
  const gradients = backward(y)
  const numbers = value([y, ...['a', 'b', 'half'].map((id) => gradients.get(id)!)])
  return { nodes: sort([y]).nodes.length, numbers: numbers.map((t) => t.toArray() as number) }
}

/** A chain of sines in forward mode. */
const forward = () => {
  const f = (x: Node): Node => {
    let y = x
    for (let i = 1; i < size; i++) y = sin(y)
    return y
  }
  const [y, dy] = jvp(f)([1], [1])
  return value([y, dy]).map((t) => t.toArray() as number)
}

const found = { chain: chain(), web: web(), forward: forward() }
process.stdout.write(JSON.stringify({ ...found, bytes: process.resourceUsage().maxRSS * 1024 }))
