/** Laws of the value that comes with a derivative, and of the type of the derivative. */
import { bufferOf, type Tensor } from '../../core/Tensor.js'
import { showShape } from '../../core/Shape.js'
import { rebuild } from '../../core/Tree.js'
import { located, tensorsOf } from '../numeric.js'
import { numericalDerivative } from '../numerical.js'
import { identical } from './agreement.js'
import { faithful, stated } from './Law.js'
import { claim, every, fails, holds, silent, type Outcome } from './Outcome.js'
import { argumentsWith, drawn, forward, linear, mapElements, nodesOf, pulled, pushed, reverse, valuesAt, type Trial } from './Trial.js'

const types = (xs: ReadonlyArray<Tensor>): string => xs.map((t) => t.dtype + showShape(t.shape)).join(', ')

const isFinite = (t: Tensor): boolean => bufferOf(t).every(Number.isFinite)

/** The numerical derivative in one element of the arguments alone. */
const slopeIn = ({ x, at: { f, args } }: Trial, element: number): number => {
  const [k, i] = located(x, element)
  const step = Math.max(Math.abs(bufferOf(x[k]!)[i]!), 1e-3)
  const direction = mapElements(x, (_, at, leaf) => (leaf === k && at === i ? step : 0))
  const { value, error } = numericalDerivative(f as (...args: ReadonlyArray<unknown>) => unknown, args as never, rebuild(args, argumentsWith(args, nodesOf(direction))) as never)
  return error <= 1e-3 * Math.max(Math.abs(value), step) ? value / step : NaN
}

export const L1 = stated({
  id: 'L1',
  name: 'The value comes along',
  family: 'values',
  formula: 'vjp(f)(x)₁ = jvp(f)(x)(v)₁ = linearize(f)(x)₁ = f(x)',
  tolerance: 'none: bit by bit',
  check: (t) => {
    const y = valuesAt(t.f, t.x)
    const v = drawn(t.x, t.seed)
    return every(
      () => identical('the value beside the pullback', tensorsOf(reverse(t, t.f, t.x)[0]), y),
      () => identical('the value beside the tangent', tensorsOf(forward(t, t.f, t.x, v)[0]), y),
      () => identical('the value beside the linear function', tensorsOf(linear(t, t.f, t.x)[0]), y),
    )
  },
})

export const L8 = stated({
  id: 'L8',
  name: 'A derivative has the type of what it is the derivative in',
  family: 'values',
  formula: 'type((Jᵀ w)ₖ) = type(xₖ), type(J v) = type(f(x))',
  tolerance: 'none',
  check: (t) => {
    const y = valuesAt(t.f, t.x)
    const [back, forth] = [tensorsOf(pulled(t, t.f, t.x, drawn(y, t.seed))), tensorsOf(pushed(t, t.f, t.x, drawn(t.x, t.seed)))]
    return every(
      () => claim(types(back) === types(t.x), () => `gradients ${types(back)} of arguments ${types(t.x)}`),
      () => claim(types(forth) === types(y), () => `tangents ${types(forth)} of results ${types(y)}`),
    )
  },
})

export const L9 = stated({
  id: 'L9',
  name: 'A finite derivative is found finite',
  family: 'values',
  formula: 'f(x) and ∂f/∂x finite ⟹ Jᵀ 1 finite',
  tolerance: 'none; that the derivative is finite is told by numerical differentiation',
  applies: faithful,
  check: (t): Outcome => {
    const y = valuesAt(t.f, t.x)
    if (!y.every(isFinite)) return silent('the value is not finite')
    const gradient = tensorsOf(pulled(t, t.f, t.x, mapElements(y, () => 1))).flatMap((g) => [...bufferOf(g)])
    const element = gradient.findIndex((g) => !Number.isFinite(g))
    if (element < 0) return holds
    const slope = slopeIn(t, element)
    return Number.isNaN(slope)
      ? silent('numerical differentiation finds no finite derivative')
      : fails(`the derivative in element ${element} of the arguments is ${gradient[element]!}, numerical differentiation finds ${slope}`)
  },
})
