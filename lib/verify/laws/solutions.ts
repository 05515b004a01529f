/** The law of functions that are given by an equation. */
import { bufferOf } from '../../core/Tensor.js'
import { neg } from '../../function/index.js'
import { full } from '../../primitive/leaf.js'
import { tensorsOf } from '../numeric.js'
import { agree } from './agreement.js'
import { equalFunctions } from './identities.js'
import { both, faithful, needs, stated } from './Law.js'
import { claim, every, holds } from './Outcome.js'
import { argumentsWith, drawn, floatsOf, forward, inner, nodesOf, pulled, pushed, valuesAt, type Call, type Nodes, type Trial } from './Trial.js'
import { mapLeaves } from '../../core/Tree.js'

/** The residual as a function of the solution and the arguments, array after array. */
const residualOf = (t: Trial): Call => {
  const { residual } = t.declared.solves!
  const result = t.at.f(...(argumentsWith(t.args, nodesOf(t.x)) as ReadonlyArray<never>))
  const n = floatsOf(result).length
  return (all) => {
    let next = 0
    const y = mapLeaves(result, () => all[next++]!)
    return floatsOf(residual(y as never, ...(argumentsWith(t.args, all.slice(n)) as ReadonlyArray<never>)))
  }
}

const largest = (nodes: Nodes): number => Math.max(0, ...tensorsOf(nodes).flatMap((a) => Array.from(bufferOf(a), Math.abs)))

export const L32 = stated({
  id: 'L32',
  name: 'Implicit differentiation',
  family: 'solutions',
  formula: 'F(f(θ), θ) = 0 ⟹ Fₓ f′(θ) v + F_θ v = 0, in both modes; equal to the derivative of the steps',
  tolerance: 'the accuracy of the solution (1e-10 unless declared) relative to the terms, and 16 times the measured rounding error',
  applies: both(faithful, needs('solves', 'the equation that it solves')),
  check: (t) => {
    const { f, x, seed, declared: { solves } } = t
    const { accuracy = 1e-10, unrolled } = solves!
    const F = residualOf(t)
    const v = nodesOf(drawn(x, seed))
    const [y, dy] = forward(t, f, x, v)
    const at = [...y, ...x]
    const zeros = (xs: Nodes): Nodes => xs.map((a) => full(0, a))
    const moved = pushed(t, F, at, [...dy, ...zeros(v)])
    const left = pushed(t, F, at, [...zeros(dy), ...v])
    const scale = largest(left)
    const residual = largest(F([...nodesOf(tensorsOf(y)), ...nodesOf(x)]))
    const w = drawn(valuesAt(f, x), seed)
    return every(
      () => claim(residual <= Math.max(accuracy, 1e-12) * Math.max(1, largest(y), scale), () => `the residual is ${residual}`),
      () => agree('-Fₓ dx and F_θ dθ', moved, left.map((a) => neg(a)), t, { scale, accuracy }),
      () => agree('⟨w, J v⟩ and ⟨Jᵀ w, v⟩', [inner(dy, w)], [inner(pulled(t, f, x, w), v)], t, { accuracy }),
      () => (unrolled === undefined ? holds : equalFunctions(t, 'its steps', t.sibling(unrolled), accuracy)),
    )
  },
})
