/**
 * Loops whose number of steps depends on the numbers. Forward mode is a loop that carries tangents along; reverse mode
 * records the carries of one run and walks back through them.
 */
import { argumentsRefusal } from '../core/Closed.js'
import { allocate, isFloat, type Buffer } from '../core/DType.js'
import { isInvalid, type BatchRule, type Node, type Primitive } from '../core/Node.js'
import { scalarShape, sizeOf } from '../core/Shape.js'
import { program } from '../interpret/evaluate.js'
import { astype, gt, lt, sub, where } from '../primitive/arithmetic.js'
import { aligned } from '../primitive/batching.js'
import { add } from '../primitive/declare.js'
import { identity } from '../primitive/identity.js'
import { full, parameter } from '../primitive/leaf.js'
import { broadcastTo, reshape, sum } from '../primitive/shape.js'
import { adjointsOfAll } from '../transform/backward.js'
import { tangentsOf } from '../transform/forward.js'
import { adjointsIn, applied, batchClosed, close, closedOf, cotangentParameters, instantiate, tangentParameters, tangentsIn, type Closed } from './Closed.js'
import { backCost, whileCost } from './cost.js'
import { flatSignature, layoutOf, pack, packBatch, packBuffers, unpack } from './flat.js'

/** A loop without its operands, which are the carry and then the constants, for both functions. */
interface Loop {
  readonly test: Closed
  readonly body: Closed
}

const loopOf = (y: Node): Loop => y.attrs as unknown as Loop

/** The results of a loop on some operands. */
const loop = (functions: Loop, operands: ReadonlyArray<Node>): ReadonlyArray<Node> =>
  applied(whileOp, [functions.test, functions.body], operands, Object.freeze({ ...functions }), layoutOf(functions.body.outputs))

/**
 * The last carry of a loop from an initial one: `test` and `next` depend on the parameters `carry`, and what else they depend
 * on becomes an operand by itself.
 */
export const loopOver = (carry: ReadonlyArray<Node>, test: Node, next: ReadonlyArray<Node>, init: ReadonlyArray<Node>): ReadonlyArray<Node> => {
  const { closed, captured } = close(carry, [...next, test])
  return loop(
    { test: closedOf(closed.parameters, closed.outputs.slice(-1)), body: closedOf(closed.parameters, closed.outputs.slice(0, -1)) },
    [...init, ...captured],
  )
}

/** The same for functions of the carry. */
const loopFrom = (
  init: ReadonlyArray<Node>,
  test: (carry: ReadonlyArray<Node>) => Node,
  body: (carry: ReadonlyArray<Node>) => ReadonlyArray<Node>,
): ReadonlyArray<Node> => {
  const carry = init.map((x) => parameter(x))
  return loopOver(carry, test(carry), body(carry), init)
}

/** The carries of a run, the initial one first. */
const carriesOf = ({ test, body }: Loop, operands: ReadonlyArray<Buffer>): ReadonlyArray<ReadonlyArray<Buffer>> => {
  const goesOn = program(test.parameters, test.outputs)
  const step = program(body.parameters, body.outputs)
  const constants = operands.slice(body.outputs.length)
  const carries: Array<ReadonlyArray<Buffer>> = [operands.slice(0, body.outputs.length)]
  for (;;) {
    const now = [...carries[carries.length - 1]!, ...constants]
    if (goesOn(now)[0]![0] === 0) return carries
    carries.push(step(now))
  }
}

/** The last carry of a run, without keeping the others. */
const lastCarry = ({ test, body }: Loop, operands: ReadonlyArray<Buffer>): ReadonlyArray<Buffer> => {
  const goesOn = program(test.parameters, test.outputs)
  const step = program(body.parameters, body.outputs)
  const constants = operands.slice(body.outputs.length)
  let carry: ReadonlyArray<Buffer> = operands.slice(0, body.outputs.length)
  while (goesOn([...carry, ...constants])[0]![0] !== 0) carry = step([...carry, ...constants])
  return carry
}

export const whileOp: Primitive = Object.freeze<Primitive>({
  name: 'whileLoop',
  infer: (operands, attrs) => {
    const { test, body } = attrs as unknown as Loop
    return argumentsRefusal(test, operands) ?? argumentsRefusal(body, operands) ?? flatSignature(layoutOf(body.outputs))
  },
  evaluate: (operands, y) => packBuffers(lastCarry(loopOf(y), operands), layoutOf(loopOf(y).body.outputs)),
  cost: (y, costOf) => whileCost(loopOf(y).test, loopOf(y).body, y, costOf),
  vjp: (g, y, k) => pullback(g, y)[k]!,
  pullback: (g, y) => pullback(g, y),
  jvp: (tangents, y) => pushforward(tangents, y),
  batch: (inputs, mapped, y, size) => batch(inputs, mapped, y, size),
  masks: true,
})

/** One loop over a batch, which runs while any element goes on; those that are done keep their carry. */
const batch: BatchRule = (inputs, mapped, y, size) => {
  const { test, body } = loopOf(y)
  const carry = body.outputs.length
  const flags = mapped.map((is, k) => is || k < carry)
  const [goesOn, step] = [batchClosed(test, flags, size), batchClosed(body, flags, size)]
  const constants = inputs.slice(carry)
  const tests = (state: ReadonlyArray<Node>) => instantiate(goesOn, [...state, ...constants])[0]!
  const results = loopFrom(
    aligned(inputs.slice(0, carry), mapped, size),
    (state) => gt(sum(astype(tests(state), 'i32'), [0]), 0),
    (state) => {
      const on = tests(state)
      return instantiate(step, [...state, ...constants]).map((next, i) => {
        if (isInvalid(next)) return next
        const each = reshape(on, [size, ...next.shape.slice(1).map(() => 1)])
        return where(broadcastTo(each, next.shape), next, state[i]!)
      })
    },
  )
  return packBatch(results, layoutOf(body.outputs), size)
}

/** The loop that carries the tangents of the float carries along. */
const pushforward = (tangents: ReadonlyArray<Node | null>, y: Node): Node => {
  const { test, body } = loopOf(y)
  const carry = body.outputs.length
  const moving = body.parameters.map((p, k) => (k < carry ? isFloat(p.dtype) : tangents[k] !== null))
  const dxs = tangentParameters(body, moving)
  const dys = tangentsIn(body, dxs)
  const given = y.inputs.map((x, k) => (moving[k] ? (tangents[k] ?? full(0, x)) : null))
  const interleave = <T>(xs: ReadonlyArray<T>, ds: ReadonlyArray<T | null>): ReadonlyArray<T> =>
    [...xs.slice(0, carry), ...ds.slice(0, carry), ...xs.slice(carry), ...ds.slice(carry)].filter((p) => p !== null)
  const floats = body.outputs.map((o) => isFloat(o.dtype))
  const results = loop(
    {
      test: closedOf(interleave(test.parameters, test.parameters.map((p, k) => (moving[k] ? parameter(p) : null))), test.outputs),
      body: closedOf(interleave(body.parameters, dxs), [...body.outputs, ...dys.filter((_, i) => floats[i])]),
    },
    interleave(y.inputs, given),
  )
  let next = carry
  return pack(floats.map((is) => (is ? results[next++]! : null)), layoutOf(body.outputs))
}

/**
 * The pullback of one step: from the carry, the constants and the cotangents of the carry to the adjoints of both. Zeros must
 * do no harm: the adjoint of a carry that nobody uses, or what a mask in a later step hides.
 */
const stepBack = ({ body }: Loop): Closed => {
  const cotangents = cotangentParameters(body)
  const adjoints = adjointsIn(body, cotangents, body.parameters.map((p) => isFloat(p.dtype)), true)
  return closedOf([...body.parameters, ...cotangents.filter((p) => p !== undefined)], adjoints.filter((a) => a !== null))
}

const pullback = (g: Node, y: Node): ReadonlyArray<Node | null> => {
  const { body } = loopOf(y)
  const back = stepBack(loopOf(y))
  const results = applied(backOp, [back], [g, ...y.inputs], Object.freeze({ ...loopOf(y), back }), layoutOf(back.outputs))
  let next = 0
  return body.parameters.map((p) => (isFloat(p.dtype) ? results[next++]! : null))
}

interface BackwardLoop extends Loop {
  readonly back: Closed
}

const backOf = (y: Node): BackwardLoop => y.attrs as unknown as BackwardLoop

/** The adjoints of the float operands, by one recorded run. */
export const backOp: Primitive = Object.freeze<Primitive>({
  name: 'whileLoopBack',
  infer: ([, ...operands], attrs) => {
    const { body, back } = attrs as unknown as BackwardLoop
    const cotangents = body.outputs.filter(({ dtype }) => isFloat(dtype))
    return argumentsRefusal(body, operands) ?? argumentsRefusal(back, [...operands, ...cotangents]) ?? flatSignature(layoutOf(back.outputs))
  },
  evaluate: ([g, ...operands], y) => {
    const { body, back } = backOf(y)
    const step = program(back.parameters, back.outputs)
    const constants = operands.slice(body.outputs.length)
    const carries = carriesOf(backOf(y), operands)
    let adjoint = cotangentBuffers(g!, body.outputs)
    let sums: ReadonlyArray<Buffer> = back.outputs.slice(adjoint.length).map((o) => allocate(o.dtype, sizeOf(o.shape)))
    for (let t = carries.length - 2; t >= 0; t--) {
      const results = step([...carries[t]!, ...constants, ...adjoint])
      sums = sums.map((s, k) => s.map((v, i) => v + results[adjoint.length + k]![i]!))
      adjoint = results.slice(0, adjoint.length)
    }
    return packBuffers([...adjoint, ...sums], layoutOf(back.outputs))
  },
  cost: (y, costOf) => backCost(backOf(y).test, backOf(y).body, backOf(y).back, y, costOf),
  batch: 'loop',
  masks: true,
  vjp: (g, y, k) => pullbackOfBack(g, y, y.inputs.map((_, i) => i === k))[k]!,
  pullback: (g, y, wanted) => pullbackOfBack(g, y, wanted),
  jvp: (tangents, y) => {
    const [definition, inputs] = definitionOf(y)
    return tangentsOf([definition], inputs, tangents)[0]!
  },
})

const pullbackOfBack = (g: Node, y: Node, wanted: ReadonlyArray<boolean>): ReadonlyArray<Node | null> => {
  const [definition, inputs] = definitionOf(y)
  const asked = inputs.map((x, k) => wanted[k] === true && isFloat(x.dtype))
  const adjoints = adjointsOfAll([[definition, g]], inputs.filter((_, k) => asked[k]), 'whileLoop', true)
  let next = 0
  return asked.map((is) => (is ? (adjoints[next++] ?? null) : null))
}

/** The float parts of a vector of cotangents. */
const cotangentBuffers = (g: Buffer, outputs: ReadonlyArray<Node>): ReadonlyArray<Buffer> => {
  let at = 0
  return outputs.flatMap(({ shape, dtype }) => {
    const piece = g.subarray(at, (at += sizeOf(shape)))
    return isFloat(dtype) ? [dtype === 'f32' ? Float32Array.from(piece) : piece] : []
  })
}

/**
 * The same adjoints as a composition of loops, on fresh nodes for the operands: what the backward loop means, and so what its
 * own derivatives are. It finds the carry before each step by running up to it, which takes time quadratic in the number of
 * steps; only derivatives of the backward pass pay that.
 */
const definitionOf = (y: Node): readonly [definition: Node, inputs: ReadonlyArray<Node>] => {
  const { test, body, back } = backOf(y)
  const inputs = y.inputs.map((x) => identity(x))
  const [g, ...operands] = inputs
  const [init, constants] = [operands.slice(0, body.outputs.length), operands.slice(body.outputs.length)]
  const zero = full(0, { shape: scalarShape, dtype: 'i32' })
  const advance = (carry: ReadonlyArray<Node>) => instantiate(body, [...carry, ...constants])

  const counted = loopFrom(
    [...init, zero],
    (state) => instantiate(test, [...state.slice(0, -1), ...constants])[0]!,
    (state) => [...advance(state.slice(0, -1)), add(state.at(-1)!, 1)],
  )
  const carryAt = (t: Node) =>
    loopFrom([...init, zero], (state) => lt(state.at(-1)!, t), (state) => [...advance(state.slice(0, -1)), add(state.at(-1)!, 1)]).slice(0, -1)

  const cotangents = unpack(g!, layoutOf(body.outputs)).filter((part) => isFloat(part.dtype))
  const sums = back.outputs.slice(cotangents.length).map((o) => full(0, o))
  const walked = loopFrom(
    [counted.at(-1)!, ...cotangents, ...sums],
    ([left]) => gt(left!, 0),
    ([left, ...state]) => {
      const before = sub(left!, 1)
      const results = instantiate(back, [...carryAt(before), ...constants, ...state.slice(0, cotangents.length)])
      return [before, ...results.map((r, i) => (i < cotangents.length ? r : add(state[i]!, r)))]
    },
  )
  return [pack(walked.slice(1), layoutOf(back.outputs)), inputs]
}
