/** The law of sparse Jacobians: columns that share no row are found together. */
import { bufferOf, type Tensor } from '../../core/Tensor.js'
import { pack, tensorsOf } from '../numeric.js'
import { roundoff } from './agreement.js'
import { jacobianOf, manageable } from './modes.js'
import { stated } from './Law.js'
import { claim, every, inconclusive, holds, silent, type Outcome } from './Outcome.js'
import { elementsOf, mapElements, pushed, valuesAt, type Trial } from './Trial.js'

/** Whether element `i` of the result may depend on element `j` of the arguments. */
type Pattern = (i: number, j: number) => boolean

const upTo = (n: number): ReadonlyArray<number> => Array.from({ length: n }, (_, i) => i)

/**
 * A colour for each column, such that columns of one colour have no row in common: the first that is free, column after
 * column.
 */
export const coloured = (rows: number, columns: number, pattern: Pattern): ReadonlyArray<number> => {
  const taken = upTo(rows).map(() => new Set<number>())
  return upTo(columns).map((j) => {
    const mine = upTo(rows).filter((i) => pattern(i, j))
    const colour = upTo(columns + 1).find((c) => mine.every((i) => !taken[i]!.has(c)))!
    for (const i of mine) taken[i]!.add(colour)
    return colour
  })
}

/** The Jacobian as rows of numbers, from its blocks. */
const dense = (blocks: ReadonlyArray<Tensor>, y: ReadonlyArray<Tensor>, x: ReadonlyArray<Tensor>): ReadonlyArray<ReadonlyArray<number>> =>
  y.flatMap((a, r) => upTo(a.size).map((i) => x.flatMap((b, k) => [...bufferOf(blocks[r * x.length + k]!).subarray(i * b.size, (i + 1) * b.size)])))

const patternOf = ({ declared: { sparsity, elementwise }, x }: Trial, y: ReadonlyArray<Tensor>): Pattern | undefined => {
  if (sparsity !== undefined) return sparsity
  const size = y[0]?.size ?? 0
  return elementwise === true && y.length === 1 && x.every((a) => a.size === size) ? (i, j) => i === j % size : undefined
}

export const L33 = stated({
  id: 'L33',
  name: 'A compressed Jacobian is the Jacobian',
  family: 'sparsity',
  formula: 'J[i, j] = (J s)[i] with s the sum of the columns of the colour of j; J[i, j] = 0 outside the pattern',
  tolerance: '4096 ε relative to the largest element; none for the zeros',
  applies: ({ sparsity, elementwise }) => (sparsity === undefined && elementwise !== true ? 'declare a sparsity pattern' : true),
  check: (t): Outcome => {
    const { f, x } = t
    const y = valuesAt(f, x)
    const pattern = patternOf(t, y)
    const [rows, columns] = [elementsOf(y), elementsOf(x)]
    if (pattern === undefined || rows * columns === 0) return silent('the Jacobian is empty, or the shapes differ')
    if (rows * columns > manageable) return silent(`the Jacobian has ${rows * columns} elements`)
    const J = dense(tensorsOf(jacobianOf(t, f, 'reverse')), y, x)
    const colours = coloured(rows, columns, pattern)
    const offsets = x.map((_, k) => elementsOf(x.slice(0, k)))
    const compressed = upTo(Math.max(...colours) + 1).map((colour) =>
      pack(tensorsOf(pushed(t, f, x, mapElements(x, (_, i, k) => (colours[offsets[k]! + i] === colour ? 1 : 0))))))
    const size = Math.max(...J.flat().map(Math.abs))
    if (!Number.isFinite(size)) return inconclusive('the Jacobian is not finite')
    const tolerance = 4096 * Math.max(...[...x, ...y].map(({ dtype }) => roundoff(dtype))) * size
    return every(
      ...upTo(rows).map((i) => () => {
        const missed = upTo(columns).find((j) => !pattern(i, j) && J[i]![j] !== 0)
        if (missed !== undefined) return claim(false, () => `J[${i}, ${missed}] is ${J[i]![missed]!}, outside the pattern`)
        const wrong = upTo(columns).find((j) => pattern(i, j) && !(Math.abs(compressed[colours[j]!]![i]! - J[i]![j]!) <= tolerance))
        return wrong === undefined ? holds : claim(false, () => `J[${i}, ${wrong}] is ${J[i]![wrong]!}, compressed ${compressed[colours[wrong]!]![i]!}`)
      }),
    )
  },
})
