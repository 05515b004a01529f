/** A chain of functions and its derivative: y = (exp(x²))² at 0.5. */
import { pipe } from 'fp-ts/function'
import * as O from 'fp-ts/Option'
import { adjoints, backward, exp, item, square, variable, type Node } from '../../lib/index.js'

const x = variable('x', 0.5)
const a = square(x)
const b = exp(a)
const y = square(b)

// By hand, one function after another, each with the adjoint of its result: dy/db, dy/da, dy/dx.
const show = O.match(() => 'none', (node: Node) => String(item(node)))
const [db, da] = adjoints(y, [b, a])
console.log(`dy/db = ${show(db!)}`)
console.log(`dy/da = ${show(da!)}`)

// Or all at once.
const gradients = backward(pipe(x, square, exp, square))
console.log(`y     = ${item(y)}`)
console.log(`dy/dx = ${item(gradients.get('x')!)}`)
