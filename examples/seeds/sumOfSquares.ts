/** A function of two variables: z = x² + y² at (2, 3). */
import { pipe } from 'fp-ts/function'
import { add, backward, item, square, variable } from '../../lib/index.js'

const x = variable('x', 2)
const y = variable('y', 3)
const z = pipe(square(x), add(square(y)))
const gradients = backward(z)

console.log(`z     = ${item(z)}`)
console.log(`dz/dx = ${item(gradients.get('x')!)}`)
console.log(`dz/dy = ${item(gradients.get('y')!)}`)
