/** Trees correspond by the paths of their leaves, in whatever order their records were written. */
import { describe, expect, it } from 'vitest'
import { evaluate, item, jvp, mul, sub, vjp, zipTree, type Node } from '../../lib/index.js'
import { leavesOf } from '../../lib/core/Tree.js'

interface Pair {
  readonly a: Node
  readonly b: Node
}

const product = ({ a, b }: Pair) => mul(a, b)

const messageOf = (tree: unknown): string => {
  const result = evaluate(tree)
  return result._tag === 'Left' ? result.left.map((e) => `${e.op}: ${e.rule}`).join('; ') : 'no error'
}

describe('paths', () => {
  it('tell a dot in a key from a step down', () => {
    const paths = leavesOf({ 'a.b': 1, a: { b: 2 }, 'c\\': { '.': 3 } }).map(([path]) => path)
    expect(paths).toEqual(['a\\.b', 'a.b', 'c\\\\.\\.'])
    const difference = zipTree({ 'a.b': 1, a: { b: 2 } }, { a: { b: 20 }, 'a.b': 10 }, (x, y) => sub(y, x))
    expect([item(difference['a.b']), item(difference.a.b)]).toEqual([9, 18])
  })
})

describe('trees written in another order', () => {
  it('are matched by name in zipTree', () => {
    const sums = zipTree({ a: 1, b: 2 }, { b: 20, a: 10 }, (x, y) => sub(y, x))
    expect([item(sums.a), item(sums.b)]).toEqual([9, 18])
  })

  it('are matched by name as tangents', () => {
    const [, dy] = jvp(product)([{ a: 2, b: 3 }], [{ b: 1, a: 100 } as { a: number; b: number }])
    expect(item(dy)).toBe(302)
  })

  it('are matched by name as cotangents', () => {
    const [, pullback] = vjp((x: Node) => ({ twice: mul(2, x), thrice: mul(3, x) }))(1)
    expect(item(pullback({ thrice: 1, twice: 10 } as { twice: number; thrice: number })[0])).toBe(23)
  })
})

describe('trees of another structure', () => {
  it('are errors that name the leaves of both', () => {
    expect(messageOf(zipTree({ a: 1, b: 2 }, { a: 1 }, sub))).toContain('the first tree has leaves at a, b, the second leaves at a')
    expect(messageOf(zipTree({ a: 1 }, { a: 1, c: 2 }, sub))).toContain('the second leaves at a, c')
    expect(messageOf(jvp(product)([{ a: 2, b: 3 }], [{ a: 1 } as never])[1])).toContain('the tangent has leaves at a where leaves at a, b should be')
    expect(messageOf(vjp((x: Node) => [x, x] as const)(1)[1](5 as never))).toContain('the cotangent has a single leaf where leaves at 0, 1 should be')
  })
})
