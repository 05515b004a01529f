/** Listings are read back: the same text, the same numbers to the last bit (L48). */
import { readdirSync, readFileSync } from 'node:fs'
import fc from 'fast-check'
import * as E from 'fp-ts/Either'
import { pipe } from 'fp-ts/function'
import { describe, expect, it } from 'vitest'
import type { Primitive } from '../../lib/core/Node.js'
import { bufferOf, type Tensor } from '../../lib/core/Tensor.js'
import * as fold from '../../lib/index.js'
import { constant, parameter } from '../../lib/primitive/leaf.js'
import { records } from '../../lib/text/records.js'
import { programs } from '../arbitraries/program.js'
import { table } from '../primitive/table.js'

const {
  add, backward, checkpoint, cond, conv, customPrimitive, customRule, exp, foriLoop, grad, greater, hessian, jvp, map, matmul, maxPool, mul, parseGraph,
  pretty, printGraph, scan, showError, sin, square, sub, sum, switchCase, tanh, tensor, value, variable, vmap, whileLoop,
} = fold
type Node = fold.Node

const bits = (t: Tensor): unknown => ({ shape: t.shape, dtype: t.dtype, bytes: [...new Uint8Array(bufferOf(t).slice().buffer)] })

/** Prints, reads, prints and evaluates. */
const survives = (outputs: ReadonlyArray<Node>, limit: number, primitives: ReadonlyArray<Primitive> = []): void => {
  const listing = printGraph(outputs, { limit })
  const read = parseGraph(listing, { primitives })
  if (E.isLeft(read)) throw new Error(`${read.left.map(showError).join('\n')}\n${listing.text}`)
  const again = printGraph(read.right, { limit })
  expect(again.text).toBe(listing.text)
  expect(again.constants).toEqual(listing.constants)
  const before = value([...outputs])
  expect((value([...read.right.outputs]) as ReadonlyArray<Tensor>).map(bits)).toEqual(before.map(bits))
}

const limits = fc.constantFrom(0, 4, Infinity)

describe('a listing that is read back', () => {
  it('is a random program with its gradients', () => {
    fc.assert(
      fc.property(programs, limits, (program, limit) => {
        const y = program.f(...program.inputs.map((x, i) => variable(`x${i}`, x)))
        survives([y, ...backward(sum(y)).values()], limit)
      }),
      { numRuns: 100 },
    )
  })

  it('is a random program under vmap, in a checkpoint, in a branch and in a scan, with its gradients', () => {
    fc.assert(
      fc.property(programs, limits, fc.constantFrom('vmap', 'checkpoint', 'cond', 'scan'), (program, limit, place) => {
        const [first, ...rest] = program.inputs.map((x, i) => variable(`x${i}`, x))
        const f = (x: Node): Node => sum(program.f(x, ...rest))
        const stack = (x: Node): Node => fold.stack([x, mul(x, 0.5)])
        const y: Node = {
          vmap: () => sum(vmap(f)(stack(first!))),
          checkpoint: () => checkpoint(f)(first!),
          cond: () => cond(greater(f(first!), 0), f, (x: Node) => sum(x), first!),
          scan: () => scan((c: Node, x: Node) => [tanh(add(c, f(x))), []] as const, 0, stack(first!))[0],
        }[place]()
        survives([y, ...backward(y).values()], limit)
      }),
      { numRuns: 60 },
    )
  })

  it.each(Object.entries(table))('is an application of %s with its derivatives', (_, { application }) => {
    fc.assert(
      fc.property(application, limits, ({ f, args }, limit) => {
        const xs = args.map((x, i) => variable(`x${i}`, x))
        const y = f(...xs)
        survives([y, ...(args.length > 0 ? backward(sum(fold.astype(y, 'f64'))).values() : [])], limit)
      }),
      { numRuns: 3, seed: 1 },
    )
  })

  const newton = (a: Node): Node =>
    whileLoop((x: Node) => greater(fold.abs(sub(square(x), a)), 1e-12), (x: Node) => mul(0.5, add(x, fold.div(a, x))), a)
  const block = checkpoint((x: Node) => tanh(mul(x, sin(x))))
  const xs = tensor([[1, 0], [0, 1], [1, 1]])
  const rnn = (w: Node): Node => sum(scan((h: Node, x: Node) => [tanh(add(matmul(h, w), x)), h] as const, constant(tensor([0, 0])), xs)[1])
  const w = variable('w', [[0.5, 0.1], [0.2, 0.3]])
  const a = variable('a', 2)
  const signal = variable('s', tensor(Float64Array.from({ length: 16 }, (_, i) => Math.sin(i)), { shape: [1, 1, 4, 4] }))
  const filters = variable('f', tensor([[[[0.5, 1], [-1, 2]]]]))

  it.each<readonly [string, () => ReadonlyArray<Node>]>([
    ['a loop of unknown length', () => [newton(a), grad(newton)(a), jvp(newton)([a], [1])[1]]],
    ['the second derivative of such a loop', () => [grad(grad(newton))(a)]],
    ['a recurrent network and its gradient', () => [rnn(w), grad(rnn)(w)]],
    ['its Hessian, which is batched', () => [hessian(rnn)(w) as unknown as Node]],
    ['a checkpoint in a scan with checkpoints', () => [grad((x: Node) => scan((c: Node) => [block(c), []] as const, x, [], { length: 9, checkpoint: true })[0])(a)]],
    ['a switch', () => [grad((x: Node) => switchCase(2, [(y: Node) => sin(y), (y: Node) => exp(y), (y: Node) => mul(y, a)], x))(a)]],
    ['a counted loop', () => [foriLoop(0, 5, (i, s: Node) => add(s, mul(i, a)), 0)]],
    ['a map under vmap', () => [vmap((row: Node) => map((x: Node) => square(x), row))(xs)]],
    ['a step without results', () => [...backward(scan((c: Node) => [c, []] as const, a, [], { length: 2 })[0]).values()]],
    ['a convolution with pooling', () => [sum(maxPool(conv(signal, filters), { window: 2 })), ...backward(sum(conv(signal, filters))).values()]],
    ['numbers that are hard to write', () => [constant(tensor([-0, NaN, Infinity, -Infinity, 0.1, 5e-324, 1e300, -1.5e-7])), fold.full([3], -0)]],
    ['every dtype', () => [constant(tensor([0.1, 1 / 3], { dtype: 'f32' })), constant(tensor([1, -2], { dtype: 'i32' })), constant(tensor([true, false])), fold.full([2], 0.1, { dtype: 'f32' })]],
    ['no elements', () => [constant(tensor([])), constant(tensor(new Float64Array(0), { shape: [2, 0] }))]],
    ['odd names', () => [variable('layers.0.w "quoted"\n%1', 1)]],
    ['nothing', () => []],
  ])('is %s', (_, program) => survives(program().flatMap((y) => (fold.isNode(y) ? [y] : [])), 4))

  it('is a program with primitives of the user, whose records are given', () => {
    const cube = customPrimitive({ name: 'cube', evaluate: (x) => x.toTypedArray().map((v) => v ** 3), batch: 'loop', vjp: [(g, _, x) => mul(g, mul(3, square(x!)))] })
    const clipped = customRule((x: Node) => exp(x), { name: 'clipped exp', vjp: [(g, y) => mul(g, fold.minimum(y, 10))] })
    const y = sum(vmap((x: Node) => clipped(cube(x)))(variable('x', [1, 2])))
    const primitives = [cube(1).op, clipped(1).op]
    survives([y, ...backward(y).values()], 4, primitives)
    survives([scan((c: Node) => [cube(c), []] as const, a, [], { length: 2 })[0]], 4, primitives)
    expect(pipe(parseGraph(pretty(cube(1))), E.mapLeft((errors) => errors.map((e) => e.rule)))).toEqual(E.left(["line 2, column 1: no primitive is called 'cube'"]))
  })

  it('has parameters of functions that are not called yet', () => {
    const text = pretty(square(parameter({ shape: [2], dtype: 'f32' })))
    expect(text).toBe('%0: f32[2] = parameter()\n%1: f32[2] = square(%0)\nreturn %1')
    expect(pipe(parseGraph(text), E.map((g) => pretty(g)))).toEqual(E.right(text))
  })
})

describe('the table of records', () => {
  const folder = new URL('../../lib/primitive/', import.meta.url)
  const declared = readdirSync(folder)
    .map((file) => readFileSync(new URL(file, folder), 'utf8'))
    .flatMap((source) => [...source.matchAll(/(?:[=:] (?:defineOp|unary|binary|elementwise|stepwise|linear|partial|extremeOver|argExtreme|cumulativeExtremeOp)\(\s*|\bname: )'(\w+)'/g)].map((m) => m[1]!))

  it('has every primitive that is declared, once', () => {
    const names = records.map((op) => op.name)
    expect(declared.length).toBeGreaterThan(80)
    expect(declared.filter((name) => !names.includes(name))).toEqual([])
    expect(names.filter((name, i) => names.indexOf(name) !== i)).toEqual([])
  })
})

describe('a text that is no listing', () => {
  const rules = (text: string, constants: ReadonlyArray<Tensor> = []): ReadonlyArray<string> =>
    pipe(parseGraph({ text, constants }), E.match((errors) => errors.map((e) => `${e._tag}, ${e.rule}`), () => []))

  it.each<readonly [string, ReadonlyArray<string>]>([
    ['', ["Syntax, line 1, column 1: 'return' is expected before the end of the text"]],
    ['%0: f64[] = full(1', ["Syntax, line 1, column 19: ')' is expected before the end of the text"]],
    ['%0: f65[] = full(1)\nreturn %0', ["Syntax, line 1, column 5: 'f65' is no dtype"]],
    ['%0: f64[-1] = full(1)\nreturn %0', ["Syntax, line 1, column 9: '-1' is no length"]],
    ['%0: f64[] = full(one)\nreturn %0', ["Syntax, line 1, column 18: a number is expected before 'one'"]],
    ['return %0', ['Syntax, line 1, column 8: %0 is not defined before']],
    ['%0: f64[] = full(1)\n%0: f64[] = full(2)\nreturn %0', ['Syntax, line 2, column 1: %0 is defined twice']],
    ['%0: f64[] = full(1)\nreturn %0\nreturn %0', ["Syntax, line 3, column 1: the end of the text is expected before 'return'"]],
    ['%0: f64[2] = constant([1, 2, 3])\nreturn %0', ['Syntax, line 1, column 1: the data of %0 is not f64[2]']],
    ['%0: f64[2] = constant("ab")\nreturn %0', ['Syntax, line 1, column 1: the data of %0 is not f64[2]']],
    ['%0: f64[2] = constant(#0)\nreturn %0', ['Syntax, line 1, column 23: the constant #0 is not there, 0 are given']],
    ['%0: f64[] = variable("\\x", 1)\nreturn %0', ['Syntax, line 1, column 22: "\\x" is no string']],
    ['%0: f64[] = full(1)\n%1: f64[] = sinh2(%0)\n%2: f64[] = tan(%1)\n%3: f64[] = cosh2(%2)\nreturn %3', ["Syntax, line 2, column 1: no primitive is called 'sinh2'", "Syntax, line 4, column 1: no primitive is called 'cosh2'"]],
    ['%0: f64[2] = full(1)\n%1: f64[3] = full(1)\n%2: f64[2] = add(%0, %1)\nreturn %2', ['Shape, line 3, column 1: add: the operands need one shape, got [2], [3]']],
    ['%0: f64[2] = full(1)\n%1: f64[3] = sin(%0)\nreturn %1', ['Syntax, line 2, column 1: %1 is listed as f64[3], sin gives f64[2]']],
    ['%0: f64[2] = full(1)\n%1: f64[2] = add(%0)\nreturn %1', ['Syntax, line 2, column 1: add takes 2 operands, not 1']],
    ['%0: f64[2] = full(1)\n%1: f64[2] = transpose(%0)\nreturn %1', ['Syntax, line 2, column 1: transpose does not take these operands and options']],
    ['%0: f64[2] = full(1)\n%1: f64[2] = call(%0)\n  body(%0: f64[2]):\n    %1: f64[2] = sine(%0)\n    return %1\nreturn %1', ["Syntax, line 4, column 5: no primitive is called 'sine'"]],
    ['%0: i32[] = full(1)\n%1: f64[1] = cond(%0)\n  branches[1]():\n    %0: f64[] = full(1)\n    return %0\nreturn %1', ['Syntax, line 3, column 3: branches is out of order']],
    ['%0: f64[1] = call()\n  body():\n    %0: f64[] = full(1)\n    return %0\n  body():\n    return\nreturn %0', ['Syntax, line 5, column 3: body is out of order']],
    ['%0: f64[2] = full(1)\n%1: f64[2] = call(%0)\n  body(%0: f64[2], %1: f64[]):\n    return %0\nreturn %1', ['Structure, line 2, column 1: call: the function takes (f64[2], f64[]), its arguments are (f64[2])']],
    ['%0: f64[2] = full(1)\n%1: f64[2] = sum(%0) { axes: <f> }\nreturn %1', ["Syntax, line 2, column 30: a number, a string, true, false, null, a list, a record or a constant such as #0 is expected before '<'"]],
    [pretty(add([1, 2], [1, 2, 3])), ['Syntax, line 3, column 1: %2 is a misuse']],
  ])('gives errors with line and column: %j', (text, expected) => expect(rules(text)).toEqual(expected))

  it('says which constant does not belong to it', () => {
    expect(rules('%0: f64[2] = constant(#0)\nreturn %0', [tensor([1, 2, 3])])).toEqual(['Syntax, line 1, column 1: %0 is listed as f64[2], its constant is f64[3]'])
  })

  it('is read aloud in full', () => {
    const error = parseGraph('%0: f64[2] = full(1)\n%1: f64[3] = sin(%0)\nreturn %1')
    expect(E.isLeft(error) && showError(error.left[0]!).split('\n').slice(0, 2)).toEqual([
      'parseGraph on [2]: line 2, column 1: %1 is listed as f64[3], sin gives f64[2].',
      '  Correct the type, or the operands.',
    ])
  })

  it('is never the cause of an exception, whatever it is', () => {
    const listing = pretty([grad(fold.sin)(1), cond(greater(variable('a', 1), 0), (x: Node) => square(x), (x: Node) => x, 2)])
    const word = fc.constantFrom(...listing.match(/\w+|\S/g)!)
    const position = fc.nat(listing.length)
    fc.assert(
      fc.property(position, position, word, (from, length, inserted) => {
        const read = parseGraph(listing.slice(0, from) + inserted + listing.slice(from + (length % 5)))
        expect(E.isLeft(read) ? read.left.length : read.right.outputs.length).toBeGreaterThan(0)
      }),
      { numRuns: 500 },
    )
  })

  it('may be indented and spaced as one likes, with comments', () => {
    const text = '  %7 :f64 [ ]=full( 1 ) // one\n\n// half\n%9: f64[] = full(0.5)\n%10: f64[]=add(%7,%9)return %10 // done'
    expect(pipe(parseGraph(text), E.map((g) => pretty(g)))).toEqual(E.right('%0: f64[] = full(1)\n%1: f64[] = full(0.5)\n%2: f64[] = add(%0, %1)\nreturn %2'))
  })
})
