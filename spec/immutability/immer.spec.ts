/** State that is edited with immer holds tensors and nodes as they are: opaque, never drafted, never written through. */
import { produce, isDraft, setAutoFreeze, type Draft } from 'immer'
import { describe, expect, it } from 'vitest'
import { add, backward, isNode, isTensor, sum, square, tensor, toArray, variable } from '../../lib/index.js'
import type { Gradients, Node, Tensor } from '../../lib/index.js'

interface State {
  readonly step: number
  readonly params: { readonly w: Tensor; readonly b: ReadonlyArray<Tensor> }
  readonly loss: Node
  readonly gradients: Gradients
}

const w = tensor([[1, 2], [3, 4]])
const x = variable('x', [1, 2])
const loss = sum(square(x))
const state: State = { step: 0, params: { w, b: [tensor([1]), tensor([2])] }, loss, gradients: backward(loss) }

describe('a state edited with immer', () => {
  const next = produce(state, (draft) => {
    draft.step += 1
    draft.params.b[0] = tensor([10]) as unknown as Draft<Tensor>
  })

  it('shares the tensors and nodes that were not replaced', () => {
    expect(next.step).toBe(1)
    expect(next.params.w).toBe(w)
    expect(next.params.b[1]).toBe(state.params.b[1])
    expect(next.loss).toBe(loss)
    expect(next.gradients).toBe(state.gradients)
    expect([toArray(next.params.b[0]!), toArray(state.params.b[0]!)]).toEqual([[10], [1]])
  })

  it('is frozen with what it holds, and works on', () => {
    expect(Object.isFrozen(next.params.b)).toBe(true)
    expect(isTensor(next.params.w) && isNode(next.loss)).toBe(true)
    expect(toArray(next.gradients.get('x')!)).toEqual([2, 4])
    expect(toArray(add(next.params.w, 1))).toEqual([[2, 3], [4, 5]])
  })

  it('hands out tensors, nodes and gradients themselves, not drafts of them', () => {
    produce(state, (draft) => {
      for (const part of [draft.params.w, draft.loss, draft.gradients]) expect(isDraft(part)).toBe(false)
    })
  })

  it.each([
    ['a shape', (d: Draft<State>) => (d.params.w.shape as Array<number>).push(7)],
    ['an element', (d: Draft<State>) => Reflect.set(d.params.w.toTypedArray(), 0, 99) && d.params.w.toArray()],
    ['a field of a node', (d: Draft<State>) => Object.assign(d.loss, { dtype: 'i32' })],
    ['an entry of gradients', (d: Draft<State>) => Map.prototype.set.call(d.gradients as never, 'x', 99)],
  ])('cannot write %s through', (_, recipe) => {
    try {
      produce(state, (draft) => void recipe(draft))
    } catch (refused) {
      expect(refused).toBeInstanceOf(TypeError)
    }
    expect([w.toArray(), w.shape, loss.dtype, toArray(state.gradients.get('x')!)]).toEqual([[[1, 2], [3, 4]], [2, 2], 'f64', [2, 4]])
  })

  it('is no different without automatic freezing', () => {
    setAutoFreeze(false)
    try {
      const free = produce(state, (draft) => void (draft.step = 5))
      expect(free.params.w).toBe(w)
      expect(Object.isFrozen(free.params.w)).toBe(true)
    } finally {
      setAutoFreeze(true)
    }
  })
})
