/** Where scripts or modules are not allowed, another engine serves, with the same results. */
import { execFileSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { add, compileStep, foriLoop, grad, inspect, matmul, mul, shaped, sin, sum, tanh, tensor, type Node, type Tensor } from '../../lib/index.js'
import { compiled, disagreement, engineOf, evaluated, right, rounding, tensorsOf } from './agreement.js'

const small = (x: Node): Node => sum(mul(x, sin(x)))
const large = (x: Node): Node => sum(tanh(matmul(x, foriLoop(0, 3, (_: Node, c: Node) => mul(0.5, sin(c)), x))))

const square_ = (n: number): Tensor => tensor(Float64Array.from({ length: n * n }, (_, i) => Math.sin(i)), { shape: [n, n] })

/** Programs that nobody has compiled before, or they would be found in memory. */
let next = 0
const fresh = (f: (x: Node) => Node) => {
  const k = 1 + ++next / 1024
  return (x: Node): Node => mul(k, f(x))
}

const runs = (f: (x: Node) => Node, x: Tensor): string | undefined => {
  const g = fresh(f)
  const slope = grad(g)
  const [run, runSlope] = [compiled(g, [x]), compiled(slope, [x])]
  expect(disagreement(tensorsOf(run(x)), evaluated(g, [x]), rounding)).toBeUndefined()
  expect(disagreement(tensorsOf(runSlope(x)), evaluated(slope, [x]), rounding)).toBeUndefined()
  expect(engineOf(runSlope)).toBe(engineOf(run))
  return engineOf(run)
}

afterEach(() => {
  vi.unstubAllGlobals()
})

/** What engines do under a Content-Security-Policy. */
const forbid = {
  text: () => {
    vi.stubGlobal('Function', function Forbidden() {
      throw new EvalError('Refused to evaluate a string as JavaScript')
    })
  },
  modules: () => {
    const { CompileError, Memory, Instance, validate } = WebAssembly
    vi.stubGlobal('WebAssembly', {
      CompileError,
      Memory,
      Instance,
      validate,
      Module: function Forbidden() {
        throw new CompileError('Refused to compile or instantiate a module')
      },
    })
  },
  memory: () => {
    vi.stubGlobal('WebAssembly', {
      ...Object.fromEntries(Object.getOwnPropertyNames(WebAssembly).map((name) => [name, (WebAssembly as unknown as Readonly<Record<string, unknown>>)[name]])),
      Memory: function TooMuch() {
        throw new RangeError('WebAssembly.Memory(): could not allocate memory')
      },
    })
  },
}

declare const WebAssembly: { readonly CompileError: new (text: string) => Error; readonly Memory: unknown; readonly Instance: unknown; readonly validate: unknown }

describe('the engine that serves', () => {
  it('is a script for small programs and a module for large ones', () => {
    expect(runs(small, tensor([1, 2, 3]))).toBe('script')
    expect(runs(large, square_(8))).toBe('wasm')
  })

  it('is a module for small programs where no text may become code', () => {
    forbid.text()
    expect(runs(small, tensor([1, 2, 3]))).toBe('wasm')
    expect(runs(large, square_(8))).toBe('wasm')
  })

  it.each<[string, () => void]>([
    ['there are no modules', () => vi.stubGlobal('WebAssembly', undefined)],
    ['modules are forbidden', forbid.modules],
    ['there is no memory for them', forbid.memory],
  ])('is interpretation for large programs where %s', (_, remove) => {
    remove()
    expect(runs(small, tensor([1, 2, 3]))).toBe('script')
    expect(runs(large, square_(8))).toBe('slots')
    forbid.text()
    expect(runs(small, tensor([1, 2, 3]))).toBe('slots')
  })

  it('runs steps all the same, whose state is then ordinary tensors', () => {
    const f = fresh(large)
    const step = (w: Node): readonly [Node, Node] => [add(w, mul(0.1, grad(f)(w))), f(w)]
    const walk = (): ReadonlyArray<Tensor> => {
      const run = right(compileStep(step, [shaped([4, 4])]))
      let [state, told] = run(square_(4))
      for (let k = 0; k < 5; k++) [state, told] = run(state)
      return [state, told, tensor(inspect(run)?.engine === 'slots' ? 1 : 0)]
    }
    const expected = walk()
    expect(expected[2]!.at()).toBe(0)
    vi.stubGlobal('WebAssembly', undefined)
    const found = walk()
    expect(found[2]!.at()).toBe(1)
    expect(disagreement(found.slice(0, 2), expected.slice(0, 2), rounding)).toBeUndefined()
  })
})

describe('a process that makes no code of text', () => {
  it('compiles to modules, and without those interprets', () => {
    const child = fileURLToPath(new URL('forbidden.ts', import.meta.url))
    const said = execFileSync(process.execPath, ['--disallow-code-generation-from-strings', '--import', 'tsx', child], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] })
    const { text, modules, none, noneLarge } = JSON.parse(said) as Readonly<Record<string, { readonly engine: string; readonly results: readonly [number, ReadonlyArray<number>] }>> & { readonly text: unknown }
    expect([text, modules!.engine, none!.engine, noneLarge!.engine]).toEqual([false, 'wasm', 'slots', 'slots'])
    const x = Float64Array.from({ length: 4 }, (_, i) => i / 4)
    const expected = x.reduce((total, v) => total + v * Math.sin(v), 0)
    for (const { results: [y, slope] } of [modules!, none!]) {
      expect(y).toBeCloseTo(expected, 14)
      slope.forEach((d, i) => expect(d).toBeCloseTo(Math.sin(x[i]!) + x[i]! * Math.cos(x[i]!), 14))
    }
  })
})
