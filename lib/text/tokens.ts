/** The words of a listing. */

/** A word, and where it stands in the text. */
export interface Token {
  readonly kind: 'node' | 'constant' | 'number' | 'string' | 'name' | 'symbol' | 'stray' | 'end'
  readonly text: string
  readonly at: number
}

const patterns = [
  ['space', /(?:\s|\/\/[^\n]*)+/y],
  ['node', /%\d+/y],
  ['constant', /#\d+/y],
  ['number', /-?(?:\d+(?:\.\d+)?(?:e[+-]?\d+)?|Infinity\b)|NaN\b/y],
  ['string', /"(?:[^"\\\n]|\\.)*"/y],
  ['name', /[A-Za-z_$][\w$.]*/y],
  ['symbol', /[()[\]{}:,=]/y],
  ['stray', /\S/y],
] as const

const wordAt = (text: string, at: number) => {
  for (const [kind, pattern] of patterns) {
    pattern.lastIndex = at
    const word = pattern.exec(text)?.[0]
    if (word !== undefined) return [kind, word] as const
  }
  return ['stray', text.charAt(at)] as const
}

/** The words of a text without spaces and comments, with one more that stands for its end. */
export const tokenize = (text: string): ReadonlyArray<Token> => {
  const tokens: Array<Token> = []
  for (let at = 0; at < text.length; ) {
    const [kind, word] = wordAt(text, at)
    if (kind !== 'space') tokens.push({ kind, text: word, at })
    at += word.length
  }
  return [...tokens, { kind: 'end', text: '', at: text.trimEnd().length }]
}

/** `line 3, column 5`. */
export const placeOf = (text: string, at: number): string => {
  const before = text.slice(0, at).split('\n')
  return `line ${before.length}, column ${before.at(-1)!.length + 1}`
}

/** How an error names a word. */
export const showToken = ({ kind, text }: Token): string => (kind === 'end' ? 'the end of the text' : `'${text}'`)
