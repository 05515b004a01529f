/** Laws of structure: symmetries, identities, inverses, equations, patterns. */
import fc from 'fast-check'
import type { Node } from '../../../../lib/core/Node.js'
import { tensor } from '../../../../lib/core/Tensor.js'
import { abs, add, cos, cumsum, div, exp, flip, floor, log, logSumExp, matmul, mul, norm, onesLike, sigmoid, sin, softmax, softplus, sqrt, square, stack, sub, sum, take, tanh, transpose } from '../../../../lib/function/index.js'
import { customRule } from '../../../../lib/transform/customRule.js'
import { subject, type Equivariance, type Invariance } from '../../../../lib/verify/laws/index.js'
import { matrices, points, positives, scalars, vectors, type ByLaw } from './examples.js'
import { ruled, sineBy, sineOf } from './rules.js'

const shiftBy = (change?: Invariance['change']): Invariance<[Node]> => ({ name: 'shift', direction: (x) => [onesLike(x)], ...(change && { change }) })
const scaling: Invariance<[Node]> = { name: 'scale', direction: (x) => [x] }
const reversal: Equivariance<[Node]> = { name: 'reversal', ofArguments: (x) => [flip(x)], ofResult: (y: Node) => flip(y) }

const cosine = (x: Node): Node => div(sum(mul(x, [1, 2, 3])), norm(x))
const triples = fc.constantFrom(tensor([0.5, -1.25, 2]), tensor([3, 1, -0.5]))

/** The softmax with a pullback that forgets how the entries depend on each other. */
const apart = customRule((x) => softmax(x), { name: 'softmax', vjp: [(g, y) => mul(g, mul(y, sub(1, y)))] })
/** A pullback that treats the first element otherwise. */
const uneven = customRule((x) => square(x), { name: 'square', vjp: [(g, _, x) => mul(mul(g, mul(2, x!)), [1.001, 1, 1])] })

const newton = (a: Node): Node => Array.from({ length: 6 }).reduce<Node>((y) => mul(0.5, add(y, div(a, y))), add(mul(0, a), 1))
const rootBy = (slope: (y: Node) => Node) => customRule((a) => newton(a), { name: 'root', vjp: [(g, y) => mul(g, slope(y))] })
const [root, wrongRoot] = [rootBy((y) => div(0.5, y)), rootBy((y) => div(1 / 3, y))]
const equation = { residual: (y: Node, a: Node) => sub(square(y), a) }

const neighbours = (x: Node): Node => sub(take(sin(x), [1, 2, 3]), take(x, [0, 1, 2]))
const quads = fc.constantFrom(tensor([0.5, -1.25, 2, 1]), tensor([3, 1, -0.5, 0.25]))

export const structure: ByLaw = {
  L13: {
    lawful: [
      subject((x: Node) => norm(x), [vectors], { name: 'norm', homogeneous: { degree: 1 } }),
      subject((a: Node, b: Node) => matmul(a, b), [matrices, matrices], { name: 'matmul', homogeneous: { degree: 2 } }),
      subject((x: Node) => sum(log(x)), [fc.constant(tensor([0.5, 2, 3]))], { name: 'the log of a product', homogeneous: { degree: 0, logarithmic: 3 } }),
    ],
    violators: {
      'a factor': subject(ruled('cube', (x) => mul(x, square(x)), (x) => mul(2, square(x))), [vectors], { homogeneous: { degree: 3 } }),
      'another degree': subject((x: Node) => norm(x), [vectors], { homogeneous: { degree: 2 } }),
    },
  },
  L14: {
    lawful: [
      subject((x: Node) => softmax(x), [vectors], { name: 'softmax', invariances: [shiftBy()], equivariances: [reversal] }),
      subject((x: Node) => logSumExp(x), [vectors], { name: 'logsumexp', invariances: [shiftBy(() => 1)] }),
      subject(cosine, [triples], { name: 'cosine similarity', invariances: [scaling] }),
    ],
    violators: {
      'a softmax whose entries do not know each other': subject((x: Node) => apart(x), [vectors], { invariances: [shiftBy()] }),
      'a sum is not invariant': subject((x: Node) => sum(x), [triples], { invariances: [scaling] }),
      'an element treated otherwise': subject((x: Node) => uneven(x), [triples], { equivariances: [reversal] }),
    },
  },
  L15: {
    lawful: [
      subject((x: Node) => sin(x), [points], { name: 'sin', parity: 'odd', period: 2 * Math.PI }),
      subject((x: Node) => cos(x), [points], { name: 'cos', parity: 'even' }),
      subject((x: Node) => square(sub(x, floor(x))), [positives], { name: 'the square of the fraction', period: 1 }),
    ],
    violators: {
      'a derivative that is not even': subject(sineOf((x) => add(cos(x), mul(1e-9, x))), [points], { parity: 'odd' }),
      'the sine declared even': subject((x: Node) => sin(x), [points], { parity: 'even' }),
      'a derivative that does not repeat': subject(sineOf((x) => add(cos(x), mul(1e-9, x))), [points], { period: 2 * Math.PI }),
      'another period': subject((x: Node) => sub(x, floor(x)), [positives], { period: 0.75 }),
    },
  },
  L16: {
    lawful: [
      subject((x: Node) => exp(x), [points], { name: 'exp', inverse: (y: Node) => log(y) }),
      subject((x: Node) => transpose(x), [matrices], { name: 'transpose', inverse: (y: Node) => transpose(y) }),
      subject((a: Node, b: Node) => ({ s: add(a, b), d: sub(a, b) }), [scalars, scalars], { name: 'sum and difference', inverse: ({ s, d }: { s: Node; d: Node }) => [mul(0.5, add(s, d)), mul(0.5, sub(s, d))] }),
    ],
    violators: {
      'a wrong rule': subject(ruled('exp', exp, (_, y) => mul(y, 1 + 1e-9)), [points], { inverse: (y: Node) => log(y) }),
      'no inverse': subject((x: Node) => exp(x), [points], { inverse: (y: Node) => sqrt(y) }),
    },
  },
  L17: {
    lawful: [
      subject((x: Node) => tanh(x), [points], { name: 'tanh', identities: { '2 sigmoid(2x) - 1': (x) => sub(mul(2, sigmoid(mul(2, x))), 1) } }),
      subject((x: Node) => logSumExp(x), [vectors], { name: 'logsumexp', identities: { 'log sum exp': (x) => log(sum(exp(x))) } }),
      subject((x: Node) => cumsum(x), [triples], { name: 'cumsum', identities: { 'a triangle': (x) => matmul([[1, 0, 0], [1, 1, 0], [1, 1, 1]], x) } }),
    ],
    violators: {
      'a wrong rule': subject(sineOf((x) => mul(cos(x), 1 + 1e-9)), [points], { identities: { sin: (x) => sin(x) } }),
      'another function': subject((x: Node) => softplus(x), [points], { identities: { relu: (x) => mul(0.5, add(x, abs(x))) } }),
    },
  },
  L30: {
    lawful: [subject(sineBy(), [points], { name: 'sine', derived: (x) => sin(x) }), subject((a: Node) => root(a), [positives], { name: 'root', derived: (a) => sqrt(a) })],
    violators: {
      'a factor of 1 + 1e-9': subject(sineOf((x) => mul(cos(x), 1 + 1e-9)), [points], { derived: (x) => sin(x) }),
      'the other branch': subject((a: Node) => wrongRoot(a), [positives], { derived: (a) => newton(a) }),
    },
  },
  L32: {
    lawful: [
      subject((a: Node) => root(a), [positives], { name: 'root', solves: { ...equation, unrolled: newton } }),
      subject((a: Node, b: Node) => ({ y: sqrt(add(a, mul(b, b))) }), [positives, scalars], { name: 'hypotenuse', solves: { residual: ({ y }: { y: Node }, a, b) => sub(square(y), add(a, mul(b, b))) } }),
    ],
    violators: {
      'a wrong derivative': subject((a: Node) => wrongRoot(a), [positives], { solves: equation }),
      'no solution': subject((a: Node) => mul(a, 2), [positives], { solves: equation }),
      'other steps': subject((a: Node) => root(a), [positives], { solves: { ...equation, unrolled: (a) => mul(1.001, newton(a)) } }),
    },
  },
  L33: {
    lawful: [
      subject((x: Node) => sin(x), [points], { name: 'sin', elementwise: true }),
      subject(neighbours, [quads], { name: 'differences of neighbours', sparsity: (i, j) => j === i || j === i + 1 }),
      subject((x: Node) => stack([sum(x), sum(square(x))]), [vectors], { name: 'two sums', sparsity: () => true }),
    ],
    violators: {
      'a pattern with entries missing': subject(neighbours, [quads], { sparsity: (i, j) => i === j }),
      'modes that differ': subject(sineBy(undefined, (dx, _, x) => mul(dx, mul(cos(x), 1.001))), [points], { elementwise: true }),
    },
  },
}
