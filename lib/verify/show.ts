/** What checks answer, in words. */
import * as E from 'fp-ts/Either'
import { showError } from '../core/FoldgradError.js'
import { showShape, type Shape } from '../core/Shape.js'
import type { Blame } from './explain.js'
import type { Coordinate, Place } from './locate.js'
import type { Checked, CheckFailure, GradientMismatch, Kink, KinkRefused, Mode, Report, ShapeMismatch } from './report.js'

const modes: Readonly<Record<Mode, string>> = {
  vjp: 'reverse mode',
  jvp: 'forward mode',
  'vjp of vjp': 'reverse mode of reverse mode',
  'jvp of vjp': 'forward mode of reverse mode',
  'vjp of jvp': 'reverse mode of forward mode',
  'jvp of jvp': 'forward mode of forward mode',
  transposition: 'reverse mode against forward mode',
}

const indented = (text: string): string => text.split('\n').map((line) => (line === '' ? '' : `  ${line}`)).join('\n')

/** Names and values in two columns. */
const table = (rows: ReadonlyArray<readonly [name: string, value: string]>): string => {
  const width = Math.max(...rows.map(([name]) => name.length))
  return rows.map(([name, value]) => `  ${name.padEnd(width)}  ${value}`).join('\n')
}

const number = (x: number): string => (Number.isInteger(x) && Math.abs(x) < 1e6 ? String(x) : String(Number(x.toPrecision(12))))

/** A bound, which needs no more than two digits. */
const bound = (x: number): string => String(Number(x.toPrecision(2)))

const showPlace = ({ name, index }: Place): string => (index.length === 0 ? name : `${name}[${index.join(', ')}]`)

const estimated = (mode: Mode): string => (mode === 'transposition' ? 'forward mode gives' : 'estimated')

interface Values {
  readonly claimed: number
  readonly estimate: number
  readonly tolerance: number
  readonly kink: boolean
  readonly sides?: readonly [left: number, right: number]
}

/** The two numbers and how far apart they may be; at a kink the interval. */
const values = ({ claimed, estimate, tolerance, sides }: Values, mode: Mode): ReadonlyArray<readonly [string, string]> =>
  sides === undefined
    ? [['the derivative is', number(claimed)], [estimated(mode), `${number(estimate)} ± ${bound(tolerance)}`]]
    : [['the derivative is', number(claimed)], ['from the left', `${number(sides[0])} ± ${bound(tolerance)}`], ['from the right', `${number(sides[1])} ± ${bound(tolerance)}`]]

const showCoordinate = (c: Coordinate, mode: Mode): string =>
  `The entry ∂${showPlace(c.output)} / ∂${showPlace(c.input)}, at ${showPlace(c.input)} = ${number(c.at)}:\n${table(values(c, mode))}`

const showBlame = (blame: Blame, mode: Mode): string => {
  if (blame._tag === 'NoNode') return `No single node is to blame: ${blame.reason}.`
  const { node, line, operand, entry, misshapen, others } = blame
  const where = operand === undefined ? '' : `, in operand ${operand}`
  const what = misshapen !== undefined ? `To blame is ${node.op.name}: its rule returns an array of shape ${showShape(misshapen)}${where}, which has shape ${showShape(node.inputs[operand!]!.shape)}` : `To blame is the rule of ${node.op.name}${where}`
  const also = others.length === 0 ? '' : `\nThe rules of ${others.join(', ')} are wrong as well.`
  const detail = entry === undefined ? '' : `\n${showCoordinate(entry, mode)}`
  return `${what}:\n  ${line}${detail}${also}`
}

/** The script has the listing in it. The function of another library has neither. */
const showProgram = ({ program, code }: Pick<GradientMismatch, 'program' | 'code'>): ReadonlyArray<string> =>
  code !== undefined ? [`To see it again, with the program in it:\n${indented(code)}`] : program === '' ? [] : [`The program:\n${indented(program)}`]

const showMismatch = (m: GradientMismatch): string => {
  const single = m.precision === 'f32' ? ' in single precision' : ''
  const title =
    m.mode === 'transposition'
      ? `The two modes disagree (seed ${m.seed}, direction ${m.direction}).`
      : `The derivative is wrong: ${modes[m.mode]}${single} (seed ${m.seed}, direction ${m.direction}).`
  const parts = [
    `${title}\n${table(values(m, m.mode))}`,
    ...(m.coordinate === undefined ? [] : [showCoordinate(m.coordinate, m.mode)]),
    ...(m.blame === undefined ? [] : [showBlame(m.blame, m.mode)]),
    ...showProgram(m),
  ]
  return parts.join('\n\n')
}

const showShapes = (shapes: ReadonlyArray<Shape>): string => shapes.map(showShape).join(', ')

const showMisshapen = (m: ShapeMismatch): string =>
  [
    `The derivative has the wrong shape: ${modes[m.mode]}.\n${table([['found', showShapes(m.found)], ['expected', showShapes(m.expected)]])}`,
    ...(m.blame === undefined ? [] : [showBlame(m.blame, m.mode)]),
    ...showProgram(m),
  ].join('\n\n')

const columns = (rows: ReadonlyArray<ReadonlyArray<string>>): string => {
  const widths = rows[0]!.map((_, k) => Math.max(...rows.map((row) => row[k]!.length)))
  return rows.map((row) => `  ${row.map((cell, k) => cell.padEnd(widths[k]!)).join('  ').trimEnd()}`).join('\n')
}

const showKinks = (kinks: ReadonlyArray<Kink>): string =>
  columns([
    ['claimed', 'from the left', 'from the right', ''],
    ...kinks.map((k) => [number(k.claimed), number(k.left), number(k.right), k.line === undefined ? '' : `in ${k.line}`]),
  ])

const showRefused = (k: KinkRefused): string =>
  `There is no derivative here, the function has a kink: ${modes[k.mode]} (seed ${k.seed}, direction ${k.direction}).\n${[showKinks([k]), ...showProgram(k)].join('\n\n')}`

/**
 * The failure in words: what is wrong and by how much, which entry of the Jacobian, which node of the program is to blame,
 * the program, and a script that shows it again.
 *
 * @example
 * const wrong = checkGradient((x: Node) => add(square(x), sin(stopGradient(x))), [3])
 * pipe(wrong, E.mapLeft((e) => showFailure(e).split('\n').slice(8, 10))) // left(['To blame is the rule of stopGradient, in operand 0:', '  %2: f64[] = stopGradient(%0)'])
 */
export const showFailure = (failure: CheckFailure): string => {
  switch (failure._tag) {
    case 'GradientMismatch':
      return showMismatch(failure)
    case 'ShapeMismatch':
      return showMisshapen(failure)
    case 'KinkRefused':
      return showRefused(failure)
    case 'Impure':
      return `The function returns other numbers each time it is called (${modes[failure.mode]}): it has no derivative. Make it depend on its arguments alone.`
    case 'Misuse':
      return failure.errors.map(showError).join('\n')
  }
}

const rowOf = (c: Checked): ReadonlyArray<string> => [
  `${modes[c.mode]}${c.precision === 'f32' ? ', f32' : ''}`,
  number(c.claimed),
  number(c.estimate),
  `± ${bound(c.tolerance)}`,
  `${c.verdict}${c.kink ? ', at a kink' : ''}`,
]

/**
 * The report in words and columns: each derivative beside the estimate of it.
 *
 * @example
 * const report = checkGradient((x: Node) => mul(x, sin(x)), [2], { directions: 1 })
 * pipe(report, E.map((r) => showReport(r).split('\n')[0])) // right('The derivative is consistent with numerical differentiation.')
 */
export const showReport = ({ verdict, comparisons, kinks }: Report): string =>
  [
    verdict === 'consistent'
      ? 'The derivative is consistent with numerical differentiation.'
      : 'The numbers cannot tell whether the derivative is right; take another point, nearer to 1 or away from cancellation.',
    ...(comparisons.length === 0 ? [] : [columns([['', 'derivative', 'estimate', 'tolerance', ''], ...comparisons.map(rowOf)])]),
    ...(kinks.length === 0 ? [] : ['The function has a kink, where any number between the two sides is taken:', showKinks(kinks)]),
  ].join('\n')

/**
 * The answer of a check in words, whichever it is.
 *
 * @example
 * showCheck(checkGradient((x: Node) => sin(x), [1])).split('\n')[0] // 'The derivative is consistent with numerical differentiation.'
 */
export const showCheck = (answer: E.Either<CheckFailure, Report>): string => (E.isLeft(answer) ? showFailure(answer.left) : showReport(answer.right))
