/** The sine at 1, its derivative, the gradient of its own result, and the gradient of a leaf. */
import { pipe } from 'fp-ts/function'
import * as O from 'fp-ts/Option'
import { adjoints, backward, item, sin, stopGradient, variable } from '../../lib/index.js'

const x = variable('x', 1)
const y = sin(x)

console.log(`sin(1)     = ${item(y)}`)
console.log(`dy/dx      = ${item(backward(y).get('x')!)}`)

// The gradient of an intermediate result is there for those who ask for it, and for nobody else.
const [dy] = adjoints(y, [y])
console.log(`dy/dy      = ${pipe(dy!, O.match(() => 'none', (node) => String(item(node))))}`)
console.log(`variables  = ${[...backward(y).keys()].join(', ')}`)

// A leaf is its own gradient 1.
const leaf = variable('leaf', 2)
console.log(`d leaf     = ${item(backward(leaf).get('leaf')!)}`)

// Where no derivative is wanted, the value flows on alone.
console.log(`stopped    = ${item(sin(stopGradient(x)))}, gradients of ${backward(sin(stopGradient(x))).size} variables`)
