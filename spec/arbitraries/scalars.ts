/**
 * Random programs of scalars over all operations on single elements, at ordinary and at exceptional numbers. Operands are
 * named by numbers that count among the earlier values that fit, so every list of instructions is a program.
 */
import fc from 'fast-check'
import { apply, type Node, type Primitive } from '../../lib/core/Node.js'
import { tensor } from '../../lib/core/Tensor.js'
import * as p from '../../lib/primitive/index.js'

const f64 = { shape: [], dtype: 'f64' } as const
const one = p.full(1, f64)
const truth = p.gt(one, one)

/** Operations on scalars, each with what its operands are: numbers, truth values or an order. */
type Kind = 'number' | 'truth' | 'order'

const kindsOf: Readonly<Record<string, ReadonlyArray<Kind>>> = {
  where: ['truth', 'number', 'number'],
  sech2: ['number', 'number'],
  sinc: ['number', 'order'],
  erfcx: ['number', 'order'],
  polygamma: ['order', 'number'],
  powDerivative: ['number', 'number', 'order', 'order'],
  atan2Derivative: ['number', 'number', 'order', 'order'],
  logicalNot: ['truth'],
  logicalAnd: ['truth', 'truth'],
}

/** The primitive that a function of the library applies last to scalars, if it is one on single elements. */
const primitiveOf = (name: string, build: (...xs: ReadonlyArray<never>) => Node): Primitive | undefined => {
  const samples: Readonly<Record<string, ReadonlyArray<unknown>>> = { where: [truth, one, one], sinc: [one], erfcx: [one], polygamma: [0, one], powDerivative: [one, one, 1, 1], atan2Derivative: [one, one, 1, 1] }
  try {
    const y = build(...((samples[name] ?? [one, one, one]) as ReadonlyArray<never>))
    return y.op.scalar === undefined ? undefined : y.op
  } catch {
    return undefined
  }
}

/** Every operation on single elements that the library has. */
export const scalarPrimitives: ReadonlyArray<Primitive> = Object.entries(p).flatMap(([name, build]) => primitiveOf(name, build as never) ?? [])

const operandKinds = (op: Primitive): ReadonlyArray<Kind> => kindsOf[op.name] ?? Array.from({ length: op.scalar!.length }, () => 'number' as const)

interface Instruction {
  readonly op: Primitive
  readonly picks: ReadonlyArray<number>
}

/** A program: its variables, and the values it computes from them, numbers only. */
export interface Scalars {
  readonly variables: ReadonlyArray<Node>
  readonly values: ReadonlyArray<Node>
  readonly toString: () => string
}

const run = (data: ReadonlyArray<readonly [id: string, number: number]>, constants: ReadonlyArray<number>, instructions: ReadonlyArray<Instruction>): Scalars => {
  const numbers = new Map<string, number>()
  for (const [id, x] of data) if (!numbers.has(id)) numbers.set(id, x)
  const variables = data.map(([id]) => p.variable(id, tensor(numbers.get(id)!)))
  const values: Array<Node> = [...variables, ...constants.map((x, i) => (i % 2 === 0 ? p.full(x, f64) : p.constant(tensor(x))))]
  const truths: Array<Node> = [p.gt(values[0]!, values.at(-1)!)]
  const lines: Array<string> = []
  for (const { op, picks } of instructions) {
    const operands = operandKinds(op).map((kind, k) => {
      const pick = picks[k]!
      // Rather one of the latest, so that programs get deep.
      return kind === 'order' ? p.full(pick % 3, f64) : kind === 'truth' ? truths[pick % truths.length]! : values[Math.max(0, values.length - 1 - (pick % 8))]!
    })
    const y = apply(op, operands)
    lines.push(`${op.name}(${operands.map((x) => (x.dtype === 'bool' ? `t${truths.indexOf(x)}` : `v${values.indexOf(x)}`)).join(', ')})`)
    ;(y.dtype === 'bool' ? truths : values).push(y)
  }
  return { variables, values, toString: () => `${data.map(([id]) => `${id} = ${numbers.get(id)}`).join(', ')}; ${constants.join(', ')}; ${lines.join('; ')}` }
}

const numbers = fc.oneof(
  { weight: 3, arbitrary: fc.double({ min: -3, max: 3, noNaN: true }) },
  { weight: 2, arbitrary: fc.constantFrom(0, -0, 1, -1, 0.5, 2, 3) },
  { weight: 1, arbitrary: fc.constantFrom(Infinity, -Infinity, NaN, 5e-324, 1e308, -1e-300, 1e16) },
)

/** Programs of at most `size` operations, with names that may occur twice. */
export const scalarPrograms = (size: number, ops: ReadonlyArray<Primitive> = scalarPrimitives): fc.Arbitrary<Scalars> =>
  fc
    .tuple(
      fc.array(fc.tuple(fc.constantFrom('x', 'y', 'z'), numbers), { minLength: 1, maxLength: 4 }),
      fc.array(numbers, { maxLength: 3 }),
      fc.array(fc.record({ op: fc.constantFrom(...ops), picks: fc.array(fc.nat(100), { minLength: 4, maxLength: 4 }) }), { minLength: 1, maxLength: size }),
    )
    .map(([data, constants, instructions]) => run(data, constants, instructions))
