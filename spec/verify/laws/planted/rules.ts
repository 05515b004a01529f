/** The sine with a rule for each mode, right unless told otherwise. */
import type { Node } from '../../../../lib/core/Node.js'
import { cos, mul, sin } from '../../../../lib/function/index.js'
import { customRule, type Pushforward } from '../../../../lib/transform/customRule.js'

type Pull = (g: Node, y: Node, x: Node) => Node
type Push = (dx: Node, y: Node, x: Node) => Node

const derivative = (d: Node, _y: Node, x: Node): Node => mul(d, cos(x))

/** The sine with these rules. */
export const sineBy = (pull: Pull = derivative, push: Push = derivative) => {
  const jvp: Pushforward = ([dx], y, x) => push(dx!, y, x!)
  const f = customRule((x) => sin(x), { name: 'sine', vjp: [(g, y, x) => pull(g, y, x!)], jvp })
  return (x: Node): Node => f(x)
}

/** The sine with one rule for both modes, elementwise. */
export const sineOf = (slope: (x: Node) => Node) => sineBy((g, _, x) => mul(g, slope(x)), (dx, _, x) => mul(dx, slope(x)))

/** Any elementwise function with one rule for both modes. */
export const ruled = (name: string, value: (x: Node) => Node, slope: (x: Node, y: Node) => Node) => {
  const f = customRule((x) => value(x), { name, vjp: [(g, y, x) => mul(g, slope(x!, y))], jvp: ([dx], y, x) => mul(dx!, slope(x!, y)) })
  return (x: Node): Node => f(x)
}
