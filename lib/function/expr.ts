/** Infix notation: a tagged template that parses to nodes. */
import { invalid, type Node } from '../core/Node.js'
import { isFault, parse, type Interpolated } from './expression/parse.js'
import { refusalOf, tokenize } from './expression/tokens.js'
import { toNode } from './operand.js'

/**
 * A formula as a tagged template, with Python's operators and precedence: `+ - * / % **` (to the right, and tighter than a
 * minus on its left: `-x ** 2` is `-(x ** 2)`), `@` for {@link matmul}, comparisons, parentheses, numbers, the constants
 * `pi` and `e`, and calls of the library's functions of one to three arrays by name. Values are interpolated, and so
 * are functions of one's own: `${f}(x)`.
 *
 * An expression that does not parse is an invalid node; its error shows the place in the text.
 *
 * @example
 * const x = variable('x', 3)
 * item(expr`(${x} ** 2 + 1) / 4`)            // 2.5
 * toArray(expr`${[[1, 2], [3, 4]]} @ ${[1, 1]}`) // [3, 7]
 */
export const expr = (pieces: TemplateStringsArray, ...interpolated: ReadonlyArray<Interpolated>): Node => {
  const source = tokenize(pieces.raw)
  const result = parse(source, interpolated)
  return isFault(result) ? invalid('expr', [], refusalOf(source.text, result)) : toNode(result, 'expr')
}
