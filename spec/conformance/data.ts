/** Positions of data in a set, as plain arrays: an array can be walked any number of times, so nothing is used up. */

/** The rows of each batch, in order; the last may be short. */
export const batches = (rows: number, size: number): ReadonlyArray<ReadonlyArray<number>> =>
  Array.from({ length: Math.ceil(rows / size) }, (_, i) => Array.from({ length: Math.min(size, rows - i * size) }, (__, j) => i * size + j))

/** Batches for recurrent networks: each place in a batch walks through its own part of the rows. */
export const strided = (rows: number, size: number): ReadonlyArray<ReadonlyArray<number>> =>
  Array.from({ length: Math.ceil(rows / size) }, (_, i) => Array.from({ length: size }, (__, j) => (j * Math.floor(rows / size) + i) % rows))

/** Left, upper, right and lower edge of the square in the middle of an image. */
export const centered = ([width = 0, height = 0]: ReadonlyArray<number>, size: number): ReadonlyArray<number> => {
  const [left, upper] = [Math.floor((width - size) / 2), Math.floor((height - size) / 2)]
  return [left, upper, left + size, upper + size]
}
