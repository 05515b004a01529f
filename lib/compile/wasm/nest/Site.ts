/**
 * Sites: the accesses of a nest as the code finds them. Accesses that move alike share a pointer, and differ by an offset
 * that is part of the instruction.
 */
import { bytesPer, type Access, type Storage } from '../../ir.js'
import { baseOf, pushRounds, type WriteContext } from '../context.js'
import type { FunctionBuilder } from '../FunctionBuilder.js'

export interface Site {
  readonly access: Access
  readonly storage: Storage
  /** Bytes of an element. */
  readonly bytes: 4 | 8
  /** The pointer that it goes by, and how far from it the element lies, in bytes. */
  readonly pointer: number
  readonly offset: number
  /** Elements between the lanes of a register; 0 if they share one. */
  readonly stride: number
  /** The strides of the loops. */
  readonly strides: ReadonlyArray<number>
}

/** What several accesses go by. It begins at `start`, which some enclosing loops may have moved. */
export interface Pointer {
  readonly access: Access
  readonly start: number
  /** How many bytes each loop moves it. */
  readonly strides: ReadonlyArray<number>
}

export class Sites {
  readonly #context: WriteContext
  readonly #keys = new Map<string, number>()
  readonly #vector: number
  readonly pointers: Array<Pointer> = []

  constructor(context: WriteContext, vector: number) {
    this.#context = context
    this.#vector = vector
  }

  /** The site of an access, which has these strides along the loops. */
  add(access: Access, strides: ReadonlyArray<number>): Site {
    const { storage } = this.#context.buffers[access.buffer]!
    const bytes = bytesPer[storage]
    const base = baseOf(this.#context, access)
    const rounds = access.rounds.filter(({ stride }) => stride !== 0)
    // Offsets in instructions are not negative, and addresses do not wrap: what runs backwards has a pointer of its own.
    const backwards = strides.some((s) => s < 0) || rounds.some(({ stride }) => stride < 0)
    const start = backwards ? base : 0
    let key = `${start}`
    for (const s of strides) key += `,${s * bytes}`
    for (const { repeat, stride } of rounds) key += `;${repeat}*${stride * bytes}`
    const known = this.#keys.get(key)
    const pointer = known ?? this.pointers.push({ access, start, strides: strides.map((s) => s * bytes) }) - 1
    if (known === undefined) this.#keys.set(key, pointer)
    const stride = this.#vector < 0 ? 0 : strides[this.#vector]!
    return { access, storage, bytes, pointer, offset: base - start, stride, strides }
  }
}

/** A local for a pointer at the beginning of the nest; -1 for one that begins at 0. */
export const openPointer = (context: WriteContext, f: FunctionBuilder, { access, start }: Pointer): number => {
  const moved = pushRounds(context, f, access)
  if (!moved && start === 0) return -1
  if (!moved || start !== 0) f.i32(start)
  if (moved && start !== 0) f.op('i32.add')
  const local = f.local('i32')
  f.set(local)
  return local
}
