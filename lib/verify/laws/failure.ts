/** The law of failure: misuse is a value, all of it or nothing. */
import * as E from 'fp-ts/Either'
import { showError } from '../../core/FoldgradError.js'
import { add } from '../../function/index.js'
import { named } from './graphs.js'
import { stated } from './Law.js'
import { claim, every } from './Outcome.js'

export const L51 = stated({
  id: 'L51',
  name: 'Failure is Left, success is Right',
  family: 'failure',
  formula: 'evaluate(f(x), gradients) is Right; with a misuse anywhere it is Left, with every misuse, and nothing is thrown',
  tolerance: 'none',
  check: (t) => {
    const { y } = named(t)
    const misuse = add(add([1, 2], [1, 2, 3]), y)
    const evaluated = t.use.evaluate({ y, gradients: [...t.use.backward(y).values()] })
    const twice = t.use.evaluate([y, misuse, add([1, 2, 3, 4], [5, 6])])
    return every(
      () => claim(E.isRight(evaluated), () => `a valid program fails: ${E.isLeft(evaluated) ? evaluated.left.map(showError).join('\n') : ''}`),
      () => claim(E.isLeft(twice) && twice.left.length === 2, () => `a program with two misuses gives ${E.isLeft(twice) ? `${twice.left.length} errors` : 'numbers'}`),
      () => {
        const gradients = t.use.backward(misuse)
        const found = t.use.evaluate([...gradients.values()])
        return claim(gradients.size === 0 || E.isLeft(found), () => 'the gradients of a misuse have values')
      },
    )
  },
})
