/** A mismatch says which entry is wrong, and which node makes it so. */
import * as E from 'fp-ts/Either'
import { describe, expect, it } from 'vitest'
import * as foldgrad from '../../lib/index.js'
import { add, customRule, div, exp, item, max, minimum, mul, sin, square, stopGradient, sub, sum, tensor, type Node } from '../../lib/index.js'
import * as verify from '../../lib/verify/index.js'
import { checkGradient, checkJvp, checkSecondOrder, checkTransposition, functionOf, showFailure, type Answer, type GradientMismatch, type NodeBlame } from '../../lib/verify/index.js'
import { run } from '../docs/run.js'
import { wrongAtSecondOrder, wrongPullbacks, wrongPushforwards } from './planted.js'

const mismatch = (answer: Answer): GradientMismatch => {
  if (E.isRight(answer) || answer.left._tag !== 'GradientMismatch') throw new Error('no mismatch was found')
  return answer.left
}

const nodeBlame = (answer: Answer): NodeBlame => {
  if (E.isRight(answer) || !('blame' in answer.left) || answer.left.blame?._tag !== 'Node') throw new Error(E.isLeft(answer) ? showFailure(answer.left) : 'no mismatch was found')
  return answer.left.blame
}

const reasonOf = (answer: Answer): string => {
  const { blame } = mismatch(answer)
  return blame?._tag === 'NoNode' ? blame.reason : `a node: ${blame?.line}`
}

/** The operations that the planted mistakes are in, where it is not the sine. */
const guilty: Readonly<Record<string, string>> = {
  'partials of the two operands swapped': 'div',
  'the second partial without its sign': 'div',
  'the second operand forgotten': 'div',
  'a missing term': 'outerSquare',
  'one term doubled in place of both': 'outerSquare',
  'a matrix transposed': 'product',
  'a broadcast not summed': 'repeat',
  'a broadcast averaged': 'repeat',
  'only the first of a broadcast': 'repeat',
  'one entry among a thousand off by a hundredth': 'sumOfSquares',
  'one entry among a thousand lost': 'sumOfSquares',
  'a path cut off': 'stopGradient',
  'a derivative that is held constant': 'stopGradient',
  'a derivative whose own rule is wrong': 'cos',
  'a second derivative off by a factor of 1 + 1e-6': 'cos',
}

describe('the node to blame', () => {
  it.each(Object.entries(wrongPullbacks))('is found in reverse mode: %s', (name, { f, args }) => {
    expect(nodeBlame(checkGradient(f, args)).node.op.name).toBe(guilty[name] ?? 'sin')
  })

  it.each(Object.entries(wrongPushforwards))('is found in forward mode, and between the modes: %s', (_, { f, args }) => {
    expect(nodeBlame(checkJvp(f, args)).node.op.name).toBe('sumOfSquares')
    expect(nodeBlame(checkTransposition(f, args)).node.op.name).toBe('sumOfSquares')
  })

  it.each(Object.entries(wrongAtSecondOrder))('is found in the program of the derivative: %s', (name, { f, args }) => {
    expect(nodeBlame(checkSecondOrder(f, args)).node.op.name).toBe(guilty[name])
  })

  it.each(Object.entries(wrongPullbacks))('is found among others: %s', (name, { f, args }) => {
    const around = (...xs: ReadonlyArray<Node>): Node => {
      const y = f(...xs.map((x) => mul(2, sin(x))))
      const uneven = tensor(Float64Array.from({ length: y.shape.reduce((n, d) => n * d, 1) }, (_, i) => 1 + i / 8), { shape: y.shape })
      return sum(mul(sin(div(y, 512)), uneven))
    }
    const blame = nodeBlame(checkGradient(around, args))
    expect(blame.node.op.name).toBe(guilty[name] ?? 'sin')
    expect(blame.others).toEqual([])
  })

  it('is the operand that is wrong, with the entry that is', () => {
    const swapped = nodeBlame(checkGradient(wrongPullbacks['the second operand forgotten']!.f, [tensor([0.5, 1]), tensor([1.5, 4])]))
    expect(swapped.line).toBe('%2: f64[2] = div(%0, %1)')
    expect([swapped.number, swapped.operand]).toEqual(['%2', 1])
    expect(swapped.entry).toMatchObject({ input: { name: '%1', index: [0] }, output: { name: '%2', index: [0] }, at: 1.5, claimed: 0 })
    expect(Math.abs(swapped.entry!.estimate + 0.5 / 1.5 ** 2)).toBeLessThanOrEqual(swapped.entry!.tolerance)
  })

  it('is the first of several', () => {
    const wrong = (name: string) => customRule((x: Node) => sin(x), { name, vjp: [(g) => g] })
    const [one, two] = [wrong('one'), wrong('two')]
    const blame = nodeBlame(checkGradient((x: Node) => two(one(x)), [2]))
    expect(blame.node.op.name).toBe('one')
    expect(blame.others).toHaveLength(1)
  })

  it('is a rule by its name, not the function that it stands for', () => {
    const gentleExp = customRule((x: Node) => exp(x), { name: 'gentleExp', vjp: [(g, y) => mul(g, minimum(y, 10))] })
    const f = ({ w, layers }: { readonly w: Node; readonly layers: readonly [{ readonly b: Node }] }): Node => add(sum(gentleExp(w)), square(layers[0].b))
    const answer = checkGradient(f, [{ w: tensor([[1, 5], [2, 0]]), layers: [{ b: 2 }] }])
    expect(mismatch(answer).coordinate).toMatchObject({ input: { name: 'args[0].w', index: [0, 1] }, at: 5, output: { name: 'result', index: [] }, claimed: 10 })
    expect(nodeBlame(answer)).toMatchObject({ line: '%2: f64[2, 2] = gentleExp(%1, %0)', operand: 1, others: [] })
  })

  it('is not a stopped gradient that does no harm', () => {
    const softmax = (x: Node): Node => {
      const e = exp(sub(x, stopGradient(max(x))))
      return div(e, sum(e))
    }
    const f = (x: Node): Node => add(sum(square(softmax(x))), stopGradient(sin(sum(x))))
    expect(E.isRight(checkGradient((x: Node) => sum(square(softmax(x))), [tensor([1, 2, 3])]))).toBe(true)
    const blame = nodeBlame(checkGradient(f, [tensor([1, 2, 3])]))
    expect(blame.node.inputs[0]!.op.name).toBe('sin')
  })

  it('is none where no rule is wrong, and the report says why', () => {
    expect(reasonOf(checkGradient((x: Node) => mul(x, item(x)), [2]))).toMatch(/reads numbers while it builds/)
    expect(reasonOf(checkGradient((x: Node) => sub(foldgrad.relu(x), foldgrad.relu(foldgrad.neg(x))), [0]))).toMatch(/have a kink at this point/)
  })
})

describe('the entry that is wrong', () => {
  it('is one of a thousand', () => {
    const { coordinate } = mismatch(checkGradient(wrongPullbacks['one entry among a thousand lost']!.f, wrongPullbacks['one entry among a thousand lost']!.args))
    expect(coordinate).toMatchObject({ input: { name: 'args[0]', index: [0] }, claimed: 0 })
    expect(Math.abs(coordinate!.estimate - 2 * coordinate!.at)).toBeLessThanOrEqual(coordinate!.tolerance)
  })

  it('is named by the path of the argument and of the result', () => {
    const f = (p: { readonly 'a.b': readonly [Node, Node] }, x: Node) => ({ loss: square(x), aux: [mul(p['a.b'][1], stopGradient(p['a.b'][0]))] })
    expect(mismatch(checkGradient(f, [{ 'a.b': [tensor([1, 2]), 3] }, 4])).coordinate).toMatchObject({
      input: { name: String.raw`args[0].a\.b.0`, index: [0] },
      output: { name: 'result.aux.0', index: [0] },
      claimed: 0,
    })
  })
})

describe('the script of a mismatch', () => {
  const modules = { foldgrad, 'foldgrad/verify': verify, 'fp-ts/Either': E }
  const rerun = async (code: string, own: Readonly<Record<string, unknown>>): Promise<ReadonlyArray<string>> => {
    const shown = code.replace(/console\.log\((.*)\)$/, "$1.split('\\n')[0].replace(/ \\(.*/, '') // 'The derivative is wrong: reverse mode'")
    const { checked, faults } = await run([{ file: 'code.ts', line: 1, code: shown }], own, modules)
    return checked === 1 ? faults : ['nothing was checked']
  }

  it('shows it again', async () => {
    const leak = mismatch(checkGradient((x: Node) => add(square(x), sin(stopGradient(x))), [tensor(Array.from({ length: 20 }, (_, i) => i / 7))]))
    expect(await rerun(leak.code!, {})).toEqual([])
  })

  it('shows it again with a rule of the user', async () => {
    const gentle = customRule((x: Node) => exp(x), { name: 'gentle', vjp: [(g, y) => mul(g, minimum(y, 10))] })
    const { code } = mismatch(checkGradient((x: Node) => gentle(x), [5]))
    expect(code).toContain('{ primitives: [gentle.op] }')
    expect(await rerun(code!, { gentle })).toEqual([])
  })

  it('does not show what is not there', async () => {
    const right = mismatch(checkGradient((x: Node) => add(square(x), sin(stopGradient(x))), [3])).code!.replace('stopGradient(', 'identity(')
    expect(await rerun(right, {})).toHaveLength(1)
  })
})

describe('functionOf', () => {
  it('is the program as a function of its variables', () => {
    const [x, y] = [foldgrad.variable('x', tensor([1, 2])), foldgrad.variable('y', 3)]
    const { f, args } = functionOf([mul(x, y), square(x)])
    expect(args[0]['x']!.toArray()).toEqual([1, 2])
    expect(f({ x: foldgrad.constant([10, 20]), y: foldgrad.constant(2) }).map((node) => foldgrad.toArray(node))).toEqual([[20, 40], [100, 400]])
    expect(E.isRight(checkGradient(f, args))).toBe(true)
  })
})
