/** Random numbers as pure functions of a seed and a position: nothing is drawn from a hidden state. */

/** A number in [0, 1) that the seed and the position determine: the finaliser of MurmurHash3 over both. */
export const uniform = (seed: number, position: number): number => {
  let h = Math.imul(seed, 0x9e3779b1) ^ Math.imul(position + 1, 0x85ebca6b)
  for (let round = 0; round < 2; round++) {
    h = Math.imul(h ^ (h >>> 16), 0x85ebca6b)
    h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35)
    h ^= h >>> 16
  }
  return (h >>> 0) / 2 ** 32
}

/** A number of the standard normal distribution, by Box and Muller's transform of two uniform ones. */
export const normal = (seed: number, position: number): number =>
  Math.sqrt(-2 * Math.log(1 - uniform(seed, 2 * position))) * Math.cos(2 * Math.PI * uniform(seed, 2 * position + 1))

/** The numbers 0 … n - 1 in random order (Fisher and Yates). */
export const permutation = (seed: number, n: number): ReadonlyArray<number> => {
  const order = Array.from({ length: n }, (_, i) => i)
  for (let i = n - 1; i > 0; i--) {
    const j = Math.floor(uniform(seed, i) * (i + 1))
    const held = order[i]!
    order[i] = order[j]!
    order[j] = held
  }
  return order
}
