/** What checks answer, in words. */
import { describe, expect, it } from 'vitest'
import { add, customRule, mul, relu, sin, square, stopGradient, sum, tensor, type Node } from '../../lib/index.js'
import { checkGradient, checkTransposition, showCheck } from '../../lib/verify/index.js'
import { wrongPullbacks, wrongPushforwards } from './planted.js'

/** Numbers that rounding changes from machine to machine, as `#`. */
const shape = (text: string): ReadonlyArray<string> => text.replace(/-?\d+(\.\d+(e[+-]\d+)?|e-\d+)/g, '#').split('\n').map((line) => line.replace(/ +/g, ' '))

describe('a mismatch', () => {
  it('reads as a report: the two numbers, the entry, the node, the script', () => {
    const answer = checkGradient((x: Node) => add(square(x), sin(stopGradient(x))), [tensor([3, 0.5])], { seed: 4 })
    expect(shape(showCheck(answer))).toEqual([
      'The derivative is wrong: reverse mode (seed 4, direction 0).',
      ' the derivative is #',
      ' estimated # ± #',
      '',
      'The entry ∂result[0] / ∂args[0][0], at args[0][0] = 3:',
      ' the derivative is 6',
      ' estimated # ± #',
      '',
      'To blame is the rule of stopGradient, in operand 0:',
      ' %2: f64[2] = stopGradient(%0)',
      'The entry ∂%2[0] / ∂%0[0], at %0[0] = 3:',
      ' the derivative is 0',
      ' estimated 1 ± #',
      '',
      'To see it again, with the program in it:',
      " import * as E from 'fp-ts/Either'",
      " import { parseGraph } from 'foldgrad'",
      " import { checkGradient, functionOf, showCheck } from 'foldgrad/verify'",
      '',
      ' const listing = {',
      ' text: `',
      ' %0: f64[2] = variable("args[0]", [3, #])',
      ' %1: f64[2] = square(%0)',
      ' %2: f64[2] = stopGradient(%0)',
      ' %3: f64[2] = sin(%2)',
      ' %4: f64[2] = add(%1, %3)',
      ' return %4',
      ' `,',
      ' constants: [],',
      ' }',
      ' const program = parseGraph(listing)',
      " if (E.isLeft(program)) throw new Error(program.left.map(({ rule }) => rule).join())",
      ' const { f, args } = functionOf(program.right)',
      ' console.log(showCheck(checkGradient(f, args, { seed: 4, directions: 3 })))',
    ])
  })

  it('lists the program where nothing more was asked for', () => {
    const answer = checkGradient((x: Node) => stopGradient(x), [2], { blame: false })
    expect(shape(showCheck(answer)).slice(3)).toEqual(['', 'The program:', ' %0: f64[] = variable("args[0]", 2)', ' %1: f64[] = stopGradient(%0)', ' return %1'])
  })

  it('names other nodes that are wrong', () => {
    const wrong = (name: string) => customRule((x: Node) => sin(x), { name, vjp: [(g) => g] })
    expect(showCheck(checkGradient((x: Node) => wrong('two')(wrong('one')(x)), [2]))).toMatch(/To blame is the rule of one, in operand 1:\n {2}%2.*\n(.*\n)*The rules of %\d are wrong as well\./)
  })

  it('says what has the wrong shape', () => {
    const { f, args } = wrongPullbacks['a broadcast not summed']!
    expect(shape(showCheck(checkGradient(f, args))).slice(0, 7)).toEqual([
      'The derivative has the wrong shape: reverse mode.',
      ' found [3]',
      ' expected []',
      '',
      'To blame is repeat: its rule returns an array of shape [3], in operand 0, which has shape []:',
      ' %1: f64[3] = repeat(%0)',
      '',
    ])
  })

  it('says of two modes that they disagree', () => {
    const { f, args } = wrongPushforwards['the sign']!
    expect(shape(showCheck(checkTransposition(f, args))).slice(0, 3)).toEqual(['The two modes disagree (seed 0, direction 0).', ' the derivative is #', ' forward mode gives # ± #'])
  })

  it('says that a function is none', () => {
    let calls = 0
    expect(showCheck(checkGradient((x: Node) => mul(x, calls++), [1]))).toMatch(/^The function returns other numbers each time it is called \(reverse mode\)/)
  })
})

describe('a report', () => {
  it('is a table of what was compared', () => {
    const lines = shape(showCheck(checkGradient((x: Node) => sum(sin(x)), [tensor([1, 2], { dtype: 'f32' })], { directions: 1 })))
    expect(lines).toEqual([
      'The derivative is consistent with numerical differentiation.',
      ' derivative estimate tolerance',
      expect.stringMatching(/^ reverse mode # # ± # consistent$/),
      expect.stringMatching(/^ reverse mode, f32 # # ± # consistent$/),
    ])
  })

  it('tells of kinks, with both sides and the node', () => {
    expect(shape(showCheck(checkGradient((x: Node) => relu(x), [0], { directions: 1 }))).slice(1)).toEqual([
      ' derivative estimate tolerance',
      ' reverse mode 0 # ± # consistent, at a kink',
      'The function has a kink, where any number between the two sides is taken:',
      ' claimed from the left from the right',
      expect.stringMatching(/^ 0 (0 #|# 0) in %1: f64\[\] = relu\(%0\)$/),
    ])
  })

  it('says where the numbers cannot tell', () => {
    expect(showCheck(checkGradient((x: Node) => add(1e12, sin(x)), [1]))).toMatch(/^The numbers cannot tell whether the derivative is right/)
  })
})
