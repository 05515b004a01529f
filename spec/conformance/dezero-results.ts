/** What the checks of single DeZero cases share. */
import { backward, type Node } from '../../lib/index.js'
import { mismatches } from './compare.js'
import { toleranceOf, type Check } from './dezero-check.js'
import { checkComputed, compute, inputNodes } from './dezero-derivatives.js'
import { call, value } from './library.js'
import { isTensorData, type DezeroCase } from './schema.js'

export const input = (c: DezeroCase, name = 'x'): Node => inputNodes(c.inputs)[name]!

export const gradientAt = (y: Node, name = 'x'): Node => backward(y).get(name) ?? call('constant', 0)

/** Named results against `expected`, which has numbers, lists or arrays. */
export const results = (c: DezeroCase, found: Readonly<Record<string, Node>>): ReadonlyArray<string> =>
  Object.entries(c.expected as Readonly<Record<string, unknown>>).flatMap(([name, e]) => {
    const got = value(found[name]!)
    if (isTensorData(e)) return mismatches(name, got, e, toleranceOf(c))
    const data = typeof e === 'number' ? [e] : (e as ReadonlyArray<number>)
    return mismatches(name, got, { shape: got.shape, data }, toleranceOf(c))
  })

/** The program instead of the words of the case. */
export const program =
  (text: string): Check =>
  (c) =>
    checkComputed(c, compute(c, text))

/** The value alone, as a constant. */
export const withoutGradient = (f: () => Node): Node => call('constant', value(f()))

/** Ones of a shape. */
export const ones = (...shape: ReadonlyArray<number>): Node => call('broadcastTo', 1, shape)
