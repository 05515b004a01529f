/** Which kernel carries out a statement, and on what. */
import { sizeOf } from '../../core/Shape.js'
import type { Conv, Gemm, Place, Pool, Rows } from '../ir.js'
import { emitConv } from './conv.js'
import { emitGemm } from './gemm.js'
import type { KernelCall, Library } from './Library.js'
import { emitArgMaxPool, emitPick, emitUnpick, emitWindows } from './pool.js'
import { emitRows } from './rows.js'

/** A call, with the places of its three operands. */
export interface PlacedCall {
  readonly operands: readonly [Place, Place, Place]
  readonly call: KernelCall
}

export const kernelOf = (library: Library, statement: Gemm | Conv | Rows | Pool): PlacedCall => {
  switch (statement.kind) {
    case 'gemm': return { operands: [statement.a, statement.b, statement.c], call: emitGemm(library, statement) }
    case 'conv': return { operands: [statement.x, statement.w, statement.y], call: emitConv(library, statement) }
    case 'gather':
    case 'scatter': return { operands: [statement.from, statement.indices, statement.to], call: emitRows(library, statement) }
    case 'windows':
    case 'unwindows':
    case 'argMaxPool':
    case 'pick':
    case 'unpick': return { operands: [statement.from, statement.positions, statement.to], call: pool(library, statement) }
  }
}

const pool = (library: Library, { kind, lane, channels, size, out, where, otherwise }: Pool): KernelCall => {
  switch (kind) {
    case 'windows':
    case 'unwindows': return emitWindows(library, kind, lane, channels, where!)
    case 'argMaxPool': return emitArgMaxPool(library, lane, channels, where!)!
    case 'pick': return emitPick(library, lane, { channels, size, places: sizeOf(out) }, otherwise)
    case 'unpick': return emitUnpick(library, lane, { channels, size, places: sizeOf(out) })
  }
}
