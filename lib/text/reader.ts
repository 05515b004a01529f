/** Reading words one after another: what every part of a listing is read with. */
import { dtypes, type DType } from '../core/DType.js'
import { errorAt, fail, refuse, type FoldgradError } from '../core/FoldgradError.js'
import type { Signature } from '../core/Node.js'
import { shapeOf } from '../core/Shape.js'
import type { Tensor } from '../core/Tensor.js'
import { placeOf, showToken, tokenize, type Token } from './tokens.js'

const isDType = (name: string): name is DType => dtypes.some((dtype) => dtype === name)

/** A place in a text, which moves on as words are taken. */
export class Reader {
  readonly #text: string
  readonly #tokens: ReadonlyArray<Token>
  readonly #constants: ReadonlyArray<Tensor>
  #next = 0

  constructor(text: string, constants: ReadonlyArray<Tensor>) {
    this.#text = text
    this.#tokens = tokenize(text)
    this.#constants = constants
  }

  /** The next word, or one after it; at the end of the text its end. */
  peek(ahead = 0): Token {
    return this.#tokens[Math.min(this.#next + ahead, this.#tokens.length - 1)]!
  }

  /** Whether the next word is this symbol or name. */
  sees(text: string): boolean {
    const token = this.peek()
    return (token.kind === 'symbol' || token.kind === 'name') && token.text === text
  }

  /** Takes the next word, whatever it is. */
  take(): Token {
    const token = this.peek()
    if (token.kind !== 'end') this.#next++
    return token
  }

  /** Takes a word of some kind; `wanted` says in an error what should have been there. */
  takeKind(kind: Token['kind'], wanted: string): Token {
    return this.peek().kind === kind ? this.take() : this.expected(wanted)
  }

  /** Takes a symbol or a keyword. */
  expect(text: string): Token {
    return this.sees(text) ? this.take() : this.expected(`'${text}'`)
  }

  /** A name, plain or quoted. */
  name(wanted: string): string {
    return this.peek().kind === 'string' ? this.#string() : this.takeKind('name', wanted).text
  }

  /** Things between two symbols, with commas. */
  list<T>(open: string, close: string, item: () => T): ReadonlyArray<T> {
    this.expect(open)
    const items: Array<T> = []
    while (!this.sees(close)) {
      if (items.length > 0) this.expect(',')
      items.push(item())
    }
    this.expect(close)
    return Object.freeze(items)
  }

  /** A type such as `f64[2, 3]`. */
  signature(): Signature {
    const token = this.takeKind('name', "a type such as 'f64[2, 3]'")
    if (!isDType(token.text)) return this.fails(token, `'${token.text}' is no dtype`, `Use ${dtypes.join(', ')}`)
    const shape = this.list('[', ']', () => this.#length())
    return { shape: shapeOf(shape), dtype: token.text }
  }

  #length(): number {
    const token = this.takeKind('number', 'a length')
    const length = Number(token.text)
    return Number.isInteger(length) && length >= 0 ? length : this.fails(token, `'${token.text}' is no length`, 'Lengths are integers from 0 on')
  }

  /** Data: numbers, strings, truth values, lists, records and tensors that were kept aside; frozen. */
  data(): unknown {
    const { kind, text } = this.peek()
    if (this.sees('[')) return this.list('[', ']', () => this.data())
    if (this.sees('{')) return this.record()
    if (kind === 'constant') return this.constant()
    if (kind === 'string') return this.#string()
    if (kind === 'number') return Number(this.take().text)
    if (kind === 'name' && (text === 'true' || text === 'false')) return this.take().text === 'true'
    if (kind === 'name' && text === 'null') return (this.take(), null)
    return this.expected('a number, a string, true, false, null, a list, a record or a constant such as #0')
  }

  /** A record such as `{ axis: 0, reverse: false }`. */
  record(): Readonly<Record<string, unknown>> {
    return Object.freeze(
      Object.fromEntries(
        this.list('{', '}', () => {
          const key = this.name('the name of an option')
          this.expect(':')
          return [key, this.data()] as const
        }),
      ),
    )
  }

  /** A tensor that was kept aside. */
  constant(): Tensor {
    const token = this.takeKind('constant', 'a constant such as #0')
    return (
      this.#constants[Number(token.text.slice(1))] ??
      this.fails(token, `the constant ${token.text} is not there, ${this.#constants.length} are given`, 'Give the constants with the text, as printGraph returns them')
    )
  }

  #string(): string {
    const token = this.take()
    try {
      return JSON.parse(token.text) as string
    } catch {
      return this.fails(token, `${token.text} is no string`, 'Write strings as JSON does')
    }
  }

  /** Stops: something else should be here. */
  expected(wanted: string): never {
    const token = this.peek()
    return this.fails(token, `${wanted} is expected before ${showToken(token)}`, 'Write listings as printGraph does')
  }

  /** Stops at a word. */
  fails(token: Token, rule: string, mend: string): never {
    return fail(refuse('Syntax', `${placeOf(this.#text, token.at)}: ${rule}`, mend))
  }

  /** What is wrong with the application that is written at a word; reading goes on. */
  error(token: Token, rule: string, mend: string, { _tag, shapes }: Pick<FoldgradError, '_tag' | 'shapes'>): FoldgradError {
    return errorAt('parseGraph', shapes, refuse(_tag, `${placeOf(this.#text, token.at)}: ${rule}`, mend))
  }
}
