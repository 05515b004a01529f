/** `jax.test_util.check_grads`: one direction, always the same; step 1e-4; tolerance 1e-5, absolute plus relative, for f64. */
import { normals } from './draw.js'
import { inner, moved, quotient, type Peer } from './Subject.js'

const step = 1e-4
const tolerance = 1e-5

export const jax: Peer = {
  name: 'jax check_grads',
  passes: ({ x, results, f, vjp }) => {
    const tangent = normals(x.length, 0)
    const cotangent = normals(results, 1)
    const found = inner(tangent, vjp(cotangent))
    const expected = inner(quotient(f(moved(x, step, tangent)), f(moved(x, -step, tangent)), 2 * step), cotangent)
    return Math.abs(found - expected) <= tolerance + tolerance * Math.abs(expected)
  },
}
