/** The state of writing the body of a nest: the function, where pointers and counters are, and how many lanes are in use. */
import type { LaneType } from '../../ir.js'
import type { WriteContext } from '../context.js'
import type { FunctionBuilder } from '../FunctionBuilder.js'
import type { Loops } from './arrange.js'
import { lanesOf } from './machine.js'
import type { Site } from './Site.js'

export class Frame {
  readonly context: WriteContext
  readonly type: LaneType
  /** How many lanes a register has. */
  readonly lanes: 2 | 4
  readonly loops: Loops
  /** The function that is being written. */
  f: FunctionBuilder
  /** The locals of pointers, where the loops that are open have moved them; -1 for 0. */
  pointers: Array<number>
  /** The locals of the counters of the loops that are open. */
  counters: Array<number> = []
  /** How many registers' worth of points the body handles at a time. */
  instances = 1
  /** How many lanes of a register stand for points: fewer than there are at the end of a row. */
  active: number

  constructor(context: WriteContext, f: FunctionBuilder, type: LaneType, loops: Loops) {
    this.context = context
    this.f = f
    this.type = type
    this.lanes = lanesOf[type]
    this.loops = loops
    this.pointers = []
    this.active = this.lanes
  }

  /** Pushes the pointer of a site; answers the offset of the element of lane `lane`. */
  address({ pointer, offset, stride, bytes }: Site, lane: number): number {
    const local = this.pointers[pointer]!
    if (local < 0) this.f.i32(0)
    else this.f.get(local)
    const at = offset + lane * stride * bytes
    if (at >= 0) return at
    this.f.i32(at).op('i32.add')
    return 0
  }
}
