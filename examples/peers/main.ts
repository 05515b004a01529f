/**
 * The gradients of other libraries, checked: `npm run verify:peers`, or `tsx examples/peers/main.ts <folder>`.
 *
 * Any function `x => [value, gradient]` on typed arrays is checked by `checkValueAndGrad`. Here TensorFlow.js and jax-js go
 * through it where they are installed in the folder, beside some gradients written by hand, two of them wrong on purpose,
 * and those of this library. A library that computes in single precision is compared with the same function in double
 * precision, and granted the rounding that it does.
 *
 * What was found with TensorFlow.js 4.22.0 (CPU backend, f32) and jax-js 0.1.25 (WebAssembly backend, f32 and f64) at 17 points
 * where derivatives go wrong easily:
 *
 * - TensorFlow.js: 10 of 17 gradients are wrong. Those of the norm and of its square at 0, of the deviation of equal numbers, and
 *   of `where` beside a square root of a negative number are NaN, where they are 0; those of tanh at 10, sigmoid at 20 and elu at
 *   -20 are 0, where they are 8e-9 and 2e-9, which single precision has; those of a norm near 1e30, of atan2 near 1e-25 and of asinh
 *   at 1e20 overflow on their way.
 * - jax-js in f32: 6 of 17. The gradient of a product with a zero in it, of the deviation of equal numbers and of `where` are
 *   NaN; those of large norms, of small atan2 and of large asinh overflow.
 * - jax-js in f64: 7 of 17. The same three are NaN, and sin, softplus, log-sum-exp and tanh are right to eight digits only, since its
 *   `float64` functions are evaluated in single precision.
 * - Both choose a number between the one-sided slopes at kinks, which is right.
 */
import { existsSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Peer } from './Case.js'
import { findingsOf, show } from './check.js'
import { foldgrad } from './foldgrad.js'
import { jax, type Jax } from './jax.js'
import { tensorflow, type Tensorflow } from './tensorflow.js'
import { written } from './written.js'

const usual = fileURLToPath(new URL('../../spec/bench/peers', import.meta.url))

const isInstalled = (folder: string, name: string): boolean => existsSync(join(folder, 'node_modules', name, 'package.json'))

const versionOf = (folder: string, name: string): string =>
  (JSON.parse(readFileSync(join(folder, 'node_modules', name, 'package.json'), 'utf8')) as { readonly version: string }).version

/** The libraries that are installed in a folder. */
const installedIn = async (folder: string): Promise<ReadonlyArray<Peer>> => {
  const load = createRequire(join(folder, 'package.json'))
  const found: Array<Peer> = []
  if (isInstalled(folder, '@tensorflow/tfjs')) found.push(tensorflow(load('@tensorflow/tfjs') as Tensorflow))
  if (isInstalled(folder, '@jax-js/jax')) {
    const library = load('@jax-js/jax') as Jax
    await library.init('wasm')
    library.defaultDevice('wasm')
    // Its arrays of doubles need a Node that has numbers of half precision, 24 or later.
    for (const precision of 'Float16Array' in globalThis ? (['f32', 'f64'] as const) : (['f32'] as const)) found.push(jax(library, precision, versionOf(folder, '@jax-js/jax')))
  }
  return found
}

/** Checks everything there is, and answers with the number of wrong gradients by the name of the library. */
export const run = async (folder: string, print: (text: string) => void): Promise<Readonly<Record<string, number>>> => {
  const others = await installedIn(folder)
  if (others.length === 0) print(`Neither @tensorflow/tfjs nor @jax-js/jax is installed in ${folder}.\n`)
  const counts: Array<readonly [string, number]> = []
  for (const peer of [written, foldgrad, ...others]) {
    const findings = findingsOf(peer)
    print(`${show(peer, findings)}\n`)
    counts.push([peer.name, findings.filter(({ verdict }) => verdict === 'wrong').length])
  }
  return Object.fromEntries(counts)
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await run(resolve(process.argv[2] ?? usual), console.log)
