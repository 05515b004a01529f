import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { fullJob } from '../../examples/digits/job.js'
import { run } from '../../examples/run.js'
import { isWellFormed } from './wellFormed.js'

/** The main job at a fraction of its size. */
const smallJob = { ...fullJob, seen: 1280, unseen: 400, hidden: 32, epochs: 6, sampled: 3 }

describe('the main job, on fewer digits', () => {
  const folder = mkdtempSync(join(tmpdir(), 'foldgrad-'))
  const printed: Array<string> = []
  let failures: ReadonlyArray<string>
  const read = (name: string): string => readFileSync(join(folder, name), 'utf8')

  beforeAll(async () => {
    failures = await run(smallJob, folder, { accuracy: 0.85, gradientError: 1e-7 }, (line) => printed.push(line))
  })
  afterAll(() => rmSync(folder, { recursive: true }))

  test('learns, and its gradient is right', () => {
    expect(failures).toEqual([])
  })

  test('prints the pipeline, the accuracy and the gradient error', () => {
    const text = printed.join('\n')
    expect(text).toContain(`z       = ${13 * Math.sin(2)}`)
    expect(text).toMatch(/%0: f64\[\] = variable\("x", 2\)/)
    expect(text).toMatch(/accuracy on 400 unseen digits: \d\d\.\d\d %/)
    expect(text).toMatch(/largest error on 12 sampled coordinates, .*: \d\.\d\de-\d\d/)
    expect(text).toContain(`written to ${folder}`)
    expect(text).not.toMatch(/NaN|undefined/)
  })

  test('writes drawings and pictures', () => {
    expect(readdirSync(folder).sort()).toEqual(['gradient.dot', 'gradient.svg', 'loss.svg', 'misread.svg', 'pipeline.dot', 'pipeline.svg'])
    expect(read('pipeline.dot')).toMatch(/^digraph g \{/)
    for (const name of readdirSync(folder).filter((file) => file.endsWith('.svg'))) {
      expect(isWellFormed(read(name)), name).toBe(true)
      expect(read(name), name).toMatch(/<svg /)
      expect(read(name), name).not.toMatch(/NaN|undefined|Infinity/)
    }
  })

  test('the sheet shows as many digits as were misread', () => {
    const count = Number(/\((\d+) misread\)/.exec(printed.join('\n'))![1])
    expect(read('misread.svg')).toContain(`${count} of 400 unseen digits are misread`)
    expect(read('misread.svg').match(/→/g)).toHaveLength(Math.min(count, 60) + 1)
  })

  test('says what is not good enough', async () => {
    const silent = (): void => undefined
    const tiny = { ...smallJob, seen: 64, unseen: 50, epochs: 1, sampled: 1 }
    expect(await run(tiny, folder, { accuracy: 1, gradientError: 0 }, silent)).toEqual([
      expect.stringMatching(/^the accuracy .* is below 100.00 %$/),
      expect.stringMatching(/^the gradient error .* is above 0$/),
    ])
  })
})
