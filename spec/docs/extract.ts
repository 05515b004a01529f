/** Finds the examples in docstrings and in Markdown. */

/** A piece of TypeScript and where it stands. */
export interface Example {
  readonly file: string
  /** The line of the file that the first line of the code is. */
  readonly line: number
  readonly code: string
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

/** The `ts` blocks of a Markdown text, by section: blocks under one `##` heading belong together. */
export const fromMarkdown = (file: string, text: string): ReadonlyArray<ReadonlyArray<Example>> => {
  const sections: Array<Array<Example>> = [[]]
  let block: { readonly line: number; readonly lines: Array<string> } | undefined
  let fenced = false
  text.split('\n').forEach((line, i) => {
    if (/^\s*```/.test(line)) {
      if (block !== undefined) sections.at(-1)!.push({ file, line: block.line, code: block.lines.join('\n') })
      block = !fenced && /^```(ts|typescript)\b/.test(line) ? { line: i + 2, lines: [] } : undefined
      fenced = !fenced
    } else if (block !== undefined) block.lines.push(line)
    else if (!fenced && line.startsWith('## ')) sections.push([])
  })
  return sections.filter((section) => section.length > 0)
}
