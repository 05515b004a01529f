/**
 * A tape as JavaScript, for small programs: one function with an expression for each value, which engines turn into machine code as
 * good as that of a loop written by hand.
 */
import { code, operations } from './code.js'
import type { Taped } from './elements.js'
import { orderOf } from './order.js'
import { stride } from './Tape.js'
import { neededOf, usesOf } from './uses.js'

/** The text of a function body, and the functions that it calls by the names `s0`, `s1`, … */
export interface Script {
  readonly lines: ReadonlyArray<string>
  readonly scalars: ReadonlyArray<(...elements: ReadonlyArray<number>) => number>
  /** The expression for each element that is not put in a place by the lines. */
  readonly values: ReadonlyArray<ReadonlyArray<string>>
}

/** How the text of a function calls what is its own: the elements of its arguments, and the places of its results, if they have any. */
export interface Names {
  readonly element: (argument: number, offset: number) => string
  readonly place: (result: number, offset: number) => string | undefined
}

/** How deep expressions are nested before they get a name. */
const depthLimit = 16

/** Functions that have names in JavaScript; engines know them by those. */
const names = [
  'exp', 'expm1', 'log', 'log1p', 'log2', 'log10', 'sin', 'cos', 'tan', 'asin', 'acos', 'atan', 'atan2',
  'sinh', 'cosh', 'tanh', 'asinh', 'acosh', 'atanh', 'cbrt', 'hypot',
] as const
const named: ReadonlyMap<unknown, string> = new Map(names.map((name) => [Math[name], `Math.${name}`] as const))

/** Writes a tape out. `undefined` if it has more operations than `limit`. */
export const scriptOf = (taped: Taped, limit: number, { element, place }: Names): Script | undefined => {
  const { tape, results } = taped
  const { codes, operands } = tape
  const uses = usesOf(tape, results)
  const needed = neededOf(tape, uses)
  if (needed.length > limit) return undefined
  const lines: Array<string> = []
  const scalars: Array<(...elements: ReadonlyArray<number>) => number> = []
  const texts = new Array<string>(tape.length)
  const depths = new Uint8Array(tape.length)
  const name = (text: string): string => {
    const given = `v${lines.length}`
    lines.push(`const ${given}=${text}`)
    return given
  }
  const calls = tape.functions.map((f) => named.get(f))
  const function_ = (k: number): string => (calls[k] ??= `s${scalars.push(tape.functions[k]!) - 1}`)
  // Operations that JavaScript has no words for are functions, too.
  const others = new Map<number, string>()
  const other = (what: number): string => {
    const known = others.get(what) ?? `s${scalars.push(operations[what]!.scalar) - 1}`
    others.set(what, known)
    return known
  }
  const places = new Map<number, Array<string>>()
  results.forEach((cells, k) =>
    cells.forEach((entry, i) => {
      const to = place(k, i)
      if (to !== undefined) places.set(entry, [...(places.get(entry) ?? []), to])
    }),
  )
  for (const entry of orderOf(taped, uses)) {
    const what = codes[entry]!
    const at = stride * entry
    if (what === code.constant) texts[entry] = literal(tape.valueOf(entry))
    else if (what === code.load) {
      const text = element(operands[at]!, operands[at + 1]!)
      texts[entry] = uses[entry] === 1 ? text : name(text)
    } else {
      const args: Array<string> = []
      let depth = 0
      for (let k = at; k < at + stride && operands[k] !== -1; k++) {
        args.push(texts[operands[k]!]!)
        depth = Math.max(depth, depths[operands[k]!]! + 1)
      }
      const written = what < code.calls ? operations[what]!.text : undefined
      const text = written === undefined ? `${what < code.calls ? other(what) : function_(what - code.calls)}(${args.join(',')})` : written(...args)
      const isNamed = uses[entry]! > 1 || depth > depthLimit
      texts[entry] = isNamed ? name(text) : text
      depths[entry] = isNamed ? 0 : depth
    }
    for (const to of places.get(entry) ?? []) lines.push(`${to}=${texts[entry]!}`)
  }
  return { lines, scalars, values: results.map((cells) => Array.from(cells, (entry) => texts[entry]!)) }
}

/** A number as it stands in a program. */
const literal = (x: number): string => (Object.is(x, -0) ? '(-0)' : x < 0 ? `(${x})` : String(x))
