/** The words of an expression: numbers, names, operators, and the places where values are interpolated. */
import { refuse, type Refusal } from '../../core/FoldgradError.js'

/** A word, and where it stands in the text. */
export type Token =
  | { readonly kind: 'number'; readonly value: number; readonly at: number }
  | { readonly kind: 'name' | 'symbol'; readonly text: string; readonly at: number }
  | { readonly kind: 'hole'; readonly index: number; readonly at: number }

/** Something wrong at a place of the text. */
export interface Fault {
  readonly at: number
  readonly rule: string
  readonly mend: string
}

/** An expression as text, in which `${}` marks each interpolated value, and as words. */
export interface Source {
  readonly text: string
  readonly tokens: ReadonlyArray<Token>
  readonly fault: Fault | undefined
}

const hole = '${}'

const patterns = [
  ['space', /\s+/y],
  ['number', /(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?/y],
  ['name', /[A-Za-z_]\w*/y],
  ['symbol', /\*\*|[<>=!]=|[-+*/%@<>(),]/y],
] as const

/** Splits the pieces of text between interpolated values into words; stops at the first character that begins none. */
export const tokenize = (pieces: ReadonlyArray<string>): Source => {
  const text = pieces.join(hole)
  const tokens: Array<Token> = []
  let start = 0
  for (const [index, piece] of pieces.entries()) {
    if (index > 0) tokens.push({ kind: 'hole', index: index - 1, at: start - hole.length })
    for (let i = 0; i < piece.length; ) {
      const [kind, word] = wordAt(piece, i)
      const at = start + i
      if (kind === undefined) return { text, tokens, fault: stray(word, at) }
      if (kind === 'number') tokens.push({ kind, value: Number(word), at })
      else if (kind !== 'space') tokens.push({ kind, text: word, at })
      i += word.length
    }
    start += piece.length + hole.length
  }
  return { text, tokens, fault: undefined }
}

const stray = (word: string, at: number): Fault => ({
  at,
  rule: `'${word}' means nothing here`,
  mend: 'Use numbers, names, operators and parentheses; interpolate everything else',
})

const wordAt = (piece: string, at: number) => {
  for (const [kind, pattern] of patterns) {
    pattern.lastIndex = at
    const [word] = pattern.exec(piece) ?? []
    if (word !== undefined) return [kind, word] as const
  }
  return [undefined, piece[at]!] as const
}

/** The fault as a refusal that shows the line of the text with a caret under the column. */
export const refusalOf = (text: string, { at, rule, mend }: Fault): Refusal => {
  const before = text.slice(0, at).split('\n')
  const line = text.split('\n')[before.length - 1]!
  const column = before[before.length - 1]!.length
  const place = before.length > 1 ? `line ${before.length}, column ${column + 1}` : `column ${column + 1}`
  return refuse('Syntax', `${rule}, at ${place}:\n    ${line}\n    ${' '.repeat(column)}^ here`, mend)
}
