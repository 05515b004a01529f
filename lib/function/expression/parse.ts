/**
 * From words to nodes by operator precedence (Dijkstra's shunting yard), with Python's grammar: `**` binds tighter than a
 * minus on its left and associates to the right. Two explicit stacks take the place of recursion, so nesting is bounded by
 * memory alone.
 */
import { isNode } from '../../core/Node.js'
import { isTensor } from '../../core/Tensor.js'
import type { Operand } from '../operand.js'
import { constants, functions, type Callee } from './names.js'
import { negation, operators, type Operator } from './operators.js'
import type { Fault, Source, Token } from './tokens.js'

/** What may be interpolated: operands, and functions of them. */
export type Interpolated = Operand | ((...args: ReadonlyArray<never>) => Operand)

type Holes = ReadonlyArray<Interpolated>

/** A parenthesis that waits to be closed, and the function whose arguments it holds (those above `height`). */
interface Open {
  readonly at: number
  readonly callee: Callee | undefined
  readonly height: number
}

/** The values that wait to be used, and what waits to use them. */
interface State {
  readonly values: Array<Operand>
  readonly pending: Array<Operator | Open>
}

const isOpen = (x: Operator | Open | undefined): x is Open => x !== undefined && 'height' in x

const fault = (at: number, rule: string, mend: string): Fault => ({ at, rule, mend })

export const isFault = (x: unknown): x is Fault => typeof x === 'object' && x !== null && 'mend' in x

/** The value of an expression, or what is wrong with it. */
export const parse = (source: Source, holes: Holes): Operand | Fault => {
  if (source.fault !== undefined) return source.fault
  const { tokens, text } = source
  const state: State = { values: [], pending: [] }
  let wantsOperand = true
  for (let i = 0; i < tokens.length; i++) {
    const next: boolean | Fault = wantsOperand ? takeOperand(state, tokens, i, holes) : takeOperator(state, tokens[i]!)
    if (isFault(next)) return next
    wantsOperand = next
  }
  if (wantsOperand) return fault(text.trimEnd().length, 'the expression ends where an operand is needed', 'Complete it')
  settle(state, () => true)
  const open = state.pending.at(-1)
  return isOpen(open) ? fault(open.at, "a '(' is not closed", "Add ')'") : state.values[0]!
}

/** Applies the waiting operators, last first, as far as they go before what comes, down to an open parenthesis. */
const settle = ({ values, pending }: State, goesFirst: (waiting: Operator) => boolean): void => {
  for (let top = pending.at(-1); top !== undefined && !isOpen(top) && goesFirst(top); top = pending.at(-1)) {
    pending.pop()
    values.push(top.apply(values.splice(values.length - top.arity)))
  }
}

/** Where an operand may begin. Answers whether one is still needed afterwards. */
const takeOperand = ({ values, pending }: State, tokens: ReadonlyArray<Token>, i: number, holes: Holes): boolean | Fault => {
  const token = tokens[i]!
  if (isSymbol(token, '+')) return true
  if (isSymbol(token, '-')) return pending.push(negation) > 0
  if (isSymbol(token, '(')) {
    const callee = calleeOf(tokens[i - 1], holes)
    return pending.push({ at: token.at, callee, height: values.length }) > 0
  }
  if (isSymbol(tokens[i + 1], '(')) {
    if (calleeOf(token, holes) !== undefined) return true
    if (token.kind === 'name' && !constants.has(token.text))
      return fault(token.at, `there is no function '${token.text}'`, `Interpolate functions of your own: \${${token.text}}(…)`)
  }
  const value = valueOf(token, holes)
  if (isFault(value)) return value
  values.push(value)
  return false
}

/** Where an operand has ended. Answers whether another one is needed. */
const takeOperator = (state: State, token: Token): boolean | Fault => {
  const sign = token.kind === 'symbol' ? token.text : ''
  if (sign === ')' || sign === ',') return endOperand(state, sign, token.at)
  const operator = operators.get(sign)
  if (operator === undefined) return fault(token.at, 'an operator is missing', "Write '*' for a product")
  const { precedence, associates } = operator
  settle(state, (waiting) => waiting.precedence > precedence || (waiting.precedence === precedence && associates === 'left'))
  const top = state.pending.at(-1)
  if (associates === 'never' && top !== undefined && !isOpen(top) && top.precedence === precedence)
    return fault(token.at, 'comparisons do not chain', 'Put parentheses around one of them')
  state.pending.push(operator)
  return true
}

/** A comma or a closing parenthesis. */
const endOperand = (state: State, text: string, at: number): boolean | Fault => {
  settle(state, () => true)
  const open = state.pending.at(-1)
  if (!isOpen(open)) return fault(at, `'${text}' stands outside parentheses`, "Remove it, or add the missing '('")
  if (text === ',')
    return open.callee !== undefined || fault(at, 'a comma separates the arguments of a function', 'Name the function')
  state.pending.pop()
  if (open.callee === undefined) return false
  const value = called(open.callee, state.values.splice(open.height), open.at)
  if (isFault(value)) return value
  state.values.push(value)
  return false
}

const called = ({ name, arity, apply }: Callee, args: ReadonlyArray<Operand>, at: number): Operand | Fault => {
  if (arity !== undefined && args.length !== arity)
    return fault(at, `${name} takes ${arity} argument${arity === 1 ? '' : 's'}, not ${args.length}`, 'Give each of its arguments, separated by commas')
  const value = apply(args)
  return isNode(value) || isTensor(value) || typeof value === 'number'
    ? value
    : fault(at, `${name} returns no node`, 'Interpolate functions from operands to a node')
}

const isSymbol = (token: Token | undefined, text: string): boolean => token?.kind === 'symbol' && token.text === text

/** The function that a word names. */
const calleeOf = (token: Token | undefined, holes: Holes): Callee | undefined => {
  if (token?.kind === 'name') return functions.get(token.text)
  const f = token?.kind === 'hole' ? holes[token.index] : undefined
  if (typeof f !== 'function') return undefined
  return { name: 'the function', arity: undefined, apply: (args) => f(...(args as ReadonlyArray<never>)) }
}

/** The value of a word that stands for one. */
const valueOf = (token: Token, holes: Holes): Operand | Fault => {
  if (token.kind === 'number') return token.value
  if (token.kind === 'symbol')
    return fault(token.at, `an operand is needed, '${token.text}' is none`, 'Give a number, a name or an interpolated value')
  if (token.kind === 'hole') {
    const value = holes[token.index]!
    return typeof value === 'function'
      ? fault(token.at, 'a function stands where an operand is needed', 'Call it, with its arguments in parentheses')
      : value
  }
  const constant = constants.get(token.text)
  if (constant !== undefined) return constant
  return functions.has(token.text)
    ? fault(token.at, `${token.text} is a function`, 'Give its arguments in parentheses')
    : fault(token.at, `there is no constant '${token.text}'`, `Interpolate values: \${${token.text}}`)
}
