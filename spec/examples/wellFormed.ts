/** Whether a text is one well-formed XML element tree, as far as pictures go: tags close in order, attributes are quoted. */
export const isWellFormed = (xml: string): boolean => {
  const open: Array<string> = []
  const body = xml.replace(/<\?[^]*?\?>|<!--[^]*?-->|<!DOCTYPE[^>]*>/g, '')
  const tag = /<(\/?)([A-Za-z][\w:.-]*)((?:\s+[\w:.-]+="[^"<]*")*)\s*(\/?)>/g
  let roots = 0
  for (const [, closing, name, , empty] of body.matchAll(tag)) {
    if (closing === '/' ? open.pop() !== name : false) return false
    if (closing === '') {
      if (open.length === 0) roots++
      if (empty === '') open.push(name!)
    }
  }
  const text = body.replace(tag, '')
  return roots === 1 && open.length === 0 && !/[<>]|&(?!#?\w+;)/.test(text)
}
