/** The loss of a recurrent network whose weights are diagonal. */
import { add, at, div, exp, log, mul, neg, scan, sigmoid, slice, sub, sum, tanh, tensor, type Node } from '../../../lib/index.js'
import type { Lstm } from './data.js'

/** What is fitted: `[2 l, 4, b]` and `[3, b]`. */
export interface Weights {
  readonly main: Node
  readonly extra: Node
}

interface Cell {
  readonly hidden: Node
  readonly cell: Node
}

export const sequenceLoss = ({ l, c, b, state, sequence }: Lstm): ((weights: Weights) => Node) => {
  const characters = tensor(sequence, { shape: [c, b] })
  const start = tensor(state, { shape: [2 * l, b] })
  const layers = Array.from({ length: l }, (_, i) => i)
  return ({ main, extra }) => {
    const gate = (x: Node, layer: number, k: number): Node => add(mul(x, at(main, [2 * layer, k])), at(main, [2 * layer + 1, k]))
    const advance = (x: Node, { hidden, cell }: Cell, layer: number): Cell => {
      const [forget, input, output] = [sigmoid(gate(x, layer, 0)), sigmoid(gate(hidden, layer, 1)), sigmoid(gate(x, layer, 2))]
      const next = add(mul(cell, forget), mul(input, tanh(gate(hidden, layer, 3))))
      return { hidden: mul(output, tanh(next)), cell: next }
    }
    const step = (cells: ReadonlyArray<Cell>, [now, next]: readonly [Node, Node]): readonly [ReadonlyArray<Cell>, Node] => {
      const after: Array<Cell> = []
      const x = layers.reduce((x, i) => (after[i] = advance(x, cells[i]!, i)).hidden, mul(now, at(extra, 0)))
      const y = add(mul(x, at(extra, 1)), at(extra, 2))
      return [after, sum(mul(next, sub(y, log(add(2, sum(exp(y)))))))]
    }
    const cells = layers.map((i): Cell => ({ hidden: at(start, 2 * i), cell: at(start, 2 * i + 1) }))
    const [, terms] = scan(step, cells, [slice(characters, [[0, c - 1]]), slice(characters, [[1, null]])] as const)
    return neg(div(sum(terms), (c - 1) * b))
  }
}
