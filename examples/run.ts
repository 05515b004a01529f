/** The main job: a small pipeline, a classifier of handwritten digits, and a check of its gradient. */
import { instance } from '@viz-js/viz'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Verdict } from './digits/check.js'
import { runJob, stepsOf, type Job, type Outcome } from './digits/job.js'
import { showPipeline } from './pipeline.js'
import { progress } from './progress.js'

/** What the outcome has to reach. */
export interface Required {
  readonly accuracy: number
  readonly gradientError: number
}

type Print = (text: string) => void

const percent = (x: number): string => `${(100 * x).toFixed(2)} %`

const list = (folder: string, names: ReadonlyArray<string>): string => names.map((name) => `  ${join(folder, name)}`).join('\n')

/** Runs the job, writes everything to one folder, and answers with what was not good enough. */
export const run = async (job: Job, folder: string, required: Required, print: Print = console.log): Promise<ReadonlyArray<string>> => {
  const started = performance.now()
  mkdirSync(folder, { recursive: true })
  print('1. A pipeline\n')
  await reportPipeline(folder, print)
  print(`\n2. Handwritten digits: ${job.seen} to learn from, ${job.unseen} unseen\n`)
  const outcome = trained(job, folder)
  reportTraining(job, outcome, print)
  print(`\n${list(folder, outcome.files)}`)
  print('\n3. The gradient of the trained model, by backward and by numerical differentiation\n')
  reportVerdict(outcome.verdict, print)
  print(`\nEverything was written to ${folder} in ${((performance.now() - started) / 1000).toFixed(0)} s.`)
  return [
    ...(outcome.accuracy >= required.accuracy ? [] : [`the accuracy ${percent(outcome.accuracy)} is below ${percent(required.accuracy)}`]),
    ...(outcome.verdict.error <= required.gradientError ? [] : [`the gradient error ${outcome.verdict.error} is above ${required.gradientError}`]),
  ]
}

const reportPipeline = async (folder: string, print: Print): Promise<void> => {
  const { text, drawings } = showPipeline()
  const viz = await instance()
  print(text)
  for (const [name, drawing] of Object.entries(drawings)) {
    writeFileSync(join(folder, `${name}.dot`), drawing)
    writeFileSync(join(folder, `${name}.svg`), viz.renderString(drawing, { format: 'svg' }))
  }
  print(`\n${list(folder, Object.keys(drawings).flatMap((name) => [`${name}.dot`, `${name}.svg`]))}`)
}

const trained = (job: Job, folder: string): Outcome => {
  const bar = progress('training', stepsOf(job))
  try {
    return runJob(job, folder, (step, { losses }) => bar.show(step, `loss ${losses.at(-1)!.toFixed(4)}`))
  } finally {
    bar.stop()
  }
}

const reportTraining = ({ unseen }: Job, { state, accuracy, misread }: Outcome, print: Print): void => {
  state.epochs.forEach((epoch, i) =>
    print(`  epoch ${String(i + 1).padStart(2)}   loss on unseen digits ${epoch.unseenLoss.toFixed(4)}   accuracy ${percent(epoch.unseenAccuracy)}`),
  )
  print(`\n  accuracy on ${unseen} unseen digits: ${percent(accuracy)} (${misread} misread)`)
}

const reportVerdict = ({ comparisons, error }: Verdict, print: Print): void => {
  print(`  ${'coordinate'.padEnd(18)} ${'by backward'.padStart(18)} ${'by differences'.padStart(18)}`)
  for (const { coordinate, byBackward, byDifferences } of comparisons)
    print(`  ${coordinate.padEnd(18)} ${byBackward.toExponential(10).padStart(18)} ${byDifferences.toExponential(10).padStart(18)}`)
  print(`\n  largest error on ${comparisons.length} sampled coordinates, relative to the largest derivative: ${error.toExponential(2)}`)
}
