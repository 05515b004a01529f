/** Finds the examples in docstrings and in Markdown. */

/** A piece of TypeScript and where it stands. */
export interface Example {
  readonly file: string
  /** The line of the file that the first line of the code is. */
  readonly line: number
  readonly code: string
  /** What the code prints, and the line of the file that it starts at. */
  readonly output?: { readonly line: number; readonly text: string }
}

const lineOf = (text: string, at: number): number => text.slice(0, at).split('\n').length

/** The lines from the first that is not empty to the last, with their common place. */
const trimmed = (file: string, first: number, lines: ReadonlyArray<string>): ReadonlyArray<Example> => {
  const from = lines.findIndex((line) => line.trim() !== '')
  return from < 0 ? [] : [{ file, line: first + from, code: lines.slice(from).join('\n').trimEnd() }]
}

/** Every `@example` in the docstrings of a source: the lines after the tag, up to the next tag. */
export const fromDocstrings = (file: string, text: string): ReadonlyArray<Example> =>
  [...text.matchAll(/\/\*\*.*?\*\//gs)].flatMap(({ 0: comment, index }) => {
    const lines = comment.replace(/^\/\*\*|\*\/$/g, '').split('\n').map((line) => line.replace(/^\s*\* ?/, ''))
    const tags = lines.flatMap((line, i) => (/^\s*@\w+/.test(line) ? [i] : []))
    return tags.flatMap((tag, k) => {
      if (!lines[tag]!.trim().startsWith('@example')) return []
      const body = lines.slice(tag + 1, tags[k + 1]).filter((line) => !line.trim().startsWith('```'))
      return trimmed(file, lineOf(text, index) + tag + 1, body)
    })
  })

/** A fenced block of Markdown, and whether nothing but empty lines stand between it and the block before. */
interface Block {
  readonly language: string
  readonly line: number
  readonly lines: Array<string>
  readonly follows: boolean
}

/**
 * The `ts` blocks of a Markdown text, by section: blocks under one `##` heading belong together. A `text` block right after one
 * is what it prints.
 */
export const fromMarkdown = (file: string, text: string): ReadonlyArray<ReadonlyArray<Example>> => {
  const sections: Array<Array<Example>> = [[]]
  let block: Block | undefined
  let follows = false
  const close = ({ language, line, lines, follows: isNext }: Block): void => {
    const section = sections.at(-1)!
    const code = lines.join('\n')
    if (language === 'ts' || language === 'typescript') section.push({ file, line, code })
    else if (language === 'text' && isNext && section.length > 0) section.push({ ...section.pop()!, output: { line, text: code } })
    follows = language === 'ts' || language === 'typescript'
  }
  text.split('\n').forEach((line, i) => {
    const fence = /^\s*```(\w*)/.exec(line)
    if (fence !== null && block !== undefined) {
      close(block)
      block = undefined
    } else if (fence !== null) block = { language: fence[1]!, line: i + 2, lines: [], follows }
    else if (block !== undefined) block.lines.push(line)
    else {
      if (line.startsWith('## ')) sections.push([])
      if (line.trim() !== '') follows = false
    }
  })
  return sections.filter((section) => section.length > 0)
}
