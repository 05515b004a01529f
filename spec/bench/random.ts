/** Reproducible numbers for the measurements: a 32-bit linear congruential generator (Numerical Recipes). */
export const randomNumbers = (seed: number): (() => number) => {
  let state = seed >>> 0
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return state / 2 ** 32
  }
}
