/** Matchers and properties for users of vitest and of plain fast-check: what passes, what fails and how it says so. */
import { fc, test } from '@fast-check/vitest'
import { describe, expect, it } from 'vitest'
import { tensor } from '../../lib/core/Tensor.js'
import type { Node } from '../../lib/core/Node.js'
import { add, div, log, matmul, mul, relu, sin, square, stopGradient, sum, tanh } from '../../lib/function/index.js'
import { unary } from '../../lib/primitive/declare.js'
import { constant, cos, mul as times } from '../../lib/primitive/index.js'
import {
  checkDerivatives, conclusive, gradientMatchers, gradientProperty, interval, mostlyConclusive, nonzero, operation, positive, programs, tensors,
  type GradientMatchers,
} from '../../lib/verify/index.js'
import { subject } from '../../lib/verify/laws/index.js'

declare module 'vitest' {
  // eslint-disable-next-line typescript/no-explicit-any
  interface Matchers<T = any> extends GradientMatchers<T> {}
}

expect.extend(gradientMatchers)

/** A sine whose rule is one in a thousand off. */
const slanted: (x: Node) => Node = unary('slanted', Math.sin, (dx, x) => times(dx, times(cos(x), 1.001)))
const half = (x: Node): Node => add(square(x), sin(stopGradient(x)))
const hidden = (x: Node): Node => add(1e12, sin(x))

const messageOf = (run: () => void): string => {
  try {
    run()
  } catch (e) {
    return (e as Error).message
  }
  return 'nothing was thrown'
}

describe('with test.prop', () => {
  test.prop([programs({ smoothness: 'kinked' })], { ...conclusive(40), seed: 1 })('random programs have right gradients', (program) => {
    expect(program).toHaveCorrectGradient()
    expect(program.f).toHaveCorrectGradient(program.inputs)
  })

  test.prop([tensors([2], positive), tensors([2], nonzero)], { ...conclusive(20), seed: 1 })('so have functions of mine', (x, y) => {
    expect((a: Node, b: Node) => div(log(a), b)).toHaveCorrectDerivatives([x, y])
    expect((a: Node, b: Node) => mul(a, b)).toSatisfyLaw('L2', [x, y])
  })

  test.prop([tensors([3])], { seed: 1, numRuns: 20 })('and values can be compared', (x) => {
    expect(mul(2, x)).toEqualTensor(add(x, x))
    expect(sin(x)).toBeCloseToTensor(cos(constant(tensor([...x.toTypedArray()].map((t) => t - Math.PI / 2)))), { absolute: 1e-15 })
  })
})

describe('the matchers', () => {
  const x = tensor([0.5, 2])

  it('tell right gradients from wrong ones', () => {
    expect((a: Node) => sin(a)).toHaveCorrectGradient([x])
    expect(half).not.toHaveCorrectGradient([x])
    expect(slanted).not.toHaveCorrectDerivatives([x])
    expect({ f: slanted, inputs: [x] }).not.toHaveCorrectGradient()
  })

  it('take trees', () => {
    const model = ({ w, b }: { readonly w: Node; readonly b: Node }, input: Node): Node => tanh(add(matmul(input, w), b))
    expect(model).toHaveCorrectGradient([{ w: tensor([[1], [0.5]]), b: tensor([0]) }, tensor([[1, 2]])])
  })

  it('accept any number between the sides of a kink, unless told otherwise', () => {
    expect((a: Node) => relu(a)).toHaveCorrectGradient([0])
    expect((a: Node) => relu(a)).not.toHaveCorrectGradient([0], { kinks: 'refuse' })
  })

  it('say what is wrong, with the node to blame', () => {
    expect(rounded(messageOf(() => expect(slanted).toHaveCorrectGradient([tensor(0)]))).split('\n').slice(0, 13).join('\n')).toMatchInlineSnapshot(`
      "The derivative is wrong: reverse mode (seed 0, direction 0).
        the derivative is  -1.03053464069
        estimated          -1.02950513555

      The entry ∂result / ∂args[0], at args[0] = 0:
        the derivative is  1.001
        estimated          1

      To blame is the rule of slanted, in operand 0:
        %1: f64[] = slanted(%0)
      The entry ∂%1 / ∂%0, at %0 = 0:
        the derivative is  1.001
        estimated          1"
    `)
    expect(messageOf(() => expect((a: Node) => sin(a)).not.toHaveCorrectGradient([x]))).toMatch(/^The derivative is consistent with numerical differentiation/)
  })

  it('check laws by name', () => {
    expect((a: Node) => sum(square(a))).toSatisfyLaw('L13', [x], { homogeneous: { degree: 2 } })
    expect((a: Node) => sum(square(a))).not.toSatisfyLaw('L13', [x], { homogeneous: { degree: 3 } })
    expect(subject((a: Node) => sin(a), [tensors([2])], { parity: 'odd' })).toSatisfyLaw('L15')
    expect(messageOf(() => expect((a: Node) => sin(a)).toSatisfyLaw('L15', [tensor(1)], { parity: 'even' }))).toMatch(/^L15, /)
    expect(messageOf(() => expect((a: Node) => sin(a)).toSatisfyLaw('L15', [x]))).toMatch(/does not apply/)
  })

  it('compare tensors exactly, by units in the last place, and by relative error', () => {
    expect(add([1, 2], 1)).toEqualTensor([2, 3])
    expect(add([1, 2], 1)).not.toEqualTensor([[2, 3]])
    expect(add([1, 2], 1)).not.toEqualTensor(tensor([2, 3], { dtype: 'f32' }))
    expect(tensor([NaN, 0])).toEqualTensor([NaN, -0])
    expect(tensor([0.1 + 0.2])).not.toEqualTensor([0.3])
    expect(tensor([0.1 + 0.2])).toEqualTensor([0.3], { ulps: 1 })
    expect(tensor([Math.fround(0.3) + 2 ** -24], { dtype: 'f32' })).toEqualTensor(tensor([0.3], { dtype: 'f32' }), { ulps: 2 })
    expect(tensor([1 + 1e-13, 5e-324])).toBeCloseToTensor([1, 0], { absolute: 1e-300 })
    expect(tensor([1 + 1e-11])).not.toBeCloseToTensor([1])
    expect(tensor([Infinity])).not.toBeCloseToTensor([1e308], { relative: 0.5 })
    expect(messageOf(() => expect(tensor([[1, 2], [3, 4]])).toEqualTensor([[1, 2.5], [3, 5]]))).toBe('2 was received at [0, 1], 2.5 is expected, 0.5 apart, and 1 more of 4 elements differ')
    expect(messageOf(() => expect(tensor([1])).toEqualTensor([[1]]))).toBe('f64[1] was received, f64[1, 1] is expected')
  })

  it('fail a test where the numbers cannot tell, but not as if the derivative were wrong', () => {
    for (const run of [() => expect(hidden).toHaveCorrectGradient([1]), () => expect(hidden).not.toHaveCorrectGradient([1])])
      expect(messageOf(run)).toMatch(/^The numbers cannot tell whether the derivative is right; take another point/)
  })

  it('say how they are used', () => {
    expect(messageOf(() => expect(half).toHaveCorrectGradient())).toMatch(/say at which arguments/)
    expect(messageOf(() => expect(3).toHaveCorrectGradient([x]))).toMatch(/a function or a program is needed/)
  })
})

/** What plain fast-check says of a property, and why. */
const report = <Ts>(property: fc.IRawProperty<Ts, false>, parameters: fc.Parameters<Ts>): string => {
  const { error, errorInstance } = fc.check(property, parameters).failed
    ? { error: messageOf(() => fc.assert(property, parameters)), errorInstance: fc.check(property, parameters).errorInstance }
    : { error: '', errorInstance: undefined }
  return rounded(`${error}\n${(errorInstance as Error).message}`)
}

/** The text without error bounds. */
const rounded = (text: string): string => text.replaceAll(/ ± \S+/g, '')


describe('with plain fast-check', () => {
  it('a function has right gradients wherever its arguments are drawn from', () => {
    fc.assert(gradientProperty((a: Node, b: Node) => div(log(a), b), [tensors([2], positive), tensors([], nonzero)]), { seed: 1, numRuns: 30 })
    fc.assert(gradientProperty((a: Node) => mul(a, sin(a)), [tensors()], { check: checkDerivatives }), { seed: 1, numRuns: 10 })
    fc.assert(gradientProperty(programs({ outputs: 1 })), { seed: 1, numRuns: 30 })
  })

  it('a wrong rule is found at the simplest argument', () => {
    const wrong = gradientProperty((a: Node) => add(a, slanted(a)), [tensors([3], interval(1, 2))])
    expect(report(wrong, { seed: 1 }).split('\n').slice(0, 14).join('\n')).toMatchInlineSnapshot(`
      "Property failed after 1 tests
      { seed: 1, path: "0:0:0:0:0", endOnFailure: true }
      Counterexample: [[[1.5 1.5 1.5]],0]
      Shrunk 4 time(s)

      Hint: Enable verbose mode in order to have the list of all failing values encountered during the run
      The derivative is wrong: reverse mode (seed 0, direction 0).
        the derivative is  -4.24891607369
        estimated          -4.24863539177

      The entry ∂result[0] / ∂args[0][0], at args[0][0] = 1.5:
        the derivative is  1.07080793887
        estimated          1.07073720167
      "
    `)
  })

  it('and in the smallest program', () => {
    const wrong = gradientProperty(programs({ minSize: 10, also: { slanted: operation('slanted', (a) => slanted(a)) } }), { blame: false, directions: 1 })
    expect(report(wrong, { seed: 2 }).split('\n').slice(0, 24).join('\n')).toMatchInlineSnapshot(`
      "Property failed after 1 tests
      { seed: 2, path: "0:0:0:0:0:0:0", endOnFailure: true }
      Counterexample: [
      import { tensor, type Node } from 'foldgrad'

      const f = (x0: Node) => {
        const v1 = slanted(x0) // []
        return v1
      }
      const inputs = [tensor(0)] as const
      ,0]
      Shrunk 6 time(s)

      Hint: Enable verbose mode in order to have the list of all failing values encountered during the run
      The derivative is wrong: reverse mode (seed 0, direction 0).
        the derivative is  -1.03053464069
        estimated          -1.02950513555

      The program:
        %0: f64[] = variable("args[0]", 0)
        %1: f64[] = slanted(%0)
        return %1"
    `)
  })

  it('misuse fails', () => {
    expect(report(gradientProperty((a: Node) => add(a, [1, 2]), [tensors([3])]), { seed: 1 })).toMatch(/do not broadcast/)
  })

  it('cases at which the numbers cannot tell are discarded, and too many of them fail', () => {
    const sometimes = (share: number) => gradientProperty((a: Node, b: Node) => add(mul(1e12, b), sin(a)), [fc.constant(1), fc.nat(99).map((n) => tensor(n < share ? 1 : 0, { dtype: 'i32' }))])
    expect(fc.check(sometimes(0), { seed: 1 }).failed).toBe(false)
    const { failed, errorInstance, numShrinks } = fc.check(sometimes(50), { seed: 1 })
    expect([failed, numShrinks]).toEqual([true, 0])
    expect((errorInstance as Error).message).toMatch(/^3 of \d+ cases were inconclusive, more than 2 %; the last one:\nThe numbers cannot tell/)
    const property = mostlyConclusive(fc.property(fc.noBias(fc.nat(999)), (n) => {
      expect(n < 8 ? hidden : sin).toHaveCorrectGradient([1])
    }))
    const rare = fc.check(property, { seed: 1, numRuns: 200 })
    expect([rare.failed, rare.numSkips > 0]).toEqual([false, true])
    expect(fc.check(property, { seed: 1, numRuns: 200 }).numSkips).toBe(rare.numSkips)
  })
})
