import { execFile } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import * as E from 'fp-ts/Either'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { inverse } from '../../examples/structure/leastSquares.js'
import * as pendulum from '../../examples/structure/pendulum.js'
import * as perExample from '../../examples/structure/perExample.js'
import * as rnn from '../../examples/structure/rnn.js'
import { constant, mean, square, toArray, type Node } from '../../lib/index.js'
import { checkGradient } from '../../lib/verify/index.js'
import { isWellFormed } from './wellFormed.js'

describe('the pendulum', () => {
  const { angles, count, dt, fitted, noise, observed, truth } = pendulum

  test('is found again where nothing disturbs the observations, up to the error of the coarser simulation', () => {
    const exact = observed(1, 0)
    const { parameters, errors, noise: left } = fitted(exact)
    const coarse = toArray(angles(constant(truth), dt, count)) as ReadonlyArray<number>
    const gap = Math.hypot(...exact.map((angle, i) => angle - coarse[i]!))
    // For each observation, far less than the noise that the other tests add.
    expect(gap / Math.sqrt(count)).toBeLessThan(noise / 500)
    expect(left * Math.sqrt(count - truth.length)).toBeLessThanOrEqual(gap)
    // By Cauchy and Schwarz: the standard error for noise of size 1, times the length of what disturbs.
    parameters.forEach((x, i) => expect(Math.abs(x - truth[i]!)).toBeLessThan(1.01 * (errors[i]! / left) * gap))
  })

  test.each([1, 2, 3, 4, 2026])('is found from noisy observations within four standard errors (seed %i)', (seed) => {
    const { parameters, errors, noise: left } = fitted(observed(seed))
    parameters.forEach((x, i) => expect(Math.abs(x - truth[i]!), pendulum.names[i]).toBeLessThan(4 * errors[i]!))
    errors.forEach((error, i) => expect(error).toBeLessThan(0.03 * truth[i]!))
    // The estimate of the noise from n residuals has the relative standard error 1 / √2n.
    expect(Math.abs(left / noise - 1)).toBeLessThan(4 / Math.sqrt(2 * count))
  })

  test('is differentiated rightly through its simulation', () => {
    expect(E.isRight(checkGradient((p: Node) => mean(square(angles(p, dt, count))), [constant(truth)]))).toBe(true)
  })

  describe('when it is reported', () => {
    const folder = mkdtempSync(join(tmpdir(), 'foldgrad-'))
    const printed: Array<string> = []
    beforeAll(() => pendulum.run(folder, (line) => printed.push(line)))
    afterAll(() => rmSync(folder, { recursive: true }))

    test('prints what was found and what is true', () => {
      for (const name of pendulum.names) expect(printed.join('\n')).toMatch(new RegExp(`${name} .*fitted \\d\\.\\d{4} ± 0\\.\\d{4}   true \\d\\.\\d{4}`))
      expect(printed.join('\n')).toMatch(/residual 0\.0\d{3}, noise 0\.0500/)
    })

    test('is drawn with a dot for each observation', () => {
      const chart = readFileSync(join(folder, 'pendulum.svg'), 'utf8')
      expect(isWellFormed(chart)).toBe(true)
      expect(chart).not.toMatch(/NaN|undefined|Infinity/)
      expect(chart.match(/<circle /g)).toHaveLength(count + 1)
    })
  })
})

test('the inverse of a matrix is one', () => {
  const matrix = [[4, 1, 2], [1, 3, 0], [2, 0, 5]]
  const product = matrix.map((row) => matrix.map((_, j) => row.reduce((s, x, k) => s + x * inverse(matrix)[k]![j]!, 0)))
  product.forEach((row, i) => row.forEach((x, j) => expect(x).toBeCloseTo(i === j ? 1 : 0, 14)))
})

describe('gradients of single examples', () => {
  const { fitted, spoiled, suspects, truth } = perExample

  test('give wrong labels away, at either fit', () => {
    for (const limit of [Infinity, 0.5]) expect([...suspects(fitted(limit), spoiled.length)].sort((a, b) => a - b)).toEqual(spoiled)
  })

  test('of limited length do not let them spoil the fit', () => {
    // Four standard errors of the noise, and what five gradients of length 0.5 move against 95 others.
    const { slope, offset } = fitted(0.5)
    expect(Math.abs(offset - truth.offset)).toBeLessThan(4 * 0.1 / Math.sqrt(95) + (5 * 0.5) / (2 * 95))
    expect(Math.abs(slope - truth.slope)).toBeLessThan((4 * 0.1) / Math.sqrt(95 / 3) + (5 * 0.5) / ((2 * 95) / 3))
    expect(Math.abs(fitted(Infinity).offset - truth.offset)).toBeGreaterThan(0.3)
  })
})

describe('the recurrent network', () => {
  test('reads pairs of numbers and their sum', () => {
    const { bits, sums } = rnn.pairs(1, 50, 20)
    const number = (digits: ReadonlyArray<number>) => digits.reduce((n, digit, t) => n + digit * 2 ** t, 0)
    bits.forEach((pair, i) => expect(number(sums[i]!)).toBe(number(pair.map(([a]) => a)) + number(pair.map(([, b]) => b))))
  })

  test('cannot add before it is trained', () => {
    expect(rnn.correct(rnn.initial(2026), 7, 8)).toBeLessThan(10)
  })

  test('has a gradient whose size does not depend on the number of steps', () => {
    const network = rnn.initial(1)
    expect(rnn.gradientNodes(network, 10_000)).toBe(rnn.gradientNodes(network, 8))
  })
})

test('all of them run, and print their figures', async () => {
  const tsx = createRequire(import.meta.url).resolve('tsx/cli')
  const main = fileURLToPath(new URL('../../examples/structure/main.ts', import.meta.url))
  const { stdout, stderr } = await promisify(execFile)(process.execPath, [tsx, main])
  expect(stderr).toBe('')
  // Trained on numbers of 8 bits.
  for (const length of [8, 32, 128]) expect(stdout).toMatch(new RegExp(` ${length} bits: 100 of 100 sums right`))
  expect(stdout).toMatch(/all gradients {6}slope \d\.\d{3}, offset \d\.\d{3}\n {2}limited gradients {2}slope \d\.\d{3}, offset \d\.\d{3}/)
  expect(stdout).toMatch(/pendulum\.svg\n$/)
  expect(stdout).not.toMatch(/NaN|undefined/)
})
