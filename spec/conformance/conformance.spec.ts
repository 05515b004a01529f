/** The whole conformance run, and what it must not overlook. */
import { beforeAll, describe, expect, test } from 'vitest'
import { knownNotSupported } from './not-supported.js'
import { notSupported, type Result } from './report.js'
import { conformance, ownFiles, readCases } from './run.js'
import { caseFile, type CaseFile, type GoldenCase } from './schema.js'

const verdict = (result: Result | undefined) => result?.outcome._tag

const sample: GoldenCase = {
  id: 'unary/square/0',
  group: 'unary',
  op: 'square',
  args: [{ shape: [2], data: [2, 3] }],
  value: { shape: [2], data: [4, 9] },
  cotangent: { shape: [2], data: [1, 10] },
  vjp: [{ shape: [2], data: [4, 60] }],
  tangents: [{ shape: [2], data: [1, 2] }],
  jvp: { shape: [2], data: [4, 12] },
  hvp: [{ shape: [2], data: [2, 40] }],
  tol: { value: [1e-13, 0], vjp: [1e-13, 0], jvp: [1e-13, 0], hvp: [1e-13, 0] },
}

const golden = (...cases: ReadonlyArray<GoldenCase>) => [caseFile('sample.json', { meta: {}, cases })]

describe('the cases of this folder', () => {
  let run: ReturnType<typeof conformance>
  beforeAll(() => {
    run = conformance(ownFiles.map(readCases), true)
  })

  test('none fails', () => {
    expect(run.lines.filter((line) => line.startsWith('failed') || line.startsWith('  '))).toEqual([])
    expect(run.exitCode).toBe(0)
  })

  test('nothing is unsupported but what is listed', () => {
    expect(notSupported(run.results).map(([name]) => name)).toEqual([...knownNotSupported].sort())
  })

  test('the last line counts every case', () => {
    const counts = /^(\d+) passed, (\d+) failed, (\d+) not supported$/.exec(run.lines.at(-1) ?? '')
    expect(counts).not.toBeNull()
    expect(counts!.slice(1).map(Number).reduce((a, b) => a + b)).toBe(run.results.length)
    expect(run.results.length).toBe(724 + 105 + 217)
  })
})

describe('the same cases, compiled', () => {
  const [ours, edge, dezero] = ownFiles.map(readCases)
  const some = <T>(all: ReadonlyArray<T>, every: number): ReadonlyArray<T> => all.filter((_, i) => i % every === 0)

  test('none of a sample fails with any engine', () => {
    if (ours?.schema !== 'golden' || edge?.schema !== 'edge' || dezero?.schema !== 'dezero') throw new TypeError('other case files')
    const files: ReadonlyArray<CaseFile> = [
      { schema: 'golden', cases: some(ours.cases, 9) },
      { schema: 'edge', cases: some(edge.cases, 3) },
      { schema: 'dezero', cases: some(dezero.cases.filter(({ kind }) => kind === 'op' || kind === 'higher'), 5) },
    ]
    const { lines, results } = conformance(files, true, 'compiled')
    expect(lines.filter((line) => line.startsWith('failed') || line.startsWith('  '))).toEqual([])
    expect(results.filter(({ outcome }) => outcome._tag === 'Passed').length).toBeGreaterThan(110)
  })

  test('a wrong figure fails, and the report names the engine', () => {
    const { lines, exitCode } = conformance(golden(sample, { ...sample, value: { shape: [2], data: [4, 9.000001] } }), true, 'compiled')
    expect(exitCode).toBe(1)
    expect(lines.filter((line) => line.startsWith('  script: value[1]: 9, expected 9.000001'))).toHaveLength(1)
  })
})

describe('what the run notices', () => {
  test('a right case passes', () => {
    expect(conformance(golden(sample), false).exitCode).toBe(0)
  })

  const corrupted: ReadonlyArray<readonly [string, Partial<GoldenCase>]> = [
    ['value', { value: { shape: [2], data: [4, 9.000001] } }],
    ['shape', { value: { shape: [1, 2], data: [4, 9] } }],
    ['NaN', { value: { shape: [2], data: [4, 'NaN'] } }],
    ['vjp', { vjp: [{ shape: [2], data: [4, 60.0001] }] }],
    ['jvp', { jvp: { shape: [2], data: [4, -12] } }],
    ['hvp', { hvp: [{ shape: [2], data: [2, 0] }] }],
    ['hessian', { hessian: { shape: [2, 2], data: [2, 0, 0, 21] }, tol: { ...sample.tol, hessian: [1e-13, 0] } }],
  ]

  test.each(corrupted)('a wrong %s fails, with both values', (_, change) => {
    const { lines, exitCode, results } = conformance(golden(sample, { ...sample, ...change }), true)
    expect(exitCode).toBe(1)
    expect(results.map(verdict)).toEqual(['Passed', 'Failed'])
    expect(lines.at(-1)).toBe('1 passed, 1 failed, 0 not supported')
    expect(lines.filter((line) => /expected/.test(line)).length).toBeGreaterThan(0)
  })

  test('an unknown operation is not supported, by name', () => {
    const program = { nodes: [{ op: 'frobnicate', in: [0] }], out: 1 }
    const { lines, exitCode } = conformance(golden({ ...sample, op: 'quux' }, { ...sample, op: 'program', program }), false)
    expect(exitCode).toBe(0)
    expect(lines).toContain('not supported: quux (1)')
    expect(lines).toContain('not supported: frobnicate (1)')
    expect(lines.at(-1)).toBe('0 passed, 0 failed, 2 not supported')
  })

  test('an edge case nobody has described is not supported, by id', () => {
    const edge = { id: 'riddle', desc: 'what walks on four legs', args: [{ shape: [], data: [1] }], expect: { value: { shape: [], data: [4] } } }
    const { lines } = conformance([caseFile('edge.json', { meta: {}, cases: [edge], api: {} })], false)
    expect(lines.at(-1)).toBe('0 passed, 0 failed, 1 not supported')
    expect(lines).toContain('not supported: edge case riddle (1)')
  })

  test('an edge case that expects an error fails on a number', () => {
    const edge = { id: 'any', desc: 'sqrt at 4', args: [{ shape: [], data: [4] }], expect: { value: 'error' } }
    expect(conformance([caseFile('edge.json', { meta: {}, cases: [edge], api: {} })], false).exitCode).toBe(1)
  })

  test('a wrong DeZero gradient fails, a wrong second one as well', () => {
    const one = (x: number) => ({ shape: [1], data: [x] })
    const right = {
      id: 'sample',
      kind: 'op',
      expression: 'square(x)',
      inputs: { x: one(3) },
      op: { name: 'square', attrs: {} },
      value: one(9),
      grads: { x: one(6) },
      second: { v: { x: one(5) }, grads: { x: one(10), gy: one(30) } },
      tolerance: { rtol: 0, atol: 0 },
    }
    const wrong = [{ ...right, grads: { x: one(7) } }, { ...right, second: { ...right.second, grads: { x: one(10), gy: one(31) } } }]
    const { results } = conformance([caseFile('dezero.json', [right, ...wrong])], false)
    expect(results.map(verdict)).toEqual(['Passed', 'Failed', 'Failed'])
  })

  test('a case that states nothing to compare does not pass', () => {
    const silent = { id: 'silent', kind: 'scalar', expression: 'x', inputs: { x: { shape: [], data: [1] } }, tolerance: { rtol: 0, atol: 0 } }
    const { results } = conformance([caseFile('dezero.json', [silent, { ...silent, expected: 3 }])], false)
    expect(results.map(verdict)).toEqual(['NotSupported', 'NotSupported'])
  })

  test('a file of another kind is refused', () => {
    expect(() => caseFile('other.json', { cases: [{ id: 'x' }] })).toThrow(/other.json/)
  })
})
