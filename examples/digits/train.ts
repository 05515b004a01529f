/** Training: a pure optimiser step over parameter trees, folded over batches of digits. */
import { pipe } from 'fp-ts/function'
import { castDraft, produce } from 'immer'
import { add, mapTree, mul, reshape, roll, sub, take, value, valueAndGrad, zipTree, type Tensor } from '../../lib/index.js'
import { permutation, uniform } from '../random.js'
import { accuracy, meanLoss } from './assess.js'
import { pixels, side, type Digits } from './data.js'
import { initialWeights, loss, type Params, type Weights } from './model.js'

/** How to train. */
export interface Recipe {
  readonly seed: number
  readonly hidden: number
  readonly epochs: number
  readonly batch: number
  /** The step size at the start; it falls to zero along a cosine. */
  readonly rate: number
  /** How much of the last step the next one keeps. */
  readonly momentum: number
}

/** One line of the training diary. */
export interface Epoch {
  readonly step: number
  readonly unseenLoss: number
  readonly unseenAccuracy: number
}

/** Everything that training changes. Each state is a new immutable value. */
export interface State {
  readonly weights: Weights
  readonly velocity: Weights
  /** The loss on each batch so far. */
  readonly losses: ReadonlyArray<number>
  readonly epochs: ReadonlyArray<Epoch>
}

const initialState = ({ seed, hidden }: Recipe): State => {
  const weights = initialWeights(seed, [pixels, hidden, 10])
  return { weights, velocity: value(mapTree(weights, (w) => mul(w, 0))), losses: [], epochs: [] }
}

/** One step of gradient descent with momentum: the new weights and velocity, and the loss before the step. */
const descend = ({ weights, velocity }: State, images: Tensor, labels: Tensor, rate: number, momentum: number) => {
  const [before, gradient] = valueAndGrad((params: Params) => loss(params, images, labels))(weights)
  const faster = zipTree(velocity, gradient, (v, g) => add(mul(v, momentum), g))
  return value({ loss: before, velocity: faster, weights: zipTree(weights, faster, (w, v) => sub(w, mul(v, rate))) })
}

/** The state after training. `onStep` is told after each step, for a progress bar. */
export const train = (recipe: Recipe, seen: Digits, unseen: Digits, onStep: (step: number, state: State) => void): State => {
  const stepsPerEpoch = Math.floor(seen.count / recipe.batch)
  const steps = stepsPerEpoch * recipe.epochs
  let state = initialState(recipe)
  for (let epoch = 0; epoch < recipe.epochs; epoch++) {
    const order = permutation(recipe.seed + epoch, seen.count)
    for (let k = 0; k < stepsPerEpoch; k++) {
      const step = epoch * stepsPerEpoch + k
      const chosen = order.slice(k * recipe.batch, (k + 1) * recipe.batch)
      const images = moved(rows(seen.images, chosen), jitter(recipe.seed, 2 * step), jitter(recipe.seed, 2 * step + 1))
      const next = descend(state, images, rows(seen.labels, chosen), cosine(recipe.rate, step / steps), recipe.momentum)
      state = produce(state, (draft) => {
        draft.weights = castDraft(next.weights)
        draft.velocity = castDraft(next.velocity)
        draft.losses.push(next.loss.at())
      })
      onStep(step + 1, state)
    }
    state = produce(state, (draft) => {
      draft.epochs.push({
        step: (epoch + 1) * stepsPerEpoch,
        unseenLoss: meanLoss(state.weights, unseen),
        unseenAccuracy: accuracy(state.weights, unseen),
      })
    })
  }
  return state
}

const rows = (data: Tensor, chosen: ReadonlyArray<number>): Tensor => value(take(data, chosen, { axis: 0 }))

/** Images moved by a pixel or not at all, down and to the right: a digit is the same digit wherever it stands. */
const moved = (images: Tensor, down: number, right: number): Tensor =>
  pipe(reshape(images, [-1, side, side]), roll([down, right], { axis: [1, 2] }), reshape([-1, pixels]), value)

/** -1, 0 or 1. */
const jitter = (seed: number, position: number): number => Math.floor(3 * uniform(seed, position)) - 1

const cosine = (rate: number, progress: number): number => (rate / 2) * (1 + Math.cos(Math.PI * progress))
