/** `autograd.test_util.check_grads`: one direction drawn anew each time; step 1e-6; within 1e-6, absolute or relative. */
import { split } from '../../../../lib/verify/random.js'
import { normals } from './draw.js'
import { inner, moved, quotient, type Peer } from './Subject.js'

const step = 1e-6
const tolerance = 1e-6

export const autograd: Peer = {
  name: 'autograd check_grads',
  passes: ({ x, results, f, vjp }, seed) => {
    const tangent = normals(x.length, split(seed, 0))
    const cotangent = normals(results, split(seed, 1))
    const exact = inner(tangent, vjp(cotangent))
    const numeric = inner(cotangent, quotient(f(moved(x, step / 2, tangent)), f(moved(x, -step / 2, tangent)), step))
    const apart = Math.abs(numeric - exact)
    return apart < tolerance || apart / Math.abs(numeric + exact) < tolerance
  },
}
