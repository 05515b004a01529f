/**
 * A sum of arrays that are zero but for a few elements each, as gradients with respect to the elements of an array are: what is added
 * takes time by the elements that are not zero. The entries are those of adding array after array, to the last bit: adding zero
 * turns -0 into 0, once.
 */
import { code } from './code.js'
import type { Cells } from './cells.js'
import type { Tape } from './Tape.js'

/** An array of zeros with some elements set. */
export interface Padded {
  readonly size: number
  readonly places: Int32Array
  readonly cells: Cells
}

export const spread = (t: Tape, { size, places, cells }: Padded): Cells => {
  const out = new Int32Array(size).fill(t.constant(0))
  places.forEach((place, k) => {
    out[place] = cells[k]!
  })
  return out
}

export class Accumulator {
  readonly cells: Cells
  readonly #tape: Tape
  readonly #rounds: boolean
  /** Places of elements that may be -0. */
  #open: ReadonlyArray<number>

  /** `rounds`: the elements are of type f32. */
  constructor(t: Tape, first: Padded, rounds: boolean) {
    this.#tape = t
    this.#rounds = rounds
    this.cells = spread(t, first)
    this.#open = [...first.places].filter((place) => !t.isUnsigned(this.cells[place]!))
  }

  add({ places, cells }: Padded): void {
    const { cells: sums } = this
    const covered = new Set(this.#open.length === 0 ? [] : places)
    for (const place of this.#open) if (!covered.has(place)) sums[place] = this.#sum(sums[place]!, this.#tape.constant(0))
    const open: Array<number> = []
    for (let k = 0; k < places.length; k++) {
      const sum = this.#sum(sums[places[k]!]!, cells[k]!)
      sums[places[k]!] = sum
      if (!this.#tape.isUnsigned(sum)) open.push(places[k]!)
    }
    this.#open = open
  }

  #sum(a: number, b: number): number {
    const sum = this.#tape.push(code.add, a, b)
    return this.#rounds ? this.#tape.rounded(sum) : sum
  }
}
