import { execFile } from 'node:child_process'
import { readdirSync } from 'node:fs'
import { createRequire } from 'node:module'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { promisify } from 'node:util'
import { afterEach, describe, expect, test, vi } from 'vitest'

const folder = fileURLToPath(new URL('../../examples/seeds/', import.meta.url))
const tsx = createRequire(import.meta.url).resolve('tsx/cli')

/** What each example prints. */
const figures: Readonly<Record<string, ReadonlyArray<string>>> = {
  'chain.ts': ['dy/db = 2.568050833375483', 'dy/da = 3.297442541400256', 'y     = 1.648721270700128', 'dy/dx = 3.297442541400256'],
  'sumOfSquares.ts': ['z     = 13', 'dz/dx = 4', 'dz/dy = 6'],
  'repeatedVariable.ts': ['x + x:       value 6, derivative 2', 'x + x + x:   value 9, derivative 3', 'asked again: derivative 3'],
  'sine.ts': [
    'sin(1)     = 0.8414709848078965',
    'dy/dx      = 0.5403023058681398',
    'dy/dy      = 1',
    'variables  = x',
    'd leaf     = 1',
    'stopped    = 0.8414709848078965, gradients of 0 variables',
  ],
  'torchComparison.ts': [
    'scalars: z = 13',
    'scalars: dz/dx = 4',
    'scalars: dz/dy = 6',
    'vectors: z = [13]',
    'vectors: dz/dx = [4]',
    'vectors: dz/dy = [6]',
    'longer vectors: z = [  13    2 0.25]',
    'longer vectors: dz/dx = [4 2 0]',
    'longer vectors: dz/dy = [ 6 -2  1]',
  ],
}

describe('seed examples', () => {
  afterEach(() => vi.restoreAllMocks())

  test('each has its figures here', () => {
    expect(readdirSync(folder).sort()).toEqual(Object.keys(figures).sort())
  })

  test.each(Object.entries(figures))('%s prints its figures and no error', async (name, lines) => {
    const log = vi.spyOn(console, 'log').mockImplementation(() => undefined)
    const error = vi.spyOn(console, 'error')
    await import(pathToFileURL(`${folder}${name}`).href)
    expect(log.mock.calls.map((texts) => texts.join(' '))).toEqual(lines)
    expect(error).not.toHaveBeenCalled()
  })

  test('one runs alone', async () => {
    const { stdout, stderr } = await promisify(execFile)(process.execPath, [tsx, `${folder}chain.ts`])
    expect(stderr).toBe('')
    expect(stdout.trimEnd().split('\n')).toEqual(figures['chain.ts'])
  })
})
