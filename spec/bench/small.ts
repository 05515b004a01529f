/** Functions of a few numbers, where a call costs about as much as its arithmetic. */
import { add, at, compile, cos, mul, shaped, sin, slice, square, sub, sum, valueAndGrad, type Node } from '../../lib/index.js'
import type { Contestant } from './harness.js'
import { joined } from './joined.js'
import { must } from './must.js'

/** A value and a gradient in a fresh array. */
interface Slope {
  readonly value: number
  readonly gradient: Float64Array
}

type Slopes = (x: Float64Array) => Slope

/**
 * A loop of calls as code of its own, so that the engine specialises it for one function. Each call has another argument,
 * and something of every result is used.
 */
const loopOf = (f: Slopes, x: Float64Array, calls: number): (() => number) => {
  const text = 'const y = x.slice(); return () => { let sum = 0; for (let i = 0; i < calls; i++) { y[0] += 1e-9; const r = f(y); sum += r.value + r.gradient[0] } y[0] = x[0]; return sum }'
  // oxlint-disable-next-line typescript/no-implied-eval -- the text is the one above
  return (new Function('f', 'x', 'calls', text) as (f: Slopes, x: Float64Array, calls: number) => () => number)(f, x, calls)
}

const contestant = (name: string, f: Slopes, x: Float64Array, calls: number): Contestant => ({
  name,
  calls,
  run: loopOf(f, x, calls),
  numbers: () => {
    const { value, gradient } = f(x)
    return joined(value, gradient)
  },
})

const withGradient = (f: (x: Node) => Node) => (x: Node): { readonly value: Node; readonly gradient: Node } => {
  const [value, gradient] = valueAndGrad(f)(x)
  return { value, gradient }
}

const compiledSlopes = (f: (x: Node) => Node, n: number): Slopes => {
  const compiled = must(compile(withGradient(f), [shaped([n])], { results: 'arrays' }))
  return compiled as unknown as Slopes
}

export const rosenbrock = (x: Node): Node => {
  const [here, next] = [slice(x, [[0, -1]]), slice(x, [[1, null]])]
  return sum(add(mul(100, square(sub(next, square(here)))), square(sub(1, here))))
}

const plainRosenbrock: Slopes = (x) => {
  const last = x.length - 1
  const gradient = new Float64Array(x.length)
  let value = 0
  let carried = 0
  for (let i = 0; i < last; i++) {
    const here = x[i]!
    const bend = x[i + 1]! - here * here
    const gap = 1 - here
    value += 100 * bend * bend + gap * gap
    gradient[i] = carried - 400 * here * bend - 2 * gap
    carried = 200 * bend
  }
  gradient[last] = carried
  return { value, gradient }
}

export const rosenbrockStart = (n: number): Float64Array => Float64Array.from({ length: n }, (_, i) => 1 + 0.1 * Math.sin(i))

export const rosenbrocks = (n: number): ReadonlyArray<Contestant> => {
  const x = rosenbrockStart(n)
  const calls = Math.max(1, Math.ceil(20_000 / n))
  return [contestant('hand-written JS', plainRosenbrock, x, calls), contestant('foldgrad', compiledSlopes(rosenbrock, n), x, calls)]
}

const [upper, lower, goalX, goalY] = [1, 0.8, 0.6, 1.1]

/** The squared distance of the tip of an arm of two links from a goal. */
const reach = (angles: Node): Node => {
  const [first, second] = [at(angles, 0), sum(angles)]
  const x = add(mul(upper, cos(first)), mul(lower, cos(second)))
  const y = add(mul(upper, sin(first)), mul(lower, sin(second)))
  return add(square(sub(x, goalX)), square(sub(y, goalY)))
}

const plainReach: Slopes = (angles) => {
  const first = angles[0]!
  const second = first + angles[1]!
  const gradient = new Float64Array(2)
  const [c, s] = [lower * Math.cos(second), lower * Math.sin(second)]
  const x = upper * Math.cos(first) + c
  const y = upper * Math.sin(first) + s
  const [dx, dy] = [x - goalX, y - goalY]
  gradient[0] = 2 * (dy * x - dx * y)
  gradient[1] = 2 * (dy * c - dx * s)
  return { value: dx * dx + dy * dy, gradient }
}

export const inverseKinematics = (): ReadonlyArray<Contestant> => {
  const x = Float64Array.of(0.4, 0.7)
  return [contestant('hand-written JS', plainReach, x, 10_000), contestant('foldgrad', compiledSlopes(reach, 2), x, 10_000)]
}
