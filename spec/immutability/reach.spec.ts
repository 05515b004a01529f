/** Tests of the attackers: what can be changed, they change. */
import { describe, expect, it } from 'vitest'
import { assault, attacks, isContainer, language, reachable } from './reach.js'

describe('the walk', () => {
  it('goes through properties, symbols, getters, prototypes and array elements', () => {
    class Base {
      get hidden(): object {
        return secret
      }
    }
    const secret = { deep: [{ numbers: new Float64Array(1) }] }
    const key = Symbol('key')
    const inner = { x: 1 }
    const objects: ReadonlyArray<unknown> = reachable({ root: Object.assign(new Base(), { [key]: inner }) }, language).map(({ object }) => object)
    for (const part of [Base, Base.prototype, secret, secret.deep, secret.deep[0], inner]) expect(objects.includes(part)).toBe(true)
    expect(objects.some((object) => isContainer(object as object))).toBe(true)
  })

  it('ends at the language', () => {
    expect(reachable({ plain: {}, list: [], f: () => 0 }, language)).toHaveLength(3)
  })
})

describe('the attacks', () => {
  it.each(['assign', 'strictAssign', 'objectAssign', 'delete', 'define', 'defineGetter', 'legacyGetter', 'prototype', 'legacyPrototype'])('%s changes a plain object', (name) => {
    const target = { x: 1 }
    attacks[name]!(target, 'x')
    expect(Object.getPrototypeOf(target) === Object.prototype && Object.getOwnPropertyDescriptor(target, 'x')?.value === 1).toBe(false)
  })

  it.each(['push', 'pop', 'sort', 'reverse', 'splice', 'fill', 'copyWithin', 'length'])('%s changes an array', (name) => {
    const target = [3, 1, 2]
    attacks[name]!(target, 0)
    expect(target).not.toEqual([3, 1, 2])
  })

  it.each(['mapSet', 'mapDelete', 'mapClear'])('%s changes a map', (name) => {
    const target = new Map([['x', 1]])
    attacks[name]!(target, 'x')
    expect(target).not.toEqual(new Map([['x', 1]]))
  })

  it.each(['typedSet', 'typedFill'])('%s changes a typed array, frozen objects around it or not', (name) => {
    const target = Object.freeze({ data: new Float64Array(2) })
    attacks[name]!(target.data, 0)
    expect(target.data).not.toEqual(new Float64Array(2))
  })

  it('leave a frozen record alone', () => {
    const target = Object.freeze({ x: 1, list: Object.freeze([1, 2]) })
    assault(target)
    assault(target.list)
    expect(target).toEqual({ x: 1, list: [1, 2] })
    expect(Object.getPrototypeOf(target)).toBe(Object.prototype)
  })
})
