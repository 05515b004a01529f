/** Control flow: loops and branches around small functions, which capture values from outside. */
import { sameShape, sizeOf, type Shape } from '../../../core/Shape.js'
import { applied, lambda, part, type Code } from '../code.js'
import { hasAxes, type Operation, type Smoothness } from '../operation.js'
import { bounded, code } from './write.js'

const control = (arity: number, fits: Operation['fits'], write: Operation['write'], smoothness: Smoothness = 'smooth'): Operation => ({
  arity,
  smoothness,
  family: 'control',
  fits,
  write,
})

/** Small functions of a value, which may mention another one of its shape. */
const bodies: ReadonlyArray<(u: Code, w: Code) => Code> = [
  (u) => code.sin(u),
  (u, w) => code.tanh(code.mul(u, w)),
  (u, w) => code.mul(0.5, code.add(u, w)),
  (u, w) => applied(code.checkpoint(lambda(['p', 'q'], (p, q) => code.mul(code.sin(p!), q!))), u, bounded(w)),
]

const body = (pick: number): ((u: Code, w: Code) => Code) => bodies[pick % bodies.length]!

const same = (a: Shape | undefined, b: Shape | undefined): boolean => sameShape(a!, b!) && sizeOf(a!) > 0
const rowsOf = (a: Shape | undefined, b: Shape | undefined): boolean => hasAxes(a) && sameShape(a!.slice(1), b!)

/** The average over the leading axis. */
const together = (a: Code): Code => code.mean(a, { axis: 0 })

export const controls: Readonly<Record<string, Operation>> = {
  checkpoint: control(2, same, ([a, b], pick) => applied(code.checkpoint(lambda(['u', 'w'], (u, w) => body(pick)(u!, w!))), a!, b!)),
  map: control(2, rowsOf, ([a, b], pick) => code.map(lambda(['u'], (u) => body(pick)(u!, b!)), a!)),
  vmap: control(2, rowsOf, ([a, b], pick) => applied(code.vmap(lambda(['u'], (u) => body(pick)(u!, b!))), a!)),
  scan: control(2, rowsOf, ([a, b], pick) => {
    const step = lambda(['c', 'x'], (c, x) => [body(pick >> 2)(code.mul(0.5, code.add(c!, x!)), b!), code.mul(bounded(c!), x!)])
    const options = [{}, { reverse: true }, { checkpoint: true }, { reverse: true }][pick % 4]!
    return part(code.scan(step, b!, a!, ...(pick % 4 === 0 ? [] : [options])), pick % 2)
  }),
  foriLoop: control(2, same, ([a, b], pick) => code.foriLoop(0, pick % 4, lambda(['i', 'c'], (_, c) => body(pick >> 2)(c!, b!)), a!)),
  whileLoop: control(2, same, ([a, b], pick) =>
    part(
      code.whileLoop(
        lambda(['s: { i: Node; c: Node }'], (s) => code.less(part(s!, 'i'), pick % 3)),
        lambda(['s: { i: Node; c: Node }'], (s) => ({ i: code.add(part(s!, 'i'), 1), c: body(pick >> 2)(part(s!, 'c'), b!) })),
        { i: 0, c: a! },
      ),
      'c',
    ),
  ),
  cond: control(2, same, ([a, b], pick) => {
    const [one, other] = [lambda(['u', 'w'], (u, w) => body(pick >> 1)(u!, w!)), lambda(['u', 'w'], (u, w) => code.mul(bounded(u!), w!))]
    return code.cond(pick % 2 === 0, one, other, a!, b!)
  }),
  switchCase: control(2, same, ([a, b], pick) =>
    code.switchCase(pick % 3, [0, 1, 2].map((k) => lambda(['u', 'w'], (u, w) => body(k)(u!, w!))), a!, b!),
  ),
  branch: control(
    2,
    same,
    ([a, b], pick) => {
      const [one, other] = [lambda(['u', 'w'], (u, w) => body(pick)(u!, w!)), lambda(['u'], (u) => code.sin(together(code.stack([u!, u!]))))]
      return code.cond(code.greater(code.sum(a!), 0), one, other, a!, b!)
    },
    'jumping',
  ),
}
