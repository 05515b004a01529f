/**
 * Rows of an array, read or added up at indices. The call takes the byte addresses of `from`, of the indices (`i32`) and of `to`,
 * that of a workspace, and then its numbers; it returns 0, or 1 if an index is out of range. Then nothing was written.
 */
import { bytesPer, type Rows, type Storage } from '../ir.js'
import type { FunctionBuilder } from './FunctionBuilder.js'
import type { Instruction, MemoryInstruction } from './opcodes.js'
import type { KernelCall, Library } from './Library.js'
import { advance, countDownAny } from './loops.js'

/** What a call depends on; a {@link Rows} statement is one. */
export type RowsShape = Pick<Rows, 'kind' | 'storage' | 'outer' | 'length' | 'count' | 'inner'>

/** How elements are read, written and added up, one by one and as vectors. */
interface Elements {
  readonly load: MemoryInstruction
  readonly store: MemoryInstruction
  readonly add: Instruction
  readonly vectorAdd: Instruction
}

const words: Elements = { load: 'i32.load', store: 'i32.store', add: 'i32.add', vectorAdd: 'i32x4.add' }

const added: Readonly<Record<Storage, Elements>> = {
  f64: { load: 'f64.load', store: 'f64.store', add: 'f64.add', vectorAdd: 'f64x2.add' },
  f32: { load: 'f32.load', store: 'f32.store', add: 'f32.add', vectorAdd: 'f32x4.add' },
  i32: words,
  bool: words,
}

/** Copies do not look at elements, so only their width counts. */
const copied: Readonly<Record<4 | 8, Elements>> = {
  8: { load: 'i64.load', store: 'i64.store', add: 'i64.add', vectorAdd: 'i64x2.add' },
  4: words,
}

/** Rows of so few bytes are written out; longer ones are looped over. */
const writtenOut = 64

const param = { from: 0, indices: 1, to: 2, workspace: 3, outer: 4, length: 5, count: 6, row: 7 } as const

/** How rows are called. */
export const emitRows = (library: Library, { kind, storage, outer, length, count, inner }: RowsShape): KernelCall => {
  const bytes = bytesPer[storage]
  const add = kind === 'scatter'
  return {
    callee: rows(library, add ? added[storage] : copied[bytes], bytes, add, inner * bytes <= writtenOut ? inner : undefined),
    numbers: [outer, length, count, inner * bytes],
    workspace: 0,
  }
}

const rows = (library: Library, elements: Elements, bytes: 4 | 8, add: boolean, inner: number | undefined): FunctionBuilder =>
  library.function(
    `rows ${elements.load} ${add} ${inner}`,
    8,
    (f) => {
      const [index, at, count, row] = [f.local('i32'), f.local('i32'), f.local('i32'), f.local('i32')]
      /** Pushes the index at `at`, counted from the beginning. */
      const wrapped = (): FunctionBuilder =>
        f.get(at).memory('i32.load').tee(index).get(param.length).i32(0).get(index).i32(0).op('i32.lt_s').op('select').op('i32.add')
      f.get(param.indices).set(at).get(param.count).set(count)
      countDownAny(f, count, () => {
        wrapped().get(param.length).op('i32.ge_u').if(() => f.i32(1).op('return'))
        f.increase(at, 4)
      })
      if (add) f.get(param.to).i32(0).get(param.outer).get(param.length).op('i32.mul').get(param.row).op('i32.mul').fillMemory()
      countDownAny(f, param.outer, () => {
        f.get(param.indices).set(at).get(param.count).set(count)
        countDownAny(f, count, () => {
          // Of the two arrays, `moving` is walked along, the other has its rows picked.
          const [picked, moving] = add ? [param.to, param.from] : [param.from, param.to]
          f.get(picked)
          wrapped().get(param.row).op('i32.mul').op('i32.add').set(row)
          const [source, target] = add ? [moving, row] : [row, moving]
          if (inner === undefined) moveLong(f, elements, bytes, add, source, target)
          else moveShort(f, elements, bytes, add, source, target, inner)
          f.increase(at, 4)
          advance(f, moving, param.row)
        })
        const picked = add ? param.to : param.from
        f.get(picked).get(param.length).get(param.row).op('i32.mul').op('i32.add').set(picked)
      })
      f.i32(0)
    },
    'i32',
  )

/** One vector, or one element, of a row, at an offset. */
const move = (f: FunctionBuilder, { load, store, add: sum, vectorAdd }: Elements, add: boolean, source: number, target: number, offset: number, vector: boolean): void => {
  const read: MemoryInstruction = vector ? 'v128.load' : load
  f.get(target).get(source).memory(read, offset)
  if (add) f.get(target).memory(read, offset).op(vector ? vectorAdd : sum)
  f.memory(vector ? 'v128.store' : store, offset)
}

/** A row of known length. */
const moveShort = (f: FunctionBuilder, elements: Elements, bytes: number, add: boolean, source: number, target: number, inner: number): void => {
  const size = inner * bytes
  let offset = 0
  for (; offset + 16 <= size; offset += 16) move(f, elements, add, source, target, offset, true)
  for (; offset < size; offset += bytes) move(f, elements, add, source, target, offset, false)
}

/** A row of any length. */
const moveLong = (f: FunctionBuilder, elements: Elements, bytes: number, add: boolean, source: number, target: number): void => {
  const [s, t, left] = [f.local('i32'), f.local('i32'), f.local('i32')]
  f.get(source).set(s).get(target).set(t)
  const parts = (size: number, body: () => void): void => {
    countDownAny(f, left, () => {
      body()
      f.increase(s, size).increase(t, size)
    })
  }
  f.get(param.row).i32(6).op('i32.shr_u').set(left)
  parts(64, () => {
    for (let offset = 0; offset < 64; offset += 16) move(f, elements, add, s, t, offset, true)
  })
  f.get(param.row).i32(63).op('i32.and').i32(4).op('i32.shr_u').set(left)
  parts(16, () => move(f, elements, add, s, t, 0, true))
  f.get(param.row).i32(15).op('i32.and').i32(Math.log2(bytes)).op('i32.shr_u').set(left)
  parts(bytes, () => move(f, elements, add, s, t, 0, false))
  for (const local of [s, t, left]) f.free(local)
}
