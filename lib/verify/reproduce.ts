/** A failure as a program that shows it again: imports, the listing with its data, the check with its seed. */
import { sort } from '../core/Graph.js'
import type { Node } from '../core/Node.js'
import { bufferOf, type Tensor } from '../core/Tensor.js'
import { printGraph } from '../interpret/pretty.js'
import { heldTensor, fullValue, isParameter } from '../primitive/leaf.js'
import { records } from '../text/records.js'

/** Longer arrays are not written out. */
const longest = 1000

const showNumber = (x: number): string => (Object.is(x, -0) ? '-0' : String(x))

const showData = (t: Tensor): string =>
  t.size > longest
    ? `tensor(new Float64Array(${t.size}), { shape: [${t.shape.join(', ')}], dtype: '${t.dtype}' }) /* put the ${t.size} numbers here */`
    : `tensor([${Array.from(bufferOf(t), showNumber).join(', ')}], { shape: [${t.shape.join(', ')}], dtype: '${t.dtype}' })`

const isLeaf = (node: Node): boolean => heldTensor(node) !== undefined || fullValue(node) !== undefined || isParameter(node)

/** The operations that the library does not know by name. */
const ownOperations = (outputs: ReadonlyArray<Node>): ReadonlyArray<string> => [
  ...new Set(sort(outputs).nodes.flatMap((node) => (isLeaf(node) || records.includes(node.op) ? [] : [node.op.name]))),
]

const template = (text: string): string => text.replace(/[\\`]|\$\{/g, '\\$&')

const identifier = (name: string): string => {
  const plain = name.replace(/[^\w$]+/g, '_')
  return /^\d/.test(plain) ? `_${plain}` : plain
}

/** The check of a program by name, as a script. Records of the user's own primitives have to be given where it says so. */
export const reproduction = (outputs: ReadonlyArray<Node>, check: string, options: string): string => {
  const { text, constants } = printGraph(outputs)
  const own = ownOperations(outputs)
  const primitives = own.length === 0 ? '' : `, { primitives: [${own.map((name) => `${identifier(name)}.op`).join(', ')}] }`
  return [
    "import * as E from 'fp-ts/Either'",
    `import { parseGraph${constants.length > 0 ? ', tensor' : ''} } from 'foldgrad'`,
    `import { ${check}, functionOf, showCheck } from 'foldgrad/verify'`,
    ...own.map((name) => `// ${identifier(name)} is yours: what customRule or customPrimitive returned, or anything whose op is the record of ${name}`),
    '',
    'const listing = {',
    `  text: \`\n${template(text)}\n\`,`,
    `  constants: [${constants.map((t) => `\n    ${showData(t)},`).join('')}${constants.length > 0 ? '\n  ' : ''}],`,
    '}',
    `const program = parseGraph(listing${primitives})`,
    'if (E.isLeft(program)) throw new Error(program.left.map(({ rule }) => rule).join())',
    'const { f, args } = functionOf(program.right)',
    `console.log(showCheck(${check}(f, args, ${options})))`,
  ].join('\n')
}
