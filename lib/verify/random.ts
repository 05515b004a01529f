/** Reproducible randomness without state: a number is a hash of a seed and a position. */

/** Spreads every input bit over all 32 output bits (the finalizer of MurmurHash3). */
const mix = (x: number): number => {
  let h = x | 0
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b)
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35)
  return (h ^ (h >>> 16)) >>> 0
}

/** The seed of an independent stream. */
export const split = (seed: number, stream: number): number => mix(mix(seed) + Math.imul(stream + 1, 0x9e3779b9))

/** The `i`-th number of a stream, uniform in [0, 1). */
export const uniform = (seed: number, i: number): number => mix(seed + Math.imul(i + 1, 0x9e3779b9)) / 2 ** 32

/** The `i`-th number of a stream, of either sign and of size ½ to 1½: never so small that an entry would go unseen. */
export const signed = (seed: number, i: number): number => {
  const u = 2 * uniform(seed, i) - 1
  return u < 0 ? u - 0.5 : u + 0.5
}
