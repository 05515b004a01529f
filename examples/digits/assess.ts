/** How good the classifier is on digits it is shown. */
import { argmax, item, value } from '../../lib/index.js'
import { side, type Digits } from './data.js'
import { logits, loss, type Weights } from './model.js'

/** What the classifier takes each image for. */
export const readings = (weights: Weights, { images }: Digits): ArrayLike<number> =>
  value(argmax(logits(weights, images), { axis: 1 })).toTypedArray()

/** The share of images that are read right. */
export const accuracy = (weights: Weights, digits: Digits): number => 1 - misread(weights, digits).length / digits.count

/** The mean loss over all images. */
export const meanLoss = (weights: Weights, { images, labels }: Digits): number => item(loss(weights, images, labels))

/** An image that is taken for another digit than it shows. */
export interface Misread {
  readonly brightness: ReadonlyArray<number>
  readonly shown: number
  readonly read: number
}

/** The images that are read wrong, in order. */
export const misread = (weights: Weights, digits: Digits): ReadonlyArray<Misread> => {
  const images = digits.images.toTypedArray()
  const labels = digits.labels.toTypedArray()
  return Array.from(readings(weights, digits)).flatMap((read, i) =>
    read === labels[i] ? [] : [{ shown: labels[i]!, read, brightness: [...images.subarray(i * side * side, (i + 1) * side * side)] }],
  )
}
