/** The digits job from data to pictures: train, judge on unseen digits, verify the gradient, write what came out. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { take, value } from '../../lib/index.js'
import { accuracy, misread } from './assess.js'
import { verifyGradient, type Verdict } from './check.js'
import { loadDigits } from './data.js'
import { lossCurve, misreadSheet } from './pictures.js'
import { train, type Recipe, type State } from './train.js'

/** How much data to use, how to train on it, how closely to check. */
export interface Job extends Recipe {
  readonly seen: number
  readonly unseen: number
  /** Coordinates to verify in each leaf of the parameter tree. */
  readonly sampled: number
}

/** The job of `npm start`. */
export const fullJob: Job = {
  seed: 2026,
  seen: 8000,
  unseen: 2000,
  hidden: 64,
  epochs: 12,
  batch: 64,
  rate: 0.1,
  momentum: 0.9,
  sampled: 10,
}

/** What the job found out. */
export interface Outcome {
  readonly state: State
  readonly accuracy: number
  readonly misread: number
  readonly verdict: Verdict
  /** The names of the pictures. */
  readonly files: ReadonlyArray<string>
}

/** How many steps the training takes. */
export const stepsOf = (job: Job): number => Math.floor(job.seen / job.batch) * job.epochs

/** Runs a job; its pictures go to the folder. */
export const runJob = (job: Job, folder: string, onStep: (step: number, state: State) => void): Outcome => {
  const { seen, unseen } = loadDigits(job.seed, job.seen, job.unseen)
  const state = train(job, seen, unseen, onStep)
  const wrong = misread(state.weights, unseen)
  const pictures = { 'loss.svg': lossCurve(state), 'misread.svg': misreadSheet(wrong, unseen.count) }
  for (const [name, text] of Object.entries(pictures)) writeFileSync(join(folder, name), text)
  const some = Array.from({ length: 16 }, (_, i) => i)
  const few = value({ images: take(unseen.images, some, { axis: 0 }), labels: take(unseen.labels, some, { axis: 0 }) })
  return {
    state,
    accuracy: accuracy(state.weights, unseen),
    misread: wrong.length,
    verdict: verifyGradient(state.weights, few.images, few.labels, job.sampled, job.seed),
    files: Object.keys(pictures),
  }
}
