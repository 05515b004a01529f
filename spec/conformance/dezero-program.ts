/** The programs of DeZero cases: statements such as `a=square(x); y=add(a,a)`, with loops, derivatives and series. */
import { isNode, type Node } from '../../lib/index.js'
import { adjointsOf } from '../../lib/transform/backward.js'
import { evaluateExpression, Unreadable, type Term } from './expression.js'
import { call, item, zerosLike } from './library.js'

/** The result of a program, and everything it named on its way. */
export interface Outcome {
  readonly y: Node
  readonly scope: ReadonlyMap<string, Term>
}

const assignment = /^([A-Za-z_]\w*)\s*=\s*(?!=)(.+)$/
const loop = /^repeat (\d+):\s*(.+)$/
const derivative = /^d(\w+)\/d(\w+)$/
const claim = /^d\w+\/d\w+\s*=/
const given = /^\w+=[\d.]+(,\s*\w+=[\d.]+)*$/
const series = /^y=0; for i: t=\(-1\)\^i\/\(2i\+1\)! \* x\^\(2i\+1\); y=y\+t; stop if \|t\|<threshold$/

const nodeNamed = (scope: ReadonlyMap<string, Term>, name: string): Node => {
  const x = scope.get(name)
  if (x === undefined || !isNode(x)) throw new Unreadable(`'${name}' is no array`)
  return x
}

/** The derivative of an earlier result by an earlier name, as a node. */
const differentiate = (scope: ReadonlyMap<string, Term>, of: string, by: string): Node => {
  const x = nodeNamed(scope, by)
  return adjointsOf(nodeNamed(scope, of), [x])[0] ?? zerosLike(x)
}

/** The terms of the series are numbers from the loop, so that the graph has one power, product and sum for each. */
const sine = (x: Node, threshold: number): Node => {
  let y = call('constant', 0)
  let factorial = 1
  for (let i = 0; ; i++) {
    const n = 2 * i + 1
    if (i > 0) factorial *= n * (n - 1)
    const t = call('mul', (-1) ** i / factorial, call('pow', x, n))
    y = call('add', y, t)
    if (Math.abs(item(t)) < threshold) return y
  }
}

/** Runs the statements; the result is what the last assignment or expression gives. */
export const runProgram = (text: string, start: ReadonlyMap<string, Term>): Outcome => {
  const scope = new Map(start)
  if (series.test(text)) return { y: sine(nodeNamed(scope, 'x'), Number(scope.get('threshold'))), scope }
  let result: Term | undefined
  const run = (statement: string): void => {
    const repeated = loop.exec(statement)
    if (repeated !== null) {
      for (let i = 0; i < Number(repeated[1]); i++) run(repeated[2]!)
      return
    }
    const [, name, expression = statement] = assignment.exec(statement) ?? []
    const by = derivative.exec(expression)
    const value = by !== null && scope.has(by[1]!) ? differentiate(scope, by[1]!, by[2]!) : evaluateExpression(expression, scope)
    if (name !== undefined) scope.set(name, value)
    result = value
  }
  for (const part of text.split(';').map((s) => s.trim())) {
    if (part !== '' && !claim.test(part) && !given.test(part)) run(part)
  }
  if (result === undefined) throw new Unreadable('nothing is computed')
  return { y: isNode(result) ? result : call('constant', result), scope }
}
