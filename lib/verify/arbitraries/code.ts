/** Code as data, read in two ways: as a computation on nodes, and as text. */
import { showNumber } from './showCode.js'

/** A name that the surroundings give a value. */
interface Name {
  readonly _tag: 'Name'
  readonly name: string
}

/** A function from outside: of the library, or of the user. */
interface Global {
  readonly _tag: 'Global'
  readonly name: string
  readonly value: unknown
}

interface Apply {
  readonly _tag: 'Apply'
  readonly f: Code
  readonly args: ReadonlyArray<Code>
}

interface Lambda {
  readonly _tag: 'Lambda'
  /** Names, with types where those are not `Node`: `s: { i: Node }`. */
  readonly parameters: ReadonlyArray<string>
  readonly body: Code
}

interface Part {
  readonly _tag: 'Part'
  readonly of: Code
  readonly key: string | number
  /** The compiler cannot know that there is such an element. */
  readonly assert: boolean
}

type Form = Name | Global | Apply | Lambda | Part

/** An expression. Numbers, texts, lists and records stand for themselves. */
export type Code = number | boolean | string | null | ReadonlyArray<Code> | { readonly [key: string]: Code } | Form

const isList = (code: Code): code is ReadonlyArray<Code> => Array.isArray(code)
const isForm = (code: object): code is Form => '_tag' in code

/** The value that goes by this name. */
export const named = (name: string): Code => ({ _tag: 'Name', name })

/** A function from outside, under the name that it has there. */
export const global = (name: string, value: unknown): Code => ({ _tag: 'Global', name, value })

/** A call. */
export const applied = (f: Code, ...args: ReadonlyArray<Code>): Code => ({ _tag: 'Apply', f, args })

/** A function. */
export const lambda = (parameters: ReadonlyArray<string>, body: (...parameters: ReadonlyArray<Code>) => Code): Code => ({
  _tag: 'Lambda',
  parameters,
  body: body(...parameters.map((p) => named(bare(p)))),
})

/** An element of a list, or a field of a record. */
export const part = (of: Code, key: string | number, assert = false): Code => ({ _tag: 'Part', of, key, assert })

/** Writes a call. */
export type Writer = (...args: ReadonlyArray<Code>) => Code

/** The functions of a record, writing calls of themselves instead of computing. */
export const writers = <K extends string>(functions: Readonly<Record<K, unknown>>): Readonly<Record<K, Writer>> =>
  Object.fromEntries(
    Object.entries(functions).map(([name, f]) => {
      const callee = global(name, f)
      return [name, (...args: ReadonlyArray<Code>) => applied(callee, ...args)]
    }),
  ) as Record<K, Writer>

const bare = (parameter: string): string => parameter.split(':')[0]!

/** What names stand for. */
export type Scope = ReadonlyMap<string, unknown>

type AnyFunction = (...args: ReadonlyArray<unknown>) => unknown

/** The value of an expression. */
export const read = (code: Code, scope: Scope): unknown => {
  if (typeof code !== 'object' || code === null) return code
  if (isList(code)) return code.map((item) => read(item, scope))
  if (!isForm(code)) return Object.fromEntries(Object.entries(code).map(([key, item]) => [key, read(item, scope)]))
  switch (code._tag) {
    case 'Name':
      return scope.get(code.name)
    case 'Global':
      return code.value
    case 'Apply':
      return (read(code.f, scope) as AnyFunction)(...code.args.map((arg) => read(arg, scope)))
    case 'Part':
      return (read(code.of, scope) as Readonly<Record<string, unknown>>)[code.key]
    case 'Lambda':
      return (...args: ReadonlyArray<unknown>) => read(code.body, new Map([...scope, ...code.parameters.map((p, i) => [bare(p), args[i]] as const)]))
  }
}

/** Options of which none is given. */
const isEmpty = (code: Code): boolean => typeof code === 'object' && code !== null && !isList(code) && Object.keys(code).length === 0

/** The text of an expression, as TypeScript. */
export const print = (code: Code): string => {
  if (typeof code === 'number') return showNumber(code)
  if (typeof code === 'string') return `'${code}'`
  if (typeof code !== 'object' || code === null) return String(code)
  if (isList(code)) return `[${code.map(print).join(', ')}]`
  if (!isForm(code)) return `{ ${Object.entries(code).map(([key, item]) => `${key}: ${print(item)}`).join(', ')} }`
  switch (code._tag) {
    case 'Name':
    case 'Global':
      return code.name
    case 'Apply':
      return `${print(code.f)}(${code.args.filter((arg) => !isEmpty(arg)).map(print).join(', ')})`
    case 'Part':
      return typeof code.key === 'number' ? `${print(code.of)}[${code.key}]${code.assert ? '!' : ''}` : `${print(code.of)}.${code.key}`
    case 'Lambda': {
      const body = print(code.body)
      const parameters = code.parameters.map((p) => (p.includes(':') ? p : `${p}: Node`)).join(', ')
      return `(${parameters}) => ${body.startsWith('{') ? `(${body})` : body}`
    }
  }
}

/** The names of the functions from outside that an expression calls. */
export const globalsIn = (code: Code): ReadonlyArray<string> => {
  if (typeof code !== 'object' || code === null) return []
  if (isList(code)) return code.flatMap(globalsIn)
  if (!isForm(code)) return Object.values(code).flatMap(globalsIn)
  switch (code._tag) {
    case 'Name':
      return []
    case 'Global':
      return [code.name]
    case 'Apply':
      return [code.f, ...code.args].flatMap(globalsIn)
    case 'Part':
      return globalsIn(code.of)
    case 'Lambda':
      return globalsIn(code.body)
  }
}
