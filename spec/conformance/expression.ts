/**
 * The arithmetic that case files write their functions in: `100*(x1-x0^2)^2+(x0-1)^2`, `a=square(x); y=add(a,a)`.
 * A juxtaposition multiplies (`6xy`, `14x`), names are those of the case or functions of the library.
 */
import type { Node } from '../../lib/index.js'
import { call, has } from './library.js'

/** A value of an expression; numbers stay numbers, so that `x^2` has a constant exponent. */
export type Term = Node | number | ReadonlyArray<Term>

/** What names stand for. */
export type Scope = ReadonlyMap<string, Term>

/** Thrown for text that is no expression. */
export class Unreadable extends Error {}

type Token = { readonly kind: 'number' | 'name' | 'sign'; readonly text: string }

const pattern = /\s*(?:(\d+(?:\.\d*)?(?:e[+-]?\d+)?|\.\d+(?:e[+-]?\d+)?)|([A-Za-z_]\w*)|(\*\*|>=|<=|==|!=|[-+*/^@(),[\]<>]))/y

const tokenize = (text: string): ReadonlyArray<Token> => {
  const tokens: Array<Token> = []
  pattern.lastIndex = 0
  while (text.slice(pattern.lastIndex).trim() !== '') {
    const at = pattern.lastIndex
    const match = pattern.exec(text)
    if (match === null) throw new Unreadable(`cannot read '${text.slice(at)}'`)
    const [, number, name, sign] = match
    if (number !== undefined) tokens.push({ kind: 'number', text: number })
    else if (name !== undefined) tokens.push({ kind: 'name', text: name })
    else tokens.push({ kind: 'sign', text: sign! })
  }
  return tokens
}

const arithmetic: Readonly<Record<string, readonly [name: string, compute: (a: number, b: number) => number]>> = {
  '+': ['add', (a, b) => a + b],
  '-': ['sub', (a, b) => a - b],
  '*': ['mul', (a, b) => a * b],
  '/': ['div', (a, b) => a / b],
  '^': ['pow', (a, b) => a ** b],
  '@': ['matmul', (a, b) => a * b],
}

const comparisons: Readonly<Record<string, ReadonlyArray<string>>> = {
  '>': ['greater', 'gt'],
  '<': ['less', 'lt'],
  '>=': ['greaterEqual', 'ge'],
  '<=': ['lessEqual', 'le'],
  '==': ['equal', 'eq'],
  '!=': ['notEqual', 'ne'],
}

const compareBy = (names: ReadonlyArray<string>, a: Term, b: Term): Term => call(names.find(has) ?? names[0]!, a, b)

/** The value of one expression. */
export const evaluateExpression = (text: string, scope: Scope): Term => {
  const tokens = tokenize(text)
  let at = 0
  const peek = (): string | undefined => tokens[at]?.text
  const accept = (...texts: ReadonlyArray<string>): string | undefined => {
    const token = tokens[at]
    if (token === undefined || token.kind !== 'sign' || !texts.includes(token.text)) return undefined
    at++
    return token.text
  }
  const expect = (text: string): void => {
    if (accept(text) === undefined) throw new Unreadable(`'${text}' expected instead of '${peek() ?? 'the end'}'`)
  }
  const binary = (sign: string, a: Term, b: Term): Term => {
    const [name, compute] = arithmetic[sign]!
    return typeof a === 'number' && typeof b === 'number' ? compute(a, b) : call(name, a, b)
  }

  const comparison = (): Term => {
    const left = sum()
    const sign = accept('>', '<', '>=', '<=', '==', '!=')
    return sign === undefined ? left : compareBy(comparisons[sign]!, left, sum())
  }
  const sum = (): Term => {
    let left = product()
    for (let sign = accept('+', '-'); sign !== undefined; sign = accept('+', '-')) left = binary(sign, left, product())
    return left
  }
  const startsFactor = (): boolean => tokens[at]?.kind === 'name' || (tokens[at - 1]?.kind !== 'name' && peek() === '(')
  const product = (): Term => {
    let left = negation()
    for (;;) {
      const sign = accept('*', '/', '@')
      if (sign !== undefined) left = binary(sign, left, negation())
      else if (startsFactor()) left = binary('*', left, power())
      else return left
    }
  }
  const negation = (): Term => {
    if (accept('-') === undefined) return power()
    const x = negation()
    return typeof x === 'number' ? -x : call('neg', x)
  }
  const power = (): Term => {
    const base = atom()
    return accept('^', '**') === undefined ? base : binary('^', base, negation())
  }
  const list = (end: string): ReadonlyArray<Term> => {
    const items: Array<Term> = []
    if (accept(end) !== undefined) return items
    do items.push(comparison())
    while (accept(',') !== undefined)
    expect(end)
    return items
  }
  const atom = (): Term => {
    const token = tokens[at]
    if (token === undefined) throw new Unreadable('the expression ends too early')
    at++
    if (token.kind === 'number') return Number(token.text)
    if (token.kind === 'name') return named(token.text)
    if (token.text === '[') return list(']')
    if (token.text !== '(') throw new Unreadable(`'${token.text}' is out of place`)
    const inner = comparison()
    expect(')')
    return inner
  }
  const named = (name: string): Term => {
    const value = scope.get(name)
    if (value !== undefined) return value
    if (name === 'pi') return Math.PI
    if (accept('(') !== undefined) return call(name, ...list(')'))
    const factors = name.split('').map((letter) => scope.get(letter))
    if (factors.every((f) => f !== undefined)) return factors.reduce((a, b) => binary('*', a, b))
    throw new Unreadable(`'${name}' means nothing here`)
  }

  const result = comparison()
  if (at < tokens.length) throw new Unreadable(`'${peek()}' is out of place`)
  return result
}
