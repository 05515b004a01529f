/** What an error tells: the operation, all shapes it saw, the rule, the mend, and where the call stands. */
import { describe, expect, it } from 'vitest'
import { add, constant, evaluate, FoldgradException, matmul, mul, reshape, showError, value, variable, type FoldgradError } from '../../lib/index.js'
import * as primitive from '../../lib/primitive/index.js'

const errorsOf = (tree: unknown): ReadonlyArray<FoldgradError> => {
  const result = evaluate(tree)
  return result._tag === 'Left' ? result.left : []
}

const lineHere = (): number => Number(/:(\d+):\d+\)?$/.exec(new Error().stack!.split('\n')[2]!)![1])

describe('an error', () => {
  it('names the operation, the shapes of all operands, the rule and the mend', () => {
    const [error] = errorsOf(matmul([[1, 2, 3]], [[1, 2]]))
    expect(error).toMatchObject({ _tag: 'Shape', op: 'matmul', shapes: [[1, 3], [1, 2]] })
    expect(error!.rule).toMatch(/3.*1/)
    expect(error!.mend.length).toBeGreaterThan(0)
    const [inner] = errorsOf(primitive.add(constant([1, 2]), constant([1, 2, 3])))
    expect(inner).toMatchObject({ _tag: 'Shape', op: 'add', shapes: [[2], [3]] })
    expect(errorsOf(reshape([1, 2, 3], [2, 2]))[0]).toMatchObject({ op: 'reshape', shapes: [[3]] })
  })

  it('says where the call stands, also when it was made through a pipeline or deep inside', () => {
    const calls = [() => [lineHere(), add([1, 2], [1, 2, 3])] as const, () => [lineHere(), mul([1, 2])([1, 2, 3])] as const]
    for (const call of calls) {
      const [line, node] = call()
      expect(errorsOf(node)[0]!.at).toMatch(new RegExp(`errors\\.spec\\.ts:${line}:\\d+$`))
    }
  })

  it('is kept beside all others, each once, however often its node is used', () => {
    const bad = add([1, 2], [1, 2, 3])
    const other = matmul([[1, 2]], [[1, 2]])
    expect(errorsOf({ a: mul(bad, bad), b: [other, add(bad, other)] }).map((e) => e.op)).toEqual(['add', 'matmul'])
  })

  it('is thrown by value with everything in its message', () => {
    const bad = add(variable('x', [1, 2]), [1, 2, 3])
    const [error] = errorsOf(bad)
    expect(() => value(bad)).toThrow(FoldgradException)
    expect(() => value(bad)).toThrow(showError(error!))
    expect(showError(error!)).toMatch(/^add on \[2\], \[3\]: .+\.\n {2}.+\.\n {2}at .+$/)
  })
})
