/** Operations that are cheaper, or possible, in another form that computes the same. */
import { expandLane } from '../../lane/index.js'
import { constant, ne, pmax, pmin, where } from '../../lane/machine.js'
import type { Lane, LaneType } from '../../ir.js'
import { isMachineOp } from './machine.js'

/** A number that is known and neither NaN nor, unless it has the given sign, zero. */
const isPlain = (x: Lane, zeroSign: number): boolean => {
  if (x.op !== 'constant' || x.value === undefined || Number.isNaN(x.value)) return false
  return x.value !== 0 || Object.is(x.value, zeroSign)
}

/** The greater of a number and a known one takes one instruction instead of several: NaN can come from one side only. */
const greater = (a: Lane, b: Lane): Lane | undefined => (isPlain(b, -0) ? pmax(a, b) : isPlain(a, -0) ? pmax(b, a) : undefined)

const lesser = (a: Lane, b: Lane): Lane | undefined => (isPlain(b, 0) ? pmin(a, b) : isPlain(a, 0) ? pmin(b, a) : undefined)

const rewrite = ({ op, args }: Lane, type: LaneType): Lane | undefined => {
  switch (op) {
    case 'maximum': return type === 'i32' ? undefined : greater(args[0]!, args[1]!)
    case 'minimum': return type === 'i32' ? undefined : lesser(args[0]!, args[1]!)
    case 'where': return args[0]!.truth ? undefined : where(ne(args[0]!, constant(0)), args[1]!, args[2]!)
    case 'fround': return type === 'f64' ? undefined : args[0]!
    case 'identity': return args[0]!
    default: return undefined
  }
}

/** The lane as an operation of the machine, or as one that must be called, or one of its operands. */
export const simplified = (lane: Lane, type: LaneType): Lane => {
  for (let simple = lane; ; ) {
    const next = rewrite(simple, type) ?? (isMachineOp(simple.op, type) ? undefined : expandLane(simple.op, type, simple.args))
    if (next === undefined) return simple
    if (simple.args.includes(next)) return next
    simple = next
  }
}
