/** Every example in a docstring and every block of the README and the pages runs, and gives what the text beside it says. */
import * as fc from 'fast-check'
import * as E from 'fp-ts/Either'
import { flow, pipe } from 'fp-ts/function'
import * as O from 'fp-ts/Option'
import * as RA from 'fp-ts/ReadonlyArray'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import * as foldgrad from '../../lib/index.js'
import * as verify from '../../lib/verify/index.js'
import { fromDocstrings, fromMarkdown, type Example } from './extract.js'
import { run } from './run.js'
import { typeErrors } from './types.js'

/** How many examples there are at least; raise them with the documentation. */
const docstringExamples = 270
const readmeBlocks = 17

/** Properties without a seed draw the same each time: what is documented is what happens. */
fc.configureGlobal({ seed: 1 })

const root = fileURLToPath(new URL('../..', import.meta.url))

/** The tests that a page shows are run where they stand: a runner does not take tests from inside a test. */
const inPlace = (_: string, body: () => void): void => body()
const prop = (arbitraries: ReadonlyArray<fc.Arbitrary<unknown>>, parameters: fc.Parameters<[Array<unknown>]>) => (_: string, body: (...drawn: ReadonlyArray<unknown>) => void) =>
  fc.assert(fc.property(fc.tuple(...arbitraries), (drawn) => body(...drawn)), parameters)

const runners = { vitest: { expect, test: inPlace }, '@fast-check/vitest': { fc, test: Object.assign(inPlace, { prop }) } }

const modules = { ...runners, foldgrad, 'foldgrad/verify': verify, 'fast-check': fc, 'fp-ts/Either': E, 'fp-ts/Option': O, 'fp-ts/ReadonlyArray': RA, 'fp-ts/function': { flow, pipe } }

/** What docstring examples see without importing it. */
const scope = { ...verify, ...foldgrad, E, O, RA, fc, flow, pipe }

const docstrings: ReadonlyArray<Example> = readdirSync(join(root, 'lib'), { recursive: true, encoding: 'utf8' })
  .filter((path) => path.endsWith('.ts'))
  .toSorted()
  .flatMap((path) => fromDocstrings(join('lib', path), readFileSync(join(root, 'lib', path), 'utf8')))

const readme = join(root, 'README.md')
const sections = existsSync(readme) ? fromMarkdown('README.md', readFileSync(readme, 'utf8')) : []

/** The pages beside the sources, and how many blocks they have at least. */
const pages = [{ path: 'lib/verify/README.md', blocks: 10 }]

describe('the examples of the docstrings', () => {
  it.each(docstrings.map((example) => [`${example.file}:${example.line}`, example] as const))('%s', async (_, example) => {
    const { faults } = await run([example], scope, modules)
    expect(faults, faults.join('\n')).toEqual([])
  })

  it('are many', () => expect(docstrings.length).toBeGreaterThanOrEqual(docstringExamples))
})

describe('the README', () => {
  it.each(sections.map((section) => [`from line ${section[0]!.line}`, section] as const))('%s', async (_, section) => {
    const { faults } = await run(section, {}, modules)
    expect(faults, faults.join('\n')).toEqual([])
  })

  it('compiles block by block', () => expect(typeErrors(sections.flat().map((block) => [block]), root)).toEqual([]))

  it('has blocks', () => expect(sections.flat().length).toBeGreaterThanOrEqual(readmeBlocks))
})

describe.each(pages)('$path', ({ path, blocks }) => {
  const found = fromMarkdown(path, readFileSync(join(root, path), 'utf8'))

  it.each(found.map((section) => [`from line ${section[0]!.line}`, section] as const))('%s', async (_, section) => {
    const { faults } = await run(section, {}, modules)
    expect(faults, faults.join('\n')).toEqual([])
  })

  it('compiles section by section', () => expect(typeErrors(found, root)).toEqual([]))

  it('has blocks, and lines that are no more than a reader takes in', () => {
    expect(found.flat().length).toBeGreaterThanOrEqual(blocks)
    expect(readFileSync(join(root, path), 'utf8').split('\n').length).toBeLessThanOrEqual(300)
  })
})

describe('the runner', () => {
  const of = (code: string) => run([{ file: 'planted.ts', line: 10, code }], scope, modules)

  it.each([
    'item(add(2, 3)) // 5',
    'item(sin(1)) // 0.8415',
    'item(sin(1)) // 0.8414709848078965',
    'toArray(mul([1, 2, 3], 2)) // [2, 4, 6]',
    'mul([1, 2, 3], 2) // [2, 4, 6]',
    'value(mul([1, 2, 3], 2)) // [2 4 6]',
    "variable('x', 2).op.name // 'variable'",
    "pipe(backward(square(variable('x', 3))), gradientOf('x'), O.map(item)) // some(6)",
    "gradientOf('y')(backward(variable('x', 3))) // none",
    'evaluate({ a: add(1, 1) }) // right({ a: 2 })',
    "new Map([['x', 1]]) // new Map([['x', 1]])",
    'const f = (x: Node): Node => square(x)\nitem(\n  grad(f)(3),\n) // 6',
    "value(add([1, 2], [1, 2, 3])) // throws add on [2], [3]",
    'item(div(0, 0)) // NaN',
    'item(neg(0)) // -0',
    "import { pipe as p } from 'fp-ts/function'\nimport type { Node } from 'foldgrad'\nimport * as fg from 'foldgrad'\nfg.item(p(2, square)) // 4",
  ])('accepts %s', async (code) => {
    expect(await of(code)).toEqual({ checked: 1, faults: [] })
  })

  it.each([
    ['item(add(2, 3)) // 6', 'planted.ts:10: expected 6, got 5'],
    ['item(add(2, 3.2)) // 5', 'planted.ts:10: expected 5, got 5.2'],
    ['item(sin(1)) // 0.8416', 'planted.ts:10: expected 0.8416'],
    ['item(sin(1)) // 0.8414709848178965', 'planted.ts:10: expected'],
    ['toArray(add([1, 2], 1)) // [2, 3, 4]', 'planted.ts:10: expected'],
    ['evaluate({ a: add(1, 1) }) // right({ b: 2 })', 'planted.ts:10: expected'],
    ['const x = 1\n\nitem(add(x, 1)) // the sum', 'planted.ts:12: expected the sum, got 2'],
    ['const x = 1\nnobody(x)', 'planted.ts:11: it threw ReferenceError'],
    ['item(add([1, 2], [1, 2, 3])) // 5', 'planted.ts:10: it threw add'],
    ['item(add(1, 2)) // throws add', 'planted.ts:10: it should throw'],
    ['value(add([1, 2], [1, 2, 3])) // throws mul', "planted.ts:10: it threw 'add"],
    ['const x = = 1', 'planted.ts:10: it threw SyntaxError'],
  ])('catches %s', async (code, fault) => {
    const { faults } = await of(code)
    expect(faults).toHaveLength(1)
    expect(faults[0]).toContain(fault)
  })

  it('runs the blocks of one section in one scope, where names may be used again', async () => {
    const section = fromMarkdown('planted.md', '# T\n```ts\nconst x = 1\n```\n## A\n```ts\nconst x = 2\n```\ntext\n```sh\nls\n```\n```ts\nx // 2\n```\n```ts\nconst x = 3\nx // 4\n```\n')
    expect(section.map((blocks) => blocks.length)).toEqual([1, 3])
    expect(await run(section[1]!, {}, {})).toEqual({ checked: 2, faults: ['planted.md:18: expected 4, got 3'] })
  })

  it('catches wrong types', () => {
    const code = "import { item } from 'foldgrad'\n\nconst text: string = item(1)\n"
    expect(typeErrors([[{ file: 'planted.md', line: 5, code }]], root)).toEqual(["planted.md:7: Type 'number' is not assignable to type 'string'."])
  })

  it('compiles the blocks of a section one inside the scope of another, whatever each imports', () => {
    const first = { file: 'planted.md', line: 5, code: "import { item } from 'foldgrad'\nimport type { Node } from 'foldgrad'\nconst x = item(1)\n" }
    const second = { file: 'planted.md', line: 20, code: "import { item, type Node } from 'foldgrad'\n\nconst y: string = x\nconst x2 = (n: Node) => item(n)" }
    expect(typeErrors([[first, second]], root)).toEqual(["planted.md:22: Type 'number' is not assignable to type 'string'."])
  })

  it('compares what a block prints with the text after it', async () => {
    const of = (printed: string) => run(fromMarkdown('planted.md', `## A\n\`\`\`ts\nconsole.log('a', 1)\nconsole.log('b')\n\`\`\`\n\n\`\`\`text\n${printed}\n\`\`\`\n`)[0]!, {}, {})
    expect(await of('a 1\nb')).toEqual({ checked: 1, faults: [] })
    expect((await of('a 1\nc')).faults).toEqual(["planted.md:9: it should print 'c', not 'b'"])
    expect((await of('a 1')).faults).toEqual(["planted.md:9: it prints 'b' as well"])
    expect((await of('a 1\nb\nc')).faults).toEqual(["planted.md:10: it should print 'c', not ''"])
  })

  it('finds the lines of docstrings', () => {
    const text = 'const a = 1\n\n/**\n * Text.\n *\n * @example\n * f(1) // 2\n * f(2)\n *\n * @internal\n */\nconst f = 1\n/** @example */\n'
    expect(fromDocstrings('a.ts', text)).toEqual([{ file: 'a.ts', line: 7, code: 'f(1) // 2\nf(2)' }])
  })
})
