/** Things made to look like nodes and tensors are neither. */
import * as E from 'fp-ts/Either'
import { describe, expect, it } from 'vitest'
import { add, backward, evaluate, isNode, isTensor, mul, square, tensor, toArray, value, variable } from '../../lib/index.js'
import type { Node, Tensor } from '../../lib/index.js'

const t = tensor([1, 2])
const x = variable('x', 3)
const y = square(x)

type Constructor = new (...args: ReadonlyArray<unknown>) => object

const classOf = (instance: object): Constructor => instance.constructor as Constructor

const forgeries: Readonly<Record<string, () => object>> = {
  'a tensor prototype': () => Object.create(Object.getPrototypeOf(t) as object, { shape: { value: [2] }, dtype: { value: 'f64' } }) as object,
  'a node prototype': () => Object.create(Object.getPrototypeOf(y) as object, { op: { value: y.op, writable: true }, inputs: { value: [x] }, attrs: { value: {} }, shape: { value: [] }, dtype: { value: 'f64' } }) as object,
  'a record like a node': () => ({ op: y.op, inputs: y.inputs, attrs: y.attrs, shape: y.shape, dtype: y.dtype }),
  'a spread node': () => ({ ...y }),
  'a spread tensor': () => ({ ...t }),
  'a proxy of a node': () => new Proxy(y, {}),
  'a proxy of a tensor': () => new Proxy(t, {}),
  'an assigned prototype': () => Object.setPrototypeOf({ shape: [2] }, Object.getPrototypeOf(t) as object) as object,
}

describe('a forgery', () => {
  it.each(Object.entries(forgeries))('of %s is no node, no tensor, and no operand', (_, forge) => {
    const forged = forge()
    expect([isNode(forged), isTensor(forged)]).toEqual([false, false])
    expect(E.isLeft(evaluate(add(forged as Node, 1)))).toBe(true)
    expect(E.isLeft(evaluate({ leaf: forged as Tensor, x }))).toBe(true)
  })

  it.each([
    ['Tensor', t, [Symbol('Tensor'), new Float64Array(2), [2], 'f64']],
    ['Node', y, [Symbol('Node'), y.op, [x], {}, [], 'f64']],
  ] as const)('by the constructor of %s is refused', (_, instance, args) => {
    const Class = classOf(instance)
    class Heir extends Class {}
    expect(() => new Class(...args)).toThrow(TypeError)
    expect(() => new Heir(...args)).toThrow(TypeError)
    expect(() => Reflect.construct(Class, args, Object)).toThrow(TypeError)
  })

  it('of a gradients map does not reach the entries of a real one', () => {
    const gradients = backward(y)
    const Class = classOf(gradients)
    const other = new Class([['x', variable('other', 1)]])
    expect(Reflect.get(other, 'size')).toBe(1)
    expect(() => Map.prototype.set.call(gradients as never, 'x', x)).toThrow(TypeError)
    expect(() => Map.prototype.get.call(gradients as never, 'x')).toThrow(TypeError)
    expect(toArray(gradients.get('x')!)).toBe(6)
  })

  it('of types by the compiler changes nothing', () => {
    const open = y as unknown as { shape: Array<number>; inputs: Array<Node>; dtype: string; op: unknown }
    expect(() => (open.shape = [5])).toThrow(TypeError)
    expect(() => open.shape.push(5)).toThrow(TypeError)
    expect(() => open.inputs.push(x)).toThrow(TypeError)
    expect(() => (open.inputs[0] = mul(x, 2))).toThrow(TypeError)
    expect(() => (open.inputs = [])).toThrow(TypeError)
    expect(() => (open.dtype = 'i32')).toThrow(TypeError)
    expect(() => (open.op = x.op)).toThrow(TypeError)
    expect(() => Object.assign(y.op, { evaluate: () => new Float64Array([99]) })).toThrow(TypeError)
    expect(String(value(y))).toBe('9')
  })
})

describe('trees', () => {
  it('are plain records and arrays, whatever a record says of itself', () => {
    const liar = Object.defineProperty({ a: x }, 'constructor', { value: Array })
    const bare = Object.assign(Object.create(null) as object, { a: x })
    class Own {
      readonly a = x
    }
    expect(E.isRight(evaluate(liar))).toBe(true)
    expect(E.isRight(evaluate(bare))).toBe(true)
    expect(E.isLeft(evaluate(new Own()))).toBe(true)
    expect(E.isLeft(evaluate(new Map([['a', x]])))).toBe(true)
  })

  it('may hold any key, and inherit nothing from it', () => {
    const tree = JSON.parse('{ "__proto__": 1, "constructor": 2, "toString": 3 }') as Record<string, number>
    const result = value(tree) as unknown as Record<string, Tensor>
    expect(Object.keys(result)).toEqual(['__proto__', 'constructor', 'toString'])
    expect(Object.getPrototypeOf(result)).toBe(Object.prototype)
    expect(Object.values(result).map((part) => part.toArray())).toEqual([1, 2, 3])
  })
})
