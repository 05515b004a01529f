/**
 * A memory for programs that are in use: the same program compiled twice is one function. It holds nothing alive, so when
 * nobody has the function any more it is gone, and nothing that a caller can see depends on it.
 */
import { sameProgram, type Key } from './sameProgram.js'

/** What is remembered by: the program, and how it is called. */
export interface Recall {
  readonly key: Key
  /** The names of the arguments and results. */
  readonly form: string
}

interface Entry<F extends object> {
  readonly hash: number
  readonly made: WeakRef<F>
}

export class Memo<F extends object> {
  readonly #entries: Array<Entry<F>> = []
  readonly #limit: number
  readonly #recall: (made: F) => Recall

  /** `recall` reads off a function what it was made from. */
  constructor(limit: number, recall: (made: F) => Recall) {
    this.#limit = limit
    this.#recall = recall
  }

  find({ key, form }: Recall): F | undefined {
    for (const { hash, made } of this.#entries) {
      if (hash !== key.hash) continue
      const found = made.deref()
      if (found === undefined) continue
      const own = this.#recall(found)
      if (own.form === form && sameProgram(own.key, key)) return found
    }
    return undefined
  }

  keep(made: F): F {
    if (this.#entries.length >= this.#limit) this.#entries.splice(0, this.#entries.length - this.#limit + 1)
    this.#entries.push({ hash: this.#recall(made).key.hash, made: new WeakRef(made) })
    return made
  }
}
