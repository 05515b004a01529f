/** Bytes: what arrays take. */
import type { DType } from './DType.js'
import type { Signature } from './Node.js'
import { sizeOf } from './Shape.js'

const widths: Readonly<Record<DType, number>> = Object.freeze({ f64: 8, f32: 4, i32: 4, bool: 1 })

/** The bytes of one element. */
export const widthOf = (dtype: DType): number => widths[dtype]

/** The bytes of an array that is stored densely. */
export const bytesOf = ({ shape, dtype }: Signature): number => sizeOf(shape) * widths[dtype]

/** The bytes of several. */
export const bytesOfAll = (parts: ReadonlyArray<Signature>): number => parts.reduce((sum, part) => sum + bytesOf(part), 0)
