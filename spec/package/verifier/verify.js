/** What a user's test does, in plain Node with fast-check installed. */
import fc from 'fast-check'
import { mul, sin, tensor } from 'foldgrad'
import { checkGradient, gradientProperty, programs, tensors } from 'foldgrad/verify'

const f = (x) => mul(x, sin(x))

console.log(
  JSON.stringify({
    verdict: checkGradient(f, [tensor([0.5, 2])]).right.verdict,
    property: fc.check(gradientProperty(f, [tensors([2])]), { numRuns: 5 }).failed,
    programs: fc.check(gradientProperty(programs({ size: 3 })), { numRuns: 5 }).failed,
  }),
)
