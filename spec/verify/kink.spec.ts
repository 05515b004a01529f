/** Where one-sided derivatives differ: the report says so, takes what lies between them, and nothing else. */
import * as E from 'fp-ts/Either'
import { describe, expect, it } from 'vitest'
import { abs, add, clip, floor, hypot, max, maximum, mul, neg, norm, relu, sqrt, square, std, stopGradient, sub, sum, tensor, where, greater, type Node } from '../../lib/index.js'
import { checkGradient, checkJvp, showCheck, showFailure, type Answer, type Report } from '../../lib/verify/index.js'
import { abs as absWithSlope } from './planted.js'

const seeds = Array.from({ length: 12 }, (_, seed) => seed)

const reportOf = (answer: Answer): Report => {
  if (E.isLeft(answer)) throw new Error(showFailure(answer.left))
  return answer.right
}

type Case = readonly [f: (...xs: ReadonlyArray<Node>) => Node, args: ReadonlyArray<number | ReturnType<typeof tensor>>, op: string]

const kinks: Readonly<Record<string, Case>> = {
  'abs at 0': [(x) => abs(x!), [0], 'abs'],
  'relu at 0': [(x) => relu(x!), [0], 'relu'],
  'relu at several zeros': [(x) => relu(x!), [tensor([0, 0, 0, 1, -2])], 'relu'],
  'a sum of relus of both signs': [(x) => sum(mul(relu(x!), [1, -1, 1])), [tensor([0, 0, 0])], 'relu'],
  'a maximum at a tie': [(x, y) => maximum(x!, y!), [2, 2], 'maximum'],
  'a maximum of three that are tied': [(x) => max(x!), [tensor([1, 3, 3, 2, 3])], 'max'],
  'clip at its bounds': [(x) => clip(x!, 0, 1), [tensor([0, 1, 0.5])], 'maximum'],
  'the norm of zeros': [(x) => norm(x!), [tensor([0, 0, 0])], 'euclideanNorm'],
  'hypot at the origin': [(x, y) => hypot(x!, y!), [0, 0], 'hypot'],
  'the standard deviation of equal numbers': [(x) => std(x!), [tensor([2, 2, 2])], 'euclideanNorm'],
  'a kink inside': [(x) => square(add(2, abs(sub(square(x!), 4)))), [2], 'abs'],
  'two branches that meet': [(x) => where(greater(x!, 1), mul(3, x!), add(x!, 2)), [1], 'where'],
}

describe.each(Object.entries(kinks))('%s', (_, [f, args, op]) => {
  it('is a kink, consistent for every seed, and the node is named', () => {
    for (const seed of seeds)
      for (const check of [checkGradient, checkJvp]) {
        const { verdict, kinks: found } = reportOf(check(f, args as never, { seed, directions: 2 }))
        expect(verdict).toBe('consistent')
        for (const { left, right, claimed } of found) {
          expect(Math.abs(left - right)).toBeGreaterThan(1e-6)
          expect(Number.isFinite(claimed)).toBe(true)
        }
      }
    const { kinks: found } = reportOf(checkGradient(f, args as never))
    expect(found.length).toBeGreaterThan(0)
    expect(found[0]!.line).toContain(`= ${op}(`)
  })

  it('is refused where that is asked for', () => {
    const answer = checkGradient(f, args as never, { kinks: 'refuse' })
    expect(E.isLeft(answer) && answer.left._tag).toBe('KinkRefused')
    expect(showCheck(answer)).toMatch(/^There is no derivative here, the function has a kink: reverse mode/)
  })
})

describe('the interval', () => {
  it('has the one-sided derivatives as its ends', () => {
    const [kink] = reportOf(checkGradient((x: Node) => add(mul(2, relu(x)), x), [0], { directions: 1 })).kinks
    const unit = kink!.claimed // the slope that is taken is 1, that of the left
    expect(Math.abs(kink!.left / unit)).toBeCloseTo(kink!.left === unit ? 1 : 3, 9)
    expect(Math.abs(kink!.right / unit)).toBeCloseTo(kink!.right === unit ? 1 : 3, 9)
    expect(kink!.left).not.toBe(kink!.right)
  })

  it('takes its ends and what is between, and nothing outside', () => {
    for (const seed of seeds) {
      for (const slope of [-1, -0.5, 0, 0.75, 1]) expect(E.isRight(checkGradient(absWithSlope(slope), [0], { seed }))).toBe(true)
      for (const slope of [-1.001, 1.0001, 2, -3]) {
        const answer = checkGradient(absWithSlope(slope), [0], { seed })
        expect(E.isLeft(answer) && answer.left._tag).toBe('GradientMismatch')
      }
    }
    const answer = checkGradient(absWithSlope(2), [0])
    expect(E.isLeft(answer) && showFailure(answer.left)).toMatch(/at args\[0\] = 0:\n.*the derivative is +2\n.*from the left +-1 ± .*\n.*from the right +1 ± /)
  })

  it('does not hide a mistake beside it', () => {
    const f = (x: Node): Node => add(relu(x), stopGradient(square(x)))
    for (const seed of seeds) {
      const answer = checkGradient(f, [tensor([0, 0, 1.5])], { seed })
      expect(E.isLeft(answer) && answer.left._tag === 'GradientMismatch' && answer.left.coordinate?.input.index).toEqual([2])
      expect(E.isLeft(answer) && answer.left._tag === 'GradientMismatch' && answer.left.blame?._tag === 'Node' && answer.left.blame.node.op.name).toBe('stopGradient')
    }
  })
})

describe('what is no kink', () => {
  it.each([
    ['x·|x| at 0', (x: Node) => mul(x, abs(x)), 0],
    ['a cube at 0', (x: Node) => mul(x, square(x)), 0],
    ['a kink a little away', (x: Node) => abs(sub(x, 1 + 2 ** -9)), 1],
  ] as const)('%s is smooth', (_, f, x) => {
    for (const seed of seeds) expect(reportOf(checkGradient(f, [x], { seed }))).toMatchObject({ verdict: 'consistent', kinks: [] })
  })

  it.each([
    ['a root at 0', (x: Node) => sqrt(x), 0],
    ['a step', (x: Node) => floor(x), 1],
    ['|x|^1.5 at 0', (x: Node) => mul(abs(x), sqrt(abs(x))), 0],
    ['a cusp, to whose sides the slope is infinite', (x: Node) => sqrt(abs(x)), 0],
  ] as const)('%s has no derivative or none that differences find, and is left open', (_, f, x) => {
    for (const seed of seeds) expect(reportOf(checkGradient(f, [x], { seed })).kinks).toEqual([])
  })

  it('has a derivative where the rule gives none', () => {
    for (const seed of seeds) {
      const answer = checkGradient((x: Node) => square(mul(2, sqrt(square(x)))), [0], { seed })
      expect(E.isLeft(answer) && answer.left._tag === 'GradientMismatch' && answer.left.claimed).toBe(NaN)
    }
  })

  it('has a derivative, though the rules on the way choose: a sum of kinks that cancel is refuted with an explanation', () => {
    for (const seed of seeds) {
      const answer = checkGradient((x: Node) => sub(relu(x), relu(neg(x))), [0], { seed })
      expect(E.isLeft(answer) && showFailure(answer.left)).toContain('No single node is to blame: some nodes (the first is %1) have a kink at this point')
    }
  })
})
