/** Laws that tie the transforms of first derivatives together. */
import { bufferOf, tensorOf, type Tensor } from '../../core/Tensor.js'
import type { Node } from '../../core/Node.js'
import { leafNodes } from '../../primitive/leaf.js'
import { located, tensorsOf } from '../numeric.js'
import { split } from '../random.js'
import { agree, doubles, identical, identicalNodes } from './agreement.js'
import { measured, stated } from './Law.js'
import { claim, every, silent } from './Outcome.js'
import { drawn, elementsOf, linear, mapElements, nodesOf, pulled, pushed, valuesAt, weighted, type Call, type Nodes, type Trial } from './Trial.js'

type Scalar = (xs: Nodes) => Node

export const L23 = stated({
  id: 'L23',
  name: 'The gradient is the pullback of one',
  family: 'modes',
  formula: 'grad(φ) = vjp(φ)(1), valueAndGrad(φ) = (φ, grad φ), auxiliary results by reference, argnums permute gradients',
  tolerance: 'none: bit by bit',
  check: (t) => {
    const { x, seed, use } = t
    const phi: Scalar = weighted(t.f, drawn(valuesAt(t.f, x), seed))
    const pullback = pulled(t, (xs) => [phi(xs)], x, [1])
    const gradient: Nodes = use.grad(phi)(x)
    const aux = Object.freeze({ note: 'handed through' })
    const backwards = x.map((_, k) => x.length - 1 - k)
    const apart = (...xs: Nodes): Node => phi(xs)
    return every(
      () => identicalNodes('grad and the pullback of 1', gradient, pullback),
      () => {
        const [value, beside] = use.valueAndGrad(phi)(x)
        return every(
          () => identicalNodes('the value of valueAndGrad', [value], [phi(nodesOf(x))]),
          () => identicalNodes('the gradient of valueAndGrad', beside, gradient),
        )
      },
      () => {
        const [withAux, given] = use.grad((xs: Nodes) => [phi(xs), aux] as const, { hasAux: true })(x)
        return every(
          () => identicalNodes('the gradient beside an auxiliary result', withAux, gradient),
          () => claim(given === aux, () => 'the auxiliary result is another object'),
        )
      },
      () => identicalNodes('gradients by argnums in reverse', use.grad(apart, { argnums: backwards })(...x), backwards.map((k) => gradient[k]!)),
    )
  },
})

/** The most elements a Jacobian has that is written out. */
export const manageable = 2048

/** The Jacobian as arrays `[...y.shape, ...x.shape]`, result by result. */
export const jacobianOf = (t: Trial, f: Call, mode: 'forward' | 'reverse'): Nodes =>
  leafNodes(t.use.jacobian((xs: Nodes) => f(xs), { mode })(t.x))

/** Arrays like these, 1 in one element of all and 0 elsewhere. */
const unit = (like: ReadonlyArray<Tensor>, element: number): ReadonlyArray<Tensor> => {
  const [array, at] = located(like, element)
  return mapElements(like, (_, i, k) => (k === array && i === at ? 1 : 0))
}

/** Row `i` of a Jacobian, as arrays like the arguments; `blocks` are its blocks by result and argument. */
const rowOf = (blocks: ReadonlyArray<Tensor>, y: ReadonlyArray<Tensor>, x: ReadonlyArray<Tensor>, i: number): ReadonlyArray<Tensor> => {
  const [result, row] = located(y, i)
  return x.map((a, k) => {
    const block = blocks[result * x.length + k]!
    return tensorOf(bufferOf(block).slice(row * a.size, (row + 1) * a.size), a.shape, block.dtype)
  })
}

/** Column `j`, as arrays like the results. */
const columnOf = (blocks: ReadonlyArray<Tensor>, y: ReadonlyArray<Tensor>, x: ReadonlyArray<Tensor>, j: number): ReadonlyArray<Tensor> => {
  const [argument, column] = located(x, j)
  const width = x[argument]!.size
  return y.map((a, k) => {
    const block = blocks[k * x.length + argument]!
    return tensorOf(bufferOf(block).filter((_: number, at: number) => at % width === column), a.shape, block.dtype)
  })
}

export const L24 = stated({
  id: 'L24',
  name: 'The Jacobian by rows is the Jacobian by columns',
  family: 'modes',
  formula: 'J by reverse mode = J by forward mode, row i = Jᵀ eᵢ, column j = J eⱼ',
  tolerance: measured,
  check: (t) => {
    const { f, x, seed } = t
    const y = valuesAt(f, x)
    const [rows, columns] = [elementsOf(y), elementsOf(x)]
    if (rows * columns > manageable) return silent(`the Jacobian has ${rows * columns} elements`)
    if (rows * columns === 0) return silent('the Jacobian is empty')
    const byRows = jacobianOf(t, f, 'reverse')
    const blocks = tensorsOf(byRows)
    const [i, j] = [seed % rows, split(seed, 1) % columns]
    return every(
      () => agree('J by rows and by columns', doubles(byRows), doubles(jacobianOf(t, f, 'forward')), t),
      () => agree(`row ${i} of J and Jᵀ e`, pulled(t, f, x, unit(y, i)), nodesOf(rowOf(blocks, y, x, i)), t),
      () => agree(`column ${j} of J and J e`, doubles(pushed(t, f, x, unit(x, j))), doubles(nodesOf(columnOf(blocks, y, x, j))), t),
    )
  },
})

export const L25 = stated({
  id: 'L25',
  name: 'A linearized function is linear, and its transpose transposes back',
  family: 'modes',
  formula: 'linearize(f)(x)(v) = jvp(f)(x)(v), (Lᵀ)ᵀ = L',
  tolerance: `none for the first; else ${measured}`,
  check: (t) => {
    const { f, x, seed } = t
    const [, L] = linear(t, f, x)
    const y = valuesAt(f, x)
    const [v, v0, w0] = [drawn(x, split(seed, 1)), drawn(x, split(seed, 2)), drawn(y, split(seed, 3))]
    const transpose: Call = (w) => pulled(t, (at) => L(at), v0, w)
    return every(
      () => identical('linearize and jvp', tensorsOf(L(v)), tensorsOf(pushed(t, f, x, v))),
      () => agree('the transpose of L, and the pullback', transpose(nodesOf(w0)), pulled(t, f, x, w0), t),
      () => agree('the transpose of the transpose, and L', pulled(t, transpose, w0, v), L(v), t),
    )
  },
})
