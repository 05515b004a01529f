import { fc, test } from '@fast-check/vitest'
import * as E from 'fp-ts/Either'
import { describe, expect } from 'vitest'
import { isInvalid, type Node } from '../../lib/core/Node.js'
import { tensor } from '../../lib/core/Tensor.js'
import { mul, neg, pow } from '../../lib/function/arithmetic.js'
import { expr } from '../../lib/function/expr.js'
import { constants, functions } from '../../lib/function/expression/names.js'
import { variable } from '../../lib/function/leaf.js'
import { sin } from '../../lib/function/trigonometric.js'
import { evaluate, item, toArray } from '../../lib/interpret/evaluate.js'
import { grad } from '../../lib/transform/grad.js'

const x = variable('x', 3)
const y = variable('y', 0.5)

/** The expression in this text, without interpolation. */
const parsed = (text: string): Node => expr(Object.assign([text], { raw: [text] }))

/** The rule and the mend of the only error. */
const errorOf = (node: Node) => {
  const result = evaluate(node)
  if (E.isRight(result)) throw new Error('the expression parses')
  expect(result.left.length).toBe(1)
  expect([result.left[0]!._tag, result.left[0]!.op]).toEqual(['Syntax', 'expr'])
  return { rule: result.left[0]!.rule, mend: result.left[0]!.mend }
}

/** A formula as a tree, its text with the fewest parentheses that Python needs, and its value. */
interface Formula {
  readonly text: string
  readonly value: number
  readonly precedence: number
}

const enclosed = (f: Formula, isBare: boolean): string => (isBare ? f.text : `(${f.text})`)

const operation = (sign: string, precedence: number, f: (a: number, b: number) => number, right = false) => (a: Formula, b: Formula): Formula => ({
  text: `${enclosed(a, right ? a.precedence > precedence : a.precedence >= precedence)} ${sign} ${enclosed(b, right ? b.precedence >= 4 : b.precedence > precedence)}`,
  value: f(a.value, b.value),
  precedence,
})

const operations = [
  operation('+', 2, (a, b) => a + b),
  operation('-', 2, (a, b) => a - b),
  operation('*', 3, (a, b) => a * b),
  operation('/', 3, (a, b) => a / b),
  // IEEE 754 and Python have `1 ** NaN` and `(-1) ** inf` be 1, JavaScript has NaN.
  operation('**', 5, (a, b) => (a === 1 || (a === -1 && Math.abs(b) === Infinity) ? 1 : a ** b), true),
]

const { formula } = fc.letrec<{ formula: Formula }>((tie) => ({
  formula: fc.oneof(
    { maxDepth: 5 },
    fc.constantFrom(1, 2, 3, 0.5).map((n) => ({ text: String(n), value: n, precedence: 6 })),
    tie('formula').map((a) => ({ text: `-${enclosed(a, a.precedence >= 4)}`, value: -a.value, precedence: 4 })),
    fc.tuple(fc.constantFrom(...operations), tie('formula'), tie('formula')).map(([f, a, b]) => f(a, b)),
    tie('formula').map((a) => ({ text: `cos(${a.text})`, value: Math.cos(a.value), precedence: 6 })),
  ),
}))

describe('expr', () => {
  test.prop([formula], { numRuns: 500 })('has the precedence and associativity of Python', ({ text, value }) => {
    const actual = item(parsed(text))
    expect(actual + 0, text).toEqual(value + 0)
  })

  test('computes the formula of interpolated nodes', () => {
    expect(item(expr`(${x} ** 2 + sin(${y})) / 3`)).toBe((9 + Math.sin(0.5)) / 3)
    expect(item(expr`-${x} ** 2`)).toBe(-9)
    expect(item(expr`2 ** -${x} * 3`)).toBe(0.375)
    expect(item(expr`2 ** 3 ** 2`)).toBe(512)
    expect(item(expr`1 ** (1 / (2 - 2))`)).toBe(1)
    expect(item(expr`-7 % ${x}`)).toBe(2)
    expect(item(expr`+ ${x} - - 1e-3`)).toBe(3.001)
    expect(item(expr`.5 * pi + 2. * e`)).toBe(0.5 * Math.PI + 2 * Math.E)
    expect(item(expr`1`)).toBe(1)
  })

  test('is differentiable', () => {
    expect(item(grad((v: Node) => expr`${v} ** 3 - 2 * ${v}`)(2))).toBe(10)
    expect(item(grad(grad((v: Node) => expr`${v} ** 3 - 2 * ${v}`))(2))).toBe(12)
  })

  test('builds the nodes that calls would', () => {
    const shape = (n: Node): unknown => [n.op.name, n.inputs.map(shape)]
    expect(shape(expr`-(${x} * sin(${y})) ** 2`)).toEqual(shape(neg(pow(mul(x, sin(y)), 2))))
  })

  test('takes operands of every kind', () => {
    expect(toArray(expr`${[[1, 2], [3, 4]]} @ ${tensor([1, 1])}`)).toEqual([3, 7])
    expect(toArray(expr`${[1, 2]} * ${new Float64Array([3, 4])} - ${true}`)).toEqual([2, 7])
    expect(expr`${tensor([1], { dtype: 'f32' })} * (1 / 3)`.dtype).toBe('f32')
  })

  test('compares', () => {
    expect(toArray(expr`${[1, 2, 3]} < 2`)).toEqual([true, false, false])
    expect(toArray(expr`where(${[1, 2, 3]} + 1 >= 3, 1, 0) != 0`)).toEqual([false, true, true])
    expect(toArray(expr`(${[1, 2]} == 1) == (${[1, 2]} <= 1)`)).toEqual([true, true])
    expect(toArray(expr`${[1, 2]} > 1`)).toEqual([false, true])
  })

  test('calls functions by name, and interpolated ones', () => {
    const twice = (v: Node) => mul(v, 2)
    expect(item(expr`${twice}(${x} + 1) + ${sin}(${y})`)).toBe(8 + Math.sin(0.5))
    expect(item(expr`${(a: Node, b: number) => mul(a, b)}(${x}, 5)`)).toBe(15)
    expect(item(expr`maximum(sum(${[1, 2]}), (mean(${[1, 2]})))`)).toBe(3)
  })

  test('every name of the table is the function of that name', () => {
    for (const [name, { arity }] of functions) {
      const node = parsed(`${name}(${Array.from({ length: arity! }, () => '0.5').join(', ')})`)
      const refusesScalars = ['matmul', 'softmax', 'logSoftmax', 'softmaxCrossEntropy', 'linear'].includes(name)
      expect([name, isInvalid(node)]).toEqual([name, refusesScalars])
    }
    expect([...functions.keys()].filter((name) => constants.has(name))).toEqual([])
    expect(errorOf(parsed('constructor(1)')).rule).toContain("there is no function 'constructor'")
  })

  test('nests without recursion', () => {
    const depth = 20_000
    expect(item(parsed(`${'('.repeat(depth)}1${')'.repeat(depth)}`))).toBe(1)
    expect(item(parsed(`${'-'.repeat(depth)}1`))).toBe(1)
    expect(item(parsed(Array.from({ length: depth }, () => '1').join('+')))).toBe(depth)
  })
})

describe('a wrong expression', () => {
  test('shows the place in the text', () => {
    expect(errorOf(expr`(${x} ** 2 + ) / 3`)).toEqual({
      rule: "an operand is needed, ')' is none, at column 13:\n    (${} ** 2 + ) / 3\n                ^ here",
      mend: 'Give a number, a name or an interpolated value',
    })
    expect(errorOf(expr`1 +
      2 $ 3`).rule).toBe("'$' means nothing here, at line 2, column 9:\n          2 $ 3\n            ^ here")
  })

  test.each([
    ['', 'the expression ends where an operand is needed, at column 1'],
    ['1 +', 'the expression ends where an operand is needed, at column 4'],
    ['2 3', 'an operator is missing, at column 3'],
    ['(1 + 2', "a '(' is not closed, at column 1"],
    ['1 + 2)', "')' stands outside parentheses, at column 6"],
    ['1, 2', "',' stands outside parentheses, at column 2"],
    ['(1, 2)', 'a comma separates the arguments of a function, at column 3'],
    ['sin', 'sin is a function, at column 1'],
    ['sin + 1', 'sin is a function, at column 1'],
    ['sin()', "an operand is needed, ')' is none, at column 5"],
    ['sin(1, 2)', 'sin takes 1 argument, not 2, at column 4'],
    ['1 + pow(2)', 'pow takes 2 arguments, not 1, at column 8'],
    ['foo(1)', "there is no function 'foo', at column 1"],
    ['1 * foo', "there is no constant 'foo', at column 5"],
    ['pi(2)', 'an operator is missing, at column 3'],
    ['1 < 2 < 3', 'comparisons do not chain, at column 7'],
    ['* 2', "an operand is needed, '*' is none, at column 1"],
    ['1 = 2', "'=' means nothing here, at column 3"],
  ])('%j is refused', (text, rule) => {
    expect(errorOf(parsed(text)).rule.split(':\n')[0]).toBe(rule)
  })

  test('may lie in what is interpolated', () => {
    expect(errorOf(expr`${sin} + 1`).rule).toContain('a function stands where an operand is needed, at column 1')
    expect(errorOf(expr`${x}(1)`).rule).toContain('an operator is missing, at column 4')
    expect(errorOf(expr`1 + ${() => 'text' as never}(1)`).rule).toContain('the function returns no node, at column 8')
  })
})
