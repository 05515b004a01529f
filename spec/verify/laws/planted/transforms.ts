/** Laws of transforms: transforms with one mistake each. */
import fc from 'fast-check'
import { checkpoint } from '../../../../lib/control/call.js'
import { cond } from '../../../../lib/control/cond.js'
import { scan } from '../../../../lib/control/scan.js'
import type { Node } from '../../../../lib/core/Node.js'
import { tensor, type Tensor } from '../../../../lib/core/Tensor.js'
import { mapTree, type Leaf } from '../../../../lib/core/Tree.js'
import { add, cos, cumsum, equal, mul, sin, slice, sum, where } from '../../../../lib/function/index.js'
import { stopGradient } from '../../../../lib/primitive/index.js'
import { grad, valueAndGrad } from '../../../../lib/transform/grad.js'
import { jacobian } from '../../../../lib/transform/jacobian.js'
import { jvp, linearize } from '../../../../lib/transform/jvp.js'
import { vjp } from '../../../../lib/transform/vjp.js'
import { vmap } from '../../../../lib/transform/vmap.js'
import { value } from '../../../../lib/interpret/evaluate.js'
import { subject } from '../../../../lib/verify/laws/index.js'
import { broken, points, vectors, type ByLaw } from './examples.js'
import { functions } from './functions.js'
import { sineBy } from './rules.js'

type Args = ReadonlyArray<never>

const each = (tree: unknown, f: (leaf: Leaf) => Node): unknown => mapTree(tree, f)

/** `vjp` with something done to what the pullback gives, or to what it is given. */
const vjpWith = (after: (g: Leaf) => Node, before: (w: Leaf) => Leaf = (w) => w) => ({
  vjp: (f: never) => (...args: Args) => {
    const [y, pull] = vjp(f)(...args) as readonly [unknown, (w: unknown) => unknown]
    return [y, (w: unknown) => each(pull(each(w, (leaf) => before(leaf) as Node)), after)]
  },
})

const jvpWith = (after: (t: Leaf) => Node) => ({
  jvp: (f: never) => (...args: [never, never]) => {
    const [y, dy] = jvp(f)(...args)
    return [y, each(dy, after)]
  },
})

const linearizeWith = (after: (t: Leaf) => Node) => ({
  linearize: (f: never) => (...args: Args) => {
    const [y, push] = linearize(f)(...args) as readonly [unknown, (...v: ReadonlyArray<unknown>) => unknown]
    return [y, (...v: ReadonlyArray<unknown>) => each(push(...v), after)]
  },
})

const scaled = (factor: number) => (x: Leaf): Node => mul(x, factor)
const onesForZeros = (x: Leaf): Node => where(equal(x, 0), 1, x)

/** Cotangents of a list of results, of which only the first half arrives. */
const firstHalf = {
  vjp: (f: never) => (...args: Args) => {
    const [y, pull] = vjp(f)(...args) as unknown as readonly [unknown, (w: ReadonlyArray<Leaf>) => unknown]
    return [y, (w: ReadonlyArray<Leaf>) => pull(w.map((leaf, k) => (2 * k < w.length ? leaf : mul(leaf, 0))))]
  },
}

const noAxes = { vmap: (f: (...args: Args) => unknown) => (...args: Args) => f(...args) }
const lastOnly = { vmap: (f: never, options: never) => (...args: Args) => each(vmap(f, options)(...args), (y) => mul(y, [[1], [1], [1.001]])) }

type Auxiliary = readonly [unknown, object]

const sharedAll = { f: (x: Node): Node => mul(x, sin(x)), name: 'x sin x' }
const compiledWith = (value_: (x: Tensor) => unknown, gradient?: (x: Tensor) => unknown) =>
  ({ value: value_ as never, ...(gradient && { gradient: gradient as never }) })
const plain = (x: Tensor): Float64Array => Float64Array.from(x.toTypedArray(), (e) => e * Math.sin(e))
const slope = (x: Tensor): Node => grad((a: Node) => sum(sharedAll.f(a)))(x)

const planted = (mistakes: object, f: (x: Node) => Node = sharedAll.f) => subject(f, [vectors], { name: 'x sin x', ...broken(mistakes as Readonly<Record<string, unknown>>) })

export const transformLaws: ByLaw = {
  L20: {
    lawful: functions,
    violators: {
      'each pullback a billionth too long': planted(vjpWith(scaled(1 + 1e-9))),
      'each pushforward a billionth too long': planted(jvpWith(scaled(1 + 1e-9))),
    },
  },
  L21: { lawful: functions, violators: { 'the second part of a result forgotten': planted(firstHalf) } },
  L22: {
    lawful: functions,
    violators: {
      'ones for zeros': planted(vjpWith(onesForZeros)),
      'ones for zeros along tangents': planted(jvpWith(onesForZeros)),
      'almost zero': planted(vjpWith((g) => add(g, 1e-300))),
    },
  },
  L23: {
    lawful: functions,
    violators: {
      'twice the gradient': planted({ grad: (f: never, options: never) => (...args: Args) => each((grad as unknown as (f: never, o: never) => (...args: Args) => unknown)(f, options)(...args), scaled(2)) }),
      'another value': planted({ valueAndGrad: (f: never) => (...args: Args) => { const [y, g] = (valueAndGrad as unknown as (f: never) => (...args: Args) => readonly [Node, unknown])(f)(...args); return [add(y, 1), g] } }),
      'a copy of the auxiliary result': planted({
        grad: (f: never, options: { readonly hasAux?: boolean } = {}) => (...args: Args) => {
          const result = (grad as unknown as (f: never, o: object) => (...args: Args) => unknown)(f, options)(...args)
          return options.hasAux === true ? [(result as Auxiliary)[0], { ...(result as Auxiliary)[1] }] : result
        },
      }),
      'argnums in ascending order': subject((a: Node, b: Node) => mul(a, sin(b)), [vectors, fc.constant(tensor(0.5))], broken({
        grad: (f: never, options: { readonly argnums?: ReadonlyArray<number> } = {}) =>
          (grad as unknown as (f: never, o: object) => unknown)(f, options.argnums ? { ...options, argnums: [...options.argnums].sort((a, b) => a - b) } : options),
      })),
    },
  },
  L24: {
    lawful: functions,
    violators: {
      'modes that differ': subject(sineBy(undefined, (dx, _, x) => mul(dx, mul(cos(x), 1 + 1e-9))), [points]),
      'a Jacobian of the wrong sign': planted({ jacobian: (f: never, options: never) => (...args: [never]) => each((jacobian as unknown as (f: never, o: never) => (...args: Args) => unknown)(f, options)(...args), (J) => mul(J, -1)) }, (x) => cumsum(x)),
    },
  },
  L25: {
    lawful: functions,
    violators: {
      'another slope': planted(linearizeWith(scaled(1 + 1e-9))),
      'not linear': planted(linearizeWith((t) => add(t, 1e-9))),
    },
  },
  L26: {
    lawful: [...functions, subject((x: Node) => sin(x), [points], { elementwise: true, name: 'sin' })],
    violators: {
      'the batch taken for an axis': planted(noAxes, (x) => sum(x)),
      'one element off': planted(lastOnly),
      'a branch that harms': planted({ cond: (flag: Node, f: (...a: Args) => Node, g: (...a: Args) => Node, ...args: Args) => add(mul(flag, f(...args)), mul(equal(flag, 0), g(...args))) }),
    },
  },
  L27: {
    lawful: [
      subject(sharedAll.f, [vectors], { name: 'x sin x', compiled: compiledWith(plain) }),
      subject(sharedAll.f, [vectors], { name: 'x sin x', compiled: { ...compiledWith((x) => value(sharedAll.f(x as never)), slope), reorders: true } }),
    ],
    violators: {
      'a value off by one in the last place': subject(sharedAll.f, [vectors], { compiled: compiledWith((x) => plain(x).map((e) => e * (1 + 2 ** -52))) }),
      'a gradient off by a billionth': subject(sharedAll.f, [vectors], { compiled: { ...compiledWith(plain, (x) => mul(slope(x), 1 + 1e-9)), reorders: true } }),
      'another shape': subject(sharedAll.f, [vectors], { compiled: compiledWith((x) => tensor([...plain(x), 1])) }),
    },
  },
  L28: {
    lawful: functions,
    violators: {
      'no derivative': planted({ checkpoint: (f: never) => (...args: Args) => each(checkpoint(f)(...args), (y) => stopGradient(y as Node)) }),
      'another value': planted({ checkpoint: (f: never) => (...args: Args) => each(checkpoint(f)(...args), scaled(1 + 2 ** -50)) }),
    },
  },
  L29: {
    lawful: functions,
    violators: {
      'one step less': planted({
        scan: (f: never, init: never, xs: ReadonlyArray<Node>) => {
          const [c, ys] = scan(f, init, xs)
          const [shorter] = scan(f, init, xs.map((x) => slice(x, [[0, 2]])) as never)
          return [shorter, ys] as const satisfies readonly [typeof c, typeof ys]
        },
      }),
      'the first branch always': planted({ cond: (_: never, f: never, g: never, ...args: Args) => cond(true, f, g, ...(args as unknown as [])) }),
      'a branch without derivative': planted({ cond: (flag: never, f: never, g: never, ...args: Args) => each(cond(flag, f, g, ...(args as unknown as [])), (y) => stopGradient(y as Node)) }),
    },
  },
}
