/** The shape of the house: layers, no cycles, short files, purity. */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { brokenImports, foreignImports, impurities, importCycles, longFiles, sideEffects, upwardImports, type Sources } from './rules.js'

const lib = fileURLToPath(new URL('../../lib', import.meta.url))

const sources: Sources = Object.fromEntries(
  readdirSync(lib, { recursive: true, encoding: 'utf8' })
    .map((path) => path.replaceAll('\\', '/'))
    .filter((path) => path.endsWith('.ts') && !path.endsWith('.config.ts'))
    .map((path) => [path, readFileSync(join(lib, path), 'utf8')]),
)

describe('the library', () => {
  it('is read', () => {
    expect(Object.keys(sources)).toEqual(expect.arrayContaining(['index.ts', 'core/Node.ts', 'transform/backward.ts']))
  })
  it('imports downwards', () => expect(upwardImports(sources)).toEqual([]))
  it('imports what exists', () => expect(brokenImports(sources)).toEqual([]))
  it('imports no package where it does not belong', () => expect(foreignImports(sources)).toEqual([]))
  it('has no import cycle', () => expect(importCycles(sources)).toEqual([]))
  it('has files of at most 400 lines', () => expect(longFiles(sources)).toEqual([]))
  it('does not look at the world', () => expect(impurities(sources)).toEqual([]))
  it('does nothing on import and holds no state', () => expect(sideEffects(sources)).toEqual([]))
})

describe('the rules', () => {
  it('flag an import upwards, across and from nowhere', () => {
    expect(upwardImports({ 'kernel/sum.ts': "import { add } from '../primitive/declare.js'" })).toEqual(['kernel/sum.ts imports primitive/declare.ts'])
    expect(upwardImports({ 'core/Node.ts': "import type { Gradients } from '../transform/backward.js'" })).toHaveLength(1)
    expect(upwardImports({ 'transform/grad.ts': "export { value } from '../interpret/evaluate.js'" })).toHaveLength(1)
    expect(upwardImports({ 'function/sum.ts': "import { tensor } from '../index.js'" })).toHaveLength(1)
    expect(upwardImports({ 'cellar/wine.ts': '' })).toEqual(['cellar/wine.ts is in no layer'])
    expect(upwardImports({ 'function/sum.ts': "import { x } from '../primitive/shape.js'\nimport { y } from './call.js'" })).toEqual([])
    expect(brokenImports({ 'core/Node.ts': "import { x } from './Shape.js'" })).toHaveLength(1)
  })

  it('flag a package in the wrong layer', () => {
    expect(foreignImports({ 'kernel/sum.ts': "import { pipe } from 'fp-ts/function'" })).toHaveLength(1)
    expect(foreignImports({ 'core/Node.ts': "import * as fc from 'fast-check'" })).toHaveLength(1)
    expect(foreignImports({ 'core/Node.ts': "import { readFileSync } from 'node:fs'" })).toHaveLength(1)
    expect(foreignImports({ 'core/Node.ts': "import { pipe } from 'fp-ts/lib/function.js'" })).toHaveLength(1)
    expect(foreignImports({ 'core/Node.ts': "import * as E from 'fp-ts/Either'", 'verify/laws.ts': "import * as fc from 'fast-check'" })).toEqual([])
  })

  it('flag a cycle, once', () => {
    const cycle = { 'core/a.ts': "import './b.js'", 'core/b.ts': "export * from './c.js'", 'core/c.ts': "import { a } from './a.js'" }
    expect(importCycles(cycle)).toEqual(['core/a.ts → core/b.ts → core/c.ts → core/a.ts'])
    expect(importCycles({ ...cycle, 'core/c.ts': '' })).toEqual([])
  })

  it('flag a long file', () => {
    expect(longFiles({ 'core/a.ts': 'x\n'.repeat(401) })).toEqual(['core/a.ts has 401 lines'])
    expect(longFiles({ 'core/a.ts': 'x\n'.repeat(400) })).toEqual([])
  })

  it.each(['Math.random()', 'Date.now()', 'new Date()', 'performance.now()', 'process.env', 'console.log(1)', 'globalThis', "import('./a.js')", 'eval("1")'])(
    'flag %s, inside a function as well',
    (use) => {
      expect(impurities({ 'core/a.ts': `export const f = () => ${use}` })).toHaveLength(1)
      expect(impurities({ 'core/a.ts': `/** ${use.replaceAll('*/', '')} */ export const f = () => '${use.replaceAll("'", '')}'` })).toEqual([])
    },
  )

  it.each([
    "import './register.js'",
    'register(sin)',
    'Object.assign(Array.prototype, {})',
    'if (fast) enable()',
    'for (const op of ops) op()',
    'export let mode = 0',
    'let count: number\nexport const next = () => (count = count + 1)',
    'const registry = new Map<string, number>()',
    'export const cache = new WeakMap()',
  ])('flag the side effect or state in %s', (text) => {
    expect(sideEffects({ 'core/a.ts': text })).toHaveLength(1)
  })

  it.each([
    'class A { #x = 1\n static { read = (a) => a.#x } }\nlet read: (a: A) => number\nObject.freeze(A)\nObject.freeze(A.prototype)',
    "const table: ReadonlyMap<string, number> = new Map([['a', 1]])",
    "export const sin = unary('sin', Math.sin)",
    'export function f() { let x = 0\n x++\n return x }',
  ])('allow %s', (text) => {
    expect(sideEffects({ 'core/a.ts': text })).toEqual([])
  })
})
