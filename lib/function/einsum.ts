/** Einstein summation: a product of arrays whose axes are named, summed over the names that the result lacks. */
import { isRefusal, refuse, type Refusal } from '../core/FoldgradError.js'
import { invalid, isNode, type Node } from '../core/Node.js'
import { sizeOf } from '../core/Shape.js'
import { mul } from '../primitive/arithmetic.js'
import { broadcastTo, reshape, slice, sum } from '../primitive/shape.js'
import { contract, permuted } from './contraction.js'
import { factorsOf, type Operand } from './operand.js'

type Label = string
type Labels = ReadonlyArray<Label>

/** An array with a name for each axis. */
interface Named {
  readonly node: Node
  readonly labels: Labels
}

interface Subscripts {
  readonly inputs: ReadonlyArray<Labels>
  readonly output: Labels
}

/**
 * Einstein summation in NumPy's notation: every axis gets a letter, arrays are multiplied where letters agree, and letters
 * that the result lacks are summed over. A letter repeated within one operand takes its diagonal, `...` stands for axes
 * that broadcast, and without `->` the result has the letters that occur once, in alphabetical order.
 *
 * Several operands are contracted pair by pair, the smallest intermediate result first. Malformed subscripts and lengths
 * that disagree are errors.
 *
 * @example
 * toArray(einsum('ij,jk->ik', [[1, 2]], [[3], [4]])) // [[11]]
 * toArray(einsum('ii->i', [[1, 2], [3, 4]]))         // [1, 4]
 * item(einsum('i,i', [1, 2, 3], [4, 5, 6]))          // 32
 */
export const einsum = (subscripts: string, ...operands: ReadonlyArray<Operand>): Node => {
  const nodes = factorsOf('einsum', operands)
  if (isNode(nodes)) return nodes
  const parsed = parse(subscripts, nodes.map((x) => x.shape.length))
  if (isRefusal(parsed)) return invalid('einsum', nodes, parsed)
  const lengths = lengthsOf(nodes, parsed)
  if (isRefusal(lengths)) return invalid('einsum', nodes, lengths)
  const factors = nodes.map((node, k) => distinct(stretchless({ node, labels: parsed.inputs[k]! }, lengths)))
  return arranged(contracted(factors, parsed.output), parsed.output)
}

const syntax = (subscripts: string, rule: string, mend: string): Refusal => refuse('Syntax', `'${subscripts}': ${rule}`, mend)

/** The names of all axes. The axes under an ellipsis are named by their distance from its end. */
const parse = (subscripts: string, ranks: ReadonlyArray<number>): Subscripts | Refusal => {
  const [left, right, ...more] = subscripts.replace(/\s/g, '').split('->') as [string, ...ReadonlyArray<string>]
  const terms = left.split(',')
  if (more.length > 0 || [...terms, right ?? ''].some((term) => !/^[A-Za-z]*(\.\.\.)?[A-Za-z]*$/.test(term)))
    return syntax(
      subscripts,
      'letters, at most one ellipsis per operand, commas and one arrow are allowed',
      "Write for example 'ij,jk->ik' or '...ij,...jk->...ik'",
    )
  if (terms.length !== ranks.length)
    return syntax(
      subscripts,
      `there are ${terms.length} terms for ${ranks.length} operands`,
      'Give one term per operand, separated by commas',
    )
  const hidden = terms.map((term, k) => (term.includes('...') ? ranks[k]! - (term.length - 3) : 0))
  const wrong = terms.findIndex((term, k) => hidden[k]! < 0 || term.replace('...', '').length + hidden[k]! !== ranks[k])
  if (wrong >= 0)
    return syntax(
      subscripts,
      `the term '${terms[wrong]}' does not name the ${ranks[wrong]} axes of operand ${wrong + 1}`,
      'Give one letter per axis, or use an ellipsis',
    )
  const inputs = terms.map((term, k) => expand(term, hidden[k]!))
  const widest = Math.max(0, ...hidden)
  const output = right === undefined ? implicit(inputs, widest) : expand(right, right.includes('...') ? widest : 0)
  const stray = output.find((label, i) => output.indexOf(label) !== i || !inputs.some((labels) => labels.includes(label)))
  if (stray !== undefined)
    return syntax(
      subscripts,
      `'${stray}' in the result occurs twice or in no operand`,
      'Name each axis of the result once, by a letter of the operands',
    )
  return output.filter(isHidden).length === widest
    ? { inputs, output }
    : syntax(subscripts, 'the operands have an ellipsis and the result has none', "Write '...' in the result as well")
}

const isHidden = (label: Label): boolean => label.startsWith('.')

const described = (label: Label): string => (isHidden(label) ? 'an axis under the ellipsis' : `the index '${label}'`)

const expand = (term: string, hidden: number): Labels => {
  const [before, after] = term.split('...') as [string, string?]
  const ellipsis = Array.from({ length: hidden }, (_, i) => `.${hidden - 1 - i}`)
  return after === undefined ? before.split('') : [...before.split(''), ...ellipsis, ...after.split('')]
}

const implicit = (inputs: ReadonlyArray<Labels>, widest: number): Labels => {
  const all = inputs.flat().filter((label) => !isHidden(label))
  return [...expand('...', widest), ...all.filter((label) => all.indexOf(label) === all.lastIndexOf(label)).sort()]
}

type Lengths = ReadonlyMap<Label, number>

/** The length of each label. An axis of length 1 broadcasts. */
const lengthsOf = (nodes: ReadonlyArray<Node>, { inputs }: Subscripts): Lengths | Refusal => {
  const lengths = new Map<Label, number>()
  for (const [k, { shape }] of nodes.entries()) {
    for (const [axis, label] of inputs[k]!.entries()) {
      const known = lengths.get(label) ?? 1
      const length = shape[axis]!
      if (known !== 1 && length !== 1 && known !== length)
        return refuse('Shape', `${described(label)} has lengths ${known} and ${length}`, 'Axes of one name need one length, or length 1')
      lengths.set(label, known === 1 ? length : known)
    }
  }
  return lengths
}

/** The array without the axes of length 1 that stand for longer ones. */
const stretchless = ({ node, labels }: Named, lengths: Lengths): Named => {
  const kept = labels.flatMap((label, axis) => (node.shape[axis] === lengths.get(label) ? [axis] : []))
  return { node: reshape(node, kept.map((axis) => node.shape[axis]!)), labels: kept.map((axis) => labels[axis]!) }
}

/** The array with every repeated label replaced by its diagonal: of `n × n` elements in a row, each `n + 1`-st. */
const distinct = ({ node, labels }: Named): Named => {
  const first = labels.findIndex((label, axis) => labels.indexOf(label, axis + 1) >= 0)
  if (first < 0) return { node, labels }
  const second = labels.indexOf(labels[first]!, first + 1)
  const others = labels.flatMap((_, axis) => (axis === first || axis === second ? [] : [axis]))
  const n = node.shape[first]!
  const lengths = others.map((axis) => node.shape[axis]!)
  const flat = reshape(permuted(node, [...others, first, second]), [...lengths, n * n])
  const diagonal = slice(flat, { start: [...lengths.map(() => 0), 0], step: [...lengths.map(() => 1), n + 1], shape: [...lengths, n] })
  return distinct({ node: diagonal, labels: [...others.map((axis) => labels[axis]!), labels[first]!] })
}

/** The product of all factors. Each step joins the pair whose product needs the least room beyond that of its factors. */
const contracted = (factors: ReadonlyArray<Named>, output: Labels): Named => {
  if (factors.length === 1) return summedOut(factors[0]!, (label) => output.includes(label))
  let best = { cost: Infinity, joined: factors[0]!, rest: factors }
  for (const [i, a] of factors.entries()) {
    for (const b of factors.slice(i + 1)) {
      const rest = factors.filter((other) => other !== a && other !== b)
      const isKept = (label: Label) => output.includes(label) || rest.some(({ labels }) => labels.includes(label))
      const joined = product(a, b, isKept)
      const cost = sizeOf(joined.node.shape) - sizeOf(a.node.shape) - sizeOf(b.node.shape)
      if (cost < best.cost) best = { cost, joined, rest }
    }
  }
  return contracted([...best.rest, best.joined], output)
}

const summedOut = ({ node, labels }: Named, isKept: (label: Label) => boolean): Named => ({
  node: sum(node, labels.flatMap((label, axis) => (isKept(label) ? [] : [axis]))),
  labels: labels.filter(isKept),
})

/** The product of two factors, summed over the labels that nobody else needs. */
const product = (left: Named, right: Named, isKept: (label: Label) => boolean): Named => {
  const a = summedOut(left, (label) => isKept(label) || right.labels.includes(label))
  const b = summedOut(right, (label) => isKept(label) || left.labels.includes(label))
  const shared = a.labels.filter((label) => b.labels.includes(label))
  const batch = shared.filter(isKept)
  const summed = shared.filter((label) => !isKept(label))
  const labels = [...batch, ...a.labels.filter((l) => !shared.includes(l)), ...b.labels.filter((l) => !shared.includes(l))]
  const axes = (chosen: Labels) => [chosen.map((l) => a.labels.indexOf(l)), chosen.map((l) => b.labels.indexOf(l))] as const
  return summed.length === 0 && batch.length > 0
    ? { node: elementwiseProduct(a, b, labels), labels }
    : { node: contract(a.node, b.node, axes(summed), axes(batch)), labels }
}

const elementwiseProduct = (a: Named, b: Named, labels: Labels): Node => {
  const shape = labels.map((label) => [a, b].flatMap((x) => x.node.shape[x.labels.indexOf(label)] ?? [])[0]!)
  const spread = (x: Named): Node => {
    const ordered = arranged(x, labels.filter((l) => x.labels.includes(l)))
    return broadcastTo(reshape(ordered, labels.map((l, axis) => (x.labels.includes(l) ? shape[axis]! : 1))), shape)
  }
  return mul(spread(a), spread(b))
}

/** The array with its axes in the order of these labels. */
const arranged = ({ node, labels }: Named, order: Labels): Node => permuted(node, order.map((label) => labels.indexOf(label)))
