/** Numbers that are simpler than a number, for shrinking: fewer bits behind the point, then smaller, then positive. */

/** The number of binary digits behind the point. */
export const fractionBits = (x: number): number => {
  if (!Number.isFinite(x)) return 1100
  let bits = 0
  for (let y = Math.abs(x); y !== Math.floor(y); bits++) y *= 2
  return bits
}

/** Whether `x` is simpler than `y`: a well-founded order, so shrinking ends. */
const isSimpler = (x: number, y: number): boolean => {
  const [a, b] = [fractionBits(x), fractionBits(y)]
  if (a !== b) return a < b
  if (Math.abs(x) !== Math.abs(y)) return Math.abs(x) < Math.abs(y)
  return (y < 0 || Object.is(y, -0)) && !(x < 0 || Object.is(x, -0))
}

const roundTo = (x: number, bits: number): number => Math.round(x * 2 ** bits) / 2 ** bits + 0

/** Simpler numbers, the simplest first. Steps of one unit are taken by small numbers alone, so that shrinking does not take long. */
export const simplerNumbers = (x: number): ReadonlyArray<number> => {
  if (!Number.isFinite(x)) return [0, 1, -1]
  const bits = fractionBits(x)
  const rounded = [0, 1, 2, 3, 4, 6, 8, 12, 16, 24].map((coarse) => roundTo(x, coarse))
  const smaller = [0.5, 0.75, 0.875].map((share) => Math.trunc(share * x) + 0)
  const step = Math.abs(x) * 2 ** bits <= 1024 ? [x - Math.sign(x) * 2 ** -bits] : []
  const candidates = [0, 1, -1, 2, -2, ...rounded, ...smaller, Math.abs(x), ...step]
  return [...new Set(candidates)].filter((y) => Number.isFinite(y) && isSimpler(y, x))
}
