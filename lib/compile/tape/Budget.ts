/** How much may be done with arrays before a program is better off as loops. */

/** The most work on arrays, beside that on scalars. */
export const arrayLimit = 3000

/** The most elements that are moved about, for each node and to begin with. */
const movesPerNode = 16
const firstMoves = 8000

/** What is left of it. */
export class Budget {
  #work: number
  #moves: number

  constructor(nodes: number) {
    this.#work = arrayLimit + nodes
    this.#moves = firstMoves + movesPerNode * nodes
  }

  works(elements: number): boolean {
    this.#work -= elements
    return this.#work >= 0
  }

  moves(elements: number): boolean {
    this.#moves -= elements
    return this.#moves >= 0
  }
}
