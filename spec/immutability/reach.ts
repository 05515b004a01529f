/** Everything that a user can lay hands on, and everything a user can do to it. */

/** An object, and how to get at it. */
export interface Reached {
  readonly path: string
  readonly object: object
}

const isObject = (x: unknown): x is object => (typeof x === 'object' && x !== null) || typeof x === 'function'

const read = (object: object, key: PropertyKey): unknown => {
  try {
    return Reflect.get(object, key, object) as unknown
  } catch {
    return undefined
  }
}

/** The names of the getters that an object inherits: they answer on it, not on the prototype that has them. */
const inherited = (object: object): ReadonlyArray<PropertyKey> => {
  const prototype: unknown = Object.getPrototypeOf(object)
  if (!isObject(prototype) || prototype === Object.prototype || prototype === Function.prototype) return []
  const getters = Reflect.ownKeys(prototype).filter((key) => Object.getOwnPropertyDescriptor(prototype, key)!.get !== undefined)
  return [...getters, ...inherited(prototype)]
}

const children = (object: object): ReadonlyArray<readonly [string, unknown]> => [
  ['[[Prototype]]', Object.getPrototypeOf(object)],
  ...inherited(object).map((key) => [String(key), read(object, key)] as const),
  ...Reflect.ownKeys(object).flatMap((key): ReadonlyArray<readonly [string, unknown]> => {
    const { get, set } = Object.getOwnPropertyDescriptor(object, key)!
    return [
      [String(key), read(object, key)],
      [`get ${String(key)}`, get],
      [`set ${String(key)}`, set],
    ]
  }),
]

/** All objects reachable from some roots by properties, symbols, getters and prototypes, but not those of `known`. */
export const reachable = (roots: Readonly<Record<string, unknown>>, known: ReadonlySet<object> = new Set()): ReadonlyArray<Reached> => {
  const seen = new Set<object>(known)
  const queue: Array<readonly [string, unknown]> = Object.entries(roots)
  const found: Array<Reached> = []
  for (let entry = queue.pop(); entry !== undefined; entry = queue.pop()) {
    const [path, object] = entry
    if (!isObject(object) || seen.has(object)) continue
    seen.add(object)
    found.push({ path, object })
    for (const [key, child] of children(object)) queue.push([`${path}.${key}`, child])
  }
  return found
}

/** What belongs to the language, not to the library. */
export const language: ReadonlySet<object> = new Set(
  reachable({
    builtins: [Object, Function, Array, Map, Set, WeakMap, WeakSet, Symbol, String, Number, Boolean, BigInt, RegExp, Date, Promise, Proxy, Math, JSON, Reflect],
    errors: [Error, TypeError, RangeError, SyntaxError],
    buffers: [ArrayBuffer, DataView, Float64Array, Float32Array, Int32Array, Uint8Array],
    iterators: [new Map().entries(), new Set().values(), [].values(), ''[Symbol.iterator]()],
    functions: [function* () {}, async () => {}, async function* () {}],
  }).map(({ object }) => object),
)

const evil = (): never => {
  throw new Error('an attack succeeded')
}

type Attack = (target: object, key: PropertyKey) => void

/** Each way to change an object. */
export const attacks: Readonly<Record<string, Attack>> = {
  assign: (o, key) => Reflect.set(o, key, evil),
  strictAssign: (o, key) => {
    ;(o as Record<PropertyKey, unknown>)[key] = evil
  },
  objectAssign: (o, key) => Object.assign(o, { [key]: evil }),
  delete: (o, key) => Reflect.deleteProperty(o, key),
  define: (o, key) => Object.defineProperty(o, key, { value: evil, configurable: true }),
  defineGetter: (o, key) => Object.defineProperty(o, key, { get: evil, configurable: true }),
  legacyGetter: (o, key) => (Object.prototype as unknown as { __defineGetter__: (k: PropertyKey, f: unknown) => void }).__defineGetter__.call(o, key, evil),
  prototype: (o) => Object.setPrototypeOf(o, { at: evil, get: evil, toString: evil, toArray: evil }),
  legacyPrototype: (o) => {
    ;(o as { __proto__: unknown }).__proto__ = { at: evil, get: evil }
  },
  hasInstance: (o) => Object.defineProperty(o, Symbol.hasInstance, { value: () => false }),
  primitive: (o) => Object.defineProperty(o, Symbol.toPrimitive, { value: evil }),
  iterator: (o) => Object.defineProperty(o, Symbol.iterator, { value: evil }),
  toJSON: (o) => Object.defineProperty(o, 'toJSON', { value: evil }),
  push: (o) => Array.prototype.push.call(o, 7),
  pop: (o) => Array.prototype.pop.call(o),
  sort: (o) => Array.prototype.sort.call(o, () => -1),
  reverse: (o) => Array.prototype.reverse.call(o),
  splice: (o) => Array.prototype.splice.call(o, 0, 1, 7),
  fill: (o) => Array.prototype.fill.call(o, 7),
  copyWithin: (o) => Array.prototype.copyWithin.call(o, 0, 1),
  length: (o) => Reflect.set(o, 'length', 0),
  mapSet: (o) => Map.prototype.set.call(o as Map<unknown, unknown>, 'x', evil),
  mapDelete: (o) => Map.prototype.delete.call(o as Map<unknown, unknown>, 'x'),
  mapClear: (o) => Map.prototype.clear.call(o as Map<unknown, unknown>),
  setAdd: (o) => Set.prototype.add.call(o as Set<unknown>, evil),
  typedSet: (o) => Float64Array.prototype.set.call(o as Float64Array, [7]),
  typedFill: (o) => Float64Array.prototype.fill.call(o as Float64Array, 7),
}

/** Does everything to an object; what the object refuses is as it should be. */
export const assault = (object: object): void => {
  for (const key of [...Reflect.ownKeys(object), 'planted', 0])
    for (const attack of Object.values(attacks))
      try {
        attack(object, key)
      } catch {
        // Refused.
      }
}

/** Whether an object can hide changeable numbers or entries that freezing does not reach. */
export const isContainer = (x: object): boolean =>
  ArrayBuffer.isView(x) || x instanceof ArrayBuffer || x instanceof Map || x instanceof Set || x instanceof WeakMap || x instanceof Date
