/** Numbers and arrays of numbers behind one another. */
export const joined = (...parts: ReadonlyArray<ArrayLike<number> | number>): Float64Array => {
  const lists = parts.map((part) => (typeof part === 'number' ? [part] : part))
  const all = new Float64Array(lists.reduce((n, list) => n + list.length, 0))
  let at = 0
  for (const list of lists) {
    all.set(list, at)
    at += list.length
  }
  return all
}
