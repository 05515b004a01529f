/** What a user's program does, in plain Node. */
import { backward, grad, item, mul, variable } from 'foldgrad'

const cube = (x) => mul(x, mul(x, x))
const x = variable('x', 2)

console.log(JSON.stringify({ slope: item(grad(cube)(2)), curvature: item(grad(grad(cube))(2)), named: item(backward(cube(x)).get('x')) }))
