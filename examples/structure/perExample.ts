/**
 * A gradient for every example: mislabelled ones pull harder than the others, so their gradients give them away, and no
 * single one can spoil a fit in which the length of each gradient is limited.
 */
import { add, constant, div, grad, maximum, mean, mul, sqrt, square, sub, value, vmap, zipTree, type Node, type NodeTree, type Tensor } from '../../lib/index.js'
import { normal, uniform } from '../random.js'

interface Line<T> {
  readonly slope: T
  readonly offset: T
}

export const truth: Line<number> = { slope: 2, offset: 1 }
const count = 100

/** The examples whose label is wrong. */
export const spoiled: ReadonlyArray<number> = [3, 14, 15, 65, 92]

const xs = Array.from({ length: count }, (_, i) => 2 * uniform(1, i) - 1)
const ys = xs.map((x, i) => truth.slope * x + truth.offset + 0.1 * normal(2, i) + (spoiled.includes(i) ? 8 : 0))

/** The loss on one example: `x` and `y` are numbers. */
const loss = ({ slope, offset }: Line<Node>, x: Node, y: Node): Node => square(sub(add(mul(slope, x), offset), y))

const [x, y] = [constant(xs), constant(ys)]

/** The gradients on all examples, `[count]` at each leaf. */
const gradients = (line: Line<Tensor>): NodeTree<Line<Node>> => vmap(grad(loss), { in: [null, 0, 0] })(line, x, y)

const lengths = ({ slope, offset }: NodeTree<Line<Node>>): Node => sqrt(add(square(slope), square(offset)))

/** The line that gradient descent arrives at if no gradient may be longer than `limit`. */
export const fitted = (limit: number): Line<number> => {
  const step = (line: Line<Tensor>): Line<Tensor> => {
    const each = gradients(line)
    const shrunk = maximum(div(lengths(each), limit), 1)
    return value(zipTree(line, each, (p, g) => sub(p, mul(0.2, mean(div(g, shrunk))))))
  }
  const { slope, offset } = Array.from({ length: 400 }).reduce<Line<Tensor>>(step, value({ slope: constant(0), offset: constant(0) }))
  return { slope: slope.at(), offset: offset.at() }
}

/** The examples with the longest gradients at a line, the longest first. */
export const suspects = ({ slope, offset }: Line<number>, many: number): ReadonlyArray<number> => {
  const found = value(lengths(gradients(value({ slope: constant(slope), offset: constant(offset) }))))
  return xs.map((_, i) => i).sort((i, j) => found.at(j) - found.at(i)).slice(0, many)
}

const show = ({ slope, offset }: Line<number>): string => `slope ${slope.toFixed(3)}, offset ${offset.toFixed(3)}`

export const run = (print: (text: string) => void): void => {
  const [plain, limited] = [fitted(Infinity), fitted(0.5)]
  print(`A line through ${count} points, ${spoiled.length} of them mislabelled`)
  print(`  true               ${show(truth)}`)
  print(`  all gradients      ${show(plain)}`)
  print(`  limited gradients  ${show(limited)}`)
  print(`  longest gradients  of points ${suspects(limited, spoiled.length).join(', ')}; mislabelled are ${spoiled.join(', ')}`)
}
