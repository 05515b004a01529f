/** Compiled functions compute what evaluation does: random programs and their transforms, by every engine. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { grad, hessian, hvp, jacobian, jvp, mul, sum, tensor, valueAndGrad, vmap, type Engine, type Node, type Tensor } from '../../lib/index.js'
import { programs, type Program, type ProgramOptions } from '../../lib/verify/arbitraries/index.js'
import { agrees, exactly, rounding, type AnyFunction, type Bound } from './agreement.js'

type Transform = (f: (...xs: ReadonlyArray<Node>) => Node) => AnyFunction

const list = (xs: ReadonlyArray<Node>): never => xs as never

const transforms: Readonly<Record<string, Transform>> = {
  grad: (f) => (...xs) => grad((ys: ReadonlyArray<Node>) => f(...ys))(list(xs)),
  valueAndGrad: (f) => (...xs) => valueAndGrad((ys: ReadonlyArray<Node>) => f(...ys))(list(xs)),
  jvp: (f) => (...xs) => jvp((ys: ReadonlyArray<Node>) => f(...ys))([list(xs)], [list(xs)]),
  hvp: (f) => (...xs) => hvp((ys: ReadonlyArray<Node>) => f(...ys))(list(xs), list(xs)),
  vmap: (f) => (...xs) => vmap((k: Node) => f(...xs.map((x) => mul(x, k))))(tensor([0.5, 1, -0.25], { dtype: xs[0]!.dtype })),
  hessian: (f) => (x, ...rest) => hessian((y: Node) => f(y, ...rest))(x!),
  jacobian: (f) => (x, ...rest) => jacobian((y: Node) => mul(y, f(y, ...rest)))(x!),
}

/** Checks a law on random programs, and counts how often each engine ran. */
const every = (options: ProgramOptions, numRuns: number, law: (program: Program) => Engine | undefined): Map<Engine, number> => {
  const runs = new Map<Engine, number>()
  fc.assert(
    fc.property(programs(options), (program) => {
      const engine = law(program)
      if (engine !== undefined) runs.set(engine, (runs.get(engine) ?? 0) + 1)
    }),
    { numRuns },
  )
  return runs
}

const through = (transform: Transform, engine: Engine, bound: Bound) => (program: Program) => agrees(transform(program.f), program.inputs, engine, bound)

describe('values of random programs', () => {
  it.each<[string, ProgramOptions]>([
    ['kinks and jumps', { smoothness: 'jumping', outputs: 3 }],
    ['single precision', { smoothness: 'kinked', outputs: 2, dtype: 'f32' }],
    ['empty arrays', { smoothness: 'kinked', outputs: 2, shapes: { minLength: 0 } }],
    ['scalars', { smoothness: 'kinked', scalars: true, outputs: 2, size: 24 }],
  ])('are those of evaluation in WebAssembly: %s', (_, options) => {
    const runs = every(options, 60, ({ outputs, inputs }) => agrees(outputs, inputs, 'wasm'))
    expect(runs.get('wasm')).toBeGreaterThan(30)
  })

  it('are those of evaluation, by whatever engine is chosen', () => {
    every({ smoothness: 'kinked', outputs: 2 }, 60, ({ outputs, inputs }) => agrees(outputs, inputs, undefined))
  })

  it('are the same to the last bit if the graph is interpreted', () => {
    every({ smoothness: 'jumping', outputs: 3, shapes: { minLength: 0 } }, 60, ({ outputs, inputs }) => agrees(outputs, inputs, 'slots', exactly))
  })
})

/** Operations that compiling writes out in others, which round in other places: those along an axis, and powers. */
const rewritten = /softmax|logSumExp|norm|pow|argM|cosine|standard|std|var|polyval/i

/** Whether the operations of a program are those that run. */
const isPlain = ({ run, inputs, instructions }: Program): boolean => {
  const seen = new Set<Node>()
  const names: Array<string> = instructions.map(({ op }) => op)
  const visit = (node: Node): void => {
    if (seen.has(node)) return
    seen.add(node)
    names.push(node.op.name)
    node.inputs.forEach(visit)
  }
  run(...inputs.map((t) => mul(t, 1))).forEach(visit)
  return !names.some((name) => rewritten.test(name))
}

describe('small programs as scripts', () => {
  it('are the same to the last bit where the operations are the same', () => {
    const runs = every({ smoothness: 'jumping', control: false, scalars: true, size: 16 }, 150, (program) =>
      isPlain(program) ? agrees(program.f, program.inputs, 'script', exactly) : undefined,
    )
    expect(runs.get('script')).toBeGreaterThan(70)
  })

  it('are the same to the last bit for small arrays as well', () => {
    const runs = every({ smoothness: 'kinked', size: 6 }, 150, (program) => (isPlain(program) ? agrees(program.f, program.inputs, 'script', exactly) : undefined))
    expect(runs.get('script')).toBeGreaterThan(40)
  })

  it('agree to rounding everywhere', () => {
    every({ smoothness: 'kinked', size: 8 }, 60, ({ f, inputs }) => agrees(f, inputs, 'script'))
    every({ smoothness: 'kinked', size: 8, dtype: 'f32' }, 60, ({ f, inputs }) => agrees(f, inputs, 'script'))
  })
})

describe.each(Object.entries(transforms))('%s of random programs', (name, transform) => {
  const deep = name === 'hessian' || name === 'jacobian' || name === 'hvp'

  it.each<[string, ProgramOptions]>([
    ['of doubles', { smoothness: 'kinked' }],
    ['in single precision', { dtype: 'f32' }],
    ['with empty arrays', { shapes: { minLength: 0 } }],
  ])('%s', (_, options) => {
    every({ scalarResult: true, size: deep ? 6 : 10, ...options }, deep ? 16 : 24, through(transform, 'wasm', rounding))
    every({ scalarResult: true, size: 5, ...options }, 10, through(transform, 'script', rounding))
  })
})

describe('a transform of a compiled function\'s own kind', () => {
  it('composes: the gradient of a directional derivative of a mapped function', () => {
    const f = (x: Node): Node => sum(vmap((row: Node) => jvp((y: Node) => sum(mul(y, mul(y, y))))([row], [row])[1])(x))
    const x: Tensor = tensor([[1, 2, 3], [-1, 0.5, 0.25]])
    for (const engine of ['wasm', 'script', 'slots'] as const) agrees(grad(f), [x], engine)
  })
})
