/** The law of listings: what is printed reads back as what it was. */
import * as E from 'fp-ts/Either'
import { isClosed } from '../../core/Closed.js'
import { sort } from '../../core/Graph.js'
import { showError } from '../../core/FoldgradError.js'
import type { Closed, Node, Primitive } from '../../core/Node.js'
import { records } from '../../text/records.js'
import { identicalNodes } from './agreement.js'
import { named } from './graphs.js'
import { stated } from './Law.js'
import { claim, every, fails } from './Outcome.js'
import type { Nodes } from './Trial.js'

const closedIn = (node: Node): ReadonlyArray<Closed> => Object.values(node.attrs).flat().filter(isClosed)

/** All operations of a program, those of closed functions included. */
export const operationsOf = (outputs: Nodes): ReadonlySet<Primitive> => {
  const found = new Set<Primitive>()
  const walk = (nodes: Nodes): void => {
    for (const node of sort(nodes).nodes) {
      found.add(node.op)
      for (const { outputs: inner } of closedIn(node)) walk(inner)
    }
  }
  walk(outputs)
  return found
}

export const L48 = stated({
  id: 'L48',
  name: 'A listing reads back',
  family: 'text',
  formula: 'parse(print(g)) = g: the same listing, the same values',
  tolerance: 'none: letter by letter, bit by bit',
  check: (t) => {
    const { y } = named(t)
    const outputs = [y, ...t.use.backward(y).values()]
    const listing = t.use.printGraph(outputs)
    const own = [...operationsOf(outputs)].filter((op) => !records.includes(op))
    const read = t.use.parseGraph(listing, { primitives: own })
    if (E.isLeft(read)) return fails(read.left.map(showError).join('\n'))
    return every(
      () => claim(t.use.printGraph(read.right).text === listing.text, () => `read back, the program is listed as\n${t.use.printGraph(read.right).text}\nin place of\n${listing.text}`),
      () => identicalNodes('the program and what is read back', outputs, read.right.outputs),
    )
  },
})
