/** One variable used several times: contributions add up, and a second computation starts from nothing. */
import { add, backward, item, variable } from '../../lib/index.js'

const x = variable('x', 3)

const twice = add(x, x)
console.log(`x + x:       value ${item(twice)}, derivative ${item(backward(twice).get('x')!)}`)

// The same variable in another computation: there is no gradient in it to clear.
const thrice = add(add(x, x), x)
console.log(`x + x + x:   value ${item(thrice)}, derivative ${item(backward(thrice).get('x')!)}`)

// Nor does asking twice count twice.
console.log(`asked again: derivative ${item(backward(thrice).get('x')!)}`)
